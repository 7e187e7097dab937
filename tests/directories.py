"""A real directory on the loopback: OpenLDAP's slapd, with the schemas of MDS 2 and NWS, and certificates for it."""

from __future__ import annotations

import datetime
import ipaddress
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ldap3 import MODIFY_REPLACE, NONE, SAFE_SYNC, Connection, Server

from tests.servers import LOOPBACK, free_port, require, wait_until

ROOT = Path(__file__).resolve().parent.parent
MODULES = f"/usr/lib/ldap:/usr/lib64/openldap:/usr/lib/openldap:{ROOT}/.venv/system/usr/lib/ldap"
SASL = ":".join(map(str, [*Path("/usr/lib").glob("*/sasl2"), *ROOT.glob(".venv/system/usr/lib/*/sasl2")]))
CORE = next(
    (
        file
        for file in (
            *map(Path, ("/etc/ldap/schema/core.schema", "/etc/openldap/schema/core.schema")),
            *ROOT.glob(".venv/system/etc/ldap/schema/core.schema"),
        )
        if file.exists()
    ),
    Path("core.schema"),
)
SHIPPED = (CORE, *(ROOT / "resources" / "ldap" / f"{name}.schema" for name in ("nws-host", "mds", "nws", "zeligrid")))
"""What a server includes that is to hold what is published."""
SCHEMA = Path(__file__).with_suffix(".schema")
PUSHING = ("moduleload syncprov", "overlay syncprov", "syncprov-sessionlog 100")
BASE, MASTER, PASSWORD = "o=grid", "cn=master,o=grid", "secret"
SITE = f"Mds-Vo-name=site,{BASE}"
SERIES = f"ou=nws,{BASE}"

Values = Mapping[str, str | bytes | Sequence[str | bytes]]


