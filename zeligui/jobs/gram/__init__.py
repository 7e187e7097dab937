"""Jobs of grid sites that run GRAM5, the Globus Toolkit's or its successor's: `gram://`."""

from __future__ import annotations

from zeligui.errors import UsageError
from zeligui.jobs.adaptors import Ability, Declared, NotMeant, Unfit
from zeligui.jobs.gram.service import GramService
from zeligui.links.addresses import Address
from zeligui.links.gram.contacts import PORT, contact
from zeligui.links.gsi.credentials import NoCredential, check_times, read_proxy
from zeligui.links.link import Links

__all__ = ["ADAPTOR", "GramService", "open_service"]


def open_service(url: str, links: Links) -> GramService:
    """The service of a site; nothing is sent before its first use. UsageError: it is no contact."""
    return GramService(url, contact(url), links)


def reach(scheme: str, address: Address, links: Links) -> str:
    """The default service of the gatekeeper on a machine, where there is a proxy to be let in with. NotMeant, Unfit."""
    if address.user is not None or address.port not in {None, PORT}:
        raise NotMeant("a gatekeeper takes no user, and listens at a port of its own.")
    file = links.contexts.proxy_file()
    if file is None:
        raise Unfit("this session was given no grid proxy.", hint="Give it one: --context proxy")
    try:
        check_times(read_proxy(file))
    except (NoCredential, UsageError) as error:
        raise Unfit(str(error).rstrip("."), hint=error.hint) from error
    host = f"[{address.host}]" if ":" in address.host else address.host
    return contact(f"{scheme}://{host}").url


ADAPTOR = Declared(
    "a grid site that runs GRAM5",
    can=frozenset(Ability) - {Ability.SUSPEND, Ability.STDIN},
    reach=reach,
    order=40,
)
