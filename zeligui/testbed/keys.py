"""The keys of the embedded grid: one for its client, one for each node, made once and kept."""

from __future__ import annotations

import os
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def kept(file: Path) -> paramiko.PKey:
    """The ed25519 key in this file, which is made where it is missing, readable by its owner alone."""
    if not file.exists():
        _make(file)
    return paramiko.Ed25519Key.from_private_key_file(str(file))


def known_hosts_line(port: int, key: paramiko.PKey) -> str:
    """How `known_hosts` says that this key is the one of the node at a loopback port (sshd(8))."""
    return f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n"


def _make(file: Path) -> None:
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(text)
    fresh.replace(file)
