"""Which keys this user could log in with, looked at before any machine is: usable, unusable, locked."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from zeligui.links.addresses import Address
from zeligui.links.contexts import Contexts, passwords
from zeligui.links.identities import Identities
from zeligui.links.routes import route


@dataclass(frozen=True, slots=True)
class Keys:
    """Names only, nothing of a key: `usable` is what would be tried."""

    usable: tuple[str, ...]
    unusable: tuple[str, ...]
    locked: tuple[str, ...]


def keys_for(address: Address, contexts: Contexts) -> Keys:
    """What would be offered to a machine, by ~/.ssh/config. Blocks. Refused where that file cannot be understood."""
    hop = route(address)[-1]
    with closing(Identities(hop, contexts)) as identities:
        for _ in identities.offers():
            pass
        name = contexts.password_for(hop.user, hop.names, hop.port)
        password = (f"the password for {name}",) if name and passwords.look(name).usable else ()
        return Keys((*identities.tried, *password), tuple(identities.unusable), tuple(identities.locked))
