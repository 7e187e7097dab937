"""GridFTP servers on the loopback: with an authority of the tests' own, for the account that runs the test."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.links.gsi.authority import Authority, name, openssl_hash
from tests.servers import LOOPBACK, descendants, free_port, require, wait_until
from zeligui.links.gsi.credentials import read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy


class Realm:
    """An authority, a host's certificate for `localhost`, and a user with a proxy."""

    def __init__(self, folder: Path, *, number: int = 0) -> None:
        """`number` tells the keys of authorities apart."""
        self.folder = folder
        self.authorities = folder / "certificates"
        self.authority = Authority(self.authorities, number=number, hashed=openssl_hash(name("Test CA")))
        self.certificate, self.key = self.authority.host(folder, "localhost")
        self.user = read_pair(*self.authority.user(folder))
        self.proxy = folder / "proxy"
        write_proxy(make_proxy(self.user), self.proxy)
        self.map = folder / "grid-mapfile"
        self.map.write_text(f'"{self.user.identity}" {getpass.getuser()}\n')


class GridFtpServer:
    """A real server; `url` is what stands before a path."""

    def __init__(self, realm: Realm, folder: Path) -> None:
        self._realm = realm
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"gsiftp://localhost:{self.port}"
        self.start()

    def start(self) -> None:
        """Start, and wait until it listens."""
        program = require("globus-gridftp-server", "globus-gridftp-server-progs")
        options = f"-s -p {self.port} -control-interface {LOOPBACK} -data-interface {LOOPBACK} -allow-root"
        environment = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            "GLOBUS_HOSTNAME": "localhost",
            "GRIDMAP": str(self._realm.map),
            "X509_CERT_DIR": str(self._realm.authorities),
            "X509_USER_CERT": str(self._realm.certificate),
            "X509_USER_KEY": str(self._realm.key),
        }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *options.split()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._listens, f"GridFTP did not start: {(self._folder / 'log').read_text()}", limit_s=30)

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((LOOPBACK, self.port)) == 0

    def break_connections(self) -> int:
        """Kill who serves them; new ones are taken. How many there were."""
        assert self._process is not None
        served = descendants(self._process.pid)
        for pid in served:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(served)

    def stop(self) -> None:
        """Power off."""
        if self._process is not None:
            self.break_connections()
            self._process.kill()
            self._process.wait()
            self._process = None
