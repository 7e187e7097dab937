"""Copies between all kinds of services: whole, verified, resumed, and what is said where that cannot be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.files.conftest import Opened, contents
from tests.files.gridftp import GridFtpServer
from tests.servers import OpenSsh, Relay
from zeligui.errors import LinkError, Refused, Unreachable, UsageError, ZeliGridError
from zeligui.files import moving
from zeligui.files.copying import RESUMED, Copied, Copying
from zeligui.files.machines import MachineFiles
from zeligui.files.moving import Mover
from zeligui.files.planning import Item, Place, item, planned
from zeligui.files.progress import Progress, Tell
from zeligui.files.service import Entry, FileService, Kind
from zeligui.files.stream import Stream, flow
from zeligui.links import open_links
from zeligui.links.link import Links

KINDS = ("file", "sftp", "gsiftp")
LARGE = 3 * RESUMED + 77

Way = tuple[FileService, FileService]


@pytest.fixture
def way(request: pytest.FixtureRequest, sshd: OpenSsh, opened: Opened) -> Way:
    """The services of two kinds; `other` is another GridFTP server."""

    def service(kind: str) -> FileService:
        if kind in {"gsiftp", "other"}:
            return opened(request.getfixturevalue("site" if kind == "gsiftp" else "other_site").url)
        return opened("file://" if kind == "file" else "sftp" + sshd.url.removeprefix("ssh"))

    here, there = request.param
    return service(here), service(there)


def ways(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", pairs, indirect=True, ids=map("-".join, pairs))


async def copied(mover: Mover, source: Place, target: Place, tell: Tell | None = None) -> Copied:
    return await Copying(mover, await planned(source, target), tell, patience_s=30).run()


def leftovers(folder: Path) -> Sequence[Path]:
    return list(folder.rglob(".zeligrid-*"))


def large(path: Path, size: int = LARGE) -> Path:
    path.write_bytes(os.urandom(size))
    return path


@ways(*((here, there) for here in KINDS for there in (*KINDS, "other") if (here, there) != ("gsiftp", "gsiftp")))
async def test_a_tree_arrives_as_it_was_and_is_not_moved_twice(
    way: Way, mover: Mover, tree: Path, tmp_path: Path
) -> None:
    told: list[Progress] = []
    source, target = Place(way[0], str(tree)), Place(way[1], str(tmp_path / "new" / "goal"))
    first = await copied(mover, source, target, told.append)
    assert contents(tmp_path / "new" / "goal") == contents(tree)
    assert (first.there, first.breaks) == (0, 0)
    assert first.size == told[-1].total == told[-1].done
    assert told[-1].files == told[-1].files_done == first.files
    again = await copied(mover, source, target)
    assert (again.there, again.moved) == (first.files, 0)
    assert not leftovers(tmp_path)


@ways(("file", "sftp"), ("sftp", "file"), ("file", "gsiftp"), ("gsiftp", "file"), ("gsiftp", "other"))
async def test_a_part_that_is_there_is_verified_and_gone_on_with(way: Way, mover: Mover, tmp_path: Path) -> None:
    file, goal = large(tmp_path / "file"), tmp_path / "goal"
    (item,) = await planned(Place(way[0], str(file)), Place(way[1], str(goal)))
    Path(item.part).write_bytes(file.read_bytes()[: 2 * RESUMED])
    assert (await Copying(mover, [item]).run()).moved == LARGE - 2 * RESUMED
    assert goal.read_bytes() == file.read_bytes()
    goal.unlink()
    Path(item.part).write_bytes(b"?" * 2 * RESUMED)
    assert (await Copying(mover, [item]).run()).moved == LARGE
    assert goal.read_bytes() == file.read_bytes()
    assert not leftovers(tmp_path)


@pytest.fixture
def wire(sshd: OpenSsh, relay: Callable[[int], Relay]) -> Relay:
    """A way to the sshd that can be cut."""
    made = relay(sshd.port)
    key = sshd.known_hosts.read_text().split(" ", 1)[1]
    with sshd.known_hosts.open("a") as known:
        known.write(f"[127.0.0.1]:{made.port} {key}")
    return made


@pytest.fixture
async def reach(wire: Relay, sshd: OpenSsh) -> AsyncIterator[Callable[[], MachineFiles]]:
    """Reaches the files behind it, by a connection of its own at each call."""
    opened: list[Links] = []

    def start() -> MachineFiles:
        opened.append(open_links(known_hosts=[sshd.known_hosts], identities=[sshd.identity]))
        return MachineFiles(f"sftp://127.0.0.1:{wire.port}", opened[-1].to(f"ssh://127.0.0.1:{wire.port}"))

    yield start
    for links in opened:
        await links.close()


@pytest.fixture
def wired(reach: Callable[[], MachineFiles]) -> MachineFiles:
    """The files behind it."""
    return reach()


@pytest.mark.parametrize("putting", [True, False])
async def test_a_copy_goes_on_where_its_connection_broke(
    wire: Relay, wired: MachineFiles, opened: Opened, mover: Mover, tmp_path: Path, *, putting: bool
) -> None:
    size = 32 << 20
    file = large(tmp_path / "file", size)
    wire.stumbles = [size // 3, 2 * size // 3]
    ends = [Place(opened("file://"), str(file)), Place(wired, str(tmp_path / "goal"))]
    if not putting:
        ends = [Place(wired, str(file)), Place(opened("file://"), str(tmp_path / "goal"))]
    done = await copied(mover, ends[0], ends[1])
    assert (tmp_path / "goal").read_bytes() == file.read_bytes()
    assert not wire.stumbles
    assert done.breaks >= 1
    assert done.moved < 1.8 * size
    assert not leftovers(tmp_path)


async def test_a_file_that_had_got_its_name_when_the_connection_broke_is_not_moved_again(
    opened: Opened, mover: Mover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, target = large(tmp_path / "file"), opened("file://")
    rename = type(target).rename
    broken: list[str] = []

    async def and_break(service: FileService, old: str, new: str) -> None:
        await rename(service, old, new)
        if not broken:
            broken.append(new)
            raise Unreachable("The connection broke before it answered.")

    monkeypatch.setattr(type(target), "rename", and_break)
    done = await copied(mover, Place(opened("file://"), str(file)), Place(target, str(tmp_path / "goal")))
    assert broken
    assert (done.moved, done.there, done.breaks) == (LARGE, 1, 1)
    assert (tmp_path / "goal").read_bytes() == file.read_bytes()


async def test_a_copy_that_stays_broken_is_given_up_and_leaves_its_part_for_the_next(
    wire: Relay, reach: Callable[[], MachineFiles], opened: Opened, mover: Mover, tmp_path: Path
) -> None:
    size = 128 << 20
    file = large(tmp_path / "file", size)

    def tell(progress: Progress) -> None:
        if progress.done > size // 8:
            wire.cut()

    source, goal = Place(opened("file://"), str(file)), str(tmp_path / "goal")
    with pytest.raises(LinkError):
        await Copying(mover, await planned(source, Place(reach(), goal)), tell, patience_s=0.5).run()
    assert not (tmp_path / "goal").exists()
    (part,) = leftovers(tmp_path)
    begun = part.stat().st_size
    assert begun > RESUMED
    wire.heal()
    done = await copied(mover, source, Place(reach(), goal))
    assert (tmp_path / "goal").read_bytes() == file.read_bytes()
    assert done.moved <= size - begun


@ways(("file", "gsiftp"), ("gsiftp", "file"), ("gsiftp", "other"))
async def test_a_killed_server_does_not_end_a_copy(way: Way, site: GridFtpServer, mover: Mover, tmp_path: Path) -> None:
    file = tmp_path / "file"
    with file.open("wb") as opened_file:
        opened_file.truncate(160 << 20)
    (item,) = await planned(Place(way[0], str(file)), Place(way[1], str(tmp_path / "goal")))
    copy = asyncio.ensure_future(Copying(mover, [item], patience_s=30).run())
    while not copy.done() and not (Path(item.part).exists() and Path(item.part).stat().st_size > RESUMED):
        await asyncio.sleep(0.002)
    site.break_connections()
    await copy
    assert (tmp_path / "goal").stat().st_size == 160 << 20
    assert not leftovers(tmp_path)


@ways(("file", "sftp"), ("sftp", "file"), ("gsiftp", "file"))
async def test_a_file_that_arrives_damaged_is_copied_once_more_and_then_told(
    way: Way, mover: Mover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"as it was")
    moved: list[int] = []

    async def damage(stream: Stream, item: Item, offset: int) -> None:
        await flow(stream, item, offset)
        moved.append(offset)
        if len(moved) != 2:
            Path(item.part).write_bytes(b"otherwise")

    monkeypatch.setattr(moving, "flow", damage)
    source, target = Place(way[0], str(tmp_path / "file")), Place(way[1], str(tmp_path / "goal"))
    await copied(mover, source, target)
    assert (tmp_path / "goal").read_bytes() == b"as it was"
    (tmp_path / "goal").unlink()
    with pytest.raises(Refused, match="otherwise than it was sent"):
        await copied(mover, source, target)
    assert not (tmp_path / "goal").exists()
    assert not leftovers(tmp_path)


@ways(("file", "sftp"), ("sftp", "file"), ("gsiftp", "file"))
async def test_a_file_that_changes_or_vanishes_meanwhile_is_told(way: Way, mover: Mover, tmp_path: Path) -> None:
    file, goal = tmp_path / "file", Place(way[1], str(tmp_path / "goal"))
    file.write_text("as it was")
    items = await planned(Place(way[0], str(file)), goal)
    file.write_text("it grew meanwhile")
    with pytest.raises(ZeliGridError, match="changed while it was copied"):
        await Copying(mover, items).run()
    file.unlink()
    with pytest.raises(ZeliGridError, match="removed while it was copied"):
        await Copying(mover, items).run()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


@ways(("file", "file"), ("file", "sftp"), ("file", "gsiftp"))
async def test_a_full_disk_is_said_and_nothing_is_left(
    way: Way, mover: Mover, small_disk: Path, tmp_path: Path
) -> None:
    file = large(tmp_path / "file")
    with pytest.raises(ZeliGridError, match=r"(?i)disk .* is full|No space left"):
        await copied(mover, Place(way[0], str(file)), Place(way[1], str(small_disk / "goal")))
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "..", ".", "gone", "loop"])
@ways(("file", "file"), ("sftp", "file"), ("gsiftp", "file"))
async def test_links_that_leave_the_tree_or_lead_nowhere_are_not_followed(
    way: Way, mover: Mover, tmp_path: Path, target: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").write_text("secret")
    (root / "loop").symlink_to(target)
    goal = Place(way[1], str(tmp_path / "goal"))
    if way[0].url.startswith("gsiftp") and target in {"gone", "loop"}:
        await copied(mover, Place(way[0], str(root)), goal)  # its server does not list them
        assert list((tmp_path / "goal").iterdir()) == []
        return
    with pytest.raises(ZeliGridError, match="loop"):
        await planned(Place(way[0], str(root)), goal)


@ways(("sftp", "file"), ("gsiftp", "file"))
async def test_names_with_control_signs_are_not_taken_from_others(way: Way, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "new\nline\x1b[31m").write_text("x")
    with pytest.raises(Refused, match=r"new\\nline"):
        await planned(Place(way[0], str(tmp_path / "root")), Place(way[1], str(tmp_path / "goal")))


@ways(("file", "file"), ("sftp", "file"), ("gsiftp", "file"))
async def test_what_is_neither_file_nor_folder_is_refused(way: Way, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    os.mkfifo(tmp_path / "root" / "fifo")
    with pytest.raises(ZeliGridError, match="neither a file nor a folder"):
        await planned(Place(way[0], str(tmp_path / "root")), Place(way[1], str(tmp_path / "goal")))


@ways(("file", "file"))
async def test_a_tree_is_not_copied_into_itself(way: Way, tree: Path) -> None:
    with pytest.raises(UsageError, match="into itself"):
        await planned(Place(way[0], str(tree)), Place(way[1], str(tree / "sub" / "again")))


async def test_where_nothing_moves_files_that_is_said(opened: Opened, mover: Mover, tmp_path: Path) -> None:
    class Bare:
        url = "odd://elsewhere"

    bare: Any = Bare()
    here, elsewhere = Place(opened("file://"), str(tmp_path / "file")), Place(bare, "/file")
    for source, target in ((here, elsewhere), (elsewhere, here)):
        with pytest.raises(UsageError, match="Nothing is installed that moves files from"):
            await mover.move([item(source, target, Entry("file", Kind.FILE, 1))], 0, lambda *_: None)


@ways(("file", "sftp"))
async def test_many_copies_between_the_same_two_machines_do_not_wait_for_each_other(
    way: Way, links: Links, mover: Mover, tree: Path, tmp_path: Path
) -> None:
    far = way[1]
    await copied(mover, Place(way[0], str(tree)), Place(far, str(tmp_path / "far")))
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(
                copied(mover, Place(far, str(tmp_path / "far")), Place(far, str(tmp_path / f"goal{number}")))
                for number in range(4)
            )
        )
    assert all(contents(tmp_path / f"goal{number}") == contents(tree) for number in range(4))
