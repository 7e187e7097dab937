"""Many machines on the loopback: real ssh servers at addresses of their own, with sensors or with recorded lines."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.slapd import program
from tests.servers import descendants, free_port, make_key, wait_until
from zeligui.grid.sources.sending import PROGRAM, PYTHON, sensor

HOSTS_OF_ONE = 16
"""sshd listens at no more addresses."""

LINES, LINES_PERIOD_S = 24, 0.5
"""What is recorded of a sensor."""

START_S = 20.0

STAND_IN = """\
#!/bin/sh
# In place of python3: says the recorded lines, with the time of now, where the sensor is sent; else it is python3.
[ "$4" = -u ] || exec /usr/bin/env PATH={path} python3 "$@"
cat >/dev/null
period=$7
begun=$(date +%s)
while :; do
    while IFS= read -r values; do
        IFS=. read -r up _ </proc/uptime
        first=${{first-$up}}
        now=$((begun + up - first))
        printf '{{"stamp": %d, "identity": "%s", "named": true, %s\\n' $now "$MACHINE" "$values" || exit
        sleep "$period"
    done <{lines}
done
"""


class Fleet:
    """Ssh servers at so many loopback addresses, with real sensors or not. Runs until `stop`.

    They let others go first: were they other machines, they would take nothing of the processors here.
    """

    def __init__(self, folder: Path, hosts: int, *, real: bool) -> None:
        self._folder = folder
        self._real = real
        self._port = free_port()
        addresses = [f"127.9.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
        self.urls = [f"ssh://{address}:{self._port}" for address in addresses]
        self.known_hosts = folder / "known_hosts"
        self.identity = make_key(folder / "identity")
        make_key(folder / "host")
        key = " ".join((folder / "host.pub").read_text().split()[:2])
        self.known_hosts.write_text("".join(f"[{address}]:{self._port} {key}\n" for address in addresses))
        (folder / "home").mkdir()
        if not real:
            self._record()
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        parts = [addresses[first : first + HOSTS_OF_ONE] for first in range(0, hosts, HOSTS_OF_ONE)]
        self._processes = [self._server(number, part) for number, part in enumerate(parts)]

    def _record(self) -> None:
        lines, stand_in = self._folder / "lines", self._folder / "bin" / "python3"
        stand_in.parent.mkdir()
        lines.write_text("".join(recorded()))
        stand_in.write_text(STAND_IN.format(path=os.environ["PATH"], lines=lines))
        stand_in.chmod(0o755)

    def _server(self, number: int, addresses: Sequence[str]) -> subprocess.Popen[bytes]:
        file = self._folder / f"sshd_config{number}"
        file.write_text("\n".join(self._configuration(addresses)) + "\n")
        command = ["nice", program("sshd"), "-D", "-e", "-f", str(file)]
        with (self._folder / f"log{number}").open("ab") as log:
            process = subprocess.Popen(command, stderr=log)
        where = f"{addresses[-1]}:{self._port}"
        asked = ["ssh-keyscan", "-T", "1", "-p", str(self._port), addresses[-1]]
        wait_until(
            lambda: bool(subprocess.run(asked, capture_output=True, check=False).stdout),
            f"no sshd at {where}",
            limit_s=START_S,
        )
        return process

    def _configuration(self, addresses: Sequence[str]) -> Iterator[str]:
        yield from (f"ListenAddress {address}:{self._port}" for address in addresses)
        yield from (f"HostKey {self._folder}/host", f"AuthorizedKeysFile {self._folder}/identity.pub", "PidFile none")
        yield from ("StrictModes no", "UsePAM no", "PermitRootLogin yes", "MaxStartups 100", "LogLevel ERROR")
        for address in addresses:
            yield from (f"Match LocalAddress {address}", f"SetEnv {self._environment(address)}")

    def _environment(self, address: str) -> str:
        """The variables of a machine's sessions. The home is empty: what a shell begins with there is not measured."""
        home = f"HOME={self._folder}/home"
        if not self._real:
            path = f"{self._folder}/bin:{os.environ['PATH']}"
            return f"{home} PATH={path} ZELIGRID_HOSTNAME=node-{address} MACHINE={uuid.uuid4()}"
        proc = self._folder / address
        (proc / "sys/kernel/random").mkdir(parents=True)
        (proc / "sys/kernel/random/boot_id").write_text(f"{uuid.uuid4()}\n")
        return f"{home} ZELIGRID_PROC={proc} ZELIGRID_HOSTNAME=node-{address}"

    def stop(self) -> None:
        """Kill the servers and their sessions."""
        for process in self._processes:
            for pid in (*descendants(process.pid), process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def recorded() -> Iterator[str]:
    """What a sensor says of this machine, from the values on."""
    with tempfile.TemporaryFile("w+") as program:
        program.write(sensor())
        program.seek(0)
        command = [*PYTHON.split(), "-u", "-c", PROGRAM, str(LINES_PERIOD_S), str(LINES)]
        said = subprocess.run(command, stdin=program, stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in said.splitlines(keepends=True):
        yield line[line.index('"values"') :]
