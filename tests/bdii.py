"""A real resource BDII on the loopback: Debian's own, with slapd, the GLUE schemas and its update process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import LOOPBACK, free_port, require, wait_until

ROOT = Path(__file__).resolve().parent.parent
PLACES = (Path("/"), ROOT / ".venv/system")
BREATHE_S = 1
SERVICE = "GLUE2ServiceID=ce.site,GLUE2GroupID=resource,o=glue"


class Bdii:
    """A BDII of the test's own, filled from LDIF files and looked through every second.

    `publish` writes what a site publishes: the number of machines of each execution environment.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.url = f"ldap://{LOOPBACK}:{self._port}/o=glue"
        for name in ("ldif", "provider", "plugin", "var/archive", "run", "db/grid", "db/glue", "db/stats"):
            (folder / name).mkdir(parents=True)
        shutil.copy(_found("usr/share/bdii/default.ldif"), folder / "ldif" / "default.ldif")
        self._configure()

    def _configure(self) -> None:
        lines = _found("usr/share/bdii/bdii-slapd.conf").read_text()
        for near, real in {
            "/etc/ldap/schema/": f"{_found('etc/ldap/schema/GLUE20.schema').parent}/",
            "/run/bdii/db/": f"{self._folder}/run/",
            "/var/lib/bdii/db/": f"{self._folder}/db/",
        }.items():
            lines = lines.replace(near, real)
        core = _found("etc/ldap/schema/core.schema").parent
        for name in ("core", "cosine", "nis"):
            lines = lines.replace(
                f"{_found('etc/ldap/schema/GLUE20.schema').parent}/{name}.schema", f"{core}/{name}.schema"
            )
        lines = lines.replace("/etc/bdii/BDII.schema", str(_found("etc/bdii/BDII.schema")))
        lines = lines.replace("/usr/lib/ldap", f"/usr/lib/ldap:{ROOT}/.venv/system/usr/lib/ldap")
        (self._folder / "slapd.conf").write_text(lines)
        settings = {
            "LOG_FILE": "log",
            "PID_FILE": "pid",
            "LDIF_DIR": "ldif",
            "PROVIDER_DIR": "provider",
            "PLUGIN_DIR": "plugin",
            "VAR_DIR": "var",
            "RUN_DIR": "run",
        }
        text = "".join(f"BDII_{name}={self._folder / path}\n" for name, path in settings.items())
        text += f"SLAPD_CONF={self._folder / 'slapd.conf'}\nBDII_HOSTNAME={LOOPBACK}\nBDII_PORT={self._port}\n"
        text += f"BDII_BREATHE_TIME={BREATHE_S}\nBDII_READ_TIMEOUT=30\nBDII_LOG_LEVEL=ERROR\n"
        text += "BDII_ARCHIVE_SIZE=0\nBDII_DELETE_DELAY=0\n"
        (self._folder / "bdii.conf").write_text(text)

    def start(self) -> None:
        """Start slapd, then the process that fills it."""
        address = f"ldap://{LOOPBACK}:{self._port}"
        self._run([require("slapd", "slapd"), "-d", "0", "-f", str(self._folder / "slapd.conf"), "-h", address])
        wait_until(self._listens, "the slapd of the BDII did not start")
        self._run([sys.executable, str(self._mended()), "-d", "-c", str(self._folder / "bdii.conf")])

    def _mended(self) -> Path:
        """Its update process as it can run here: that of Debian 12 gives ldapadd options which that has no more.

        It stays a child of the test, and begins at once.
        """
        text = _found("usr/sbin/bdii-update").read_text()
        text = text.replace("-h %s -p %s", "-H ldap://%s:%s").replace("time.sleep(3)", "pass")
        text = text.replace("create_daemon(config['BDII_LOG_FILE'])", "pass")
        mended = self._folder / "bdii-update"
        mended.write_text(text)
        return mended

    def _run(self, command: list[str]) -> None:
        with (self._folder / "log").open("ab") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((LOOPBACK, self._port)) == 0

    def log(self) -> str:
        """What its processes have said."""
        return (self._folder / "log").read_text()

    def publish(self, machines: Mapping[str, int], *, free: int, created: datetime | None = None) -> None:
        """Let it find these execution environments, and so many free slots in the queue before them."""
        when = f"{created or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        texts = [
            _domain(),
            _service(when),
            _manager(),
            _share(free, machines),
            *(_environment(*one, when) for one in machines.items()),
        ]
        written = self._folder / "site.ldif.new"
        written.write_text("\n\n".join(texts) + "\n\n")
        written.rename(self._folder / "ldif" / "site.ldif")

    def stop(self) -> None:
        """Kill its processes."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._processes.clear()


def _found(path: str) -> Path:
    """A file of Debian's packages, installed or unpacked."""
    return next((place / path for place in PLACES if (place / path).exists()), Path(path))


