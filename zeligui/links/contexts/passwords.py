"""Passwords: in the system's keyring alone, under USER@HOST, and for those hosts that they were given for."""

from __future__ import annotations

from shlex import quote

from zeligui.errors import UsageError
from zeligui.links.contexts.context import Context, Standing
from zeligui.secret import SERVICE, from_keyring


def look(name: str) -> Context:
    """Whether the keyring has the password for USER@HOST. Blocks, for the keyring may ask the user to unlock it."""
    try:
        secret_of(name)
    except UsageError as error:
        return Context("password", name, Standing.UNUSABLE, str(error), f"keyring set {SERVICE} {quote(name)}")
    return Context("password", name, Standing.USABLE, "The keyring has a password for it.")


def secret_of(name: str) -> str:
    """The password for USER@HOST, for the login alone. UsageError where there is none."""
    return from_keyring(name, "the login")
