"""The experiment file: which application runs, how often, under which contract."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from zeligui.errors import UsageError
from zeligui.files.locations import SCHEMES, is_url, locate
from zeligui.jobs.staging import TO
from zeligui.options import Place, check_urls, option, read_table, read_toml
from zeligui.schemes import JOBS, listed, schemes
from zeligui.secret import KEYRING, from_keyring
from zeligui.settings import HomeCalling, JobDefaults, Reconfiguration, Settings, check_home_calling

LATER_KEYS = {"interactive": False, "limit_s": 0.0}
"""Keys of `[job]` that the first release did not have, with their defaults."""
LONGEST_NAME = 100
LONGEST_NAME_BYTES = 255  # of a file name, on every file system that we know

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Experiment:
    """An application that is to be kept in its contract; what its file leaves out has come from the settings.

    `digest` changes when the experiment file, its contract or what is to run changes; `edited` tells which.
    """

    name: str
    file: Path
    contract_file: Path
    on: tuple[str, ...]
    job: JobDefaults
    reconfiguration: Reconfiguration
    digest: str
    home_calling: HomeCalling = field(default_factory=HomeCalling)

    @property
    def folder(self) -> Path:
        """Where all its paths start from."""
        return self.file.parent


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """The keys of an experiment file."""

    name: str = option("", "Name", "The experiment's name, and that of its folder of results.")
    contract: str = option("", "Contract", "The contract file, relative to this one.")
    on: tuple[str, ...] = option((), "Job services", "URLs, such as ssh://lab1, of machines that are watched for it.")
    job: JobDefaults = field(default_factory=JobDefaults)
    reconfiguration: Reconfiguration = field(default_factory=Reconfiguration)
    home_calling: HomeCalling = field(default_factory=HomeCalling)


def read_experiment(path: Path, settings: Settings) -> Experiment:
    """Read and check an experiment file, and that what it names can be read. UsageError says what is wrong where."""
    file = path.absolute()
    place = Place(file)
    defaults = ExperimentFile(
        job=settings.job, reconfiguration=settings.reconfiguration, home_calling=settings.home_calling
    )
    written = read_table(read_toml(file), defaults, place)
    _check_complete(written, place)
    check_values(written, place)
    _check_input(written.job.input, place.at("job").at("input"))
    contract = file.parent / written.contract
    if not written.contract or contract.is_dir():
        raise place.at("contract").wrong(written.contract, "a contract file")
    _check_readable(written.contract, contract, place.at("contract"))
    digest = _digest(file, contract, written.job)
    rules = written.reconfiguration
    return Experiment(written.name, file, contract, written.on, written.job, rules, digest, written.home_calling)


def resolve_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with each `keyring:NAME` replaced by that secret: for the job alone, never to be written down.

    Asks the system's keyring, which may ask the user: call it off the event loop. UsageError where one is missing.
    """
    return {
        name: from_keyring(value.removeprefix(KEYRING), f"the variable {name}") if value.startswith(KEYRING) else value
        for name, value in environment.items()
    }


def check_values(written: ExperimentFile, place: Place) -> None:
    """UsageError where a value cannot be right, whatever there is on the disk; an empty one is as good as none."""
    if written.name:
        _check_name(written.name, place.at("name"))
    check_urls(written.on, place.at("on"), "the URL of a job service")
    _check_services(written.on, place.at("on"))
    check_job(written.job, place.at("job"))
    check_home_calling(written.home_calling, place.at("home_calling"))


def _check_services(urls: Sequence[str], place: Place) -> None:
    known = schemes(JOBS)
    for url in urls:
        if url.partition("://")[0] not in known:
            raise place.wrong(url, f"the URL of a job service: {listed(known)}")


def check_job(job: JobDefaults, place: Place) -> None:
    """UsageError where a value of a job cannot be right, whatever there is on the disk."""
    for variable, value in job.environment.items():
        if not _VARIABLE.fullmatch(variable):
            raise place.at("environment").wrong(variable, "a name of letters, digits and _")
        if value == KEYRING:
            raise place.at("environment").at(variable).wrong(value, f"the name of a secret after {KEYRING}")
    for name in job.input:
        if PurePosixPath(name).name in {"", ".."}:
            raise place.at("input").wrong(name, "a file or folder with a name of its own")
        if is_url(name):
            _check_url(name, place.at("input"))
    for text in job.output:
        pattern, arrow, url = text.partition(TO)
        if not _below(pattern):
            raise place.at("output").wrong(text, "a path inside the job's directory")
        if arrow:
            _check_url(url, place.at("output"))
    for pattern in job.checkpoint:
        if not _below(pattern):
            raise place.at("checkpoint").wrong(pattern, "a path inside the job's directory")


