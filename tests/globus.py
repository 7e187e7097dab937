"""A real site of the Grid Community Toolkit on the tests' island: gatekeeper, job managers, GridFTP."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.islands import CLIENT, NAME, OTHER, USER, Island, alive, kill
from tests.links.gsi.authority import Authority, name, openssl_hash
from tests.servers import require, wait_until
from zeligui.links.gsi.credentials import Credential, read_pair
from zeligui.links.gsi.proxies import make_proxy, write_proxy

GATEKEEPER, GRIDFTP = 2119, 2811
MANAGER = "globus-job-manager"
SERVERS = {
    "globus-gatekeeper": "globus-gatekeeper",
    MANAGER: "globus-gram-job-manager",
    "globus-scheduler-event-generator": "globus-gram-job-manager-fork-setup-seg",
    "globus-gridftp-server": "globus-gridftp-server-progs",
}
TOOLS = (
    "globus-url-copy",
    "globusrun",
    "globus-job-run",
    "globus-job-submit",
    "globus-job-status",
    "globus-job-cancel",
)

# Names are known on the island only; so its files are seen by what is started here, over our own network.
TOOL = """\
#!/bin/sh
here=$PWD GLOBUS_HOSTNAME={client} exec {inside} sh -c 'cd "$here" && exec "$@"' tool {program} "$@"
"""

MANAGERS = """\
-globus-toolkit-version 6.2
-log-pattern {folder}/managers/$(LOGNAME).log
-log-levels FATAL|ERROR|WARN|INFO
-state-file-dir {folder}/state
-service-tag site
-x509-cert-dir {authorities}
-globus-tcp-port-range 40000,40999
"""


class Site:
    """A site that maps the holder of `proxy` to the user of the island.

    `contact` is its gatekeeper's, for jobs by fork; `gridftp` and `other_gridftp` are two servers of files, the second
    under another name. `environment` is what Globus's own tools need, which are in the folder `tools`.
    """

    def __init__(self, island: Island) -> None:
        for program, package in SERVERS.items():
            require(program, package)
        self.island = island
        self.folder = island.folder / "globus"
        self.authorities = self.folder / "certificates"
        self.proxy = self.folder / "proxy"
        self.tools = self.folder / "tools"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._make_folders()
        self._certify()
        self._describe_services()
        self._wrap_tools()
        self._start_events()
        self.start_gatekeeper()
        self._start_gridftp()

    @property
    def contact(self) -> str:
        """`site.test:2119/jobmanager-fork`."""
        return self.service("fork")

    def service(self, kind: str) -> str:
        """The contact of the jobs by fork or by slurm."""
        return f"{NAME}:{GATEKEEPER}/jobmanager-{kind}"

    @property
    def gridftp(self) -> str:
        """The URL of its server of files, without a path."""
        return f"gsiftp://{NAME}:{GRIDFTP}"

    @property
    def other_gridftp(self) -> str:
        """The URL of the other server of files: the same files, at another address."""
        return f"gsiftp://{OTHER}:{GRIDFTP}"

    @property
    def user_home(self) -> Path:
        """The home folder of the user that jobs run as."""
        return self.island.home

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client finds its credentials by."""
        return {"X509_USER_PROXY": str(self.proxy), "X509_CERT_DIR": str(self.authorities), "GLOBUS_HOSTNAME": CLIENT}

    # --- how it is made ------------------------------------------------------------------------------------------

    def _make_folders(self) -> None:
        self.folder.mkdir()
        for part in ("state", "managers", "log", "lib/gram_job_state", "lib/globus-seg-fork", "services", "tools"):
            (self.folder / part).mkdir(parents=True)
        for part in ("state", "managers", "log", "lib/gram_job_state"):
            (self.folder / part).chmod(0o1777)
        # Where the file of the day is missing, job managers look for it every 30 s, else every 2 s.
        for day in range(2):
            (self.folder / f"lib/globus-seg-fork/{datetime.now(UTC) + timedelta(days=day):%Y%m%d}").touch()
        (self.folder / "log/globus-fork.log").touch()
        (self.folder / "log/globus-fork.log").chmod(0o666)
        self.island.mount(self.folder / "log", Path("/var/log/globus"))
        self.island.mount(self.folder / "lib", Path("/var/lib/globus"))

    def _certify(self) -> None:
        self.authority = Authority(self.authorities, hashed=openssl_hash(name("Test CA")))
        self.authority.host(self.folder, NAME, OTHER, "localhost")
        self.user: Credential = read_pair(*self.authority.user(self.folder))
        write_proxy(make_proxy(self.user), self.proxy)
        (self.folder / "grid-mapfile").write_text(f'"{self.user.identity}" {USER}\n')

    def _describe_services(self) -> None:
        (self.folder / "managers.conf").write_text(MANAGERS.format(folder=self.folder, authorities=self.authorities))
        line = f"stderr_log,local_cred - {require(MANAGER, '')} {MANAGER} -conf {self.folder}/managers.conf -type"
        for kind in ("fork -seg-module fork", "slurm"):
            (self.folder / "services" / f"jobmanager-{kind.split()[0]}").write_text(f"{line} {kind}\n")
        (self.folder / "services" / "jobmanager").symlink_to("jobmanager-fork")

    def _wrap_tools(self) -> None:
        inside = " ".join(self.island.inside(network=False))
        for tool in TOOLS:
            program = require(tool, "globus-gass-copy-progs globus-gram-client-tools")
            (self.tools / tool).write_text(TOOL.format(client=CLIENT, inside=inside, program=program))
            (self.tools / tool).chmod(0o755)

    def _start(self, key: str, *words: str, **env: str) -> None:
        env = {"GLOBUS_HOSTNAME": NAME, "X509_CERT_DIR": str(self.authorities), **env}
        self._running[key] = self.island.start(key, *words, env=env)

    def _start_events(self) -> None:
        self._start("events", *f"globus-scheduler-event-generator -s fork -d {self.folder}/lib/globus-seg-fork".split())

    def _start_gridftp(self) -> None:
        for which, address in enumerate((self.island.address, self.island.other)):
            options = f"-s -p {GRIDFTP} -control-interface {address} -data-interface {address} -port-range"
            ports = f"{41000 + 500 * which},{41499 + 500 * which}"
            files = {"USER_CERT": "hostcert.pem", "USER_KEY": "hostkey.pem"}
            env = {f"X509_{variable}": f"{self.folder}/{file}" for variable, file in files.items()}
            words = ("globus-gridftp-server", *options.split(), ports)
            self._start(f"gridftp{which}", *words, **env, GRIDMAP=f"{self.folder}/grid-mapfile")
        for which, address in enumerate((self.island.address, self.island.other)):
            self._wait(f"gridftp{which}", GRIDFTP, address)

    def _wait(self, key: str, port: int, address: str) -> None:
        wait_until(lambda: self.island.answers(port, at=address), f"{key} did not start", limit_s=30)

    # --- what can befall it --------------------------------------------------------------------------------------

    def start_gatekeeper(self) -> None:
        """Start the gatekeeper, and wait until it answers."""
        words = f"-f -p {GATEKEEPER} -l gatekeeper.log -grid_services services -gridmap grid-mapfile".split()
        words += "-x509_cert_dir certificates -x509_user_cert hostcert.pem -x509_user_key hostkey.pem".split()
        words = [f"{self.folder}/{word}" if (self.folder / word).exists() or "." in word else word for word in words]
        self._start("gatekeeper", "globus-gatekeeper", *words)
        self._wait("gatekeeper", GATEKEEPER, self.island.address)

    def stop_gatekeeper(self) -> None:
        """Kill the gatekeeper; jobs and job managers go on."""
        kill(self._running["gatekeeper"])

    def kill_job_managers(self) -> int:
        """Kill all job managers, whose jobs go on; how many there were."""
        managers = self.island.called(MANAGER)
        for pid in managers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # One that has no name any more may still have its sockets.
        wait_until(lambda: not any(map(alive, managers)), "job managers do not end")
        return len(managers)

    def cut(self) -> None:
        """Break the way to the site."""
        self.island.cut()

    def heal(self) -> None:
        """Let all pass again, and have the gatekeeper running."""
        self.island.heal()
        if self._running["gatekeeper"].poll() is not None:
            self.start_gatekeeper()

    @contextmanager
    def knowing_nobody(self) -> Iterator[None]:
        """Meanwhile, it maps the user to no account."""
        mapfile = self.folder / "grid-mapfile"
        known = mapfile.read_text()
        mapfile.write_text('"/O=Grid/CN=Some Else" nobody\n')
        try:
            yield
        finally:
            mapfile.write_text(known)

    @contextmanager
    def revoking(self) -> Iterator[None]:
        """Meanwhile, the user's certificate is revoked."""
        self.authority.revoke(self.user.certificate.serial_number)
        try:
            yield
        finally:
            self.authority.file.with_suffix(".r0").unlink()

    def log(self) -> str:
        """What the gatekeeper and the job managers wrote down."""
        files = [self.folder / "gatekeeper.log", *(self.folder / "managers").iterdir()]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())


@pytest.fixture(scope="session")
def globus_site(island: Island) -> Site:
    """A site for the whole session."""
    return Site(island)


@pytest.fixture
def site(globus_site: Site, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site, with the credentials for it at hand and Globus's tools on the path; whole again after the test."""
    for key, value in globus_site.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PATH", f"{globus_site.tools}:{os.environ['PATH']}")
    yield globus_site
    globus_site.heal()


@pytest.fixture
def slurm_contact(site: Site, slurm_site: object) -> str:
    """The contact of the site's jobs by Slurm, with Slurm running."""
    return site.service("slurm")
