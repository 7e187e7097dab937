"""OpenSSH certificates of the tests' own authority."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from tests.servers import make_key, require


def certify(key: Path, authority: Path, *options: str, name: str = "") -> Path:
    """Sign the public half of a key; the certificate lies beside it. The authority is made where there is none."""
    if not authority.exists():
        make_key(authority)
    principal = name or getpass.getuser()
    command = [
        require("ssh-keygen", "openssh-client"),
        "-q",
        "-s",
        str(authority),
        "-I",
        "of the test",
        "-n",
        principal,
    ]
    subprocess.run([*command, *options, f"{key}.pub"], check=True, stderr=subprocess.DEVNULL)
    return Path(f"{key}-cert.pub")
