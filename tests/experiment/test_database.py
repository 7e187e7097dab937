"""What can be wrong with the journal's file is said in words, before anything is started."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from zeligui import databases
from zeligui.databases import file_system
from zeligui.errors import JournalError
from zeligui.events import Event
from zeligui.experiment.journal import Journal


def refused(file: Path) -> JournalError:
    with pytest.raises(JournalError) as caught:
        Journal.open(file)
    assert str(file) in str(caught.value)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"some notes of the user's, long enough to be read as a page\n" * 100, "nor any database"),
        (b"SQLite format 3\0" + b"\xff" * 4096, "nor any database"),
        (b"x", "nor any database"),
    ],
)
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "journal.sqlite"
    file.write_bytes(content)
    assert words in str(refused(file))
    assert file.read_bytes() == content


def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    file.touch()
    with closing(Journal.open(file)) as journal:
        assert journal.events() == []


def test_another_program_s_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE moz_places (id)")
    before = file.read_bytes()
    assert "a database of another program" in str(refused(file))
    assert file.read_bytes() == before


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in str(refused(tmp_path))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert "cannot be used" in str(refused(tmp_path / "home/journal.sqlite"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_a_journal_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    Journal.open(file).close()
    file.chmod(0o400)
    assert "may not be written" in str(refused(file))


async def test_a_damaged_page_is_said_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(Journal.open(file)) as journal:
        await journal.append(*(Event("x", "a", "long " * 200) for _ in range(50)))
    content = bytearray(file.read_bytes())
    content[20 * 4096 : 40 * 4096] = b"\xa5" * 20 * 4096
    file.write_bytes(content)
    with closing(Journal.open(file)) as journal, pytest.raises(JournalError, match="is damaged"):
        journal.events()


async def test_a_damaged_event_is_named(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(Journal.open(file)) as journal:
        await journal.append(Event("x", "a"), Event("y", "a"))
        with closing(sqlite3.connect(file)) as other, other:
            other.execute("UPDATE events SET data = '{' WHERE sequence = 2")
        with pytest.raises(JournalError, match="damaged at event 2"):
            journal.events()


async def test_a_newer_journal_is_only_read(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with closing(Journal.open(file)) as journal:
        await journal.append(Event("x", "a"))
        with closing(sqlite3.connect(file)) as other, other:
            other.execute("UPDATE journal SET version = version + 1")
    with closing(Journal.open(file)) as journal:
        assert journal.read_only
        assert len(journal.events()) == 1
        with pytest.raises(JournalError, match="by a newer ZeliGrid and can only be read"):
            await journal.append(Event("y", "a"))
        assert len(journal.events()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MiB; without the right to mount one, the test says so."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return filler
    raise AssertionError("the disk never became full")


def test_a_full_disk_is_refused_for_a_new_journal(small_disk: Path) -> None:
    fill(small_disk)
    assert "The disk is full" in str(refused(small_disk / "journal.sqlite"))


def test_a_full_disk_is_refused_for_a_journal_that_is_there(small_disk: Path) -> None:
    Journal.open(small_disk / "journal.sqlite").close()
    fill(small_disk)
    assert "The disk is full" in str(refused(small_disk / "journal.sqlite"))


async def test_a_disk_that_becomes_full_refuses_the_append_and_nothing_is_half_written(small_disk: Path) -> None:
    with closing(Journal.open(small_disk / "journal.sqlite")) as journal:
        await journal.append(Event("x", "a"))
        filler = fill(small_disk)
        assert "he disk is full" in str(await write_until_refused(journal))
        kept = journal.events()
        assert len(kept) % 2 == 1
        filler.unlink()
        (event,) = await journal.append(Event("x", "a"))
        assert event.sequence == len(kept) + 1


async def write_until_refused(journal: Journal) -> JournalError:
    try:
        while True:
            await journal.append(Event("y", "a", "long " * 10_000), Event("z", "a"))
    except JournalError as error:
        return error


LIMITED = """
import resource, sys
from pathlib import Path
from zeligui.errors import JournalError
from zeligui.experiment.journal import Journal

resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
try:
    Journal.open(Path(sys.argv[1]))
except JournalError as error:
    print(error, error.hint)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs limits on the size of files")
def test_a_disk_that_takes_no_more_is_said_without_root_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "journal.sqlite")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "the disk is full or faulty" in done.stdout


MOUNTS = """\
/dev/vda / ext4 rw 0 0
lab:/home /home nfs4 rw,vers=4.2 0 0
tmpfs /home/a/local tmpfs rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
systemd-1 /net autofs rw 0 0
lab:/net /net nfs rw 0 0
me@lab: /mnt/lab fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/x", "ext4"),
        ("/home/a", "nfs4"),
        ("/homes/a", "ext4"),
        ("/home/a/local/x", "tmpfs"),
        ("/mnt/my share/x", "cifs"),
        ("/net/x", "nfs"),
        ("/mnt/lab", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_path_is_found(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre"])
def test_a_network_file_system_is_refused_and_a_local_path_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nlab:/home {tmp_path} {kind} rw 0 0\n")
    monkeypatch.setattr(databases, "MOUNTS", mounts)
    error = refused(tmp_path / "home/journal.sqlite")
    assert f"network file system ({kind})" in str(error)
    assert "--home /var/tmp/" in error.hint
    assert not (tmp_path / "home/journal.sqlite").exists()
