"""What each attempt may do at home: a file of this user's for as long as it may, and none afterwards."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from zeligui.errors import UsageError, ZeliGridError

ATTEMPT = re.compile(r"[0-9a-f]{32}")


class NotAllowed(ZeliGridError):
    """What a job asked for is not for it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """`files` are what it may fetch, by the names it asks for, `outputs` patterns of what it may put into `results`.

    `until` is in seconds since 1970; `room` is in bytes. `keys_file` is where its public key is.
    """

    attempt: str
    experiment: str
    instance: int
    host: str
    profile: str | None
    results: str
    keys_file: str
    until: float
    room: int
    files: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[str] = ()

    @property
    def ends(self) -> datetime:
        return datetime.fromtimestamp(self.until, UTC)

    @property
    def over(self) -> bool:
        return datetime.now(UTC) >= self.ends


@dataclass(slots=True)
class Used:
    """What an attempt has used of what it may."""

    bytes: int = 0
    reports: int = 0


class Grants:
    """Those below the data folder of a home. All is blocking."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "calls"

    def of(self, attempt: str) -> Path:
        """The folder of one attempt. UsageError for what is no id of one."""
        if not ATTEMPT.fullmatch(attempt):
            raise UsageError(f"{attempt[:64]!a} is no id of a job.", hint="It has 32 hexadecimal digits.")
        return self.folder / attempt

    def write(self, grant: Grant) -> Path:
        """Write it down, for this user alone; its folder comes back."""
        folder = self.of(grant.attempt)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = folder / "grant.part"
        part.write_text(json.dumps(asdict(grant)), encoding="utf-8")
        part.replace(folder / "grant.json")
        return folder

    def read(self, attempt: str) -> Grant | None:
        """What an attempt may do; None where it may nothing (any more)."""
        try:
            return Grant(**json.loads((self.of(attempt) / "grant.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def forget(self, attempt: str) -> None:
        """It may nothing any more."""
        folder = self.of(attempt)
        (folder / "grant.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def attempts(self) -> list[str]:
        """The ids of all that have a folder here."""
        try:
            return sorted(one.name for one in self.folder.iterdir() if ATTEMPT.fullmatch(one.name))
        except OSError:
            return []

    @contextmanager
    def using(self, attempt: str, what: str) -> Iterator[Used]:
        """What it has used so far, kept from others while it is changed, and written down afterwards."""
        file_of_it = self.of(attempt) / f"{what}.used"
        try:
            descriptor = os.open(file_of_it, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:
            raise NotAllowed("This job may call home no more.") from error  # it was taken back just now
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read()
            used = Used(**json.loads(text)) if text else Used()
            try:
                yield used
            finally:
                file.seek(0)
                file.truncate()
                file.write(json.dumps(asdict(used)))
