"""What every way to reach a machine offers: shell scripts, streams and file copies, each with a time limit."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from zeligui.links.contexts.given import Contexts
from zeligui.links.copies import Files
from zeligui.settings import Directories

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a script printed and how it ended."""

    status: int
    output: bytes
    errors: bytes = b""

    @property
    def text(self) -> str:
        """The output as text; bytes that are not UTF-8 are kept as surrogates."""
        return self.output.decode("utf-8", "surrogateescape")


class Library:
    """What many scripts share: a control shell is sent it once, and knows it by its `name`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.name = f"zeligrid_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Script:
    """A script that calls the function `library` before it needs what is there, and after what that depends on."""

    library: Library
    text: str


class Link(Protocol):
    """One machine, reached. All coroutines raise a `LinkError` when the machine does not answer in time."""

    url: str

    @property
    def peer(self) -> str:
        """The IP address at which the machine is connected to directly; empty while, or where, it is not."""
        ...

    async def run(self, script: str | Script, *, data: str = "", limit_s: float = 15.0) -> Reply:
        """Run a POSIX shell script in a fresh subshell; `data` (no NUL) is its standard input.

        Scripts of one link run one after another on its control channel, in the order of the calls; the limit counts
        from a script's turn, a connection included. LC_ALL is C; the login's own value is in `login_lc_all`. A
        LinkError after the script was sent is Unreachable, and leaves open whether it ran.
        """
        ...

    def stream(self, script: str, *, data: str = "") -> AsyncIterator[bytes]:
        """Run a script on a channel of its own and yield its lines as they come, without the line end.

        Refused, with the last line of its standard error, where it ends with another status than 0. Two streams a link.
        """
        ...

    async def files(
        self, work: Callable[[Files], T], *, writing: bool = False, size: int = 0, limit_s: float = 3600.0
    ) -> T:
        """Do blocking work with the machine's file system, in a thread: one reads at a time, and one writes.

        Contents of a large `size` go over a connection of their own, so that scripts and streams do not wait for them.
        """
        ...

    async def close(self) -> None:
        """Drop the connection; safe to call twice. What runs there goes on."""
        ...


class Links(Protocol):
    """All machines that are reached: one link a machine, shared by sources and job services.

    `directories` says how directories are entered that are opened from now on.
    """

    directories: Directories

    @property
    def known_hosts(self) -> tuple[Path, ...]:
        """The files of host keys in use, besides the user's own."""
        ...

    @property
    def contexts(self) -> Contexts:
        """What the user is proved by; an explicit session has nothing but what it was given."""
        ...

    def to(self, url: str) -> Link:
        """The link for `local://` or `ssh://[user@]host[:port]`; it connects at its first use."""
        ...

    def accept(
        self,
        *,
        known_hosts: Sequence[Path],
        identities: Sequence[Path] = (),
        contexts: Contexts | None = None,
        directories: Directories | None = None,
    ) -> None:
        """Use these files of host keys and these contexts from now on; connections that stand are kept."""
        ...

    async def close(self) -> None: ...
