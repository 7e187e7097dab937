"""Files of another machine by SFTP version 3 (draft-ietf-secsh-filexfer-02), names as bytes, requests in flight.

paramiko's own client decodes names as UTF-8 and fails on others, and takes a failed write for a good one.
"""

from __future__ import annotations

import errno
import struct
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress

import paramiko

from zeligui.errors import Refused, Unreachable
from zeligui.links import digests
from zeligui.links.copies import Part, Status, digest_of
from zeligui.links.shell import Pipe, Shell

ANSWER_S = 20.0
"""How long any one answer may take."""

BLOCK = 32768
"""Bytes a request: what every server takes (section 3)."""

IN_FLIGHT = 64
"""Requests on their way at a time: 2 MiB, enough for 100 Mbit/s at a round trip of 160 ms."""

AT_ONCE = 16
"""Requests to read or to write that are sent together: one by one, they cost more than what they move."""

LONGEST_ANSWER = 1 << 20

BREAKS = (EOFError, OSError, paramiko.SSHException)
"""What paramiko's channels raise when the connection breaks; at a time-out TimeoutError, an OSError."""

_INIT, _VERSION, _OPEN, _CLOSE, _READ, _WRITE, _LSTAT = 1, 2, 3, 4, 5, 6, 7
_SETSTAT, _FSETSTAT, _OPENDIR, _READDIR, _REMOVE, _MKDIR, _REALPATH, _STAT, _RENAME = 9, 10, 11, 12, 13, 14, 16, 17, 18
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS, _EXTENDED, _EXTENDED_REPLY = 101, 102, 103, 104, 105, 200, 201
_FOR_READING, _FOR_WRITING_ON, _FOR_A_NEW_FILE = 0x01, 0x02 | 0x08, 0x02 | 0x08 | 0x20
_OK, _EOF, _NO_SUCH_FILE, _PERMISSION_DENIED, _UNSUPPORTED = 0, 1, 2, 3, 8
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x80000000


