"""Hosts in network namespaces of the tests' own making, with an sshd each and a limited way between."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers import make_key, require, wait_until

HERE, THERE = "10.231.77.1", "10.231.77.2"


class Wire:
    """This test's own end, a namespace of its name, and a host at the other end of a wire. Both need root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.near, self.far = f"zgn{os.getpid()}", f"zgf{os.getpid()}"
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._make()
        except subprocess.CalledProcessError:
            self.close()
            raise

    def _make(self) -> None:
        for name in (self.near, self.far):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "near", "netns", self.near, "type", "veth", "peer", "name", "far", "netns", self.far)
        for name, device, address in ((self.near, "near", HERE), (self.far, "far", THERE)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")

    def limit(self, mbit: float, *, at: str) -> None:
        """Let no more pass than so much, from the near end or from the far one."""
        where = self.near if at == "near" else self.far
        rate = f"rate {mbit:g}mbit burst 32kb latency 100ms".split()
        subprocess.run(["tc", "-n", where, "qdisc", "replace", "dev", at, "root", "tbf", *rate], check=True)

    def free(self, *, at: str) -> None:
        """Let all pass again."""
        where = self.near if at == "near" else self.far
        subprocess.run(["tc", "-n", where, "qdisc", "del", "dev", at, "root"], check=True)

    def sshd(self) -> Path:
        """Start an sshd at the far end; the folder has `known_hosts`, `identity` and the server's `home`."""
        make_key(self.folder / "identity")
        make_key(self.folder / "host")
        (self.folder / "home").mkdir()
        shutil.copy(self.folder / "identity.pub", self.folder / "authorized_keys")
        key = " ".join((self.folder / "host.pub").read_text().split()[:2])
        (self.folder / "known_hosts").write_text(f"{THERE} {key}\n")
        (self.folder / "sshd_config").write_text(
            f"ListenAddress {THERE}:22\nHostKey {self.folder}/host\nPidFile {self.folder}/pid\n"
            f"AuthorizedKeysFile {self.folder}/authorized_keys\nSetEnv HOME={self.folder}/home\n"
            "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\n"
        )
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [require("sshd", "openssh-server"), "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "log").open("wb") as log:
            self._processes.append(subprocess.Popen([*inside(self.far), *command], stderr=log))
        wait_until(lambda: b"listening" in (self.folder / "log").read_bytes(), "sshd did not start")
        return self.folder

    def close(self) -> None:
        """End the server and take the namespaces away; what runs in them is killed."""
        for name in (self.near, self.far):
            said = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
            for pid in said.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
        for process in self._processes:
            process.wait()
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False)


def inside(namespace: str) -> list[str]:
    """What is put before a command that runs in a namespace."""
    return ["ip", "netns", "exec", namespace]


def ip(*words: str) -> None:
    subprocess.run([require("ip", "iproute2"), *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A wire between two namespaces. Without root the test is skipped, and fails in CI, saying what it needs."""
    require("ip", "iproute2")
    require("tc", "iproute2")
    require_namespaces()
    made = Wire(tmp_path_factory.mktemp("wire"))
    yield made
    made.close()


def require_namespaces() -> None:
    """Where no namespaces can be made, the test is skipped, and fails in CI, saying what it needs."""
    works = os.geteuid() == 0 and subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    if not works or works.returncode:
        message = "network namespaces are missing: run the tests as root, with CAP_SYS_ADMIN"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
