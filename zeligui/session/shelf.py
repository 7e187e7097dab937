"""The contracts and experiments that are open: read off the event loop, and again when their files change."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from zeligui.contract.language import LARGEST, read
from zeligui.contract.model import Reading
from zeligui.errors import UsageError
from zeligui.experiment.description import Experiment, read_experiment
from zeligui.links.calls import call
from zeligui.options import read_toml
from zeligui.session.snapshot import OpenContract, OpenExperiment
from zeligui.settings import Settings

CONTRACT_SUFFIX = ".contract"
EXPERIMENT_SUFFIXES = (".toml", ".experiment")
MOST_BESIDE = 200
"""Files beside a contract that are looked at for experiments which name it."""
LARGEST_EXPERIMENT = 1 << 20
READ_S = 10.0

Stamp = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a file, and how the file was then."""

    stamp: Stamp
    reading: Reading | None = None
    experiment: Experiment | None = None
    name: str = ""
    contract: Path | None = None
    trouble: str = ""
    hint: str = ""


class Shelf:
    """What is open, in the order of opening. Files are known by their absolute paths."""

    def __init__(self) -> None:
        self._contracts: list[Path] = []
        self._experiments: list[Path] = []
        self._read: dict[Path, _Read] = {}
        self.shown: tuple[OpenContract, ...] = ()
        """All that is open; an experiment whose contract cannot be told stands below a contract without a file."""

    @property
    def files(self) -> tuple[Path, ...]:
        """What the user opened."""
        return (*self._contracts, *self._experiments)

    async def open(self, file: Path, settings: Settings) -> Path:
        """Open a contract or an experiment file; the contract's file comes back, which is open then.

        UsageError where it is neither, or cannot be read. A contract with errors is opened, its errors are shown.
        """
        file = _absolute(file)
        await call(_check, file, limit=READ_S)
        if file.suffix in EXPERIMENT_SUFFIXES:
            return await self._open_experiment(file, settings)
        if file not in self._contracts:
            self._contracts.append(file)
        await self.refresh(settings)
        return file

    async def _open_experiment(self, file: Path, settings: Settings) -> Path:
        table = await call(read_toml, file, limit=READ_S)
        if not isinstance(table.get("contract"), str) or not isinstance(table.get("job", {}), dict):
            raise UsageError(
                f"The file {file} is no experiment: it names no contract.",
                hint='An experiment file has the lines name = "…" and contract = "…", and a section [job].',
            )
        if file not in self._experiments:
            self._experiments.append(file)
        await self.refresh(settings)
        contract = self._read[file].contract
        return contract or file

    def close(self, file: Path) -> None:
        """Close a contract and the experiments that were opened with it, or one experiment."""
        below = [one for one in self._experiments if (read := self._read.get(one)) and read.contract == file]
        self._contracts = [one for one in self._contracts if one != file]
        self._experiments = [one for one in self._experiments if one != file and one not in below]
        self._show()

    async def refresh(self, settings: Settings) -> None:
        """Look at all files again, and read those that have changed."""
        self._read = await call(self._look, settings, dict(self._read), limit=READ_S)
        self._show()

    def forget(self) -> None:
        """Read all again at the next look: what experiments leave to the settings has changed."""
        self._read.clear()

    def _look(self, settings: Settings, known: dict[Path, _Read]) -> dict[Path, _Read]:
        """In a thread: what is known afterwards."""
        contracts, experiments = list(self._contracts), list(self._experiments)
        found = {file: _renewed(file, known.get(file), settings) for file in experiments}
        contracts += [one.contract for one in found.values() if one.contract]
        for contract in dict.fromkeys(contracts):
            found[contract] = _renewed(contract, known.get(contract), settings)
            for file in _beside(contract):
                if file not in found:
                    found[file] = _renewed(file, known.get(file), settings)
        return found

    def _show(self) -> None:
        contracts = dict.fromkeys([*self._contracts, *self._named()])
        shown = [self._contract(file) for file in contracts]
        before = {one.file: one for one in self.shown}
        self.shown = tuple(
            before[one.file] if one.file in before and _same(before[one.file], one) else one for one in shown
        )

    def _named(self) -> Iterable[Path]:
        """The contracts of the experiments that were opened; the experiment itself where that cannot be told."""
        for file in self._experiments:
            read = self._read.get(file)
            yield read.contract if read and read.contract else file

    def _contract(self, file: Path) -> OpenContract:
        read = self._read.get(file, _Read(None))
        if file in self._experiments:
            alone = OpenExperiment(file, read.name or file.name, None, read.trouble, read.hint)
            return OpenContract(file, None, read.trouble, (alone,))
        experiments = tuple(
            OpenExperiment(one, what.name, what.experiment, what.trouble, what.hint)
            for one, what in self._read.items()
            if what.contract == file and one != file and self._is_there(one, what)
        )
        return OpenContract(file, read.reading, read.trouble, experiments)

    def _is_there(self, file: Path, read: _Read) -> bool:
        return file in self._experiments or read.stamp is not None


def _same(before: OpenContract, now: OpenContract) -> bool:
    return replace(before, exclusions=(), judged_for="") == now


def _check(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        raise UsageError(
            f"The file {file} cannot be read: {error.strerror}.", hint="Check its name and its rights."
        ) from error
    if not file.is_file():
        raise UsageError(f"{file} is no ordinary file.", hint="Open a contract or an experiment file.")


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _renewed(file: Path, known: _Read | None, settings: Settings) -> _Read:
    stamp = _stamp(file)
    lacking = known is not None and known.trouble and known.contract  # what it lacks may have come meanwhile
    if known and known.stamp == stamp and stamp is not None and not lacking:
        return known
    if file.suffix in EXPERIMENT_SUFFIXES:
        return _experiment(file, stamp, settings)
    return _contract(file, stamp)


def _contract(file: Path, stamp: Stamp) -> _Read:
    try:
        with file.open("rb") as opened:
            return _Read(stamp, read(opened.read(LARGEST + 1)))
    except OSError as error:
        return _Read(stamp, trouble=f"The contract {file} cannot be read: {error.strerror}.")


def _experiment(file: Path, stamp: Stamp, settings: Settings) -> _Read:
    name, contract = file.stem, None
    try:
        if stamp and stamp[1] > LARGEST_EXPERIMENT:
            raise UsageError(f"The file {file} is too large for an experiment.")
        table = read_toml(file)
        named = table.get("contract")
        contract = _absolute(file.parent / named) if isinstance(named, str) and named else None
        name = str(table.get("name") or name)
        experiment = read_experiment(file, settings)
    except UsageError as error:
        return _Read(stamp, name=name, contract=contract, trouble=str(error), hint=error.hint)
    return _Read(stamp, experiment=experiment, name=experiment.name, contract=contract)


def _beside(contract: Path) -> list[Path]:
    """Files in the contract's folder that may be experiments which name it."""
    try:
        return sorted(one for one in contract.parent.iterdir() if one.suffix in EXPERIMENT_SUFFIXES)[:MOST_BESIDE]
    except OSError:
        return []


def _absolute(file: Path) -> Path:
    """Without `..`, so that one file has one name; links stay as the user wrote them."""
    return Path(os.path.normpath(file.expanduser().absolute()))
