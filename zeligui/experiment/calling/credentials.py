"""A key made for one attempt: its public half for authorized_keys, restricted, and what its machine gets."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from shlex import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from zeligui.errors import UsageError
from zeligui.links.addresses import Address

FOLDER = ".zeligrid-home"
"""Below the directory in which a job starts; no pattern of outputs takes it by accident."""
COMMENT = "zeligrid-home-"
NAME = "zeligrid-home"
"""What home is called in the known_hosts file that a job gets."""

_OURS = re.compile(
    rb'restrict,command=".*"(?:,from="[^"]*")?,expiry-time="([0-9]{14})" ssh-ed25519 \S+ zeligrid-home-([0-9a-f]{32})'
)

CALL = """\
#!/bin/sh
# Calls home: list | fetch NAME >FILE | put NAME <FILE | report TEXT | progress FRACTION [TEXT]
here=$(cd "$(dirname "$0")" && pwd -P) || exit 70
command -v ssh >/dev/null || {{ echo "There is no ssh here to call home with." >&2; exit 69; }}
chmod 700 "$here" && chmod 600 "$here/key" || exit 70
words=
for word; do
    words="$words '$(printf %s "$word" | sed "s/'/'\\\\\\\\''/g")'"
done
exec ssh -F /dev/null -T -i "$here/key" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \\
    -o UserKnownHostsFile="$here/known_hosts" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \\
    -o HostKeyAlias={name} -o ConnectTimeout=20 -o LogLevel=ERROR {where} "$words"
"""


def make(folder: Path, address: Address, host_keys: Sequence[str]) -> str:
    """Make key, known_hosts and the script that calls home in `folder`; the public half comes back. Blocks."""
    key = Ed25519PrivateKey.generate()
    folder.mkdir(mode=0o700)
    private = folder / "key"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    (folder / "known_hosts").write_text("".join(f"{NAME} {one}\n" for one in host_keys), encoding="ascii")
    script = folder / "call"
    script.touch(mode=0o700)
    script.write_text(CALL.format(name=NAME, where=_destination(address)), encoding="utf-8")
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


def _destination(address: Address) -> str:
    port = f"-p {address.port} " if address.port else ""
    user = f"-l {quote(address.user)} " if address.user else ""
    return f"{port}{user}-- {quote(address.host)}"


def line(attempt: str, public: str, home: Path, until: datetime, callers: Sequence[str]) -> bytes:
    """The line for authorized_keys: one command, from these addresses, until then, in the time zone of this machine.

    UsageError where it would be more than one line.
    """
    words = [sys.executable, "-P", "-m", "zeligui.cli", "home", "answer", attempt, "--home", str(home)]
    command = " ".join(map(quote, words)).replace('"', '\\"')
    given = f',from="{",".join(callers)}"' if callers else ""
    expiry = until.astimezone().strftime("%Y%m%d%H%M%S")
    if not command.isprintable():
        raise UsageError(f"Jobs could not call home: {str(home)!a} cannot stand in authorized_keys.")
    options = f'restrict,command="{command}"{given},expiry-time="{expiry}"'
    return f"{options} {public} {COMMENT}{attempt}".encode()


def owner(line: bytes) -> tuple[str, datetime] | None:
    """Of a line of ours: whose it is, and until when. None of all others."""
    found = _OURS.fullmatch(line)
    if found is None:
        return None
    try:
        return found[2].decode("ascii"), datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").astimezone()
    except ValueError:
        return None
