"""The keys that a login may offer: those given, those of ~/.ssh/config, the agent's, and the default files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paramiko

from zeligui.errors import Refused
from zeligui.links.contexts import Contexts
from zeligui.links.contexts.agent import NoAgent, held
from zeligui.links.contexts.certificates import NotValid, certificate_of
from zeligui.links.contexts.finding import asks_agent, named_files, usual_files
from zeligui.links.contexts.keyfiles import KeyTrouble, Locked, public_blob, read_key
from zeligui.links.routes import Hop


class Identities:
    """What can be offered to one machine, in order; remembers what was tried and what could not be, by name only.

    First the files that were given, then those of ~/.ssh/config, the agent's keys, and the default files where none is
    configured. A file that is encrypted is used through the agent, where that holds its key. A key that has a valid
    certificate beside it is offered with it first.
    """

    def __init__(self, hop: Hop, contexts: Contexts) -> None:
        self._hop = hop
        self._contexts = contexts
        self._agent: paramiko.Agent | None = None
        self._silent = False
        self._offered: set[tuple[bytes, bytes]] = set()
        self.tried: list[str] = []
        self.locked: list[str] = []
        self.unusable: list[str] = []

    def offers(self) -> Iterator[paramiko.PKey]:
        """The keys, one after another, none twice."""
        for file in named_files(self._contexts, self._hop):
            yield from self._from_file(file)
        if asks_agent(self._contexts, self._hop):
            for key in self._agent_keys().values():
                yield from self._offer(key, f"{key.comment or key.get_name()} (agent)")
        for file in usual_files(self._contexts, self._hop):
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
            key = read_key(file)
        except Locked as error:
            yield from self._by_agent(file, error)
        except KeyTrouble as error:
            self.unusable.append(f"{file} ({error.reason})")
        else:
            yield from self._certified(key, file, file.name)

    def _by_agent(self, file: Path, trouble: KeyTrouble) -> Iterator[paramiko.PKey]:
        if self._contexts.asks_agent and (key := self._agent_keys().get(public_blob(file))):
            yield from self._certified(key, file, f"{file.name} (agent)")
            return
        self.locked.append(str(file))
        self.unusable.append(f"{file} ({trouble.reason})")

    def _certified(self, key: paramiko.PKey, file: Path, name: str) -> Iterator[paramiko.PKey]:
        """With its certificate, then without: not every machine knows who signed it."""
        try:
            certificate = certificate_of(file, key.asbytes())
        except NotValid as error:
            self.unusable.append(str(error).rstrip("."))
            certificate = None
        if certificate:
            key.public_blob = certificate.blob
            yield from self._offer(key, f"{name} (certificate)")
            key.public_blob = None
        yield from self._offer(key, name)

    def _offer(self, key: paramiko.PKey, name: str) -> Iterator[paramiko.PKey]:
        shown = key.asbytes(), key.public_blob.key_blob if key.public_blob else b""
        if shown not in self._offered:
            self._offered.add(shown)
            self.tried.append(name)
            yield key

    def _agent_keys(self) -> dict[bytes, paramiko.AgentKey]:
        if self._agent is None and not self._silent:
            try:
                self._agent = _agent()
            except (NoAgent, OSError, paramiko.SSHException) as error:
                self._silent = True
                if not isinstance(error, NoAgent) or error.named:
                    self.unusable.append(f"the agent ({str(error).rstrip('.')})")
        return {key.asbytes(): key for key in self._agent.get_keys()} if self._agent else {}


def _agent() -> paramiko.Agent:
    held()  # paramiko waits for ever where it does not answer
    return paramiko.Agent()
