"""The keys that a login may offer: those the user names, the agent's, and the default files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import UnknownKeyType

from zeligui.errors import Refused
from zeligui.links.routes import Hop

DEFAULT_FILES = ("id_ed25519", "id_ecdsa", "id_rsa")


class Identities:
    """What can be offered to one machine, in order; remembers what was tried and what could not be, by name only.

    First the `named` files, then those of ~/.ssh/config, the agent's keys, and the default files where none is
    configured. A file that is encrypted is used through the agent, where that holds its key.
    """

    def __init__(self, hop: Hop, named: Sequence[Path]) -> None:
        self._hop = hop
        self._named = tuple(named)
        self._agent: paramiko.Agent | None = None
        self._offered: set[bytes] = set()
        self.tried: list[str] = []
        self.locked: list[str] = []
        self.unusable: list[str] = []

    def offers(self) -> Iterator[paramiko.PKey]:
        """The keys, one after another, none twice."""
        for file in (*self._named, *self._hop.identity_files):
            yield from self._from_file(file)
        if not self._hop.identities_only:
            for key in self._agent_keys().values():
                yield from self._offer(key, f"{key.comment or key.get_name()} (agent)")
        if not self._hop.identity_files:
            for name in DEFAULT_FILES:
                file = Path.home() / ".ssh" / name
                if file.exists():
                    yield from self._from_file(file)

    def refusal(self, reason: str = "") -> Refused:
        """Why nobody could be logged in, in words without secrets."""
        tried = f"; tried {', '.join(self.tried)}" if self.tried else "; there was no key to try"
        unusable = f"; not usable: {', '.join(self.unusable)}" if self.unusable else ""
        reason = f" ({reason})" if reason else ""
        hop = self._hop
        message = f"{hop.where} refused the login of {hop.user}@{hop.host}{reason}{tried}{unusable}."
        if self.locked:
            return Refused(message, hint=f"Load the encrypted key into the agent: ssh-add {self.locked[0]}")
        return Refused(message, hint="Put the public key there (ssh-copy-id), or name the right one with --identity.")

    def close(self) -> None:
        """Let go of the agent."""
        if self._agent is not None:
            self._agent.close()

    def _from_file(self, file: Path) -> Iterator[paramiko.PKey]:
        try:
            key = paramiko.PKey.from_path(file)
        except (TypeError, paramiko.PasswordRequiredException):
            yield from self._by_agent(file)
        except (OSError, ValueError, UnsupportedAlgorithm, paramiko.SSHException, UnknownKeyType) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a key that is understood"
            self.unusable.append(f"{file} ({reason})")
        else:
            yield from self._offer(key, file.name)

    def _by_agent(self, file: Path) -> Iterator[paramiko.PKey]:
        if key := self._agent_keys().get(_public_blob(file)):
            yield from self._offer(key, f"{file.name} (agent)")
            return
        self.locked.append(str(file))
        self.unusable.append(f"{file} (encrypted, and no agent holds it)")

    def _offer(self, key: paramiko.PKey, name: str) -> Iterator[paramiko.PKey]:
        if key.asbytes() not in self._offered:
            self._offered.add(key.asbytes())
            self.tried.append(name)
            yield key

    def _agent_keys(self) -> dict[bytes, paramiko.AgentKey]:
        if self._agent is None:
            try:
                self._agent = paramiko.Agent()
            except (OSError, paramiko.SSHException) as error:
                self.unusable.append(f"the agent ({error})")
                return {}
        return {key.asbytes(): key for key in self._agent.get_keys()}


def _public_blob(file: Path) -> bytes:
    """The public half that lies beside a private key file; empty where there is none."""
    try:
        return base64.b64decode(Path(f"{file}.pub").read_text(encoding="ascii").split()[1], validate=True)
    except (OSError, ValueError, IndexError, binascii.Error):
        return b""
