"""Which contexts a machine accepts: each is offered to it alone, on a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from zeligui.errors import Refused
from zeligui.links.addresses import Address
from zeligui.links.connection import Connection
from zeligui.links.contexts.context import Context
from zeligui.links.contexts.finding import for_ssh
from zeligui.links.contexts.given import Contexts
from zeligui.links.routes import route

OPEN_S = 20.0
"""How long the machine may take for one of them."""

Verdict = tuple[Context, str]
"""A context, and "accepted", "refused" or, of one that cannot be used, ""."""


def offered(address: Address, known_hosts: Sequence[Path], contexts: Contexts) -> Iterator[Verdict]:
    """Each context for a machine and what the machine says of it. Blocks. A LinkError where it does not get so far."""
    for one in for_ssh(contexts, route(address)[-1]):
        yield one, _said(address, known_hosts, contexts, one) if one.usable else ""


def _said(address: Address, known_hosts: Sequence[Path], contexts: Contexts, one: Context) -> str:
    alone, gate = _alone(one), threading.Semaphore(1)
    with closing(Connection(address, known_hosts, contexts, gate, at_end=alone)) as connection:
        try:
            connection.open(time.monotonic() + OPEN_S)
        except Refused:
            if connection.stage != "login":
                raise
            return "refused"
        return "accepted" if one.kind != "key" or _is(Path(one.name).name, connection.proved_by) else "refused"


def _is(key: str, proof: str) -> bool:
    """Whether a key's file was the proof, with its certificate or by the agent, which may hold others of like names."""
    return proof == key or proof.startswith(f"{key} (")


def _alone(one: Context) -> Contexts:
    """A session of this one; a key that is encrypted needs the agent besides."""
    if one.kind == "key":
        return Contexts(keys=(Path(one.name),), agent=one.by_agent, only=True)
    return Contexts(agent=one.kind == "agent", passwords=(one.name,) if one.kind == "password" else (), only=True)
