"""`gsiftp://host[:port]`: files of a GridFTP server, listed by its control connection and moved by a program."""

from __future__ import annotations

import asyncio
import hashlib
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from zeligui.errors import Refused, Unreachable, UsageError, ZeliGridError
from zeligui.files import gridftp_data
from zeligui.files.gridftp import GridFtp
from zeligui.files.gridftp_control import CONNECT_S, Control
from zeligui.files.service import Entry, Kind, NoSuchFile
from zeligui.links.calls import call, leave
from zeligui.links.digests import seconds_for
from zeligui.links.link import Links

WORDS = "files of a GridFTP server, also from one server to another"
"""What `zeligrid adaptors` says of it."""

EMPTY = hashlib.sha256().hexdigest()
_KINDS = {"file": Kind.FILE, "dir": Kind.FOLDER}

T = TypeVar("T")


def open_files(url: str, links: Links) -> GridFtpFiles:
    """The files of a server; nothing is sent before their first use. UsageError in a session without a proxy."""
    proxy = links.contexts.proxy_file()
    if proxy is None:
        raise UsageError(f"This session was given no grid proxy for {url}.", hint="Give it one: --context proxy")
    return GridFtpFiles(url, GridFtp(proxy))


class GridFtpFiles:
    """A service that streams, and lets `ftp` carry contents from one server to another."""

    sealed = False

    def __init__(self, root: str, ftp: GridFtp) -> None:
        self.url = root
        self._mover: Control | None = None
        self._moving = asyncio.Lock()
        self.refusal: type[ZeliGridError] = Refused
        self.ftp = ftp
        self._control: Control | None = None
        self._turn = asyncio.Lock()

    async def entry(self, path: str, *, follow: bool = True) -> Entry:
        reply = await self._ask("MLST", path)
        for facts, name in _listed(reply):
            return _entry(facts, name, follow=follow)
        raise Refused(f"{self.url} does not say what {path!a} is.")

    async def entries(self, folder: str) -> Sequence[Entry]:
        return await self._use(lambda control: entries_of(control, folder))

    async def real(self, path: str) -> str:
        """As far as the server tells: where the last link of the path leads."""
        [(facts, _)] = _listed(await self._ask("MLST", path))[:1] or [({}, "")]
        target = facts.get("unix.slink")
        if target is None:
            return path
        resolved = os.fsdecode(unquote_to_bytes(target))
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), resolved))

    async def digests(self, wanted: Sequence[tuple[str, int]]) -> Sequence[str]:
        return [await self._digest(path, length) for path, length in wanted]

    async def _digest(self, path: str, length: int) -> str:
        if length == 0:
            return EMPTY
        lines = await self._ask(f"CKSM SHA256 0 {length}", path, limit_s=seconds_for(length))
        text = lines[0].decode("ascii", "replace").strip()
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise Refused(f"{self.url} gives no SHA-256 digest of {path!a}.")
        return text.lower()

    async def make_folder(self, path: str) -> None:
        with suppress(NoSuchFile):
            if (await self.entry(path)).kind is Kind.FOLDER:
                return
            raise Refused(f"{path!a} at {self.url} is not a folder.")
        await self.make_folder(posixpath.dirname(path))
        try:
            await self._ask("MKD", path)
        except ZeliGridError:  # another one may have made it by now
            if (await self.entry(path)).kind is not Kind.FOLDER:
                raise
        else:
            await self.set_mode(path, 0o700)

    async def set_mode(self, path: str, mode: int) -> None:
        await self._ask(f"SITE CHMOD {mode & 0o777:04o}", path)

    async def rename(self, old: str, new: str) -> None:
        def both(control: Control) -> None:
            control.ask("RNFR", old, expect=3)
            control.ask("RNTO", new)

        await self._use(both)

    async def remove(self, path: str) -> None:
        with suppress(NoSuchFile):
            await self._ask("DELE", path)

    async def read(self, path: str, offset: int, take: Callable[[bytes], None], *, size: int = 0) -> None:
        await self._move(lambda control: gridftp_data.receive(control, path, offset, take))

    async def write(self, path: str, offset: int, pieces: Iterator[bytes], *, size: int = 0) -> None:
        await self._move(lambda control: gridftp_data.send(control, path, offset, pieces))

    async def _move(self, work: Callable[[Control], None]) -> None:
        """Move contents over another control connection than the one that is asked meanwhile; an idle one is taken."""
        async with self._moving:
            if self._mover is None and not self._turn.locked():
                self._mover, self._control = self._control, None
            if self._mover is None:
                self._mover = await self.ftp.control(self.url)
            try:
                await call(work, self._mover)
            except BaseException:
                self._drop_mover()
                raise

    def _drop_mover(self) -> None:
        if self._mover is not None:
            leave(self._mover.close)
            self._mover = None

    @property
    def carries(self) -> bool:
        return self.ftp.installed

    async def carry(self, pairs: Sequence[tuple[str, str]], *, offset: int, moved: Callable[[int], None]) -> None:
        await self.ftp.run(pairs, offset=offset, moved=moved)

    async def close(self) -> None:
        """End the control connections."""
        self._drop()
        self._drop_mover()

    async def _ask(self, command: str, path: str, *, limit_s: float = CONNECT_S) -> Sequence[bytes]:
        return await self._use(lambda control: control.ask(command, path, limit_s=limit_s).lines)

    async def _use(self, work: Callable[[Control], T]) -> T:
        """Do blocking work with the control connection; one that was kept and is gone is opened again."""
        async with self._turn:
            kept = self._control is not None
            try:
                return await self._work(work)
            except Unreachable:
                if not kept:
                    raise
            return await self._work(work)

    async def _work(self, work: Callable[[Control], T]) -> T:
        if self._control is None and not self._moving.locked():
            self._control, self._mover = self._mover, None
        if self._control is None:
            self._control = await self.ftp.control(self.url)
        try:
            return await call(work, self._control)
        except (Unreachable, asyncio.CancelledError):
            self._drop()
            raise

    def _drop(self) -> None:
        if self._control is not None:
            leave(self._control.close)
            self._control = None