def _check_url(url: str, place: Place) -> None:
    try:
        known = is_url(url) and locate(url).scheme in SCHEMES
    except UsageError as error:
        raise place.wrong(url, f"a URL of files ({str(error).rstrip('.')})") from error
    if not known:
        raise place.wrong(url, "a URL of files, such as sftp://host/path or gsiftp://host/path")


def _check_complete(written: ExperimentFile, place: Place) -> None:
    if not written.name:
        raise UsageError(
            f"In {place.file}, the name of the experiment is missing.", hint='Write name = "…" at its top.'
        )
    if not written.job.executable:
        raise UsageError(f"In {place.file}, job.executable is missing.", hint='Write executable = "…" below [job].')


def _check_name(name: str, place: Place) -> None:
    fits = len(name) <= LONGEST_NAME and len(name.encode()) <= LONGEST_NAME_BYTES
    if not fits or not name.isprintable() or "/" in name or name in {".", ".."} or name != name.strip():
        expected = f"a name fit for a folder (at most {LONGEST_NAME} signs, no / and no control signs)"
        raise place.wrong(name, expected)


def _check_input(names: tuple[str, ...], place: Place) -> None:
    """What lies outside the experiment's folder has its last name in the job's directory; no two may have the same."""
    taken: dict[str, str] = {}
    for name in names:
        if is_url(name):
            continue  # it may come to be there later
        if _has_stars(name, place):
            _check_matches(name, place)
            continue
        _check_readable(name, place.file.parent / name, place)
        there = str(PurePosixPath(name)) if _below(name) else PurePosixPath(name).name
        if there in taken:
            raise UsageError(f"In {place.file}, {place} names {taken[there]!r} and {name!r}, which are one file there.")
        taken[there] = name


def _has_stars(name: str, place: Place) -> bool:
    """A name that is there means itself, whatever signs it has."""
    return glob.has_magic(name) and not (place.file.parent / name).exists()


def _check_matches(name: str, place: Place) -> None:
    matches = glob.glob(name, root_dir=place.file.parent, recursive=True)  # noqa: PTH207 - or with a root
    if not matches:
        hint = "Paths are relative to the experiment file."
        raise UsageError(f"In {place.file}, nothing matches {name!r}, which {place} names.", hint=hint)
    for match in matches:
        _check_readable(match, place.file.parent / match, place)


def _below(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _check_readable(name: str, path: Path, place: Place) -> None:
    hint = "Paths are relative to the experiment file."
    try:
        for one in _all(path):
            if not stat.S_ISREG(one.stat().st_mode):
                raise UsageError(f"In {place.file}, {place} names {one}, which is no ordinary file.", hint=hint)
            one.open("rb").close()
    except OSError as error:
        why = f"{error.strerror} ({error.filename})"
        raise UsageError(f"In {place.file}, {place} names {name!r}, which cannot be read: {why}.", hint=hint) from error


def _all(path: Path) -> Iterator[Path]:
    """The file, or all files of the tree."""
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path, onerror=_fail):
        yield from (Path(folder, name) for name in names)


def _fail(error: OSError) -> None:
    raise error


def edited(before: str, experiment: Experiment) -> str:
    """In words what has changed since the experiment had the digest `before`."""
    names = (str(experiment.file), str(experiment.contract_file), "the section [job] of the settings")
    pairs = zip(names, before.split("-"), experiment.digest.split("-"), strict=False)
    changed = [name for name, old, new in pairs if old != new]
    if names[0] in changed and names[2] in changed:  # the file's own [job] explains it
        changed.remove(names[2])
    return " and ".join(changed)


def _digest(file: Path, contract: Path, job: JobDefaults) -> str:
    # A key that came later counts where it is set: what an older release began is still taken up.
    keys = {key: value for key, value in asdict(job).items() if value != LATER_KEYS.get(key, ...)}
    parts = (file.read_bytes(), contract.read_bytes(), json.dumps(keys, sort_keys=True).encode())
    return "-".join(hashlib.sha256(part).hexdigest() for part in parts)
