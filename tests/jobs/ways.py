"""The ways to run jobs: what stands at the other end, and how one gets there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.globus import Site
from tests.jobs.places import Place
from tests.servers import OpenSsh, require
from tests.slurm import Slurm
from zeligui.jobs.adaptors import Ability, adaptors
from zeligui.jobs.scripts import REAPERS
from zeligui.testbed.grid import Grid

POSIX = ("local-python3", "local-perl", "local-sh", "openssh-python3", "node-python3")
"""A machine with a POSIX shell, reached in some way, and what watches over jobs there."""

MACHINES = POSIX[:4]
"""Those that tests go through which look into how jobs are watched: a node does that as others behind ssh do."""

FEW = 12
"""So many jobs at once where fifty have been tried with another watcher."""

WAYS = (*POSIX, "slurm", "slurm+ssh", "gram-fork", "gram-slurm")


@dataclass(frozen=True, slots=True)
class Way:
    """`place` opens the other end, for a test with a folder of its own; `at_once` is how much it is asked to do.

    `renew` makes the other end as new, where somebody else may have changed it.
    """

    place: Callable[[Path], Place]
    at_once: int = 6
    renew: Callable[[], None] = lambda: None


def abilities(name: str) -> frozenset[Ability]:
    """What the adaptor of a way declares."""
    kind = name.partition("-")[0]
    scheme = {"openssh": "ssh", "node": "ssh"}.get(kind, kind)
    return next(adaptor.declared.can for adaptor in adaptors() if adaptor.scheme == scheme)


@contextmanager
def way_of(name: str, request: pytest.FixtureRequest) -> Iterator[Way]:
    """All that a way needs is up until the end."""
    kind, _, rest = name.partition("-")
    ways = {"local": local, "openssh": openssh, "node": node, "slurm": slurm, "slurm+ssh": slurm_ssh, "gram": gram}
    with pytest.MonkeyPatch.context() as patch, contextmanager(ways[kind])(rest, request, patch) as way:
        yield way


def local(reaper: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    del request, patch
    many = 50 if reaper == REAPERS[0] else FEW
    yield Way(lambda folder: Place("local://", reaper, folder=folder, many=many))


def openssh(reaper: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    del patch
    with sshd(request) as server:
        keys = {"known_hosts": server.known_hosts, "identity": server.identity}
        yield Way(lambda folder: Place(server.url, reaper, folder=folder, many=FEW, **keys))


def node(reaper: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    del patch
    grid: Grid = request.getfixturevalue("grid")
    grid.reset_now()
    keys = {"known_hosts": grid.known_hosts, "identity": grid.identity}
    yield Way(lambda folder: Place(grid.sources[0], reaper, folder=folder, many=FEW, **keys), renew=grid.reset_now)


def slurm(_: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    cluster: Slurm = request.getfixturevalue("slurm_site")
    for key, value in cluster.environment.items():
        patch.setenv(key, value)
    yield Way(lambda folder: Place("slurm://", folder=folder, pause_s=0.2, within_s=40), at_once=12)
    cluster.empty()


def slurm_ssh(_: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    del patch
    cluster: Slurm = request.getfixturevalue("slurm_site")
    with sshd(request, **cluster.environment) as server:
        keys = {"known_hosts": server.known_hosts, "identity": server.identity}
        url = server.url.replace("ssh://", "slurm+ssh://")
        yield Way(lambda folder: Place(url, folder=folder, pause_s=0.2, within_s=40, **keys), at_once=12)
    cluster.empty()


def gram(manager: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> Iterator[Way]:
    site: Site = request.getfixturevalue("globus_site")
    for key, value in site.environment.items():
        patch.setenv(key, value)
    patch.setenv("PATH", str(site.tools), prepend=":")
    if manager == "slurm":
        request.getfixturevalue("slurm_site")
    url = f"gram://{site.service(manager)}"
    names = site.island.inside(network=False)
    yield Way(lambda folder: Place(url, folder=folder, pause_s=0.5, within_s=80, inside=names), at_once=64)


@contextmanager
def sshd(request: pytest.FixtureRequest, **environment: str) -> Iterator[OpenSsh]:
    """An sshd for the whole of a way."""
    require("sshd", "openssh-server")
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    server = OpenSsh(folders.mktemp("sshd"), environment=environment)
    yield server
    server.stop()
