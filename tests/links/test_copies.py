"""Copies there and back: bytes, names, modes, links, and what is refused."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.links import Link
from zeligui.links.copies import LocalFiles, Place, Status, copy, walk

ODD_NAMES = [
    b"with blank",
    b"new\nline",
    b"'quote\"",
    b"$(touch x)",
    b"-rf",
    b"*",
    "ü".encode(),
    b"n" * 255,
]


def tree(root: Path) -> dict[str, tuple[int, bytes | None]]:
    """All that is below a folder: mode, and contents of files."""
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in (root, *root.rglob("*"))
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tree with odd names, modes and sizes."""
    root = tmp_path / "source"
    root.mkdir()
    for number, name in enumerate(ODD_NAMES):
        path = root / os.fsdecode(name)
        path.write_bytes(name * number)
        path.chmod(0o400 + number)
        folder = root / "sub" / os.fsdecode(name)
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"x")
    (root / "empty").mkdir(mode=0o700)
    (root / "block").write_bytes(os.urandom(32768))
    (root / "odd").write_bytes(os.urandom(100_001))
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    (root / "read-only").mkdir()
    (root / "read-only" / "file").write_text("x")
    (root / "read-only").chmod(0o500)
    return root


async def test_a_tree_goes_there_and_back_unchanged(link: Link, source: Path, tmp_path: Path) -> None:
    await link.put(source, f"{tmp_path}/new/folder/there")
    await link.get(f"{tmp_path}/new/folder/there", tmp_path / "also new" / "back")
    assert tree(tmp_path / "new/folder/there") == tree(source)
    assert tree(tmp_path / "also new" / "back") == tree(source)


@pytest.mark.parametrize("link", ["local", "ssh"], indirect=True)
async def test_a_name_that_is_not_utf_8_goes_there_and_back_unchanged(link: Link, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_text("x")
    await link.put(tmp_path / "here", f"{tmp_path}/there{name}")
    await link.get(f"{tmp_path}/there{name}", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "here")


async def test_a_large_file_goes_there_and_back_unchanged(link: Link, tmp_path: Path) -> None:
    content = os.urandom(5_000_003)
    (tmp_path / "here").write_bytes(content)
    await link.put(tmp_path / "here", f"{tmp_path}/there")
    await link.get(f"{tmp_path}/there", tmp_path / "back")
    assert (tmp_path / "there").read_bytes() == content
    assert (tmp_path / "back").read_bytes() == content


async def test_files_that_are_there_are_replaced_and_folders_filled(link: Link, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, word in ((old, "old"), (new, "new")):
        folder.mkdir()
        (folder / "both").write_text(word)
        (folder / word).write_text(word)
    await link.put(new, str(old))
    assert {path.name: path.read_text() for path in old.iterdir()} == {"both": "new", "old": "old", "new": "new"}
    (new / "both").write_text("newer")
    await link.get(str(new), old)
    assert (old / "both").read_text() == "newer"


async def test_links_within_the_tree_are_followed(link: Link, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "file").write_text("x")
    (root / "to-file").symlink_to("folder/file")
    (root / "to-folder").symlink_to(root / "folder")
    (tmp_path / "to-root").symlink_to(root)
    await link.get(str(tmp_path / "to-root"), tmp_path / "got")
    await link.put(tmp_path / "to-root", str(tmp_path / "put"))
    for there in (tmp_path / "got", tmp_path / "put"):
        assert (there / "to-file").read_text() == (there / "to-folder" / "file").read_text() == "x"
        assert not (there / "to-file").is_symlink()


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "..", ".", "gone", "loop"])
async def test_links_that_leave_the_tree_or_lead_nowhere_are_refused(link: Link, tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").write_text("secret")
    (root / "loop").symlink_to(target)
    with pytest.raises(Refused, match="loop"):
        await link.get(str(root), tmp_path / "got")
    with pytest.raises(UsageError, match="loop"):
        await link.put(root, str(tmp_path / "put"))
    assert not (tmp_path / "got").exists()
    assert not (tmp_path / "put").exists()


async def test_what_is_neither_file_nor_folder_is_refused_at_once(link: Link, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "fifo")
    with pytest.raises(Refused, match="neither a file nor a folder"):
        await link.get(str(tmp_path / "root"), tmp_path / "got", limit_s=5)


async def test_what_is_not_there_is_said(link: Link, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file"):
        await link.get(f"{tmp_path}/nothing", tmp_path / "got")
    with pytest.raises(UsageError, match="No such file"):
        await link.put(tmp_path / "nothing", f"{tmp_path}/there")
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_a_far_path_that_is_not_absolute_is_wrong_usage(link: Link, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="slash"):
        await link.get("file", tmp_path / "got")
    with pytest.raises(UsageError, match="slash"):
        await link.put(tmp_path, "~/file")


async def test_a_file_in_the_place_of_a_folder_is_said(link: Link, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ZeliGridError, match="file"):
        await link.put(tmp_path / "folder", f"{tmp_path}/file")
    with pytest.raises(ZeliGridError, match="folder"):
        await link.put(tmp_path / "file", f"{tmp_path}/folder")
    with pytest.raises(ZeliGridError, match="not a folder"):
        await link.put(tmp_path / "file", f"{tmp_path}/file/below")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


class HostileFiles(LocalFiles):
    """A far file system that names its files as it likes."""

    def __init__(self, *names: bytes) -> None:
        super().__init__(Refused)
        self._names = list(names)

    def names(self, folder: bytes) -> list[bytes]:
        return self._names

    def status(self, path: bytes, *, follow: bool) -> Status:
        return Status(0o100644 if path.rpartition(b"/")[2] in self._names else 0o040755, 1)


@pytest.mark.parametrize("name", [b"../evil", b"/etc/evil", b"..", b".", b"", b"a/b", b"a\0b"])
def test_a_far_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: bytes) -> None:
    with pytest.raises(Refused, match="impossible name"):
        walk(Place(HostileFiles(name), os.fsencode(tmp_path)))


def test_a_folder_without_bottom_is_refused(tmp_path: Path) -> None:
    class Endless(HostileFiles):
        def status(self, path: bytes, *, follow: bool) -> Status:
            return Status(0o040755, 0)

    with pytest.raises(Refused, match="too deep"):
        walk(Place(Endless(b"again"), os.fsencode(tmp_path)))


def test_a_copy_that_breaks_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    (tmp_path / "from").write_text("new")
    (tmp_path / "to").write_text("old")
    source, goal = (Place(LocalFiles(UsageError), os.fsencode(tmp_path / name)) for name in ("from", "to"))
    with pytest.raises(ZeliGridError, match="in time"):
        copy(source, walk(source), goal, deadline=0.0)
    assert (tmp_path / "to").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["from", "to"]


class FullDisk(LocalFiles):
    """A file system without room, as the kernel has one: /dev/full."""

    def write(self, path: bytes, pieces: Iterator[bytes]) -> None:
        Path(os.fsdecode(path)).symlink_to("/dev/full")
        with Path(os.fsdecode(path)).open("wb") as file:
            file.writelines(pieces)


def test_a_full_disk_is_said_and_no_part_is_left(tmp_path: Path) -> None:
    (tmp_path / "from").write_text("new")
    source = Place(LocalFiles(UsageError), os.fsencode(tmp_path / "from"))
    goal = Place(FullDisk(Refused), os.fsencode(tmp_path / "to"))
    with pytest.raises(Refused, match=r"Could not write .*: No space left on device"):
        copy(source, walk(source), goal, time.monotonic() + 5)
    assert [path.name for path in tmp_path.iterdir()] == ["from"]
