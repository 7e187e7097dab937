"""GridFTP servers: what they say, who is believed, and every way in which contents move."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.files.conftest import Opened, contents
from tests.files.gridftp import GridFtpServer, Realm
from tests.servers import Speaker, descendants, wait_until
from zeligui.errors import LinkError, Refused, Unreachable, UsageError
from zeligui.files import gridftp_data, moving
from zeligui.files.copying import Copying
from zeligui.files.gridftp import GridFtp
from zeligui.files.gridftp_control import Control
from zeligui.files.gridftp_files import GridFtpFiles
from zeligui.files.gridftp_words import in_words
from zeligui.files.moving import CARRIED, Mover
from zeligui.files.planning import Place, planned
from zeligui.files.progress import Progress
from zeligui.files.service import FileService, Kind, NoSuchFile, Unable
from zeligui.links.gsi.credentials import NoCredential
from zeligui.links.gsi.proxies import make_proxy, write_proxy


@pytest.fixture
def ftp(realm: Realm) -> GridFtp:
    return GridFtp(realm.proxy, realm.authorities)


async def test_the_program_puts_gets_and_lets_servers_send_to_each_other(
    site: GridFtpServer, other_site: GridFtpServer, ftp: GridFtp, tmp_path: Path
) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "a file").write_bytes(content)
    told: list[Progress] = []
    await ftp.put(tmp_path / "a file", f"{site.url}{tmp_path}/there%20ü", tell=told.append)
    await ftp.between(f"{site.url}{tmp_path}/there%20ü", f"{other_site.url}{tmp_path}/other")
    await ftp.get(f"{other_site.url}{tmp_path}/other", tmp_path / "back", offset=0)
    assert (tmp_path / "there ü").read_bytes() == (tmp_path / "back").read_bytes() == content
    assert told
    (tmp_path / "back").write_bytes(content[: 1 << 20])
    await ftp.get(f"{other_site.url}{tmp_path}/other", tmp_path / "back", offset=1 << 20)
    assert (tmp_path / "back").read_bytes() == content


async def test_a_folder_is_listed_with_kinds_sizes_and_modes(site: GridFtpServer, ftp: GridFtp, tree: Path) -> None:
    entries = {entry.name: entry for entry in await ftp.names(site.url + str(tree).replace(" ", "%20"))}
    assert (entries["large"].kind, entries["large"].size) == (Kind.FILE, 256 * 12_000)
    assert entries["run"].mode == 0o755
    assert entries["sub"].kind is Kind.FOLDER
    assert entries["to run"].kind is entries["to sub"].kind is Kind.LINK


async def test_what_goes_wrong_is_said_with_its_name(
    site: GridFtpServer, ftp: GridFtp, closed_port: int, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NoSuchFile, match=f"{site.url}/nothing"):
        await ftp.get(f"{site.url}/nothing", tmp_path / "goal")
    with pytest.raises(NoSuchFile, match="no /nothing"):
        await ftp.put(Path("/nothing"), f"{site.url}{tmp_path}/goal")
    with pytest.raises(Refused, match=r"disk of .* is full"):
        await ftp.put(tmp_path / "file", f"{site.url}/dev/full")
    with pytest.raises(Refused, match="refused the connection"):
        await ftp.get(f"gsiftp://localhost:{closed_port}/x", tmp_path / "goal")
    with pytest.raises(Refused, match="refused the connection"):
        await ftp.names(f"gsiftp://localhost:{closed_port}/x")
    with pytest.raises(UsageError, match="no file on a GridFTP server"):
        await ftp.get("sftp://lab1/x", tmp_path / "goal")


async def test_a_missing_program_is_said_with_its_package(
    site: GridFtpServer, ftp: GridFtp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        await ftp.get(f"{site.url}/etc/hostname", tmp_path / "goal")
    assert "globus-gass-copy-progs" in caught.value.hint


async def test_a_server_of_another_name_or_authority_is_not_believed(
    site: GridFtpServer, ftp: GridFtp, realm: Realm, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="not believed"):
        await ftp.names(f"gsiftp://127.0.0.1:{site.port}/")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    other = Realm(foreign, number=1)
    with pytest.raises(LinkError):
        await GridFtp(realm.proxy, other.authorities).names(f"{site.url}/")
    with pytest.raises(Refused, match="does not believe your credential"):
        await GridFtp(other.proxy, realm.authorities).names(f"{site.url}/")


async def test_without_a_proxy_that_can_be_used_nothing_is_tried(
    site: GridFtpServer, realm: Realm, tmp_path: Path
) -> None:
    with pytest.raises(NoCredential, match="no proxy"):
        await GridFtp(tmp_path / "nothing", realm.authorities).names(f"{site.url}/")
    ended = tmp_path / "ended"
    now = realm.user.begins + timedelta(hours=1)
    write_proxy(make_proxy(realm.user, valid_s=600, now=now), ended)
    with pytest.raises(UsageError, match="ended on"):
        await GridFtp(ended, realm.authorities).get(f"{site.url}/etc/hostname", tmp_path / "goal")


@pytest.mark.parametrize("words", [b"220 hello\r\n", b"500 go away\r\n", b"220 hello\r\n500 no\r\n", b"\0\xff" * 100])
async def test_another_server_than_gridftp_is_said(speaker: Callable[..., Speaker], ftp: GridFtp, words: bytes) -> None:
    port = speaker(words, hang_up=True).port
    with pytest.raises((Refused, Unreachable)):
        await ftp.names(f"gsiftp://localhost:{port}/")


async def test_a_transfer_that_stands_still_is_ended(ftp: GridFtp, silent_port: int, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="Nothing has moved"):
        await ftp.run([(f"gsiftp://localhost:{silent_port}/x", f"file://{tmp_path}/x")], stall_s=1.0)


async def test_a_transfer_that_is_given_up_leaves_no_process(ftp: GridFtp, silent_port: int, tmp_path: Path) -> None:
    task = asyncio.ensure_future(ftp.run([(f"gsiftp://localhost:{silent_port}/x", f"file://{tmp_path}/x")]))
    while not running():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wait_until(lambda: not running(), "it goes on")


def running() -> bool:
    """Whether a transfer of ours runs."""
    return any(b"globus-url-copy" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in descendants(os.getpid()))


async def test_names_that_are_commands_are_not_sent(site: GridFtpServer, opened: Opened) -> None:
    files = opened(site.url)
    with pytest.raises(UsageError, match="control signs"):
        await files.entry("/tmp/x\r\nDELE /tmp/y")


async def test_a_control_connection_that_broke_is_opened_again(
    site: GridFtpServer, opened: Opened, tmp_path: Path
) -> None:
    files = opened(site.url)
    await files.entry(str(tmp_path))
    assert site.break_connections()
    assert (await files.entry(str(tmp_path))).kind is Kind.FOLDER


@pytest.fixture
def ends(site: GridFtpServer, other_site: GridFtpServer, opened: Opened) -> tuple[FileService, FileService]:
    """The files of two servers."""
    return opened(site.url), opened(other_site.url)


async def test_where_a_server_cannot_stream_the_program_moves_files(
    ends: tuple[FileService, FileService], opened: Opened, mover: Mover, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(_: object) -> None:
        raise Unable("this server knows no DCSC")

    monkeypatch.setattr(gridftp_data, "_make_ready", unable)
    here, far = opened("file://"), ends[0]
    there, back = str(tree.parent / "there"), tree.parent / "back"
    await Copying(mover, await planned(Place(here, str(tree)), Place(far, there))).run()
    await Copying(mover, await planned(Place(far, there), Place(here, str(back)))).run()
    assert contents(back) == contents(tree)


async def test_large_files_go_from_server_to_server_and_small_ones_through_here(
    ends: tuple[FileService, FileService], mover: Mover, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[str] = []
    run = GridFtp.run

    async def noted(self: GridFtp, pairs: list[tuple[str, str]], **how: object) -> None:
        carried.extend(source.rpartition("/")[2] for source, _ in pairs)
        await run(self, pairs, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(GridFtp, "run", noted)
    root = tmp_path / "root"
    root.mkdir()
    (root / "large").write_bytes(os.urandom(CARRIED + 1))
    (root / "small").write_bytes(b"x")
    source, target = Place(ends[0], str(root)), Place(ends[1], str(tmp_path / "goal"))
    await Copying(mover, await planned(source, target)).run()
    assert carried == ["large"]
    assert contents(tmp_path / "goal") == contents(root)


@pytest.mark.parametrize(("alone_s", "count"), [(60.0, 1), (0.0, 2)])
async def test_a_digest_is_asked_for_after_a_short_copy_and_beside_a_long_one(
    site: GridFtpServer,
    opened: Opened,
    mover: Mover,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    alone_s: float,
    count: int,
) -> None:
    opens: list[str] = []
    control, receive = GridFtp.control, gridftp_data.receive

    async def counted(self: GridFtp, root: str) -> Control:
        opens.append(root)
        return await control(self, root)

    def slow(control: Control, path: str, offset: int, take: Callable[[bytes], None]) -> None:
        def taken(piece: bytes) -> None:
            take(piece)
            time.sleep(0.1)

        receive(control, path, offset, taken)

    monkeypatch.setattr(GridFtp, "control", counted)
    monkeypatch.setattr(gridftp_data, "receive", slow)
    monkeypatch.setattr(moving, "ALONE_S", alone_s)
    (tmp_path / "file").write_bytes(os.urandom(3 << 20))
    source, target = Place(opened(site.url), str(tmp_path / "file")), Place(opened("file://"), str(tmp_path / "goal"))
    await Copying(mover, await planned(source, target)).run()
    assert (tmp_path / "goal").read_bytes() == (tmp_path / "file").read_bytes()
    assert len(opens) == count


async def test_who_answers_for_the_data_without_our_credential_gets_nothing(
    site: GridFtpServer, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = opened(site.url)
    assert isinstance(files, GridFtpFiles)
    with socket.create_server(("127.0.0.1", 0)) as thief:
        monkeypatch.setattr(gridftp_data, "_dialled", lambda _: socket.create_connection(thief.getsockname()))
        thief.settimeout(20)
        task = asyncio.ensure_future(files.write(str(tmp_path / "x"), 0, iter([b"secret"])))
        taken = await asyncio.to_thread(thief.accept)
        taken[0].sendall(b"hello, I am the server")
        with pytest.raises(LinkError):
            await task
        taken[0].settimeout(5)
        assert b"secret" not in taken[0].recv(1 << 16)
        taken[0].close()


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            "500-globus_xio: Unable to open file /a/quota.txt\n500-System error in open: No such file or directory",
            NoSuchFile,
            "quota.txt",
        ),
        ("550 Permission denied.", Refused, "does not permit"),
        ("globus_xio: System error in connect: Connection reset by peer", Unreachable, "broke"),
        ("530-Login incorrect. : globus_gss_assist: Error invoking callout\r\n530 End.", Refused, "let you in"),
        ("something \x1b[31m that nobody knows", Refused, "said no"),
        ("", Refused, "said no"),
    ],
)
def test_what_a_server_says_becomes_a_sentence(said: str, kind: type[Exception], words: str) -> None:
    error = in_words("gsiftp://site.test", said)
    assert type(error) is kind
    assert words in str(error)
    assert str(error).isprintable()