class OpenLdap:
    """A slapd of the test's own, on a high port, which everyone may read below `o=grid`.

    `options` are further lines of its slapd.conf, before those of the database; `key` and `certificate` are PEM files.
    One that `pushes` tells its changes by itself (the overlay syncprov). With other `schemas` it is empty at first.
    """

    def __init__(
        self,
        folder: Path,
        *,
        options: Sequence[str] = (),
        certificate: Path | None = None,
        key: Path | None = None,
        pushes: bool = False,
        schemas: Sequence[Path] = (SCHEMA,),
    ) -> None:
        self._folder = folder
        self._schemas = tuple(schemas)
        self._process: subprocess.Popen[bytes] | None = None
        self.scheme = "ldaps" if certificate else "ldap"
        self.port, self._plain_port = free_port(), free_port()
        self.address = f"{self.scheme}://{LOOPBACK}:{self.port}"
        self.url = f"{self.address}/{BASE}"
        (folder / "database").mkdir()
        tls = [f"TLSCertificateFile {certificate}", f"TLSCertificateKeyFile {key}"] if certificate else []
        self._configure([*tls, *options, *(PUSHING[:1] if pushes else ())], PUSHING[1:] if pushes else ())
        self.start()
        if self._schemas != (SCHEMA,):
            return
        self.add(BASE, "organization", o="grid")
        self.add(SITE, "MdsVo", **{"Mds-Vo-name": "site"})
        self.add(SERIES, "organizationalUnit", ou="nws")

    def _configure(self, options: Sequence[str], more: Sequence[str]) -> None:
        lines = [
            *(f"include {file}" for file in self._schemas),
            f"modulepath {MODULES}",
            "moduleload back_mdb",
            *options,
            "database mdb",
            f"suffix {BASE}",
            f"rootdn {MASTER}",
            f"rootpw {PASSWORD}",
            f"directory {self._folder / 'database'}",
            f"maxsize {1 << 28}",
            "dbnosync",
            *more,
        ]
        (self._folder / "slapd.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start, and wait until it listens."""
        listeners = {self.address, f"ldap://{LOOPBACK}:{self._plain_port}"}
        command = [
            require("slapd", "slapd"),
            "-d",
            "0",
            "-f",
            str(self._folder / "slapd.conf"),
            "-h",
            " ".join(listeners),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"SASL_PATH": SASL})
        wait_until(self._listens, f"slapd did not start: {self.log()}")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        with socket.socket() as sock:
            return sock.connect_ex((LOOPBACK, self._plain_port)) == 0

    def log(self) -> str:
        """What slapd has said."""
        return (self._folder / "log").read_text()

    def add(self, dn: str, *classes: str, **values: str | bytes | Sequence[str | bytes]) -> None:
        """Add an entry; `_` in the name of an attribute stands for `-`."""
        self._as_master(lambda connection: connection.add(dn, list(classes), _named(values)))

    def add_host(self, name: str, **values: str | bytes | Sequence[str | bytes]) -> None:
        """Add an MDS host of the site."""
        self.add(f"Mds-Host-hn={name},{SITE}", "MdsHost", "MdsAll", Mds_Host_hn=name, **values)

    def change_host(self, name: str, **values: str) -> None:
        """Give attributes of an MDS host other values."""
        changes = {key: [(MODIFY_REPLACE, [value])] for key, value in _named(values).items()}
        self._as_master(lambda connection: connection.modify(f"Mds-Host-hn={name},{SITE}", changes))

    def change_hosts(self, names: Sequence[str], free_mb: str) -> None:
        """Give MDS hosts so much free memory, over one connection."""
        changes = {"Mds-Memory-Ram-Total-freeMB": [(MODIFY_REPLACE, [free_mb])]}

        def change(connection: Connection) -> tuple[bool, dict[str, object], object, object]:
            return [connection.modify(f"Mds-Host-hn={name},{SITE}", changes) for name in names][-1]

        self._as_master(change)

    def fill(self, count: int) -> None:
        """Add MDS hosts n0, n1, … by the gross, from a file, while the server is down."""
        self.stop()
        lines = "".join(
            f"dn: Mds-Host-hn=n{number},{SITE}\nobjectClass: MdsHost\nobjectClass: MdsAll\nMds-Host-hn: n{number}\n"
            "Mds-Os-name: Linux\nMds-Os-release: 6.1\nMds-Computer-isa: x86_64\nMds-Cpu-model: Xeon\n"
            f"Mds-Cpu-speedMHz: 2400\nMds-Cpu-Total-count: 4\nMds-Cpu-Total-Free-1minX100: {number % 400}\n"
            f"Mds-Memory-Ram-Total-sizeMB: 16000\nMds-Memory-Ram-Total-freeMB: {1000 + number % 900}\n\n"
            for number in range(count)
        )
        command = [require("slapd", "slapd"), "-T", "a", "-q", "-f", str(self._folder / "slapd.conf")]
        subprocess.run(command, input=lines, text=True, check=True, capture_output=True)
        self.start()

    def rename_host(self, name: str, to: str) -> None:
        """Give an MDS host another name."""
        dn, new = f"Mds-Host-hn={name},{SITE}", f"Mds-Host-hn={to}"
        self._as_master(lambda connection: connection.modify_dn(dn, new, delete_old_dn=True))

    def remove_host(self, name: str) -> None:
        """Take an MDS host away."""
        self._as_master(lambda connection: connection.delete(f"Mds-Host-hn={name},{SITE}"))

    def refer(self, dn: str, url: str) -> None:
        """Say that what is at this name is kept elsewhere."""
        (name, value), manage = dn.partition(",")[0].split("="), ("2.16.840.1.113730.3.4.2", True, None)
        values = {name: value, "ref": url}
        classes = ["referral", "extensibleObject"]
        self._as_master(lambda connection: connection.add(dn, classes, values, controls=[manage]))

    def add_user(self, name: str, password: str) -> str:
        """Add someone who may sign in; the distinguished name."""
        self.add(f"cn={name},{BASE}", "testUser", cn=name, userPassword=password)
        return f"cn={name},{BASE}"

    def add_sensor(self, host: str, **values: str) -> None:
        """Register the NWS sensor of a host."""
        self.add(f"name={host}:8060,{SERIES}", "nwsHost", name=f"{host}:8060", hostType="sensor", **values)

    def add_series(
        self, host: str, resource: str, value: str, *, target: str = "", time_s: float | None = None
    ) -> None:
        """Add an NWS series, or replace it by one with a new value."""
        name = f"{host}:8060.{resource}" + (f".{target}:8060" if target else "")
        other = {"target": f"{target}:8060"} if target else {}
        when = {} if time_s is None else {"timeStamp": f"{time_s:f}"}
        values = {"name": name, "host": f"{host}:8060", "resource": resource, "measurement": value, **other, **when}
        self._as_master(lambda connection: connection.delete(f"name={name},{SERIES}"), missing=True)
        self.add(f"name={name},{SERIES}", "nwsSeries", **values)

    def _as_master(
        self, change: Callable[[Connection], tuple[bool, dict[str, object], object, object]], *, missing: bool = False
    ) -> None:
        server = Server(LOOPBACK, self._plain_port, get_info=NONE)
        connection = Connection(server, MASTER, PASSWORD, client_strategy=SAFE_SYNC, check_names=False)
        connection.bind()
        result = change(connection)[1]
        connection.unbind()
        assert result["result"] == 0 or (missing and result["result"] == 32), result

    def freeze(self) -> None:
        """Let it stand still: it accepts connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def pause(self, *, on: bool) -> None:
        """Stand still, or go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def stop(self) -> None:
        """Power off: the server is killed."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None


def _named(values: Values) -> dict[str, str | bytes | Sequence[str | bytes]]:
    return {name.replace("_", "-"): value for name, value in values.items()}


class Authority:
    """A certificate authority of the test's own: `file` is its certificate."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ZeliGrid tests")])
        usage = x509.BasicConstraints(ca=True, path_length=0)
        self.file = self._written("ca.pem", self._signed(self._name, self._key, usage))

    def certificate(self, host: str, *, begins_d: float = -1, ends_d: float = 1) -> tuple[Path, Path]:
        """The files of a certificate for a host, or an address, and of its key; valid so many days from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        named: x509.GeneralName = x509.DNSName(host)
        if host[0].isdigit():
            named = x509.IPAddress(ipaddress.ip_address(host))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        signed = self._signed(name, key, x509.SubjectAlternativeName([named]), begins_d, ends_d)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._written(f"{host}.pem", signed), self._written(f"{host}.key", private)

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        begins_d: float = -1,
        ends_d: float = 1,
    ) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=begins_d))
            .not_valid_after(now + datetime.timedelta(days=ends_d))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _written(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path


@pytest.fixture
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., OpenLdap]]:
    """Starts slapd servers: `openldap(options=..., certificate=..., key=..., pushes=...)`."""
    require("slapd", "slapd")
    servers: list[OpenLdap] = []

    def start(**more: Any) -> OpenLdap:
        servers.append(OpenLdap(tmp_path_factory.mktemp("slapd"), **more))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody trusts yet."""
    return Authority(tmp_path_factory.mktemp("authority"))
