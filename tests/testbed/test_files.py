"""The SFTP subsystem of a node, through a client."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from zeligui.testbed.grid import Grid

STRANGE = "a b'c\"d\n$(e) é"


@pytest.fixture
def sftp(client: paramiko.SSHClient) -> Iterator[paramiko.SFTPClient]:
    with client.open_sftp() as opened:
        opened.mkdir("work")
        opened.chdir("work")
        yield opened
    client.exec_command("rm -rf work")[1].channel.recv_exit_status()


@pytest.fixture
def work(grid: Grid) -> Path:
    return grid.folder / "nodes/node1/home/work"


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_file_comes_back_as_it_went(sftp: paramiko.SFTPClient, tmp_path: Path, size: int) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(size))
    sftp.put(str(there), STRANGE)
    sftp.get(STRANGE, str(back))
    assert back.read_bytes() == there.read_bytes()
    assert sftp.listdir() == [STRANGE]


def test_paths_start_at_the_home_of_the_node(sftp: paramiko.SFTPClient, work: Path) -> None:
    assert sftp.normalize(".") == str(work)
    with sftp.open(str(work / "absolute"), "w") as file:
        file.write("here")
    assert (work / "absolute").read_text() == "here"


def test_modes_and_times_are_kept(sftp: paramiko.SFTPClient, work: Path) -> None:
    sftp.open("file", "w").close()
    sftp.chmod("file", 0o751)
    sftp.utime("file", (1000, 2000))
    found = sftp.stat("file")
    assert (stat.S_IMODE(found.st_mode or 0), found.st_atime, found.st_mtime) == (0o751, 1000, 2000)
    assert stat.S_IMODE((work / "file").stat().st_mode) == 0o751


def test_pieces_are_read_and_written_at_their_offsets(sftp: paramiko.SFTPClient, work: Path) -> None:
    with sftp.open("file", "w+") as file:
        file.write("0123456789")
        file.seek(3)
        file.write("abc")
        file.seek(2)
        assert file.read(5) == b"2abc6"
        assert file.stat().st_size == 10
        file.truncate(4)
    with sftp.open("file", "a") as file:
        file.write("!")
    assert (work / "file").read_text() == "012a!"


def test_a_rename_replaces_only_when_asked_to(sftp: paramiko.SFTPClient, work: Path) -> None:
    for name in ("old", "new"):
        (work / name).write_text(name)
    with pytest.raises(OSError, match="Failure"):
        sftp.rename("old", "new")
    sftp.posix_rename("old", "new")
    assert (work / "new").read_text() == "old"
    sftp.rename("new", "newest")
    assert [file.name for file in work.iterdir()] == ["newest"]


def test_links_are_made_read_and_followed(sftp: paramiko.SFTPClient, work: Path) -> None:
    (work / "file").write_text("text")
    sftp.symlink("file", "link")
    assert sftp.readlink("link") == "file"
    assert stat.S_ISLNK(sftp.lstat("link").st_mode or 0)
    assert sftp.stat("link").st_size == 4


def test_folders_are_made_listed_and_removed(sftp: paramiko.SFTPClient, work: Path) -> None:
    sftp.mkdir("folder", 0o700)
    assert stat.S_IMODE((work / "folder").stat().st_mode) == 0o700
    for number in range(100):
        (work / "folder" / str(number)).touch()
    entries = sftp.listdir_attr("folder")
    assert {entry.filename for entry in entries} == {str(number) for number in range(100)}
    with pytest.raises(OSError, match="Failure"):
        sftp.rmdir("folder")
    for entry in entries:
        sftp.remove(f"folder/{entry.filename}")
    sftp.rmdir("folder")
    assert sftp.listdir() == []


def test_what_is_missing_is_said_to_be(sftp: paramiko.SFTPClient) -> None:
    for attempt in (sftp.stat, sftp.lstat, sftp.open, sftp.listdir, sftp.remove, sftp.rmdir, sftp.readlink):
        with pytest.raises(FileNotFoundError):
            attempt("missing")
    with pytest.raises(FileNotFoundError):
        sftp.posix_rename("missing", "other")
