"""Files here, behind a real sshd, and behind real GridFTP servers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.files.gridftp import GridFtpServer, Realm
from tests.servers import require
from zeligui.files import open_files
from zeligui.files.machines import here
from zeligui.files.moving import Mover
from zeligui.files.service import FileService
from zeligui.links import open_links
from zeligui.links.link import Links

Opened = Callable[[str], FileService]


@pytest.fixture(scope="session")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Realm:
    """Who is believed, and who is let in."""
    require("globus-url-copy", "globus-gass-copy-progs")
    require("globus-gridftp-server", "globus-gridftp-server-progs")
    return Realm(tmp_path_factory.mktemp("realm"))


@pytest.fixture(scope="session")
def sites(realm: Realm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GridFtpServer, GridFtpServer]]:
    """Two GridFTP servers, for the whole session."""
    first = GridFtpServer(realm, tmp_path_factory.mktemp("gridftp"))
    second = GridFtpServer(realm, tmp_path_factory.mktemp("gridftp"))
    yield first, second
    first.stop()
    second.stop()


@pytest.fixture
def proxied(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> Realm:
    """The user's proxy and authorities where they are looked for."""
    monkeypatch.setenv("X509_USER_PROXY", str(realm.proxy))
    monkeypatch.setenv("X509_CERT_DIR", str(realm.authorities))
    monkeypatch.setenv("GLOBUS_HOSTNAME", "localhost")
    return realm


@pytest.fixture
def site(sites: tuple[GridFtpServer, GridFtpServer], proxied: Realm) -> GridFtpServer:
    """The first of them, with a proxy for it at hand."""
    return sites[0]


@pytest.fixture
def other_site(sites: tuple[GridFtpServer, GridFtpServer], proxied: Realm) -> GridFtpServer:
    return sites[1]


@pytest.fixture
async def links(request: pytest.FixtureRequest) -> AsyncIterator[Links]:
    """Links, with the key of the test's sshd where it has one."""
    server = request.getfixturevalue("sshd") if "sshd" in request.fixturenames else None
    known, keys = ([server.known_hosts], [server.identity]) if server else ([], [])
    opened = open_links(known_hosts=known, identities=keys)
    yield opened
    await opened.close()


@pytest.fixture
async def opened(links: Links) -> AsyncIterator[Opened]:
    """Opens services by their roots, and closes them after the test."""
    services: dict[str, FileService] = {}

    def start(root: str) -> FileService:
        if root not in services:
            services[root] = open_files(root, links)
        return services[root]

    yield start
    for service in services.values():
        await service.close()


@pytest.fixture
def mover(links: Links) -> Mover:
    return Mover(here(links))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with odd names and modes, an empty file, an empty folder, and a file worth to be resumed."""
    root = tmp_path / "a tree"
    (root / "sub" / "deep ü").mkdir(parents=True)
    (root / "empty folder").mkdir(mode=0o750)
    for number, name in enumerate(("plain", "with blank", "'quote\"", "$(touch x)", "-rf", "*", "a%41;b", "ü")):
        file = root / "sub" / name
        file.write_bytes(name.encode() * number * 100)
        file.chmod(0o600 + number)
    (root / "sub" / "deep ü" / ".hidden").write_bytes(b"x")
    (root / "large").write_bytes(bytes(range(256)) * 12_000)
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    (root / "to run").symlink_to("run")
    (root / "to sub").symlink_to("sub")
    return root


def contents(root: Path) -> dict[str, tuple[int, bytes | None]]:
    """All that is below a folder: mode, and contents of files; links as what they lead to."""
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for folder in (root, *(path for path in root.rglob("*") if path.is_symlink()))
        for path in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a megabyte; mounting one needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode:
        message = "a small file system is missing: run the tests as root, with CAP_SYS_ADMIN"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
