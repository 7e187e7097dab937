"""All contexts of a session, looked at: those it was given, then those that are found where they usually are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zeligui.links.contexts import agent, grid, keyfiles, passwords
from zeligui.links.contexts.context import Context
from zeligui.links.contexts.given import Contexts
from zeligui.links.routes import Hop, identity_files

DEFAULT_FILES = ("id_ed25519", "id_ecdsa", "id_rsa")


def named_files(contexts: Contexts, hop: Hop | None = None) -> tuple[Path, ...]:
    """The key files that were given, and those that ~/.ssh/config names for a machine (or for any)."""
    configured = () if contexts.only else hop.identity_files if hop else identity_files()
    return tuple(dict.fromkeys((*contexts.keys, *configured)))


def usual_files(contexts: Contexts, hop: Hop | None = None) -> tuple[Path, ...]:
    """The default key files that are there and not named; as with ssh, none for a machine that others are named for."""
    if contexts.only or (hop and hop.identity_files):
        return ()
    named = named_files(contexts, hop)
    files = (Path.home() / ".ssh" / name for name in DEFAULT_FILES)
    return tuple(file for file in files if file not in named and file.exists())


def asks_agent(contexts: Contexts, hop: Hop | None = None) -> bool:
    """Whether all keys of the agent are offered."""
    return contexts.agent or not (contexts.only or (hop is not None and hop.identities_only))


def found(contexts: Contexts) -> Sequence[Context]:
    """All contexts of a session. Blocks: it reads files, and asks the agent and, for passwords given, the keyring."""
    return [*for_ssh(contexts), *_of_grid(contexts)]


def for_ssh(contexts: Contexts, hop: Hop | None = None) -> Iterator[Context]:
    """The keys, the agent and the password that a machine is offered, in order; or all of them. Blocks."""
    answer = agent.answer() if contexts.asks_agent else ()
    held = () if isinstance(answer, agent.NoAgent) else {key.blob for key in answer}
    for file in (*named_files(contexts, hop), *usual_files(contexts, hop)):
        yield keyfiles.look(file, held)
    if asks_agent(contexts, hop):
        yield agent.look(answer)
    own = contexts.password_for(hop.user, hop.names, hop.port) if hop else None
    for name in contexts.passwords if hop is None else filter(None, [own]):
        yield passwords.look(name)


def _of_grid(contexts: Contexts) -> Iterator[Context]:
    yield grid.proxy(contexts.proxy_file())
    if not contexts.only:
        yield grid.certificate()
