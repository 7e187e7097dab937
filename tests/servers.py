"""Real servers on the loopback, and bad ones: OpenSSH's sshd without root, silent, cut, frozen and closed ports."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

LOOPBACK = "127.0.0.1"


class OpenSsh:
    """An sshd of the test's own, on a high port, for the account that runs the test.

    `home` is $HOME in its sessions, below the test's folder; `known_hosts` and `identity` open it. `keys` are the types
    of its host keys, `options` further lines of its sshd_config, `environment` is what its sessions have besides.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keys: Sequence[str] = ("ed25519",),
        options: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        host: str = LOOPBACK,
    ) -> None:
        self._folder = folder
        self._keys = tuple(keys)
        self._environment = {"HOME": folder / "home", **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self.host, self.port = host, free_port()
        self.url = f"ssh://{self.host}:{self.port}"
        self.home = folder / "home"
        self.known_hosts = folder / "known_hosts"
        self.identity = make_key(folder / "identity")
        self.home.mkdir()
        shutil.copy(folder / "identity.pub", folder / "authorized_keys")
        self._configure(options)
        self.change_host_key()
        self.trust()
        self.start()

    def _configure(self, options: Sequence[str]) -> None:
        lines = [
            *options,
            f"ListenAddress {self.host}:{self.port}",
            *(f"HostKey {self._folder}/host_{kind}" for kind in self._keys),
            f"AuthorizedKeysFile {self._folder}/authorized_keys",
            f"PidFile {self._folder}/pid",
            f"SetEnv {' '.join(f'{name}={value}' for name, value in self._environment.items())}",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "MaxStartups 100",
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
        ]
        (self._folder / "sshd_config").write_text("\n".join(lines) + "\n")

    def change_host_key(self) -> None:
        """New host keys, which `known_hosts` does not have yet; takes effect at the next start."""
        for kind in self._keys:
            make_key(self._folder / f"host_{kind}", kind)

    def trust(self) -> None:
        """Write the present host keys to `known_hosts`."""
        keys = [(self._folder / f"host_{kind}.pub").read_text().split()[:2] for kind in self._keys]
        self.known_hosts.write_text("".join(f"[{self.host}]:{self.port} {' '.join(key)}\n" for key in keys))

    def start(self) -> None:
        """Start, and wait until it listens."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [require("sshd", "openssh-server"), "-D", "-e", "-f", str(self._folder / "sshd_config")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log)
        wait_until(self._listens, f"sshd did not start: {self.log()}")

    def bring_back(self) -> None:
        """Start where it was stopped."""
        if self._process is None:
            self.start()

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with socket.socket() as sock:
            return sock.connect_ex((self.host, self.port)) == 0

    def log(self) -> str:
        """What sshd has said."""
        return (self._folder / "log").read_text()

    def stop(self) -> None:
        """Power off: the server and its sessions are killed."""
        if self._process is None:
            return
        for pid in (*descendants(self._process.pid), self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


class Relay:
    """A TCP port that passes everything on to another, until it is cut or frozen.

    `stumbles` are counts of bytes: whenever so many were passed on, all connections break, and new ones hold.
    """

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.stumbles: list[int] = []
        self._passed = 0
        self._state = "passing"
        self._peers: dict[socket.socket, socket.socket] = {}
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._pass_on, daemon=True, name="server")
        self._thread.start()

    def cut(self) -> None:
        """Break all connections, and every new one at once."""
        self._become("cut")

    def freeze(self) -> None:
        """Pass nothing on any more, and break nothing."""
        self._become("frozen")

    def heal(self) -> None:
        """Pass on again."""
        self._become("passing")

    def close(self) -> None:
        """End."""
        self._become("closed")
        self._thread.join()

    def _become(self, state: str) -> None:
        self._state = state
        self._wake.send(b"!")

    def _pass_on(self) -> None:
        while self._state != "closed":
            with selectors.DefaultSelector() as selector:
                for sock in (self._woken, *((self._listener, *self._peers) if self._state != "frozen" else ())):
                    selector.register(sock, selectors.EVENT_READ, sock)
                ready = [key.data for key, _ in selector.select()]
            for sock in ready:
                self._serve(sock)
            if self._state == "cut":
                self._break(*self._peers)
        self._break(*self._peers, self._listener, self._woken, self._wake)

    def _serve(self, sock: socket.socket) -> None:
        if sock is self._woken:
            sock.recv(64)
        elif sock is self._listener:
            here, there = sock.accept()[0], socket.create_connection((LOOPBACK, self._to_port))
            for side in (here, there):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers |= {here: there, there: here}
        elif sock in self._peers and self._state != "frozen":
            self._move(sock)

    def _move(self, sock: socket.socket) -> None:
        try:
            piece = sock.recv(65536)
            if piece:
                self._peers[sock].sendall(piece)
                self._count(len(piece))
                return
        except OSError:
            piece = b""
        self._break(sock, self._peers[sock])

    def _count(self, passed: int) -> None:
        self._passed += passed
        if self.stumbles and self._passed >= self.stumbles[0]:
            del self.stumbles[0]
            self._break(*self._peers)

    def _break(self, *socks: socket.socket) -> None:
        for sock in socks:
            self._peers.pop(sock, None)
            sock.close()


class Speaker:
    """A port that says the same words to everyone who connects, and then nothing; or hangs up."""

    def __init__(self, words: bytes, *, hang_up: bool = False) -> None:
        self._words = words
        self._hang_up = hang_up
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._guests: list[socket.socket] = []
        self._thread = threading.Thread(target=self._speak, daemon=True, name="server")
        self._thread.start()

    def _speak(self) -> None:
        with suppress(OSError):
            while True:
                guest = self._listener.accept()[0]
                self._guests.append(guest)
                guest.sendall(self._words)
                if self._hang_up:
                    guest.close()

    def close(self) -> None:
        """End."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for sock in (self._listener, *self._guests):
            sock.close()


@pytest.fixture
def openssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., OpenSsh]]:
    """Starts sshd servers: `openssh(keys=..., options=..., environment=...)`."""
    require("sshd", "openssh-server")
    servers: list[OpenSsh] = []

    def start(**how: Any) -> OpenSsh:
        servers.append(OpenSsh(tmp_path_factory.mktemp("sshd"), **how))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sshd(openssh: Callable[..., OpenSsh]) -> OpenSsh:
    """One sshd with the usual configuration."""
    return openssh()


