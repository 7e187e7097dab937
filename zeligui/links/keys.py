"""Which keys this user could log in with, looked at before any machine is: usable, locked, open to others."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from zeligui.links.addresses import Address
from zeligui.links.identities import DEFAULT_FILES, Identities
from zeligui.links.routes import Hop, route

AGENT_S = 2.0


@dataclass(frozen=True, slots=True)
class Keys:
    """Names only, nothing of a key. `exposed` are private key files that other users of this machine can read."""

    usable: tuple[str, ...]
    unusable: tuple[str, ...]
    locked: tuple[str, ...]
    exposed: tuple[Path, ...]


def keys_for(address: Address, named: Sequence[Path]) -> Keys:
    """What would be offered to a machine, by ~/.ssh/config. Blocks. Refused where that file cannot be understood."""
    hop = route(address)[-1]
    with closing(Identities(hop, named)) as identities:
        for _ in identities.offers():
            pass
        return Keys(
            tuple(identities.tried), tuple(identities.unusable), tuple(identities.locked), tuple(_exposed(hop, named))
        )


def agent_answers() -> bool | None:
    """Whether an ssh agent answers; None where none is named in the environment."""
    path = os.environ.get("SSH_AUTH_SOCK")
    if not path:
        return None
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(AGENT_S)
        try:
            sock.connect(path)
        except OSError:
            return False
    return True


def _exposed(hop: Hop, named: Sequence[Path]) -> list[Path]:
    default = [Path.home() / ".ssh" / name for name in DEFAULT_FILES] if not hop.identity_files else []
    return [file for file in dict.fromkeys((*named, *hop.identity_files, *default)) if _open_to_others(file)]


def _open_to_others(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & 0o077)
    except OSError:
        return False
