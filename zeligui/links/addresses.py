"""Addresses of machines that are reached over ssh, as a URL gives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from zeligui.errors import UsageError

_FORM = re.compile(r"(?:(?P<user>[^@/]*)@)?(?P<host>\[[^\]]*\]|[^:/@\[\]]*)(?::(?P<port>[^/@]*))?/?", re.DOTALL)
_HINT = "Write ssh://[user@]host[:port], an IPv6 address in brackets."


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL points to: `host` is a name, an address or an alias of ~/.ssh/config; None is left to that file."""

    user: str | None
    host: str
    port: int | None

    @property
    def url(self) -> str:
        """The address as a URL, always written the same way."""
        user = f"{quote(self.user, safe='')}@" if self.user is not None else ""
        host = f"[{self.host.replace('%', '%25')}]" if ":" in self.host else quote(self.host, safe="")
        return f"ssh://{user}{host}" + (f":{self.port}" if self.port is not None else "")


def parse(url: str) -> Address:
    """The address in `ssh://[user@]host[:port]`, percent signs decoded. UsageError for everything else.

    A host or user that begins with a dash, or holds blanks or control signs, is refused: such names are made to be
    taken for options or commands.
    """
    scheme, _, rest = url.partition("://")
    found = _FORM.fullmatch(rest)
    if scheme != "ssh" or not found:
        raise UsageError(f"{_shown(url)} is not an address of a machine.", hint=_HINT)
    user, host, port = found["user"], unquote(found["host"]), found["port"]
    if user is not None and ":" in user:
        raise UsageError("An ssh address cannot hold a password.", hint="Use a key, or an ssh agent.")
    host = host[1:-1] if host.startswith("[") else host
    return Address(None if user is None else _user(unquote(user)), _host(host), None if port is None else _port(port))


def _user(user: str) -> str:
    if not user or user.startswith("-") or not user.isprintable() or " " in user:
        raise UsageError(f"{_shown(user)} is not the name of a user.", hint=_HINT)
    return user


def _host(host: str) -> str:
    if not host or host.startswith("-") or not all(sign.isalnum() or sign in "._-:%+" for sign in host):
        raise UsageError(f"{_shown(host)} is not the name of a machine.", hint=_HINT)
    return host


def _port(port: str) -> int:
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"{_shown(port)} is not a port.", hint="A port is a number from 1 to 65535.")
    return int(port)


def _shown(text: str) -> str:
    return ascii(text[:200])
