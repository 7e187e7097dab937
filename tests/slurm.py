"""A real Slurm on the tests' island: munged, slurmctld and one slurmd with many CPUs, as small as it goes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.islands import NAME, Island
from tests.servers import require, wait_until

CPUS = 16
PORTS = 6817, 6818
PACKAGES = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
    "squeue": "slurm-client",
}

CONFIGURATION = """\
ClusterName=site
SlurmctldHost={host}({address})
SlurmUser=root
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
MpiDefault=none
ReturnToService=2
KillWait=2
MinJobAge=600
MessageTimeout=5
CompleteWait=0
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobcomp.log
NodeName={host} NodeAddr={address} CPUs={cpus} CoresPerSocket={cpus} State=UNKNOWN
PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=ALL MaxTime=1 State=UP
PartitionName=shut Nodes=ALL State=DOWN
"""


class Slurm:
    """Slurm with the partitions `batch`, `short` (a minute at most) and `shut`. Its commands need its `environment`.

    They work from here, as the account that runs the tests, and from the island.
    """

    def __init__(self, island: Island) -> None:
        for program, package in PACKAGES.items():
            require(program, package)
        self._island = island
        self.folder = island.folder / "slurm"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._configure()
        self._start("munged", "--foreground", "--force", *self._munge_files())
        wait_until((self.folder / "munge.sock").exists, f"munged did not start: {island.said('munged')}")
        self.start()
        self._start("slurmd", "-D", "-N", self.host)
        wait_until(lambda: self._says("sinfo", "-h", "-o", "%t") == "idle", "slurmd did not start", limit_s=30)

    @property
    def host(self) -> str:
        """The name of its one node."""
        return NAME.partition(".")[0]

    @property
    def configuration(self) -> Path:
        """Its slurm.conf."""
        return self.folder / "etc" / "slurm.conf"

    @property
    def environment(self) -> Mapping[str, str]:
        """What its commands find it by."""
        return {"SLURM_CONF": str(self.configuration)}

    def _configure(self) -> None:
        for name in ("", "etc", "state", "spool"):
            (self.folder / name).mkdir()
        fields = {"host": self.host, "address": self._island.address, "folder": self.folder}
        self.configuration.write_text(CONFIGURATION.format(**fields, ports=PORTS, cpus=CPUS))
        # Without these slurmd asks systemd, or looks for what namespaces hide.
        (self.folder / "etc" / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=yes\n")
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o400)
        # GRAM's scripts start Slurm's commands with no environment, and these look there.
        self._island.mount(self.folder / "etc", Path("/etc/slurm"))

    def _munge_files(self) -> list[str]:
        names = {"key-file": "key", "socket": "sock", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        return [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]

    def _start(self, program: str, *words: str) -> None:
        self._running[program] = self._island.start(program, program, *words, env=self.environment)

    def start(self) -> None:
        """Start slurmctld, and wait until it answers."""
        self._start("slurmctld", "-D")
        wait_until(lambda: "UP" in self._says("scontrol", "ping"), "slurmctld did not start", limit_s=30)

    def bring_back(self) -> None:
        """Start slurmctld where it was stopped."""
        if self._running["slurmctld"].poll() is not None:
            self.start()

    def stop(self) -> None:
        """End slurmctld, which writes down what it knows; its jobs go on."""
        self._running["slurmctld"].terminate()
        self._running["slurmctld"].wait()

    def resume(self) -> None:
        """Wait until its node is up again, which it may be by itself."""

        def up() -> bool:
            if "down" not in self._says("sinfo", "-h", "-p", "batch", "-o", "%t"):
                return True
            self._says("scontrol", "update", f"NodeName={self.host}", "State=RESUME")
            return False

        wait_until(up, "its node does not come back", limit_s=30)

    def _says(self, *words: str) -> str:
        with suppress(AssertionError, subprocess.TimeoutExpired):
            return self.run(*words)
        return ""

    def run(self, *words: str) -> str:
        """What one of its commands prints, started from here."""
        env = {**os.environ, **self.environment}
        ended = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=10)
        assert ended.returncode == 0, f"{' '.join(words)}: {ended.stdout}{ended.stderr}"
        return ended.stdout.strip()

    def empty(self) -> None:
        """Cancel all jobs, and wait until none is left."""
        if jobs := self.run("squeue", "-h", "-o", "%A").split():
            self.run("scancel", *jobs)
        wait_until(lambda: self.run("squeue", "-h") == "", "jobs do not end", limit_s=30)


@pytest.fixture(scope="session")
def slurm_site(island: Island) -> Slurm:
    """Slurm on the island, for the whole session."""
    return Slurm(island)


@pytest.fixture
def slurm(slurm_site: Slurm, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    """Slurm, which commands that this test starts find; its jobs end with the test."""
    for name, value in slurm_site.environment.items():
        monkeypatch.setenv(name, value)
    yield slurm_site
    slurm_site.bring_back()
    slurm_site.empty()
