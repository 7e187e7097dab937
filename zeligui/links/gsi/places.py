"""Where Globus's own tools look for certificates, keys, proxies and trusted authorities."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SYSTEM_AUTHORITIES = Path("/etc/grid-security/certificates")


def user_certificate() -> Path:
    """The user's certificate: $X509_USER_CERT, else usercert.pem in ~/.globus."""
    return _named("X509_USER_CERT") or Path.home() / ".globus" / "usercert.pem"


def user_key() -> Path:
    """The user's private key: $X509_USER_KEY, else userkey.pem in ~/.globus."""
    return _named("X509_USER_KEY") or Path.home() / ".globus" / "userkey.pem"


def user_proxy() -> Path:
    """The user's proxy: $X509_USER_PROXY, else x509up_u with the user's number in the folder for temporary files.

    That folder is /tmp for Globus, whatever $TMPDIR says.
    """
    folder = Path("/tmp")  # noqa: S108 - where every other tool looks
    return _named("X509_USER_PROXY") or (folder if folder.is_dir() else Path(tempfile.gettempdir())) / (
        f"x509up_u{os.getuid()}"
    )


def authorities() -> Path:
    """The folder of trusted authorities: $X509_CERT_DIR, else ~/.globus/certificates, else the system's."""
    if named := _named("X509_CERT_DIR"):
        return named
    own = Path.home() / ".globus" / "certificates"
    return own if own.is_dir() else SYSTEM_AUTHORITIES


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value).expanduser() if value else None
