"""The ways to grid sites, clusters and file servers, step by step, each with what mends it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from zeligui.errors import UsageError, ZeliGridError
from zeligui.links.addresses import parse
from zeligui.links.calls import call
from zeligui.links.checkup import Status, Step, failed, of_proxy, of_ssh

if TYPE_CHECKING:
    from zeligui.links.link import Links

LIMIT_S = 60.0
ROUTE_S = 10.0


async def of_site(url: str, links: Links) -> list[Step]:
    """The way to a gatekeeper, `gram://`: proxy, authorities, program, route, and what it says."""
    from zeligui.jobs import open_service
    from zeligui.links.gram.contacts import contact

    where = contact(url)
    steps = await call(_site, links, where.host, where.port, True, limit=LIMIT_S)
    return await _asked(steps, "answer", lambda: open_service(url, links).health())


async def of_site_files(url: str, links: Links) -> list[Step]:
    """The way to a GridFTP server, `gsiftp://`, the same; a limited proxy is good enough for files."""
    from zeligui.files import open_files
    from zeligui.files.locations import locate
    from zeligui.links.gram.contacts import FILES_PORT

    root = locate(url).root
    place = parse(f"ssh://{root.partition('://')[2]}")
    steps = await call(_site, links, place.host, place.port or FILES_PORT, False, limit=LIMIT_S)

    async def looked() -> str:
        files = open_files(root, links)
        try:
            await files.entry("/")
        finally:
            await files.close()
        return "It lets us in, and shows its files."

    return await _asked(steps, "files", looked)


async def of_cluster(url: str, links: Links, machine: Callable[[str], Awaitable[list[Step]]]) -> list[Step]:
    """The way to a Slurm cluster: that to the `machine` with its commands, and what they say."""
    from zeligui.jobs import open_service
    from zeligui.links.slurm import parse as parse_cluster

    steps = await machine(parse_cluster(url).link)
    return await _asked(steps, "slurm", lambda: open_service(url, links).health())


async def of_machine_files(url: str, links: Links) -> list[Step]:
    """The way to the files of a machine, `sftp://`."""
    from zeligui.files.locations import locate

    address = parse(f"ssh://{locate(url).root.partition('://')[2]}")
    return await call(lambda: list(of_ssh(address, links.known_hosts, links.contexts)), limit=LIMIT_S)


async def _asked(steps: list[Step], name: str, health: Callable[[], Awaitable[str]]) -> list[Step]:
    """What it says of itself, where nothing stands before it."""
    if stopped(steps):
        return steps
    try:
        said = await health()
    except ZeliGridError as error:
        return [*steps, failed(name, error)]
    return [*steps, Step(name, Status.GOOD, f"{said[0].upper()}{said[1:].rstrip('.')}.")]


def stopped(steps: Sequence[Step]) -> bool:
    """Whether what comes after these cannot be looked at: files that others may read do not bar the way."""
    return any(step.stops and step.name != "permissions" for step in steps)


def _site(links: Links, host: str, port: int, to_start: bool) -> list[Step]:
    """All that does not depend on one another is looked at, so that it can be mended at once."""
    return [
        of_proxy(links.contexts, needed=True, to_start=to_start),
        _authorities(),
        _program(),
        route(host, port, "server"),
    ]


def _authorities() -> Step:
    from zeligui.links.gsi import places
    from zeligui.links.gsi.trust import Trust

    try:
        trust = Trust(places.authorities())
    except UsageError as error:
        return failed("authorities", error)
    count = len(trust.authorities)
    return Step("authorities", Status.GOOD, f"{count} trusted {'authority' if count == 1 else 'authorities'}.")


def _program() -> Step:
    from zeligui.files.gridftp import PACKAGE, PROGRAM

    if shutil.which(PROGRAM):
        return Step("package", Status.GOOD, f"There is {PROGRAM}, which moves files.")
    return Step("package", Status.MISSING, f"{PROGRAM} is missing, which moves files.", f"apt install {PACKAGE}")


def route(host: str, port: int, what: str) -> Step:
    """Whether anything listens there. Blocks."""
    try:
        socket.create_connection((host, port), ROUTE_S).close()
    except OSError as error:
        words = f"{host} cannot be reached on port {port}: {error.strerror or error}."
        return Step("route", Status.UNREACHABLE, words, f"Check name and port, and that the {what} runs.")
    return Step("route", Status.GOOD, f"{host} answers on port {port}.")
