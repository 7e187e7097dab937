"""What it takes to reach a machine, looked at one step after another, each with the line that mends it."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.errors import LinkError, Refused, Unreachable, ZeliGridError
from zeligui.links.addresses import Address
from zeligui.links.contexts import Context, Contexts, Standing

if TYPE_CHECKING:
    from zeligui.links.connection import Connection

OPEN_S = 20.0
"""How long a machine may take altogether."""


class Status(Enum):
    """How a step went: GOOD; MISSING, which its line mends; UNREACHABLE; UNNEEDED, for nothing asks for it."""

    GOOD = "good"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    UNNEEDED = "unneeded"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at. `says` is what was found, `mend` the line or sentence that mends it."""

    name: str
    status: Status
    says: str
    mend: str = ""

    @property
    def stops(self) -> bool:
        """Whether nothing that comes after it can be looked at."""
        return self.status in {Status.MISSING, Status.UNREACHABLE}


def failed(name: str, error: ZeliGridError) -> Step:
    """The step at which an error came. A machine that answered and said no was reached."""
    status = Status.UNREACHABLE if isinstance(error, Unreachable) else Status.MISSING
    return Step(name, status, str(error), error.hint)


def of_ssh(address: Address, known_hosts: Sequence[Path], contexts: Contexts) -> Iterator[Step]:
    """The way to a machine by ssh, up to the first step that fails. Blocks, for some seconds."""
    from zeligui.links.routes import route

    try:
        hops = route(address)
    except Refused as error:
        yield failed("ssh config", error)
        return
    over = "".join(f" by way of {hop.host}," for hop in hops[:-1])
    yield Step("ssh config", Status.GOOD, f"It is{over} {hops[-1].host}, port {hops[-1].port}, as {hops[-1].user}.")
    yield from of_keys(address, contexts)
    yield from _of_connection(address, known_hosts, contexts)


def of_keys(address: Address, contexts: Contexts, *, needed: bool = True) -> Iterator[Step]:
    """What would be offered to a machine, what cannot be and why, and the agent. Blocks."""
    from zeligui.links.contexts.finding import for_ssh
    from zeligui.links.keys import keys_for
    from zeligui.links.routes import route

    try:
        keys = keys_for(address, contexts)
    except Refused as error:
        yield failed("key", error)
        return
    without = f" Not usable: {', '.join(keys.unusable)}." if keys.unusable else ""
    if keys.usable:
        yield Step("key", Status.GOOD, f"There is {', '.join(keys.usable)}.{without}")
    else:
        mend = f"ssh-add {shlex.quote(keys.locked[0])}" if keys.locked else "ssh-keygen -t ed25519"
        status = Status.MISSING if needed else Status.UNNEEDED
        yield Step("key", status, f"There is no key to log in with.{without}", mend)
    looked_at = tuple(for_ssh(contexts, route(address)[-1]))
    yield from (Step("permissions", Status.MISSING, one.says, one.mend) for one in looked_at if one.exposed)
    yield from (of_context(one, needed=False) for one in looked_at if one.kind in {"agent", "password"})


def of_context(context: Context, *, needed: bool) -> Step:
    """How a context is, as a step: what is absent is missing only where it is needed."""
    absent = Status.MISSING if needed else Status.UNNEEDED
    status = {Standing.USABLE: Status.GOOD, Standing.ABSENT: absent}.get(context.standing, Status.MISSING)
    return Step(context.kind, status, context.says, context.mend)


def of_proxy(contexts: Contexts, *, needed: bool, to_start: bool = True) -> Step:
    """The grid proxy of a session, the time it has left, and whether it may start jobs. Blocks."""
    from zeligui.links.contexts import grid

    proxy = grid.proxy(contexts.proxy_file())
    if to_start and proxy.limited:
        return Step("proxy", Status.MISSING, proxy.says, proxy.mend)
    return of_context(proxy, needed=needed)


def _of_connection(address: Address, known_hosts: Sequence[Path], contexts: Contexts) -> Iterator[Step]:
    from zeligui.links.connection import Connection

    words = {
        "route": f"{address.url} answers.",
        "host key": "Its host key is the one that is known.",
        "login": "The login is accepted.",
    }
    with closing(Connection(address, known_hosts, contexts, threading.Semaphore(1))) as connection:
        try:
            connection.open(time.monotonic() + OPEN_S)
        except LinkError as error:
            passed = [*words].index(connection.stage)
            yield from (Step(name, Status.GOOD, words[name]) for name in [*words][:passed])
            yield _stopped(connection.stage, error, address)
            return
        yield from (Step(name, Status.GOOD, said) for name, said in words.items())
        yield _of_files(connection)


def _stopped(stage: str, error: LinkError, address: Address) -> Step:
    if stage == "route":  # a closed port answers too, but nothing is reached by it
        return Step(stage, Status.UNREACHABLE, str(error), error.hint)
    step = failed(stage, error)
    if stage == "login" and step.status is Status.MISSING and not error.hint.startswith("Load"):
        port = f"-p {address.port} " if address.port else ""
        to = shlex.quote(f"{address.user}@{address.host}" if address.user else address.host)
        return Step(stage, step.status, step.says, f"ssh-copy-id {port}{to}")
    return step


def _of_files(connection: Connection) -> Step:
    try:
        connection.sftp().close()
    except LinkError as error:
        return failed("files", error)
    return Step("files", Status.GOOD, "Files can be copied (SFTP).")
