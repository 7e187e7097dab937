"""Files of private keys for ssh: read only where they are the user's alone, and what each is, in words."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Collection
from io import StringIO
from pathlib import Path
from shlex import quote

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from zeligui.errors import UsageError
from zeligui.links.contexts.certificates import NotValid, certificate_of
from zeligui.links.contexts.context import Context, Standing

LARGEST = 1 << 20
FEWEST_BITS = 2048
"""Of RSA: many hosts refuse less."""


class KeyTrouble(UsageError):
    """A file of a key is not to be used; `reason` says why in few words."""

    def __init__(self, file: Path, reason: str, *, hint: str = "", exposed: bool = False) -> None:
        super().__init__(f"The private key {file} cannot be used: {reason}.", hint=hint)
        self.reason = reason
        self.exposed = exposed


class NoKey(KeyTrouble):
    """There is no such file."""


class Locked(KeyTrouble):
    """It is encrypted, and so used through the agent alone."""


def read_key(file: Path) -> paramiko.PKey:
    """The key in a file, without its certificate. KeyTrouble: it is missing, locked, broken, or others can read it."""
    content = _content(file)
    try:
        text = content.decode("ascii")
        return _parsed(text, content)
    except (TypeError, paramiko.PasswordRequiredException) as error:
        reason = "it is encrypted, and no agent holds it"
        raise Locked(file, reason, hint=f"ssh-add {quote(str(file))}") from error
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException) as error:
        if content.startswith((b"ssh-", b"ecdsa-", b"sk-")):
            hint = f"Name {file.with_suffix('')} instead." if file.suffix == ".pub" else "Name its private half."
            raise KeyTrouble(file, "it is the public half", hint=hint) from error
        raise KeyTrouble(file, "it is not a key that is understood", hint="It may be cut off.") from error


def public_blob(file: Path) -> bytes:
    """The public half that lies beside a private key file; empty where there is none."""
    try:
        return base64.b64decode(Path(f"{file}.pub").read_text(encoding="ascii").split()[1], validate=True)
    except (OSError, ValueError, IndexError, binascii.Error):
        return b""


def look(file: Path, in_agent: Collection[bytes] = ()) -> Context:
    """A key file as a context; `in_agent` are the public halves of what the agent holds. Blocks."""
    name = str(file)
    try:
        key = read_key(file)
    except NoKey as error:
        return Context("key", name, Standing.ABSENT, str(error), error.hint)
    except Locked as error:
        if public_blob(file) in in_agent:
            words = f"It is encrypted, and used through the agent.{_certificate_words(file, None)}"
            return Context("key", name, Standing.USABLE, words, by_agent=True)
        return Context("key", name, Standing.LOCKED, str(error), error.hint)
    except KeyTrouble as error:
        return Context("key", name, Standing.UNUSABLE, str(error), error.hint, exposed=error.exposed)
    beside = public_blob(file)
    if beside and beside != key.asbytes():
        words = f"The public half beside it, {file}.pub, is of another key."
        return Context("key", name, Standing.USABLE, words, f"ssh-keygen -y -f {quote(name)} > {quote(name)}.pub")
    return Context("key", name, Standing.USABLE, f"{_kind(key)}.{_certificate_words(file, key)}")


def _kind(key: paramiko.PKey) -> str:
    bits = key.get_bits()
    weak = ", so short that many hosts refuse it" if key.get_name() == "ssh-rsa" and bits < FEWEST_BITS else ""
    return f"A key of {bits} bits ({key.get_name()}){weak}"


def _certificate_words(file: Path, key: paramiko.PKey | None) -> str:
    try:
        found = certificate_of(file, key.asbytes() if key else public_blob(file))
    except NotValid as error:
        return f" {error} {error.hint}".rstrip()
    return f" {found.says}" if found else ""


def _content(file: Path) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise NoKey(file, error.strerror or str(error), hint=f"ssh-keygen -t ed25519 -f {quote(str(file))}") from error
    except OSError as error:
        raise KeyTrouble(file, error.strerror or str(error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyTrouble(file, "it is no file")
        content = os.read(descriptor, LARGEST)
    finally:
        os.close(descriptor)
    _check_private(file, status, content)
    return content


def _check_private(file: Path, status: os.stat_result, content: bytes) -> None:
    if b"PRIVATE KEY" not in content:
        return  # a public half may be read by all
    if status.st_uid not in (os.getuid(), 0):
        raise KeyTrouble(file, "it belongs to another user", hint="A key is for one user alone.")
    if status.st_mode & 0o077:
        reason = "it can be read by other users of this machine"
        raise KeyTrouble(file, reason, hint=f"chmod 600 {quote(str(file))}", exposed=True)


def _parsed(text: str, content: bytes) -> paramiko.PKey:
    """Without a proof that the primes of RSA are such: it takes 0.1 s, and paramiko would ask for another."""
    try:
        loaded: object = serialization.load_ssh_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    except ValueError:
        loaded = serialization.load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    match loaded:
        case ed25519.Ed25519PrivateKey():
            return paramiko.Ed25519Key.from_private_key(StringIO(text))
        case ec.EllipticCurvePrivateKey():
            return paramiko.ECDSAKey(vals=(loaded, loaded.public_key()))
        case rsa.RSAPrivateKey():
            return paramiko.RSAKey(key=loaded)
    raise ValueError