class Sftp:
    """One SFTP session: the far side of a copy. Used by one thread at a time.

    A file system's refusals are OSErrors; Unreachable when the machine does not answer.
    """

    def __init__(self, channel: paramiko.Channel, where: str, shell: Callable[[], Pipe]) -> None:
        """`shell` starts one on the same machine, which computes digests there."""
        self._channel = channel
        self._start_shell: Callable[[], Pipe] | None = shell
        self._shell: Shell | None = None
        self._where = where
        self._last = 0
        self._early: dict[int, _Answer] = {}
        self._came = bytearray()
        """What came and was not taken yet."""
        channel.settimeout(ANSWER_S)
        self._put(_string(struct.pack(">BI", _INIT, 3)))
        if self._take()[0] != _VERSION:
            raise Refused(f"{where} does not speak SFTP.")

    @property
    def ended(self) -> bool:
        """Whether the session is known to be over."""
        return bool(self._channel.closed or self._channel.eof_received)

    def status(self, path: bytes, *, follow: bool) -> Status:
        return self._ask(_STAT if follow else _LSTAT, _string(path)).expect(_ATTRS).attributes()

    def listing(self, folder: bytes) -> list[tuple[bytes, Status]]:
        handle = self._ask(_OPENDIR, _string(folder)).expect(_HANDLE).string()
        listed: list[tuple[bytes, Status]] = []
        try:
            while (answer := self._ask(_READDIR, _string(handle))).code != _EOF:
                listed += answer.expect(_NAME).listing()
        finally:
            closed = self._ask(_CLOSE, _string(handle))
        closed.expect_ok()
        return [(name, status) for name, status in listed if name not in {b".", b".."}]

    def real(self, path: bytes) -> bytes:
        return self._ask(_REALPATH, _string(path)).expect(_NAME).listing()[0][0]

    def digests(self, wanted: Sequence[Part]) -> list[str]:
        """By a shell there; where the account has none, or nothing that computes them, by reading the files."""
        if self._start_shell is not None:
            try:
                self._shell = self._shell or Shell(self._start_shell(), self._where)
                return digests.by_shell(self._shell, wanted)
            except Refused:
                self._start_shell = None
        return [digest_of(self.read(path), length) for path, length in wanted]

    def make_folder(self, path: bytes) -> None:
        self._ask(_MKDIR, _string(path), _mode(0o700)).expect_ok()

    def set_mode(self, path: bytes, mode: int) -> None:
        self._ask(_SETSTAT, _string(path), _mode(mode)).expect_ok()

    def remove(self, path: bytes) -> None:
        self._ask(_REMOVE, _string(path)).expect_ok()

    def rename(self, old: bytes, new: bytes) -> None:
        answer = self._ask(_EXTENDED, _string(b"posix-rename@openssh.com"), _string(old), _string(new))
        if answer.code != _UNSUPPORTED:
            answer.expect_ok()
            return
        self._ask(_REMOVE, _string(new))  # plain SFTP does not rename over a file; it may not be there
        self._ask(_RENAME, _string(old), _string(new)).expect_ok()

    def read(self, path: bytes, offset: int = 0) -> Generator[bytes]:
        size = self.status(path, follow=True).size
        handle = self._open(path, _FOR_READING)
        asked: deque[tuple[int, int, int]] = deque()  # request, offset, length
        try:
            while True:
                if not asked or (len(asked) <= IN_FLIGHT - AT_ONCE and offset <= size):
                    ahead = _ahead(offset, size)
                    asked.extend(self._ask_to_read(handle, ahead))
                    offset = sum(ahead[-1])
                number, start, length = asked.popleft()
                answer = self._answer(number)
                if answer.code == _EOF:
                    return
                piece = answer.expect(_DATA).string()
                yield piece
                if len(piece) < length:  # a short answer is no end: the rest is asked for before what follows it
                    start, length = start + len(piece), length - len(piece)
                    asked.extendleft(self._ask_to_read(handle, [(start, length)]))
        finally:
            self._settle([number for number, _, _ in asked])
            self._ask(_CLOSE, _string(handle))

    def write(self, path: bytes, pieces: Iterator[bytes], offset: int | None = None) -> None:
        handle = self._open(path, _FOR_A_NEW_FILE if offset is None else _FOR_WRITING_ON)
        asked: deque[int] = deque()
        try:
            if offset is not None:
                self._ask(_FSETSTAT, _string(handle), struct.pack(">IQ", _HAS_SIZE, offset)).expect_ok()
            for blocks in _blocks(pieces, offset or 0):
                while len(asked) > IN_FLIGHT - len(blocks):
                    self._answer(asked.popleft()).expect_ok()
                asked.extend(self._ask_to_write(handle, blocks))
            while asked:
                self._answer(asked.popleft()).expect_ok()
        except OSError as error:
            raise OSError(errno.ENOSPC, "No space left on device") if self._full(path) else error from error
        finally:
            self._settle(asked)
            closed = self._ask(_CLOSE, _string(handle))
        closed.expect_ok()

    def _full(self, path: bytes) -> bool:
        """Whether the file system there has no room left: SFTP 3 has no word for that."""
        answer = self._ask(_EXTENDED, _string(b"statvfs@openssh.com"), _string(path))
        return answer.code < 0 and answer.expect(_EXTENDED_REPLY).blocks_left() == 0

    def close(self) -> None:
        hang_up(self._channel)
        if self._shell is not None:
            self._shell.close()

    def _open(self, path: bytes, how: int) -> bytes:
        return self._ask(_OPEN, _string(path), struct.pack(">I", how), _mode(0o600)).expect(_HANDLE).string()

    def _ask_to_read(self, handle: bytes, wanted: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """Ask for all that is wanted, offsets and lengths; the number of each request before these."""
        numbers = self._send_all(_READ, handle, [struct.pack(">QI", *one) for one in wanted])
        return [(number, *one) for number, one in zip(numbers, wanted, strict=True)]

    def _ask_to_write(self, handle: bytes, blocks: Sequence[tuple[int, bytes]]) -> Sequence[int]:
        """Ask for blocks to be written at their offsets; the numbers of the requests."""
        return self._send_all(_WRITE, handle, [struct.pack(">Q", offset) + _string(block) for offset, block in blocks])

    def _send_all(self, kind: int, handle: bytes, each: Sequence[bytes]) -> Sequence[int]:
        """Send requests about an open file together; their numbers."""
        requests = [self._request(kind, _string(handle), fields) for fields in each]
        self._put(b"".join(packet for _, packet in requests))
        return [number for number, _ in requests]

    def _settle(self, asked: deque[int] | list[int]) -> None:
        """Take the answers that nobody needs any more."""
        for number in asked:
            self._answer(number)

    def _ask(self, kind: int, *fields: bytes) -> _Answer:
        return self._answer(self._send(kind, *fields))

    def _send(self, kind: int, *fields: bytes) -> int:
        number, packet = self._request(kind, *fields)
        self._put(packet)
        return number

    def _request(self, kind: int, *fields: bytes) -> tuple[int, bytes]:
        """A request's number, and its packet."""
        self._last = (self._last + 1) & 0xFFFFFFFF
        return self._last, _string(struct.pack(">BI", kind, self._last) + b"".join(fields))

    def _answer(self, number: int) -> _Answer:
        while number not in self._early:
            kind, body = self._take()
            if len(body) < 4:
                raise Unreachable(f"{self._where} broke the SFTP protocol.")
            self._early[int.from_bytes(body[:4])] = _Answer(kind, body[4:])
        return self._early.pop(number)

    def _put(self, packets: bytes) -> None:
        try:
            self._channel.sendall(packets)
        except BREAKS as error:
            raise self._broken() from error

    def _take(self) -> tuple[int, bytes]:
        length = int.from_bytes(self._take_bytes(4))
        if not 0 < length <= LONGEST_ANSWER:
            raise Unreachable(f"{self._where} broke the SFTP protocol.")
        packet = self._take_bytes(length)
        return packet[0], packet[1:]

    def _take_bytes(self, length: int) -> bytes:
        while len(self._came) < length:
            try:
                more = self._channel.recv(LONGEST_ANSWER)  # all that is there: what is left, paramiko moves each time
            except BREAKS as error:
                raise self._broken() from error
            if not more:
                raise self._broken()
            self._came += more
        taken = bytes(memoryview(self._came)[:length])
        del self._came[:length]
        return taken

    def _broken(self) -> Unreachable:
        self.close()
        return Unreachable(f"The connection to {self._where} broke during a copy, or did not answer in time.")


class _Answer:
    """One packet that came back, read from its front."""

    def __init__(self, kind: int, body: bytes) -> None:
        self._kind = kind
        self._body = body
        self._at = 0
        self.code = self._number() if kind == _STATUS else -1

    def expect(self, kind: int) -> _Answer:
        """This answer, if it is of that kind; else the OSError it stands for."""
        if self._kind == kind:
            return self
        raise self._error()

    def expect_ok(self) -> None:
        if self.code != _OK:
            raise self._error()

    def _error(self) -> OSError:
        said = self.string().decode("utf-8", "replace") if self._kind == _STATUS and self._at < len(self._body) else ""
        if self.code in {_NO_SUCH_FILE, _EOF}:
            return FileNotFoundError(errno.ENOENT, "No such file or directory")
        if self.code == _PERMISSION_DENIED:
            return PermissionError(errno.EACCES, "Permission denied")
        # SFTP 3 has one word for a full disk, a busy file and all else.
        return OSError(errno.EIO, f"the server says {said or 'Failure'!r}")

    def listing(self) -> list[tuple[bytes, Status]]:
        listed = []
        for _ in range(self._number()):
            name = self.string()
            self.string()  # a line as `ls -l` prints it
            listed.append((name, self.attributes()))
        return listed

    def attributes(self) -> Status:
        flags = self._number()
        size = int.from_bytes(self._bytes(8)) if flags & _HAS_SIZE else 0
        self._bytes(8 if flags & _HAS_OWNER else 0)
        mode = self._number() if flags & _HAS_MODE else 0
        modified = int.from_bytes(self._bytes(8)[4:]) if flags & _HAS_TIMES else 0
        for _ in range(2 * self._number() if flags & _HAS_MORE else 0):
            self.string()
        return Status(mode, size, modified)

    def blocks_left(self) -> int:
        """Of a file system, those that its users may take: the fifth of its numbers."""
        return [int.from_bytes(self._bytes(8)) for _ in range(5)][4]

    def string(self) -> bytes:
        return self._bytes(self._number())

    def _number(self) -> int:
        return int.from_bytes(self._bytes(4))

    def _bytes(self, length: int) -> bytes:
        piece = self._body[self._at : self._at + length]
        if len(piece) < length:
            raise OSError(errno.EPROTO, "the server's answer is cut short")
        self._at += length
        return piece


def hang_up(channel: paramiko.Channel) -> None:
    """Close a channel; over a connection that is gone there is nobody to tell."""
    with suppress(*BREAKS):
        channel.close()


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _mode(mode: int) -> bytes:
    return struct.pack(">II", _HAS_MODE, mode)


def _ahead(offset: int, size: int) -> list[tuple[int, int]]:
    """Where the next requests to read begin, and their lengths; the last past the end: did the file grow?"""
    wanted: list[tuple[int, int]] = []
    while not wanted or (len(wanted) < AT_ONCE and offset <= size):
        length = min(BLOCK, size - offset) if offset < size else BLOCK
        wanted.append((offset, length))
        offset += length
    return wanted


def _blocks(pieces: Iterator[bytes], offset: int) -> Iterator[list[tuple[int, bytes]]]:
    """What is to be written, in blocks with their offsets, so many together as are sent at once."""
    for piece in pieces:
        blocks = [(offset + start, piece[start : start + BLOCK]) for start in range(0, len(piece), BLOCK)]
        for first in range(0, len(blocks), AT_ONCE):
            yield blocks[first : first + AT_ONCE]
        offset += len(piece)
