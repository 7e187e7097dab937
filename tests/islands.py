"""A machine of the tests' own, in namespaces: with a network that leads to us only, its own names and its own users."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.namespaces import ip, require_namespaces
from tests.servers import require, wait_until

NAME, OTHER, CLIENT = "site.test", "other.test", "client.test"
USER, USER_ID = "griduser", 60123
BLOCKS = 1 << 13
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

SETTLE = """
hostname "$1"; folder=$2; shift 2
while [ $# -gt 1 ]; do mount --bind "$1" "$2"; shift 2; done
echo settled
set +e
read -r nothing
own=$(readlink /proc/$$/ns/net)
for turn in 1 2 3; do
    for process in /proc/[0-9]*; do
        [ "$process" = /proc/$$ ] || [ "$(readlink "$process/ns/net")" != "$own" ] || kill -s KILL "${process#/proc/}"
    done 2>/dev/null
done
rm -rf "$folder"
"""
"""What stays there: when whoever made the island is gone without a word, it takes all that is there away."""


class Island:
    """A network, mount and host name of its own, joined to the machine that runs the tests by one wire.

    What runs there has no route but to us, and no resolver: it knows NAME and OTHER (itself, by two addresses) and
    CLIENT (us). It has a user USER with a home below `folder`. Both see the same files.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="island-"))
        self.folder.chmod(0o755)  # its user must come through to what is below; pytest's own folders are closed
        self.device = f"isl{self.folder.name.rpartition('-')[2]}"
        self.client, self.address, self.other = free_addresses()
        self.home = self.folder / "home"
        self._holder: subprocess.Popen[bytes] | None = None
        self._network = ""
        self._started: list[subprocess.Popen[bytes]] = []
        try:
            self._settle()
            self._connect()
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> Mapping[str, str]:
        """The addresses by name."""
        return {NAME: self.address, OTHER: self.other, CLIENT: self.client}

    def _settle(self) -> None:
        command = ["unshare", "--net", "--mount", "--uts", "--propagation", "private"]
        pairs = [str(path) for pair in self._files().items() for path in pair]
        command += ["sh", "-ec", SETTLE, "island", NAME.partition(".")[0], str(self.folder), *pairs]
        # It outlives the test that is the first to want an island, and so must not have that one's home.
        how: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": {"PATH": PATH}}
        self._holder = subprocess.Popen(command, start_new_session=True, **how)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"settled\n"
        self._network = network_of(self._holder.pid)

    def _files(self) -> Mapping[Path, Path]:
        """What takes the place of the machine's own files there."""
        hosts = "".join(f"{address} {name} {name.partition('.')[0]}\n" for name, address in self.names.items())
        self.home.mkdir()
        os.chown(self.home, USER_ID, USER_ID)
        etc = {
            "hosts": f"127.0.0.1 localhost\n{hosts}",
            "resolv.conf": "",
            "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\n",
            # The star of a locked account is refused by GridFTP, and so is a word that /etc/shadow lacks.
            "passwd": f"{others('passwd')}{USER}:y:{USER_ID}:{USER_ID}::{self.home}:/bin/sh\n",
            "group": f"{others('group')}{USER}:x:{USER_ID}:\n",
        }
        (self.folder / "etc").mkdir()
        for name, text in etc.items():
            (self.folder / "etc" / name).write_text(text)
        return {self.folder / "etc" / name: Path("/etc", name) for name in etc}

    def _connect(self) -> None:
        assert self._holder is not None
        there = f"{self._holder.pid}"
        ip("link", "add", self.device, "type", "veth", "peer", "name", "eth0", "netns", there)
        ip("addr", "add", f"{self.client}/29", "dev", self.device)
        ip("link", "set", self.device, "up")
        self.run("ip", "link", "set", "lo", "up")
        for address in (self.address, self.other):
            self.run("ip", "addr", "add", f"{address}/29", "dev", "eth0")
        self.heal()

    def inside(self, *, network: bool = True) -> list[str]:
        """What is put before a command that runs there; without `network`, it sees the names and users only."""
        assert self._holder is not None
        which = ("--net", "--uts", "--mount") if network else ("--mount",)
        return [require("nsenter", "util-linux"), f"--target={self._holder.pid}", *which, "--"]

    def run(self, *words: str, env: Mapping[str, str] | None = None, limit_s: float = 30.0) -> str:
        """What a command prints that is run there to its end."""
        ended = subprocess.run(
            [*self.inside(), *words], env=env, capture_output=True, text=True, check=False, timeout=limit_s
        )
        assert ended.returncode == 0, f"{' '.join(words)}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def mount(self, folder: Path, over: Path) -> None:
        """Let what runs there see `folder` in another's place."""
        self.run("mount", "--bind", str(folder), str(over))

    def start(self, name: str, *words: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a server there, whose output goes to `name`.log in the folder, and which ends with us."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.inside(), "setpriv", "--pdeathsig", "KILL", *words],
                env={"PATH": PATH, "LC_ALL": "C", **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def said(self, name: str) -> str:
        """What a server that was started here has printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def answers(self, port: int, *, at: str = "") -> bool:
        """Whether somebody listens there."""
        with socket.socket() as sock:
            sock.settimeout(2)
            return sock.connect_ex((at or self.address, port)) == 0

    def cut(self) -> None:
        """Break the wire: nothing passes any more, and nobody is told."""
        # At the far end: were the near one down, our packets would take another route.
        self.run("ip", "link", "set", "eth0", "down")

    def heal(self) -> None:
        """Let all pass again."""
        self.run("ip", "link", "set", "eth0", "up")

    def processes(self) -> Sequence[int]:
        """The ids of all processes there."""
        return [pid for pid in everyone() if self._network and network_of(pid) == self._network]

    def called(self, program: str) -> Sequence[int]:
        """The ids of the processes there whose program is called so."""
        return [pid for pid in self.processes() if name_of(pid) == program]

    def close(self) -> None:
        """End all that runs there; nothing is left of it."""
        if self._holder:
            wait_until(self._killed, "processes of the island do not end")
            for process in (self._holder, *self._started):
                kill(process)
            for pipe in (self._holder.stdin, self._holder.stdout):
                assert pipe is not None
                pipe.close()
        shutil.rmtree(self.folder)

    def _killed(self) -> bool:
        """Kill all that is there; whether there was nothing any more."""
        left = self.processes()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a server at once."""
    process.kill()
    process.wait()


def everyone() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def content(pid: int, name: str) -> bytes:
    """A file that the kernel has of a process; empty where that is over."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    return content(pid, "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"])


def network_of(pid: int) -> str:
    """The network that a process is in; empty where it is over."""
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def name_of(pid: int) -> str:
    return Path(content(pid, "cmdline").partition(b"\0")[0].decode(errors="replace")).name


def others(file: str) -> str:
    """The lines of the machine's own file, without a user of our user's name."""
    lines = Path("/etc", file).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(f"{USER}:"))


def free_addresses() -> tuple[str, str, str]:
    """Three addresses of a block that no interface of this machine has."""
    said = subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout
    taken = {one.get("local") for device in json.loads(said) for one in device.get("addr_info", ())}
    blocks = ((os.getpid() + step) % BLOCKS * 8 for step in range(BLOCKS))
    first = next(block for block in blocks if f"10.231.{block >> 8}.{(block & 255) + 1}" not in taken)
    near, far, other = (f"10.231.{first >> 8}.{(first & 255) + number}" for number in (1, 2, 3))
    return near, far, other


@pytest.fixture(scope="session")
def island() -> Iterator[Island]:
    """An island, whose names are known to all that this process looks up. Needs root and namespaces."""
    for program, package in (("unshare", "util-linux"), ("setpriv", "util-linux"), ("ip", "iproute2")):
        require(program, package)
    require_namespaces()
    made = Island()
    with pytest.MonkeyPatch.context() as patch:
        know(made.names, patch)
        yield made
    made.close()


def know(names: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    """Let this process find the addresses of these names, as if they stood in its hosts file."""
    found = socket.getaddrinfo

    def look_up(host: Any, *words: Any, **more: Any) -> Any:
        return found(names.get(host, host), *words, **more)

    patch.setattr(socket, "getaddrinfo", look_up)
