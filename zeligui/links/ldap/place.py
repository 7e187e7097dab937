"""The URLs of directories (RFC 4516): where one is, and from which base down it is read."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from zeligui.errors import UsageError

PORTS = {"ldap": 389, "ldaps": 636}

_FORM = "Write ldap://host[:port]/base or ldaps://host[:port]/base, such as ldap://giis.example.org:2135/o=grid."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points to: the server, and the base below which all is searched; an empty base is the whole tree."""

    url: str
    host: str
    port: int
    base: str
    secure: bool


def parse(url: str) -> Place:
    """The place that a URL names (RFC 4516, without what may follow the base). UsageError for everything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        base = unquote(parts.path[1:], errors="strict")
    except ValueError as error:
        raise _no_address(url) from error
    named = host and not host.startswith("-") and all(sign.isalnum() or sign in "._-:" for sign in host)
    if parts.scheme not in PORTS or not named or port == 0 or not (url + base).isprintable():
        raise _no_address(url)
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise UsageError(
            f"{url[:200]!a} says more than where a directory is and what its base is.",
            hint=f"Directories are read as everyone may read them, from the base down. {_FORM}",
        )
    return Place(url, host, port or PORTS[parts.scheme], base, parts.scheme == "ldaps")


def _no_address(url: str) -> UsageError:
    return UsageError(f"{url[:200]!a} is not the address of a directory.", hint=_FORM)
