"""Gives attempts a credential to call home with, and takes it back when they have ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from glob import glob
from pathlib import Path

from zeligui.errors import UsageError
from zeligui.experiment.calling.grants import Grant, Grants
from zeligui.experiment.description import Experiment
from zeligui.experiment.state import AttemptState
from zeligui.jobs.job import JobDescription
from zeligui.jobs.staging import TO
from zeligui.links import authorized
from zeligui.links.addresses import Address, parse
from zeligui.links.calls import call
from zeligui.links.hostkeys import KnownHosts
from zeligui.links.link import Links
from zeligui.settings import HomeCalling

LIMIT_S = 30.0
RETRY_S = 10.0
SSHD = Path("/etc/ssh")
VARIABLE = "ZELIGRID_CALL_HOME"
"""Tells a job how to call home: a script, from the directory in which it starts."""


class HomeCalls:
    """The credentials of one experiment's attempts. Without `enabled`, nothing is ever made or touched."""

    def __init__(self, home: Path, experiment: Experiment, links: Links) -> None:
        self._home = home
        self._experiment = experiment
        self._links = links
        self._grants = Grants(home)
        self._given: set[str] = set()
        self._failing: float | None = None

    @property
    def _wanted(self) -> HomeCalling:
        return self._experiment.home_calling

    async def arm(self, attempt: AttemptState, job: JobDescription) -> JobDescription:
        """The job with its credential among its files. UsageError where none can be given."""
        if not self._wanted.enabled:
            return job
        self._given.add(attempt.id)
        peer = self._links.to(attempt.service).peer if attempt.service.startswith("ssh://") else ""
        try:
            staged = await call(self._make, attempt, callers_of(self._wanted, peer), limit=LIMIT_S)
        except OSError as error:  # a TimeoutError is one
            why = error.strerror or str(error) or f"it took more than {LIMIT_S:g} s"
            raise UsageError(f"A key to call home with could not be made: {why}.") from error
        environment = {**job.environment, VARIABLE: f"{staged.name}/call"}
        return replace(job, input=(*job.input, str(staged)), environment=environment)

    async def take_up(self) -> None:
        """Mind what an earlier master gave."""
        if self._wanted.enabled:
            self._given |= set(await call(self._mine, limit=LIMIT_S))

    async def take_back(self, live: Collection[str], *, insist: bool = False) -> None:
        """Take it back from those that have ended. What fails is tried again later, or, with `insist`, is raised."""
        ended = self._given.difference(live)
        if not ended or (self._failing and not insist and self._failing > time.monotonic() - RETRY_S):
            return
        try:
            await call(take_back, self._grants, ended, limit=LIMIT_S)
        except (UsageError, TimeoutError):
            self._failing = time.monotonic()
            if insist:
                raise
        else:
            self._given -= ended

    def _mine(self) -> list[str]:
        known = ((attempt, self._grants.read(attempt)) for attempt in self._grants.attempts())
        return [attempt for attempt, grant in known if grant is None or grant.experiment == self._experiment.name]

    def _make(self, attempt: AttemptState, callers: Sequence[str]) -> Path:
        from zeligui.experiment.calling.credentials import FOLDER, line, make

        wanted, address = self._wanted, home_address(self._wanted)
        file = keys_file(wanted)
        if trouble := authorized.refused_by_sshd(file):
            raise UsageError(f"Jobs could not call home: {trouble}.")
        until = datetime.now(UTC) + timedelta(seconds=wanted.lasts_s)
        folder = self._grants.write(self._grant(attempt, file, until))
        staged = folder / FOLDER
        shutil.rmtree(staged, ignore_errors=True)
        public = make(staged, address, host_keys(self._links.known_hosts, address))
        authorized.add(file, line(attempt.id, public, self._home, until, callers))
        return staged

    def _grant(self, attempt: AttemptState, file: Path, until: datetime) -> Grant:
        experiment = self._experiment
        return Grant(
            attempt.id,
            experiment.name,
            attempt.instance,
            attempt.host,
            attempt.profile,
            results=str(experiment.folder.absolute() / "results" / experiment.name / str(attempt.instance)),
            keys_file=str(file.absolute()),
            until=until.timestamp(),
            room=round(self._wanted.room_mb * 1e6),
            files={name: str(path) for name, path in _files(experiment).items()},
            outputs=tuple(pattern.partition(TO)[0] for pattern in experiment.job.output),
        )


def keys_file(wanted: HomeCalling) -> Path:
    """The authorized_keys file that sshd reads here."""
    return Path(wanted.authorized_keys).expanduser() if wanted.authorized_keys else authorized.own_file()


def home_address(wanted: HomeCalling) -> Address:
    """Where jobs call. UsageError where it is no address."""
    import getpass

    address = parse(f"ssh://{wanted.address.removeprefix('ssh://')}")
    return replace(address, user=address.user or getpass.getuser())


def host_keys(known_hosts: Sequence[Path], address: Address) -> Sequence[str]:
    """The keys by which a job knows home: those that are known of its address, and those of an sshd here.

    UsageError where there is none, for a job must not speak to a stranger.
    """
    keys = dict.fromkeys(KnownHosts(known_hosts).lines(address.host.lower(), address.port or 22))
    for file in sorted(SSHD.glob("ssh_host_*_key.pub")):
        keys[" ".join(file.read_text("ascii", "replace").split()[:2])] = None
    if not keys:
        raise UsageError(
            f"Jobs could not call home: no host key is known of {address.url}.",
            hint="`zeligrid doctor` with that address shows the line that accepts it.",
        )
    return tuple(keys)


def callers_of(wanted: HomeCalling, peer: str) -> Sequence[str]:
    """The addresses that may call: those of the settings, else that of the job's machine where it is known."""
    if wanted.callers:
        return () if "*" in wanted.callers else wanted.callers
    if peer.startswith("127.") or peer == "::1":
        return "127.0.0.0/8", "::1"
    return (peer.partition("%")[0],) if peer else ()  # sshd knows an address without its interface


def take_back(grants: Grants, attempts: Collection[str]) -> int:
    """Take the credentials of these attempts out of authorized_keys, and those that are over; how many. Blocks."""
    from zeligui.experiment.calling.credentials import owner

    now = datetime.now(UTC)

    def gone(line: bytes) -> bool:
        found = owner(line)
        return found is not None and (found[0] in attempts or found[1] <= now)

    given = [grants.read(attempt) for attempt in attempts]
    files = {Path(grant.keys_file) for grant in given if grant} | {authorized.own_file()}
    count = sum(authorized.remove(file, gone) for file in sorted(files))
    for attempt in attempts:
        grants.forget(attempt)
    return count


def _files(experiment: Experiment) -> Mapping[str, Path]:
    """What a job may fetch, by the name that it has in the job's directory; what a URL names, it fetches from there.

    No star stands for a dot at the beginning of a name, as where files are staged: what is hidden is not meant.
    """
    folder = experiment.folder.absolute()
    files: dict[str, Path] = {}
    for name in (*experiment.job.input, *experiment.home_calling.files):
        if "://" in name:
            continue
        whole = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            files[whole.name] = whole
        elif whole.exists():
            files[str(whole.relative_to(folder))] = whole
        else:
            found = sorted(glob(name, root_dir=folder, recursive=True))  # noqa: PTH207 - Path.glob finds what is hidden
            files |= {str(Path(match)): folder / match for match in found if match}
    return files
