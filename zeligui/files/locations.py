"""Where files are: URLs and plain paths, read into a scheme, a machine and a path, with the stars that are in it."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from zeligui.errors import UsageError
from zeligui.links.addresses import parse

SCHEMES = ("file", "sftp", "gsiftp")
HERE = "file://"
"""What stands before a path of this machine in a URL."""

LONGEST = 4096

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
_MAGIC = re.compile(r"([*?\[\]])")
_HINT = "Write a path, file:///path, sftp://[user@]host[:port]/path or gsiftp://host[:port]/path."


@dataclass(frozen=True, slots=True)
class Location:
    """Files on one machine: `root` is what stands before the path in a URL, `file://` for this machine.

    `path` is a pattern where it has stars: a sign that only looks like one is written `[*]` there. `folder` says that
    it ended with a slash.
    """

    scheme: str
    root: str
    path: str
    folder: bool = False

    @property
    def magic(self) -> bool:
        """Whether the path has stars, questions or brackets."""
        return bool(_MAGIC.search(self.path))

    @property
    def plain(self) -> str:
        """The path, which has no stars. UsageError where it has."""
        path = literal(self.path)
        if path is None:
            raise UsageError(f"{_shown(self.root + self.path)} is no place to copy to: it has stars.")
        return path

    @property
    def url(self) -> str:
        """The location as a URL. UsageError where its path has stars."""
        return self.root + quoted(self.plain)


def is_url(text: str) -> bool:
    """Whether a text is meant as a URL."""
    return bool(_SCHEME.fullmatch(text.partition("://")[0])) and "://" in text


def quoted(path: str) -> str:
    """A path as it stands in a URL."""
    return quote(os.fsencode(path), safe="/-._~")


def locate(text: str, *, folder: str | None = None) -> Location:
    """The location that a URL gives, or a plain path, which is relative to `folder` (the working folder).

    UsageError where it cannot be understood, leaves its root by `..`, or holds control signs.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return _plain(text, folder or str(Path.cwd()))
    host, slash, raw = rest.partition("/")
    if scheme == "file" and host not in {"", "localhost"}:
        raise UsageError(f"{_shown(text)} is on another machine.", hint="Write sftp://host/path for that.")
    root = HERE if scheme == "file" else _root(scheme, host)
    return _at(scheme, root, _decoded("/" + raw if slash or scheme == "file" else "/"))


def _plain(text: str, folder: str) -> Location:
    """An existing path means itself, whatever signs it has; `~` is the user's home."""
    expanded = os.path.expanduser(text)  # noqa: PTH111 - a path may begin with a name that is none of a user
    whole = os.path.join(folder, expanded)  # noqa: PTH118
    literal = os.path.lexists(whole)
    joined = os.path.join(escaped(folder), escaped(expanded) if literal else expanded)  # noqa: PTH118
    return _at("file", HERE, joined, up=True)


def _at(scheme: str, root: str, path: str, *, up: bool = False) -> Location:
    """A path of ours (`up`) may lead upwards, and hold what it likes."""
    if len(path) > LONGEST or "\0" in path or not (up or is_harmless(path)):
        raise UsageError(f"The path {_shown(path)} is too long, or holds control signs.")
    if not up and ".." in path.split("/"):
        raise UsageError(f"The path {_shown(path)} leads upwards.", hint="Write it without `..`.")
    clean = posixpath.normpath(path)
    return Location(scheme, root, "/" + clean.lstrip("/"), folder=path.endswith("/"))


def is_harmless(name: str) -> bool:
    """Whether a name has no control signs; a byte that is no UTF-8 is none."""
    return all(sign.isprintable() or "\udc80" <= sign <= "\udcff" for sign in name)


def _root(scheme: str, host: str) -> str:
    try:
        address = parse(f"ssh://{host}")
    except UsageError as error:
        raise UsageError(f"{_shown(f'{scheme}://{host}')} names no machine.", hint=_HINT) from error
    return scheme + address.url.removeprefix("ssh")


def _decoded(raw: str) -> str:
    """The path in a URL; a sign that stands there by its number is never a star."""
    parts = re.split(r"((?:%[0-9A-Fa-f]{2})+)", raw)
    decoded = [
        escaped(os.fsdecode(unquote_to_bytes(part))) if number % 2 else part for number, part in enumerate(parts)
    ]
    return "".join(decoded)


def escaped(path: str) -> str:
    """A pattern that only this path matches."""
    return _MAGIC.sub(r"[\1]", path)


def literal(pattern: str) -> str | None:
    """The only path that a pattern matches; None where there may be others."""
    plain = re.sub(r"\[([*?\[\]])\]", "\0", pattern)
    if _MAGIC.search(plain):
        return None
    return re.sub(r"\[([*?\[\]])\]", r"\1", pattern)


def _shown(text: str) -> str:
    return ascii(text[:200])
