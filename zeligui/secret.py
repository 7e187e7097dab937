"""Secrets in the system's keyring: settings and experiment files name them, and never hold them."""

from __future__ import annotations

from shlex import quote

from zeligui.errors import UsageError

KEYRING = "keyring:"
"""A text that begins so is the name of a secret."""

SERVICE = "zeligrid"


def from_keyring(name: str, purpose: str) -> str:
    """The secret of that name. UsageError, which tells the `purpose`, where there is none, or no keyring.

    The keyring may ask the user to unlock it: call this off the event loop.
    """
    import keyring
    import keyring.errors

    hint = f"Store it with: keyring set {SERVICE} {quote(name)}"
    try:
        secret = keyring.get_password(SERVICE, name)
    except keyring.errors.KeyringError as error:
        why = str(error).rstrip(".")
        raise UsageError(f"The secret {name} for {purpose} cannot be had: {why}.", hint=hint) from error
    if secret is None:
        raise UsageError(f"The keyring has no secret {name} for {purpose}.", hint=hint)
    return secret