@pytest.fixture
def relay() -> Iterator[Callable[[int], Relay]]:
    """Starts relays to a port: `relay(server.port)`."""
    relays: list[Relay] = []

    def start(to_port: int) -> Relay:
        relays.append(Relay(to_port))
        return relays[-1]

    yield start
    for each in relays:
        each.close()


@pytest.fixture
def speaker() -> Iterator[Callable[..., Speaker]]:
    """Starts ports that say something: `speaker(b"words", hang_up=True)`."""
    speakers: list[Speaker] = []

    def start(words: bytes, *, hang_up: bool = False) -> Speaker:
        speakers.append(Speaker(words, hang_up=hang_up))
        return speakers[-1]

    yield start
    for each in speakers:
        each.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and says nothing."""
    with socket.create_server((LOOPBACK, 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    return free_port()


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def make_key(path: Path, kind: str = "ed25519", *, passphrase: str = "") -> Path:
    """A new key pair at `path` and `path`.pub, over old ones."""
    path.unlink(missing_ok=True)
    command = [require("ssh-keygen", "openssh-client"), "-q", "-t", kind, "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def require(program: str, package: str) -> str:
    """The program's absolute path. Without it the test fails in CI, and elsewhere is skipped, saying what it needs."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        message = f"{program} is missing: install the package {package}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def wait_until(holds: Callable[[], bool], complaint: str, *, limit_s: float = 10.0) -> None:
    """Wait for a condition, at most so long."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.01)


def descendants(pid: int) -> list[int]:
    """The processes below a process, the lowest first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return [each for child in children.get(pid, []) for each in (*descendants(child), child)]
