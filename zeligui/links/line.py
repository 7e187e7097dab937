"""A connection that is opened at need, kept, shared, and opened again after it broke."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

from zeligui.errors import LinkError, Unreachable
from zeligui.links.addresses import Address
from zeligui.links.calls import call, leave

if TYPE_CHECKING:
    from zeligui.links.connection import Connection
    from zeligui.links.sftp import Sftp

CONNECT_S = 20.0
"""How long a connection may take altogether."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 8.0
"""After a failed connection no other is tried for this long: doubled at each further failure, up to the second."""

PATIENT_S = 5.0
"""A caller that waited less than this has not found out that the machine is gone, only that it is in a hurry."""

CLOSE_S = 5.0
"""How long the end of a connection is waited for."""


class Channel(Protocol):
    """What is opened on a connection."""

    def close(self) -> None: ...


T = TypeVar("T")
C = TypeVar("C", bound=Channel)
Dial = Callable[[Address], "Connection"]


class Line:
    """The way to one machine; `dial(address)` makes a connection that is not open yet. For the event loop."""

    def __init__(self, address: Address, dial: Dial) -> None:
        self.where = address.url
        self._address = address
        self._dial = dial
        self._connection: Connection | None = None
        self._opening: Connection | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self._failures = 0
        self._failure: LinkError | None = None
        self._paused_until = 0.0

    @property
    def peer(self) -> str:
        """The address of the machine; empty while it is not connected, or where another host is jumped over."""
        return self._connection.peer if self._connection is not None else ""

    async def channel(self, opened: Callable[[Connection], C], deadline: float) -> C:
        """Open a channel. On a kept connection that turns out to be gone nothing was sent yet: a new one is tried."""
        kept = self._connection
        connection = await self._connected(deadline)
        try:
            return await self._open_on(connection, opened, deadline)
        except Unreachable:
            if connection is not kept:
                raise
        return await self._open_on(await self._connected(deadline), opened, deadline)

    async def _open_on(self, connection: Connection, opened: Callable[[Connection], C], deadline: float) -> C:
        limit = _left(deadline)
        try:
            return await call(opened, connection, limit=limit, drop=lambda channel: channel.close())
        except TimeoutError as error:
            if limit >= PATIENT_S:
                self._drop(connection)
            raise Unreachable(f"{self.where} did not open a channel in time.") from error
        except Unreachable:
            self._drop(connection)
            raise

    async def _connected(self, deadline: float) -> Connection:
        try:
            async with asyncio.timeout(_left(deadline)):
                await self._turn.acquire()
        except TimeoutError as error:
            raise Unreachable(f"{self.where} did not answer in time.") from error
        try:
            if self._connection is not None and self._connection.alive:
                return self._connection
            self.hang_up()
            self._check()
            return await self._connect(deadline)
        finally:
            self._turn.release()

    def _check(self) -> None:
        """Whether a connection may be tried now; else what is known of the last one."""
        if self._closed:
            raise Unreachable(f"The link to {self.where} was closed.")
        if self._failure is not None and time.monotonic() < self._paused_until:
            raise type(self._failure)(str(self._failure), hint=self._failure.hint)

    async def _connect(self, deadline: float) -> Connection:
        limit = min(_left(deadline), CONNECT_S)
        connection = await call(self._dial, self._address)
        self._check()
        self._opening = connection
        try:
            await call(connection.open, time.monotonic() + limit, limit=limit)
        except TimeoutError as error:
            leave(connection.close)
            failure = Unreachable(f"{self.where} did not answer within {limit:.1f} s.")
            raise (self._failed(failure) if limit >= PATIENT_S else failure) from error
        except LinkError as error:
            leave(connection.close)
            raise self._failed(error) from error
        except BaseException:
            leave(connection.close)
            raise
        finally:
            self._opening = None
        self._connection, self._failure, self._failures = connection, None, 0
        return connection

    def _failed(self, error: LinkError) -> LinkError:
        self._failure = error
        self._paused_until = time.monotonic() + min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S)
        self._failures += 1
        return error

    def _drop(self, connection: Connection) -> None:
        if self._connection is connection:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection, if there is one; the next channel opens another."""
        if self._connection is not None:
            leave(self._connection.close)
            self._connection = None

    async def close(self) -> None:
        """End the connection, and allow no other. Always ends."""
        self._closed = True
        connections = [each for each in (self._connection, self._opening) if each is not None]
        self._connection = None
        for connection in connections:
            with suppress(TimeoutError):
                await call(connection.close, limit=CLOSE_S)


class Copier:
    """An SFTP session on a line, for one copy at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._sftp: Sftp | None = None
        self._turn = asyncio.Lock()

    async def use(self, work: Callable[[Sftp], T], deadline: float) -> T:
        """Do blocking work with the session; after anything but a file system's no the next work gets a new one."""
        async with self._turn:
            if self._sftp is None or self._sftp.ended:
                self._sftp = await self._line.channel(_sftp, deadline)
            try:
                return await call(work, self._sftp, limit=_left(deadline) + 1)
            except TimeoutError as error:
                self.end()
                raise Unreachable(f"A copy did not end in time on {self._line.where}.") from error
            except OSError:  # the file system said no, in an answer that was read to its end
                raise
            except BaseException:
                self.end()
                raise

    @property
    def busy(self) -> bool:
        """Whether it is in use."""
        return self._turn.locked()

    def end(self) -> None:
        """End the session; the next work gets a new one."""
        if self._sftp is not None:
            leave(self._sftp.close)
            self._sftp = None


def _sftp(connection: Connection) -> Sftp:
    return connection.sftp()


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