def entries_of(control: Control, folder: str) -> list[Entry]:
    """What is in a folder, links not followed; blocking."""
    listed = _listed(control.ask("MLSC", folder).lines)
    return [_entry(facts, name) for facts, name in listed if facts.get("type") not in {"cdir", "pdir"}]


def _listed(lines: Sequence[bytes]) -> list[tuple[Mapping[str, str], str]]:
    """Facts and names of a listing (RFC 3659, 7): each has a line that begins with a blank, between two others."""
    listed: list[tuple[Mapping[str, str], str]] = []
    for line in lines[1:-1]:
        facts, separator, name = line[1:].partition(b"; ")
        if not line.startswith(b" ") or not separator:
            raise Refused("The server lists a name that holds control signs, or breaks the protocol of GridFTP.")
        pairs = (fact.partition("=") for fact in facts.decode("utf-8", "replace").split(";"))
        listed.append(({key.lower(): value for key, _, value in pairs}, posixpath.basename(os.fsdecode(name)) or "/"))
    return listed


def _entry(facts: Mapping[str, str], name: str, *, follow: bool = False) -> Entry:
    try:
        size, mode = int(facts.get("size", "0")), int(facts.get("unix.mode", "0600"), 8)
        modified = datetime.strptime(facts.get("modify", "19700101000000")[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused("The server describes a file in a way that is not understood.") from error
    kind = _KINDS.get(facts.get("type", ""), Kind.OTHER)
    shown = Kind.LINK if "unix.slink" in facts and not follow else kind
    return Entry(name, shown, size if kind is Kind.FILE else 0, mode & 0o777, modified.timestamp())
