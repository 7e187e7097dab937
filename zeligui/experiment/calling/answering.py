"""What sshd runs when a job calls home: it answers a few words, and refuses all others."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from zeligui.errors import UsageError
from zeligui.experiment.calling.grants import Grant, Grants, NotAllowed
from zeligui.files import names

MOST_REPORTS = 1000
LONGEST_REPORT = 1000
LONGEST_ORDER = 8192
PIECE = 1 << 18

HINT = "It may say: list, fetch NAME, put NAME, report TEXT, progress FRACTION [TEXT]."

Report = Callable[[Grant, str, float | None], None]
"""`report(grant, text, progress)` writes a line of a job down."""


def answer(grants: Grants, attempt: str, order: str, streams: tuple[BinaryIO, BinaryIO], report: Report) -> None:
    """Do what the `order` of a job says, with its input and output. NotAllowed; UsageError for what cannot be done."""
    grant = grants.read(attempt)
    if grant is None or grant.over:
        raise NotAllowed("This job may call home no more.")
    words = _words(order)
    source, goal = streams
    match words:
        case ["list"]:
            goal.writelines(f"{name}\n".encode("utf-8", "surrogateescape") for name, _ in _files(grant.files))
        case ["fetch", name]:
            _fetch(grant, name, goal)
        case ["put", name]:
            _put(grants, grant, name, source)
        case ["report", *text] if text:
            _report(grants, grant, " ".join(text), None, report)
        case ["progress", fraction, *text]:
            _report(grants, grant, " ".join(text), _fraction(fraction), report)
        case _:
            raise NotAllowed(f"A job may not do {' '.join(words)[:100]!a} at home.", hint=HINT)


def _words(order: str) -> list[str]:
    if len(order) > LONGEST_ORDER:
        raise NotAllowed("That is too long to be understood.", hint=HINT)
    try:
        return shlex.split(order)
    except ValueError as error:
        raise NotAllowed(f"That is not understood: {error}.", hint=HINT) from error


def _fraction(text: str) -> float:
    with suppress(ValueError):
        if 0.0 <= (value := float(text)) <= 1.0:
            return value
    raise NotAllowed(f"{text[:40]!a} is no fraction from 0 to 1.", hint=HINT)


def _report(grants: Grants, grant: Grant, text: str, progress: float | None, report: Report) -> None:
    with grants.using(grant.attempt, "reports") as used:
        if used.reports >= MOST_REPORTS:
            raise NotAllowed(f"A job may report {MOST_REPORTS} times, and this one has.")
        used.reports += 1
    said = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST_REPORT]).strip()
    report(grant, said, progress)


def _files(files: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """Each file that may be fetched, by name; of folders those in them."""
    for name, path in sorted(files.items()):
        whole = Path(path)
        if whole.is_file():
            yield name, whole
        for folder, _, inside in os.walk(whole):
            for one in sorted(inside):
                file = Path(folder, one)
                yield str(PurePosixPath(name, file.relative_to(whole))), file


def _fetch(grant: Grant, name: str, goal: BinaryIO) -> None:
    file = _allowed(grant, name)
    try:
        with file.open("rb") as opened:
            while piece := opened.read(PIECE):
                goal.write(piece)
            goal.flush()
    except OSError as error:
        raise UsageError(f"{name!a} cannot be read at home: {error.strerror}.") from error


def _allowed(grant: Grant, name: str) -> Path:
    """The file of that name, where it is declared or really lies in a folder that is."""
    if name in grant.files and Path(grant.files[name]).is_file():
        return Path(grant.files[name])
    parts = PurePosixPath(name).parts
    for count in range(len(parts) - 1, 0, -1):
        folder = grant.files.get(str(PurePosixPath(*parts[:count])))
        if folder is not None and ".." not in parts:
            file = Path(folder, *parts[count:]).resolve()
            if file.is_relative_to(Path(folder).resolve()) and file.is_file():
                return file
    raise NotAllowed(f"{name[:200]!a} is no file that this job may fetch.", hint="`list` names those that it may.")


def _put(grants: Grants, grant: Grant, name: str, source: BinaryIO) -> None:
    goal = _goal(grant, name)
    with grants.using(grant.attempt, "room") as used:
        part = goal.with_name(f".{goal.name[:100]}.part")
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            _check_inside(grant, goal)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            with os.fdopen(descriptor, "wb") as opened:
                while piece := source.read(PIECE):
                    used.bytes += len(piece)
                    if used.bytes > grant.room:
                        raise NotAllowed(f"A job may put {grant.room / 1e6:,.0f} MB at home, and this is more.")
                    opened.write(piece)
            part.replace(goal)
        except OSError as error:
            raise UsageError(f"{name!a} cannot be written at home: {error.strerror or error}.") from error
        finally:
            part.unlink(missing_ok=True)


def _goal(grant: Grant, name: str) -> Path:
    path = PurePosixPath(name)
    inside = path.parts and not path.is_absolute() and ".." not in path.parts and name.isprintable()
    if not inside or not any(names.means(pattern, str(path)) for pattern in grant.outputs):
        hint = f"They are: {', '.join(grant.outputs)}." if grant.outputs else "Its experiment names none."
        raise NotAllowed(f"{name[:200]!a} is none of the output files of this job.", hint=hint)
    return Path(grant.results, *path.parts)


def _check_inside(grant: Grant, goal: Path) -> None:
    """A link in the results must not lead elsewhere."""
    if not goal.parent.resolve().is_relative_to(Path(grant.results).resolve()) or goal.is_dir():
        raise NotAllowed(f"{goal.name[:200]!a} has no place in the results of this job.")
