"""The user's credentials: the certificate and the grid proxy, looked at again when their files change, and ssh keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from zeligui.clock import Clock
from zeligui.errors import ZeliGridError
from zeligui.links.calls import call
from zeligui.links.contexts import Context, Contexts, Standing
from zeligui.links.contexts import grid as grid_contexts
from zeligui.links.contexts.finding import for_ssh
from zeligui.links.gsi import places
from zeligui.links.gsi.credentials import (
    NoCredential,
    is_locked,
    read_certificate,
    read_pair,
    read_proxy,
    slashed,
)
from zeligui.links.gsi.proxies import SHORTEST_S, destroy_proxy, make_proxy, write_proxy

SOON_S = 1800.0
"""A proxy that ends so soon is worth a word."""
WITHOUT = "An authority of your grid signs one; its key is made with the request. Machines reached by ssh need none."
"""To who has no certificate."""
LOOK_S = 10.0
"""Between two looks at the proxy's file."""
LIMIT_S = 20.0
"""How long files may take, which may lie on another machine."""
MAKE_S = 120.0
"""How long a proxy may take to be made: of a key of 8,192 bits, half a minute."""


class Lasting(IntEnum):
    """How a proxy's time stands; what is higher is worse."""

    LONG = 0
    SOON = 1
    SHORT = 2
    """A gatekeeper refuses it already."""
    ENDED = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something cannot be used, and what mends it. `missing`: it is not there at all."""

    says: str
    mend: str = ""
    missing: bool = False

    @classmethod
    def of(cls, error: ZeliGridError) -> Trouble:
        return cls(str(error), error.hint, isinstance(error, NoCredential))


@dataclass(frozen=True, slots=True)
class Certificate:
    """The user's certificate and key, as far as they can be read without a pass phrase; `locked`: one is needed."""

    file: Path
    key: Path
    name: str = ""
    authority: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    locked: bool = False
    trouble: Trouble | None = None
    key_trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Proxy:
    """The user's proxy; nothing of its key."""

    file: Path
    kind: str = ""
    identity: str = ""
    limited: bool = False
    bits: int = 0
    begins: datetime | None = None
    ends: datetime | None = None
    trouble: Trouble | None = None

    def left_s(self, now: datetime) -> float:
        """Seconds for which it is still valid; 0 where it is not."""
        if self.begins is None or self.ends is None or now < self.begins:
            return 0.0
        return max(0.0, (self.ends - now).total_seconds())

    def lasting(self, now: datetime) -> Lasting:
        """How its time stands; of one that cannot be read nothing is said."""
        if self.ends is None:
            return Lasting.LONG
        left = self.left_s(now)
        if not left:
            return Lasting.ENDED
        return Lasting.SHORT if left < SHORTEST_S else Lasting.SOON if left < SOON_S else Lasting.LONG


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that the user has to be known by."""

    certificate: Certificate
    proxy: Proxy
    keys: tuple[Context, ...]
    """What is offered by ssh, and what cannot be: keys, the agent, passwords."""


class Wallet:
    """Reads credentials off the loop, and makes and destroys the proxy. `proxy` is the one that was read last.

    `contexts` tells what the session was given, `changed` is called where there is another proxy, or where its time
    stands otherwise.
    """

    def __init__(self, clock: Clock, *, contexts: Callable[[], Contexts], changed: Callable[[], None]) -> None:
        self._clock = clock
        self._contexts = contexts
        self._changed = changed
        self._stamp: object = None
        self._next = float("-inf")
        self._lasting = Lasting.LONG
        self.proxy: Proxy | None = None

    @property
    def file(self) -> Path:
        """Where the session's proxy is, or is made."""
        return self._contexts().proxy_file() or places.user_proxy()

    async def look(self, *, now: bool = False) -> None:
        """Read the proxy again where its file has changed, at most every few seconds or now."""
        before = self.proxy, self._lasting
        if now or self._clock.patience() >= self._next:
            self._next = self._clock.patience() + LOOK_S
            with suppress(TimeoutError):  # it is looked at again
                await self._read_proxy(self.file)
        self._lasting = self.proxy.lasting(self._clock.now()) if self.proxy else Lasting.LONG
        if before != (self.proxy, self._lasting):
            self._changed()

    async def _read_proxy(self, file: Path) -> None:
        stamp = await call(_stamp, file, limit=LIMIT_S)
        if stamp != self._stamp or self.proxy is None:
            self.proxy, self._stamp = await call(_proxy, file, limit=LIMIT_S), stamp

    async def read(self) -> Credentials:
        """All as it is now."""
        await self.look(now=True)
        certificate = await call(_certificate, limit=LIMIT_S)
        keys = await call(_keys, self._contexts(), limit=LIMIT_S)
        return Credentials(certificate, self.proxy or Proxy(self.file), keys)

    async def renew(self, passphrase: str, *, valid_s: float, limited: bool) -> None:
        """Make a proxy from the user's certificate, in the place of the one that is there. ZeliGridError.

        The pass phrase is read where the key is encrypted, and kept nowhere.
        """
        try:
            await call(_renew, self.file, lambda _: passphrase, valid_s, limited, limit=MAKE_S)
        finally:
            await self.look(now=True)

    async def destroy(self) -> None:
        """Overwrite and remove the proxy. ZeliGridError where that is not possible."""
        try:
            await call(destroy_proxy, self.file, limit=LIMIT_S)
        finally:
            await self.look(now=True)


def _stamp(file: Path) -> object:
    """What differs where a file is another one: also its place, which the environment names."""
    try:
        status = file.stat()
    except OSError as error:
        return file, error.errno
    return file, status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def _proxy(file: Path) -> Proxy:
    try:
        read = read_proxy(file)
        proxy = Proxy(file, read.kind, read.identity, read.limited, read.bits, read.begins, read.ends)
        checked = grid_contexts.proxy(file)
    except ZeliGridError as error:
        return Proxy(file, trouble=Trouble.of(error))
    except ValueError:  # what stands in a certificate may be anything
        return Proxy(file, trouble=Trouble(f"The proxy {file} cannot be understood.", "Make a new one."))
    if checked.standing is Standing.UNUSABLE and proxy.lasting(datetime.now(UTC)) is Lasting.LONG:
        return replace(proxy, trouble=Trouble(checked.says, checked.mend))  # no site that trusts as we do takes it
    return proxy


def _certificate() -> Certificate:
    file, key = places.user_certificate(), places.user_key()
    known = Certificate(file, key)
    try:
        known = replace(known, locked=is_locked(key))
    except ZeliGridError as error:
        known = replace(known, key_trouble=Trouble.of(error))
    try:
        chain = read_certificate(file)
        return replace(
            known,
            name=slashed(chain[0].subject),
            authority=slashed(chain[0].issuer),
            begins=max(one.not_valid_before_utc for one in chain),
            ends=min(one.not_valid_after_utc for one in chain),
        )
    except NoCredential as error:
        return replace(known, trouble=Trouble(str(error), WITHOUT, missing=True))
    except ZeliGridError as error:
        return replace(known, trouble=Trouble.of(error))
    except ValueError:
        return replace(known, trouble=Trouble(f"The certificate {file} cannot be understood.", "Is it a certificate?"))


def _keys(contexts: Contexts) -> tuple[Context, ...]:
    return tuple(for_ssh(contexts))


def _renew(file: Path, passphrase: Callable[[Path], str], valid_s: float, limited: bool) -> None:
    user = read_pair(places.user_certificate(), places.user_key(), passphrase)
    write_proxy(make_proxy(user, valid_s=valid_s, limited=limited), file)
