"""What stands between here and a source or job service, step by step: ways, machines, directories, packages."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from zeligui.errors import LinkError, UsageError, ZeliGridError
from zeligui.jobs import ways
from zeligui.links import Contexts
from zeligui.links.addresses import Address, parse
from zeligui.links.calls import call
from zeligui.links.checkup import Status, Step, failed, of_keys, of_proxy, of_ssh
from zeligui.schemes import FILES, SOURCES, listed, schemes

if TYPE_CHECKING:
    from zeligui.jobs.adaptors import Adaptor
    from zeligui.jobs.scripts import Machine
    from zeligui.links.link import Links
    from zeligui.settings import Home, Settings

ANSWER_S = 60.0
AT_ONCE = 8
GRID_SCHEMES = {"gram", "gsiftp"}
"""What a site that asks for a proxy is addressed by."""

_ROOM = """d=${HOME:-}/.zeligrid/jobs
e=$d
while [ ! -e "$e" ]; do e=${e%/*}; [ -n "$e" ] || e=/; done
if [ -n "${HOME:-}" ] && [ -d "$e" ] && [ -w "$e" ] && [ -x "$e" ]; then w=yes; else w=no; fi
printf '%s %s %s\\n' "$w" "$(df -Pk "$e" 2>/dev/null | awk 'END { print $4 + 0 }')" "$d"
"""
SMALL_KB = 1024


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found of one thing; `ways` are those of `any://`, of which one is enough."""

    of: str
    steps: tuple[Step, ...]
    ways: tuple[Checkup, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 all right, 1 something is missing, 3 it could not be reached."""
        own = [3 if step.status is Status.UNREACHABLE else 1 for step in self.steps if step.stops]
        if own or not self.ways:
            return max(own, default=0)
        tried = [way for way in self.ways if way.steps[:1] != way.steps or way.steps[0].name != "credential"]
        return min(way.exit_status for way in tried or self.ways)


async def of_url(url: str, links: Links) -> Checkup:
    """Everything that stands between this machine and a source or job service. UsageError: it is no URL of one."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise UsageError(f"{url[:200]!a} is not a URL.", hint="Write ssh://host, local://, any://host, or ldap://host.")
    if scheme == "any":
        return await _anywhere(url, parse(f"ssh://{rest}"), links)
    if missing := await call(_adaptor_missing, scheme, limit=ANSWER_S):
        return Checkup(url, (missing,))
    return Checkup(url, tuple(await _steps(scheme, url, links)))


async def _steps(scheme: str, url: str, links: Links) -> list[Step]:
    match scheme:
        case "local" | "ssh":
            return await _machine(url, links)
        case "gram":
            return await ways.of_site(url, links)
        case "gsiftp":
            return await ways.of_site_files(url, links)
        case "sftp":
            return await ways.of_machine_files(url, links)
        case "slurm" | "slurm+ssh":
            return await ways.of_cluster(url, links, lambda there: _machine(there, links))
    return await call(_directory if scheme in {"ldap", "ldaps"} else _file, url, links, limit=ANSWER_S)


async def of_urls(urls: Sequence[str], links: Links) -> list[Checkup]:
    """Several at once, in their order; an address that is none is one more thing that is missing."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> Checkup:
        async with turns:
            try:
                return await of_url(url, links)
            except UsageError as error:
                return Checkup(url, (failed("address", error),))

    return list(await asyncio.gather(*map(one, urls)))


def of_this_machine(home: Home, settings: Settings | None, trouble: ZeliGridError | None) -> Checkup:
    """The packages, adaptors and files of this machine, and the user's credentials. Blocks."""
    urls = settings.measured if settings else ()
    ssh = any(url.startswith("ssh://") for url in urls)
    own = Contexts.of_settings(settings) if settings else Contexts()
    steps = [*_packages(), *_adaptors(), _home(home.folder)]
    steps.append(
        failed("settings", trouble)
        if trouble
        else Step("settings", Status.GOOD, f"They name {len(urls)} sources ({home.settings_file}).")
    )
    steps += of_keys(Address(None, "localhost", None), own, needed=ssh)
    steps.append(of_proxy(own, needed=False))
    return Checkup("this machine", tuple(steps))


def _adaptor_missing(scheme: str) -> Step | None:
    from zeligui.jobs.adaptors import adaptors

    known = {adaptor.scheme: adaptor for adaptor in adaptors()}
    others = schemes(SOURCES) | schemes(FILES)
    if scheme in known and (trouble := known[scheme].trouble):
        return failed("adaptor", trouble)
    if scheme in known or scheme in others:
        return None
    words = f"Nothing that is installed understands {scheme[:40]}://."
    hint = f"Install a package that has it; known are {listed({*known, *others})}."
    return Step("adaptor", Status.MISSING, words, hint)


async def _anywhere(url: str, address: Address, links: Links) -> Checkup:
    from zeligui.jobs.adaptors import ANYWHERE, adaptors

    tried = [adaptor for adaptor in await call(adaptors, limit=ANSWER_S) if adaptor.scheme != ANYWHERE]
    ways = [await _way(adaptor, address, links) for adaptor in tried]
    return Checkup(url, (), tuple(way for way in ways if way))


async def _way(adaptor: Adaptor, address: Address, links: Links) -> Checkup | None:
    """By one adaptor; None where it is for other machines."""
    from zeligui.jobs.adaptors import NotMeant

    try:
        there = await call(adaptor.url, address, links, limit=ANSWER_S)
    except NotMeant:
        return None
    except ZeliGridError as error:
        return Checkup(f"{adaptor.scheme}://{address.host}", (failed("credential", error),))
    return await of_url(there, links)


async def _machine(url: str, links: Links) -> list[Step]:
    """The way to a machine with a shell, and what a job needs on it."""
    steps: list[Step] = []
    if url != "local://":
        way = of_ssh(parse(url), links.known_hosts, links.contexts)
        steps = await call(list, way, limit=ANSWER_S)
    if ways.stopped(steps):
        return steps
    from zeligui.jobs import scripts

    try:
        link = links.to(url)
        probed = scripts.machine((await link.run(scripts.probe())).text)
        room = (await link.run(_ROOM)).text
    except LinkError as error:
        return [*steps, failed("shell", error)]
    except (KeyError, ValueError):
        words = "Its login shell does not start /bin/sh as it should."
        return [*steps, Step("shell", Status.MISSING, words, f"See what this prints: ssh {parse(url).host} true")]
    return [*steps, Step("shell", Status.GOOD, "It runs scripts."), *_reapers(probed), _room(room)]


def _reapers(machine: Machine) -> list[Step]:
    if machine.python:
        first = Step("python3", Status.GOOD, f"There is {machine.python}.")
    else:
        words = f"There is no python3 of 3.6 or newer; jobs are watched by {machine.reaper()}, and figures are fewer."
        first = Step("python3", Status.UNNEEDED, words, "Install python3 there.")
    if machine.leave != "refused":
        return [first]
    words = "It ends all processes of a user at logout, so no job could stay."
    return [first, Step("logout", Status.MISSING, words, "loginctl enable-linger")]


def _room(said: str) -> Step:
    try:
        writable, kilobytes, folder = said.strip().rpartition("\n")[2].split(" ", 2)
        free = int(kilobytes)
    except ValueError:
        return Step("directory", Status.MISSING, "It does not say where jobs could be kept.", "Is HOME set there?")
    if writable != "yes":
        return Step("directory", Status.MISSING, f"Nothing can be written into {folder}.", "Make it yours to write.")
    if free < SMALL_KB:
        return Step("directory", Status.MISSING, f"The disk that holds {folder} is full.", "Make room there.")
    return Step("directory", Status.GOOD, f"Jobs can be kept in {folder}; {free // 1024:,} MB are free.")


def _directory(url: str, links: Links) -> list[Step]:
    from zeligui.links.ldap import open_connection
    from zeligui.links.ldap import parse as parse_place

    if find_spec("ldap3") is None:
        return [Step("package", Status.MISSING, "The package ldap3 is missing.", "pip install ldap3")]
    place = parse_place(url, links.directories)
    route = ways.route(place.host, place.port, "directory")
    if route.stops:
        return [route]
    try:
        with open_connection(place):
            return [route, Step("answer", Status.GOOD, "It is a directory, and lets us in.")]
    except LinkError as error:
        return [route, failed("answer", error)]


def _file(url: str, _: Links) -> list[Step]:
    from urllib.parse import unquote, urlsplit

    if not url.startswith("file://"):
        return [Step("adaptor", Status.GOOD, "Its adaptor is installed; more is not known of it.")]
    file = Path(unquote(urlsplit(url).path))
    try:
        file.open("rb").close()
    except OSError as error:
        words = f"The file {file} cannot be read: {error.strerror}."
        return [Step("file", Status.MISSING, words, "Check its name and its rights.")]
    return [Step("file", Status.GOOD, f"The file {file} can be read.")]


def _packages() -> list[Step]:
    missing = []
    for line in requires("zeligrid") or ():
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        try:
            version(name)
        except PackageNotFoundError:
            if ";" not in line:  # what follows says when it is needed
                missing.append(name)
    if missing:
        words = f"Packages are missing: {', '.join(missing)}."
        return [Step("packages", Status.MISSING, words, f"pip install {' '.join(missing)}")]
    return [Step("packages", Status.GOOD, "All Python packages are there.")]


def _adaptors() -> list[Step]:
    from zeligui.jobs.adaptors import adaptors

    troubles = [failed("adaptor", adaptor.trouble) for adaptor in adaptors() if adaptor.trouble]
    return troubles or [Step("adaptors", Status.GOOD, "All that are installed can be loaded.")]


def _home(folder: Path) -> Step:
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Step("home", Status.GOOD, f"Journal and history can be kept in {folder}.")
    return Step("home", Status.MISSING, f"Nothing can be written into {folder}.", "Keep files elsewhere: --home DIR")
