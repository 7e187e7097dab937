"""Which keys this user could log in with, looked at before any machine is: usable, locked, open to others."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from zeligui.links.addresses import Address
from zeligui.links.contexts import Context, Contexts, Standing
from zeligui.links.contexts.finding import for_ssh
from zeligui.links.identities import Identities
from zeligui.links.routes import route


@dataclass(frozen=True, slots=True)
class Keys:
    """Names only, nothing of a key. `contexts` are all that were looked at, `usable` what would be tried."""

    usable: tuple[str, ...]
    unusable: tuple[str, ...]
    locked: tuple[str, ...]
    contexts: tuple[Context, ...]

    @property
    def exposed(self) -> tuple[Context, ...]:
        """Those that other users of this machine can read."""
        return tuple(one for one in self.contexts if one.exposed)


def keys_for(address: Address, contexts: Contexts) -> Keys:
    """What would be offered to a machine, by ~/.ssh/config. Blocks. Refused where that file cannot be understood."""
    hop = route(address)[-1]
    looked_at = tuple(for_ssh(contexts, hop))
    with closing(Identities(hop, contexts)) as identities:
        for _ in identities.offers():
            pass
        passwords = [f"the password for {one.name}" for one in looked_at if one.kind == "password" and one.usable]
        return Keys((*identities.tried, *passwords), tuple(identities.unusable), tuple(identities.locked), looked_at)


def is_silent_agent(context: Context) -> bool:
    """Whether an agent is named, and does not answer."""
    return context.kind == "agent" and context.standing is Standing.UNUSABLE
