"""The user's grid certificate and proxy, checked as the gatekeeper of a site would: times, trust, revocation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from zeligui.errors import UsageError, ZeliGridError
from zeligui.links.contexts.context import Context, Standing
from zeligui.links.gsi import places
from zeligui.links.gsi.credentials import (
    Credential,
    NoCredential,
    check_times,
    is_locked,
    lasting,
    read_certificate,
    read_proxy,
    slashed,
)
from zeligui.links.gsi.proxies import SHORTEST_S
from zeligui.links.gsi.trust import Trust

RENEW = "zeligrid proxy init"


def proxy(file: Path | None) -> Context:
    """The grid proxy in a file as a context; None is that of a session that was given none. Blocks."""
    if file is None:
        words = "This session was given no grid proxy, and looks for none."
        return Context("proxy", "", Standing.ABSENT, words, "Give it one: --context proxy")
    name = str(file)
    try:
        found = read_proxy(file)
        check_times(found)
        _check_trusted(found)
    except NoCredential as error:
        return Context("proxy", name, Standing.ABSENT, str(error), error.hint)
    except ZeliGridError as error:
        return Context("proxy", name, Standing.UNUSABLE, str(error), error.hint)
    left = found.left_s()
    words = f"The {found.kind} of {found.identity} lasts {lasting(left)} more"
    if left < SHORTEST_S:
        return Context("proxy", name, Standing.UNUSABLE, f"{words}, which is too short.", RENEW, found.ends)
    if found.limited:
        words = f"{words}; it is limited: it moves files, and starts no jobs."
        return Context("proxy", name, Standing.USABLE, words, RENEW, found.ends, limited=True)
    return Context("proxy", name, Standing.USABLE, f"{words}.", ends=found.ends)


def certificate() -> Context:
    """The user's certificate, from which proxies are made, as a context. Blocks."""
    file, key = places.user_certificate(), places.user_key()
    name = str(file)
    try:
        chain = read_certificate(file)
        locked = is_locked(key)
    except NoCredential as error:
        return Context("certificate", name, Standing.ABSENT, str(error), error.hint)
    except ZeliGridError as error:
        return Context("certificate", name, Standing.UNUSABLE, str(error), error.hint)
    ends = min(one.not_valid_after_utc for one in chain)
    words = f"{slashed(chain[0].subject)}, signed by {slashed(chain[0].issuer)}"
    if datetime.now(UTC) >= ends:
        mend = "Ask the authority that signed it for a new one."
        return Context("certificate", name, Standing.UNUSABLE, f"{words}, ended on {ends:%Y-%m-%d}.", mend, ends)
    until = f"{words}, valid until {ends:%Y-%m-%d}."
    if locked:
        until = f"{until} A proxy is made of it with its pass phrase."
    return Context("certificate", name, Standing.USABLE, until, RENEW, ends)


def _check_trusted(found: Credential) -> None:
    """Refused where its authority is not trusted here, or has revoked it; without any authorities nothing is known."""
    try:
        trust = Trust(places.authorities())
    except UsageError:
        return
    trust.check(found.chain, f"the {found.kind}")
