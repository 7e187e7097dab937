"""Copies there and back: bytes, names, modes, links, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.links.copying import HERE, get, put
from zeligui.errors import Refused, UsageError, ZeliGridError
from zeligui.files.planning import Place, planned
from zeligui.files.service import Entry, Kind, NoSuchFile
from zeligui.links import Link
from zeligui.links.copies import PIECE, SYNCED, LocalFiles

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
    await put(link, source, f"{tmp_path}/new/folder/there")
    await get(link, f"{tmp_path}/new/folder/there", tmp_path / "also new" / "back")
    assert tree(tmp_path / "new/folder/there") == tree(source)
    assert tree(tmp_path / "also new" / "back") == tree(source)


@pytest.mark.parametrize("link", ["local", "ssh"], indirect=True)
async def test_a_name_that_is_not_utf_8_goes_there_and_back_unchanged(link: Link, tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_text("x")
    await put(link, tmp_path / "here", f"{tmp_path}/there{name}")
    await get(link, f"{tmp_path}/there{name}", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(tmp_path / "here")


async def test_a_large_file_goes_there_and_back_unchanged(link: Link, tmp_path: Path) -> None:
    content = os.urandom(5_000_003)
    (tmp_path / "here").write_bytes(content)
    await put(link, tmp_path / "here", f"{tmp_path}/there")
    await get(link, f"{tmp_path}/there", tmp_path / "back")
    assert (tmp_path / "there").read_bytes() == content
    assert (tmp_path / "back").read_bytes() == content


async def test_files_that_are_there_are_replaced_and_folders_filled(link: Link, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, word in ((old, "old"), (new, "new")):
        folder.mkdir()
        (folder / "both").write_text(word)
        (folder / word).write_text(word)
    await put(link, new, str(old))
    assert {path.name: path.read_text() for path in old.iterdir()} == {"both": "new", "old": "old", "new": "new"}
    (new / "both").write_text("newer")
    await get(link, str(new), old)
    assert (old / "both").read_text() == "newer"


async def test_links_within_the_tree_are_followed(link: Link, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "file").write_text("x")
    (root / "to-file").symlink_to("folder/file")
    (root / "to-folder").symlink_to(root / "folder")
    (tmp_path / "to-root").symlink_to(root)
    await get(link, str(tmp_path / "to-root"), tmp_path / "got")
    await put(link, tmp_path / "to-root", str(tmp_path / "put"))
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
        await get(link, str(root), tmp_path / "got")
    with pytest.raises(UsageError, match="loop"):
        await put(link, root, str(tmp_path / "put"))
    assert not (tmp_path / "got").exists()
    assert not (tmp_path / "put").exists()


async def test_what_is_neither_file_nor_folder_is_refused_at_once(link: Link, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "fifo")
    with pytest.raises(Refused, match="neither a file nor a folder"):
        await get(link, str(tmp_path / "root"), tmp_path / "got")


async def test_what_is_not_there_is_said(link: Link, tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile, match="There is no"):
        await get(link, f"{tmp_path}/nothing", tmp_path / "got")
    with pytest.raises(NoSuchFile, match="There is no"):
        await put(link, tmp_path / "nothing", f"{tmp_path}/there")
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_a_file_in_the_place_of_a_folder_is_said(link: Link, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ZeliGridError, match="file"):
        await put(link, tmp_path / "folder", f"{tmp_path}/file")
    with pytest.raises(ZeliGridError, match="folder"):
        await put(link, tmp_path / "file", f"{tmp_path}/folder")
    with pytest.raises(ZeliGridError, match=r"into itself|Not a directory"):
        await put(link, tmp_path / "file", f"{tmp_path}/file/below")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


class Names:
    """A service that names its files as it likes."""

    url, sealed, refusal = "sftp://elsewhere", True, Refused

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries

    async def entry(self, path: str, *, follow: bool = True) -> Entry:
        return Entry("root", Kind.FOLDER)

    async def entries(self, folder: str) -> Sequence[Entry]:
        return self._entries


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "..", ".", "", "a/b", "a\0b"])
async def test_a_far_name_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    names: Any = Names(Entry(name, Kind.FILE))
    with pytest.raises(Refused, match="which is not copied"):
        await planned(Place(names, "/root"), Place(HERE, str(tmp_path)), own=True)


async def test_a_folder_without_bottom_is_refused(tmp_path: Path) -> None:
    names: Any = Names(Entry("again", Kind.FOLDER))
    with pytest.raises(Refused, match="too deep"):
        await planned(Place(names, "/root"), Place(HERE, str(tmp_path)))


def test_a_part_of_a_file_is_written_on_from_an_offset_and_cut_there(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "part")
    files = LocalFiles()
    files.write(path, iter([b"abcdef"]))
    files.write(path, iter([b"X", b"Y"]), 2)
    assert (tmp_path / "part").read_bytes() == b"abXY"
    assert b"".join(files.read(path, 3)) == b"Y"
    assert files.digests([(path, 2)]) == [hashlib.sha256(b"ab").hexdigest()]
    with pytest.raises(OSError, match="shorter"):
        files.digests([(path, 5)])
    with pytest.raises(FileExistsError):
        files.write(path, iter([b"new"]))


def test_a_link_in_the_place_of_a_part_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        LocalFiles().write(os.fsencode(tmp_path / "part"), iter([b"x"]), 0)
    assert not (tmp_path / "elsewhere").exists()


def test_a_disk_that_fails_while_more_is_written_is_told_though_the_system_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OSError(errno.EIO, "Input/output error")]
    synced = os.fsync

    def fsync(file: int) -> None:
        if failures:
            raise failures.pop()
        synced(file)

    monkeypatch.setattr(os, "fsync", fsync)
    pieces = [os.urandom(PIECE)] * (2 * SYNCED // PIECE + 1)
    with pytest.raises(OSError, match="Input/output"):
        LocalFiles().write(os.fsencode(tmp_path / "part"), iter(pieces))
    LocalFiles().write(os.fsencode(tmp_path / "other"), iter(pieces))
    assert (tmp_path / "other").read_bytes() == b"".join(pieces)
