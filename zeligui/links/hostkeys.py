"""Host keys: what known_hosts files say of a machine's key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from zeligui.errors import ChangedHostKey, Refused, UnknownHostKey


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public host key: its type (`ssh-ed25519`) and its wire form."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The second and third field of its line in a known_hosts file."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class _Entry:
    names: str
    key: HostKey
    revoked: bool

    def names_host(self, name: str) -> bool:
        """Whether the entry's patterns match; a negated pattern that matches decides against."""
        patterns = self.names.split(",")
        if any(pattern.startswith("!") and _matches(pattern[1:], name) for pattern in patterns):
            return False
        return any(_matches(pattern, name) for pattern in patterns)


class KnownHosts:
    """The known host keys of all `files` and ~/.ssh/known_hosts, read anew for each connection.

    The first file is the one that a hint names for a key to be accepted.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        own = Path.home() / ".ssh" / "known_hosts"
        self._accepting = files[0] if files else own
        self._entries = [entry for file in (*files, own) for entry in _read(file)]

    def kinds(self, name: str, port: int) -> tuple[str, ...]:
        """The types of the keys known of a host: the ones to ask it for first."""
        return tuple(dict.fromkeys(key.kind for key in self._keys(_entry_name(name, port)) or self._keys(name)))

    def lines(self, name: str, port: int) -> tuple[str, ...]:
        """All keys known of a host, each as the second and third field of a line."""
        keys = (*self._keys(_entry_name(name, port)), *self._keys(name))
        return tuple(dict.fromkeys(key.line for key in keys))

    def check(self, name: str, port: int, key: HostKey, where: str) -> None:
        """Accept a host's key in silence, or raise UnknownHostKey, ChangedHostKey or, if revoked, Refused.

        A key known of the host on its standard port is accepted on another port, as OpenSSH does. Of a host that is
        known, every other key is a change, of another type too: an impostor may choose the type.
        """
        entry_name = _entry_name(name, port)
        if any(entry.revoked and entry.key == key and self._is_about(entry, name, port) for entry in self._entries):
            raise Refused(f"The key of {where} was revoked: {key.kind} {key.fingerprint}.")
        known = self._keys(entry_name)
        if key in known or key in self._keys(name):
            return
        if known:
            raise self._changed(known, key, where)
        line = f"{entry_name} {key.line}"
        raise UnknownHostKey(
            f"The key of {where} is not known: {key.kind} {key.fingerprint}.",
            hint=f"If that is the right machine, add this line to {self._accepting}:\n{line}",
            line=line,
        )

    def _changed(self, known: Sequence[HostKey], key: HostKey, where: str) -> ChangedHostKey:
        before = next((old for old in known if old.kind == key.kind), known[0])
        return ChangedHostKey(
            f"The key of {where} has changed: it is {key.kind} {key.fingerprint}, "
            f"known is {before.kind} {before.fingerprint}.",
            hint="Another machine may be posing as this one. If its key was changed on purpose, remove the old line "
            "from the known_hosts file.",
        )

    def _keys(self, name: str) -> list[HostKey]:
        return [entry.key for entry in self._entries if not entry.revoked and entry.names_host(name)]

    @staticmethod
    def _is_about(entry: _Entry, name: str, port: int) -> bool:
        return entry.names_host(_entry_name(name, port)) or entry.names_host(name)


def fingerprint_of(line: str) -> str:
    """The fingerprint of the key in a known_hosts line, with the key's type; empty where it holds none."""
    try:
        _, kind, blob = line.split()[:3]
        return f"{kind} {HostKey(kind, base64.b64decode(blob, validate=True)).fingerprint}"
    except ValueError:  # binascii.Error is one
        return ""


def _entry_name(name: str, port: int) -> str:
    return name if port == 22 else f"[{name}]:{port}"


def _read(file: Path) -> Iterator[_Entry]:
    """The entries of a file, none where it is not there; lines that are not understood are passed over, as ssh does."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refused(f"The file of known host keys {str(file)!r} cannot be read: {error.strerror}.") from error
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in {"", "@revoked"}:
            continue
        try:
            blob = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield _Entry(fields[0], HostKey(fields[1], blob), marker == "@revoked")


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _hash_matches(pattern, name)
    # Brackets are those of [host]:port here, not a set of signs.
    return fnmatchcase(name, pattern.lower().replace("[", "[[]"))


def _hash_matches(pattern: str, name: str) -> bool:
    """`|1|salt|hash`: HMAC-SHA1 of the name, keyed by the salt."""
    try:
        salt, digest = (base64.b64decode(part) for part in pattern.split("|")[2:])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), "sha1").digest(), digest)
