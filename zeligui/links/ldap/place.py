"""The URLs of directories (RFC 4516): where one is, what of it is read, and how it is entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from zeligui.errors import UsageError
from zeligui.secret import KEYRING
from zeligui.settings import Directories

PORTS = {"ldap": 389, "ldaps": 636}

Scope = Literal["base", "one", "sub"]
SCOPES = ("base", "one", "sub")

START_TLS = "1.3.6.1.4.1.1466.20037"
"""The extended operation of RFC 4511, 4.14, which URLs may name."""

_FORM = "Write ldap://host[:port]/base or ldaps://host[:port]/base, such as ldap://giis.example.org:2135/o=grid."
_LONG_FORM = (
    "After the base may stand ??SCOPE (base, one or sub) and ????EXTENSIONS: StartTLS, and bindname=DN, each comma of "
    "the name as %2C. The rest is set under [directories] of the settings."
)
_NO_USER = (
    "Name the user under [directories] of the settings, or as ldap://host/base????bindname=DN; the password belongs "
    "into the keyring: keyring set zeligrid DN"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL points to: the server, what of it is searched, and how it is entered.

    An empty base is the whole tree. `user` is a distinguished name, or for DIGEST-MD5 a plain one; empty is anonymous,
    and None is whom the settings name. `password` is the name under which the keyring has theirs, never a password
    itself. `authorities` are trusted besides those of the system.
    """

    url: str
    host: str
    port: int
    base: str
    secure: bool
    scope: Scope = "sub"
    starttls: bool = False
    user: str | None = None
    password: str = ""
    mechanism: str = "simple"
    authorities: tuple[Path, ...] = ()

    def entered(self, settings: Directories) -> Place:
        """The same, entered as the settings say where the URL says nothing.

        Where no password is named, the keyring has it under the user's own name: each user has another.
        """
        user = settings.user if self.user is None else self.user
        return replace(
            self,
            user=user,
            password=settings.password.removeprefix(KEYRING) or user,
            mechanism=settings.mechanism,
            starttls=(self.starttls or settings.starttls) and not self.secure,
            authorities=settings.authorities,
        )


def parse(url: str, settings: Directories | None = None) -> Place:
    """The place that a URL names, entered as the settings say. UsageError for what is no such URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        base = unquote(parts.path[1:], errors="strict")
        attributes, scope, condition, extensions, *more = [*parts.query.split("?"), "", "", ""]
        asked = _extensions(extensions)
    except (UnicodeError, ValueError):  # which may show a part of the URL
        raise _no_address(url) from None
    named = host and not host.startswith("-") and all(sign.isalnum() or sign in "._-:" for sign in host)
    if parts.scheme not in PORTS or not named or port == 0 or not (url + base).isprintable():
        raise _no_address(url)
    if "@" in parts.netloc:
        raise UsageError(f"{_harmless(url)} names a user before the host.", hint=_NO_USER)
    if attributes or condition or any(more) or parts.fragment or scope not in ("", *SCOPES):
        raise UsageError(f"{_harmless(url)} asks for more than can be chosen.", hint=f"{_FORM} {_LONG_FORM}")
    secure = parts.scheme == "ldaps"
    if secure and "starttls" in asked:
        raise UsageError(f"{_harmless(url)} asks for TLS twice.", hint="Write ldaps://, or StartTLS after ldap://.")
    place = Place(
        url,
        host,
        port or PORTS[parts.scheme],
        base,
        secure,
        cast(Scope, scope or "sub"),
        starttls="starttls" in asked,
        user=asked.get("bindname"),
    )
    return place if settings is None else place.entered(settings)


def _extensions(text: str) -> Mapping[str, str]:
    """What stands after the fourth question mark, by lower-case names. ValueError for an unknown one.

    An empty bindname is anonymous (RFC 4511 4.2), where the settings name a user.
    """
    found = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.removeprefix("!").partition("=")
        name = {START_TLS: "starttls", "x-starttls": "starttls"}.get(name.lower(), name.lower())
        if name not in ("starttls", "bindname"):
            raise ValueError(f"an unknown extension {name}")
        found[name] = unquote(value, errors="strict")
    if not "".join(found.values()).isprintable():
        raise ValueError("signs that cannot be printed")
    return found


def _harmless(url: str) -> str:
    """The URL in quotes, without what may be a password."""
    scheme, _, rest = url.partition("://")
    before, at, rest = rest.rpartition("@")
    place, more, _ = rest.partition("?")
    shown = f"{scheme}://{'...' if before else ''}{at}{place}"
    return f"{shown[:200]!a}{', with what stands after it,' if more else ''}"


def _no_address(url: str) -> UsageError:
    return UsageError(f"{_harmless(url)} is not the address of a directory.", hint=f"{_FORM} {_LONG_FORM}")