def _domain() -> str:
    classes = "objectClass: GLUE2Domain\nobjectClass: GLUE2AdminDomain"
    return f"dn: GLUE2DomainID=UFF-LAB,o=glue\n{classes}\nGLUE2DomainID: UFF-LAB"


def _service(when: str) -> str:
    return (
        f"dn: {SERVICE}\nobjectClass: GLUE2Service\nobjectClass: GLUE2ComputingService\nGLUE2ServiceID: ce.site\n"
        "GLUE2ServiceType: org.nordugrid.arex\nGLUE2ServiceQualityLevel: production\n"
        f"GLUE2ServiceAdminDomainForeignKey: UFF-LAB\nGLUE2EntityCreationTime: {when}"
    )


def _manager() -> str:
    return (
        f"dn: GLUE2ManagerID=pbs,{SERVICE}\nobjectClass: GLUE2Manager\nobjectClass: GLUE2ComputingManager\n"
        "GLUE2ManagerID: pbs\nGLUE2ManagerProductName: torque\nGLUE2ManagerServiceForeignKey: ce.site\n"
        "GLUE2ComputingManagerTotalSlots: 999999999"
    )


def _share(free: int, environments: Mapping[str, int]) -> str:
    keys = "".join(f"GLUE2ComputingShareExecutionEnvironmentForeignKey: {name}\n" for name in environments)
    return (
        f"dn: GLUE2ShareID=long,{SERVICE}\nobjectClass: GLUE2Share\nobjectClass: GLUE2ComputingShare\n"
        "GLUE2ShareID: long\nGLUE2ShareServiceForeignKey: ce.site\nGLUE2ComputingShareServingState: production\n"
        f"GLUE2ComputingShareMappingQueue: long\nGLUE2ComputingShareFreeSlots: {free}\n{keys}"
        "GLUE2ComputingShareWaitingJobs: 0\nGLUE2ComputingShareEstimatedAverageWaitingTime: 2146660842"
    )


def _environment(name: str, machines: int, when: str) -> str:
    kind = "GLUE2ExecutionEnvironment"
    return (
        f"dn: GLUE2ResourceID={name},GLUE2ManagerID=pbs,{SERVICE}\nobjectClass: GLUE2Resource\nobjectClass: {kind}\n"
        f"GLUE2ResourceID: {name}\nGLUE2ResourceManagerForeignKey: pbs\n{kind}Platform: x86_64\n{kind}OSFamily: linux\n"
        f"{kind}OSName: AlmaLinux\n{kind}MainMemorySize: 64000\n{kind}CPUClockSpeed: 999999999\n{kind}LogicalCPUs: 32\n"
        f"{kind}TotalInstances: {machines}\n{kind}ConnectivityIn: FALSE\n{kind}ConnectivityOut: TRUE\n"
        f"GLUE2EntityCreationTime: {when}\nGLUE2EntityValidity: 3600"
    )


@pytest.fixture
def bdii(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Bdii]]:
    """Makes BDIIs, which the test fills and starts."""
    require("slapd", "slapd")
    require("ldapadd", "ldap-utils")
    if not all(_found(path).exists() for path in ("usr/sbin/bdii-update", "etc/ldap/schema/GLUE20.schema")):
        missing("bdii-update", "bdii and glue-schema")
    made: list[Bdii] = []

    def make() -> Bdii:
        made.append(Bdii(tmp_path_factory.mktemp("bdii")))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def missing(program: str, package: str) -> None:
    words = f"{program} is not here; it is in the Debian package {package}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
