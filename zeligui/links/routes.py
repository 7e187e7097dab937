"""The way to a machine, as ~/.ssh/config gives it: its real name, port, user and keys, and the hosts to jump over."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from zeligui.errors import Refused, UsageError
from zeligui.links.addresses import Address, parse

MOST_HOPS = 8
DEEPEST_INCLUDE = 16


@dataclass(frozen=True, slots=True)
class Hop:
    """One machine on the way: `host` and `port` are dialled, `key_name` is its name in known_hosts files."""

    address: Address
    user: str
    host: str
    port: int
    key_name: str
    identity_files: tuple[Path, ...] = ()
    identities_only: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """As its address and as ~/.ssh/config call it."""
        return tuple(dict.fromkeys((self.address.host, self.host)))

    @property
    def where(self) -> str:
        """The machine for a message: its URL, and what that stands for."""
        dialled = f"{self.host}:{self.port}"
        return self.address.url + (f" ({dialled})" if dialled not in self.address.url else "")


def route(address: Address) -> tuple[Hop, ...]:
    """The hops to a machine, itself the last, by the user's ~/.ssh/config.

    Refused where that file cannot be understood, jumps in a circle, or asks for a ProxyCommand.
    """
    try:
        return _Routes(_config(Path.home() / ".ssh" / "config")).to(address, ())
    except (paramiko.ConfigParseError, paramiko.CouldNotCanonicalize, ImportError, KeyError, ValueError) as error:
        raise Refused(
            f"~/.ssh/config cannot be understood for {address.url}: {error}.", hint="Correct that file."
        ) from error
    except OSError as error:
        raise Refused(f"~/.ssh/config cannot be read: {error.strerror}.") from error


def aliases() -> tuple[str, ...]:
    """The machines that the user's ~/.ssh/config names, in its order, patterns left out; none where it cannot be read.

    Reads files: call it off the event loop.
    """
    try:
        names = _config(Path.home() / ".ssh" / "config").get_hostnames()
    except (paramiko.ConfigParseError, ImportError, KeyError, OSError, ValueError):
        return ()  # connecting to any machine says what is wrong with that file
    return tuple(sorted(name for name in names if not set(name) & set("*?!")))


def identity_files() -> tuple[Path, ...]:
    """All private key files that the user's ~/.ssh/config names, whichever machine they are for."""
    config = Path.home() / ".ssh" / "config"
    try:
        lines = list(_lines(config, config.parent, 0)) if config.exists() else []
    except OSError:
        return ()
    pairs = (line.strip().replace("=", " ", 1).partition(" ") for line in lines)
    names = (value.strip().strip('"') for key, _, value in pairs if key.lower() == "identityfile")
    return tuple(dict.fromkeys(Path(name).expanduser() for name in names if "%" not in name and name.lower() != "none"))


class _Routes:
    def __init__(self, config: paramiko.SSHConfig) -> None:
        self._config = config

    def to(self, address: Address, trail: tuple[Address, ...]) -> tuple[Hop, ...]:
        if address in trail or len(trail) > MOST_HOPS:
            raise Refused(f"The ProxyJump of {address.url} leads in a circle.", hint="Correct ~/.ssh/config.")
        options = self._config.lookup(address.host)
        jumps = self._jumps(address, options)
        before = self.to(jumps[0], (*trail, address)) if jumps else ()
        between = tuple(self._hop(jump, self._config.lookup(jump.host)) for jump in jumps[1:])
        return (*before, *between, self._hop(address, options))

    def _jumps(self, address: Address, options: paramiko.SSHConfigDict) -> list[Address]:
        jumps = options.get("proxyjump") or "none"
        if jumps.lower() != "none":
            return [_jump(one.strip()) for one in jumps.split(",")]
        if options.get("proxycommand"):
            raise Refused(
                f"{address.url} is reached by a ProxyCommand, which ZeliGrid does not run.",
                hint="Write a ProxyJump line in ~/.ssh/config instead.",
            )
        return []

    def _hop(self, address: Address, options: paramiko.SSHConfigDict) -> Hop:
        host = options["hostname"]
        files = [name for name in options.get("identityfile", []) if name.lower() != "none"]
        return Hop(
            address,
            user=address.user or options.get("user") or getpass.getuser(),
            host=host,
            port=address.port or int(options.get("port", 22)),
            key_name=options.get("hostkeyalias", host).lower(),
            identity_files=tuple(Path(name).expanduser() for name in files),
            identities_only=options.get("identitiesonly", "no").lower() == "yes",
        )


def _jump(text: str) -> Address:
    try:
        return parse(text if text.startswith("ssh://") else f"ssh://{text}")
    except UsageError as error:
        raise Refused(f"A ProxyJump in ~/.ssh/config is not understood: {error}") from error


def _config(path: Path) -> paramiko.SSHConfig:
    lines = _lines(path, path.parent, 0) if path.exists() else []
    return paramiko.SSHConfig.from_text("\n".join(lines))


def _lines(path: Path, folder: Path, depth: int) -> Iterator[str]:
    """The lines of a configuration file with what it includes in their place; paramiko knows no Include."""
    section = "Host *"
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        key, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if key.lower() in {"host", "match"}:
            section = line
        if key.lower() != "include" or depth >= DEEPEST_INCLUDE:
            yield line
            continue
        for pattern in value.split():
            name = Path(pattern.strip('"')).expanduser()
            for found in sorted(folder.glob(str(name)) if not name.is_absolute() else _absolute(name)):
                yield from _lines(found, folder, depth + 1)
        yield section


def _absolute(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
