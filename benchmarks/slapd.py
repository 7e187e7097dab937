"""A slapd of the benchmark's own on the loopback: so many MDS hosts, each with what a Globus host published."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MODULES = f"/usr/lib/ldap:/usr/lib64/openldap:/usr/lib/openldap:{ROOT}/.venv/system/usr/lib/ldap"
PUBLISHED_S = 20
"""So long ago all was published: what changes in the first moments is newer."""

BASE, MASTER, PASSWORD = "o=grid", "cn=master,o=grid", "secret"
SITE = f"Mds-Vo-name=site,{BASE}"
LOOPBACK = "127.0.0.1"
START_S = 20.0

_ARC = "1.3.6.1.4.1.4203.666.11.79"
"""OpenLDAP's arc for experiments: not Globus's own numbers."""

NUMBERS = {
    "Mds-Cpu-speedMHz": (1_000, 4_000),
    "Mds-Cpu-Total-count": (1, 128),
    "Mds-Cpu-Total-Free-1minX100": (0, 12_800),
    "Mds-Cpu-Total-Free-5minX100": (0, 12_800),
    "Mds-Cpu-Total-Free-15minX100": (0, 12_800),
    "Mds-Memory-Ram-Total-sizeMB": (4_000, 256_000),
    "Mds-Memory-Ram-Total-freeMB": (0, 256_000),
    "Mds-Memory-Vm-Total-sizeMB": (4_000, 64_000),
    "Mds-Memory-Vm-Total-freeMB": (0, 64_000),
    "Mds-Fs-Total-sizeMB": (100_000, 4_000_000),
    "Mds-Fs-Total-freeMB": (0, 4_000_000),
}
TEXTS = {
    "Mds-Os-name": ("Linux", "AIX", "SunOS"),
    "Mds-Os-release": ("6.1.0", "7.2", "5.11"),
    "Mds-Computer-platform": ("x86_64", "ppc64", "sparc"),
    "Mds-Cpu-model": ("AMD EPYC 7763", "POWER9", "SPARC M8"),
    "Mds-Cpu-vendor": ("AuthenticAMD", "IBM", "Oracle"),
}
OWN = ("Mds-Net-addr", "Mds-Net-netaddr", "Mds-validfrom", "Mds-validto", "Mds-keepto")
CLASSES = ("MdsHost", "MdsAll")


class Slapd:
    """Runs until `stop`. `url` is where its hosts are found; it tells its changes by itself (RFC 4533)."""

    def __init__(self, folder: Path, hosts: int) -> None:
        self._folder = folder
        with socket.create_server((LOOPBACK, 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.address = f"ldap://{LOOPBACK}:{self.port}"
        self.url = f"{self.address}/{BASE}"
        (folder / "database").mkdir()
        (folder / "slapd.schema").write_text("\n".join(_schema()) + "\n")
        (folder / "slapd.conf").write_text("\n".join(self._configuration()) + "\n")
        with (folder / "hosts.ldif").open("w") as file:
            file.writelines(ldif(hosts))
        subprocess.run([*self._command("-Tadd"), "-q", "-l", str(folder / "hosts.ldif")], check=True)
        self._process = subprocess.Popen([*self._command("-d", "0"), "-h", self.address], stderr=subprocess.DEVNULL)
        self._wait()

    def _configuration(self) -> Iterator[str]:
        yield f"include {self._folder / 'slapd.schema'}"
        yield f"modulepath {MODULES}"
        yield from ("moduleload back_mdb", "moduleload syncprov", "sizelimit unlimited", "database mdb")
        yield from (f"suffix {BASE}", f"rootdn {MASTER}", f"rootpw {PASSWORD}", f"directory {self._folder}/database")
        yield from ("maxsize 1073741824", "dbnosync", "index objectClass,entryCSN,entryUUID eq", "overlay syncprov")

    def _command(self, *words: str) -> list[str]:
        return [program("slapd"), *words, "-f", str(self._folder / "slapd.conf")]

    def _wait(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with socket.socket() as sock:
                if sock.connect_ex((LOOPBACK, self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError("slapd did not start.")

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def change(url: str, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Give hosts of a slapd, by name, other values."""
    lines = [line for name, values in changes.items() for line in _modified(name, values)]
    command = [program("ldapmodify"), "-x", "-H", url.removesuffix(f"/{BASE}"), "-D", MASTER, "-w", PASSWORD]
    subprocess.run(command, input="\n".join(lines).encode(), stdout=subprocess.DEVNULL, check=True)


def program(name: str) -> str:
    """Its path. RuntimeError: it is missing."""
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is missing: make bench installs what it needs (scripts/system-packages.txt).")
    return path


def ldif(hosts: int, *, seed: int = 1) -> Iterator[str]:
    """The tree and its hosts as LDIF, a record a piece. The same at each call."""
    random = np.random.default_rng(seed)
    columns = {name: random.integers(low, high, hosts).tolist() for name, (low, high) in NUMBERS.items()}
    kinds = random.integers(0, 3, hosts).tolist()
    classes = "".join(f"objectClass: {name}\n" for name in CLASSES)
    yield f"dn: {BASE}\nobjectClass: organization\no: grid\n\n"
    yield f"dn: {SITE}\nobjectClass: MdsVo\nMds-Vo-name: site\n\n"
    stamp, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + ahead)) for ahead in (-PUBLISHED_S, 86_400))
    for place, kind in enumerate(kinds):
        name, address = host_name(place), f"10.{place >> 16}.{place >> 8 & 255}.{place & 255}"
        values = {attribute: column[place] for attribute, column in columns.items()}
        values |= {attribute: texts[kind] for attribute, texts in TEXTS.items()}
        values |= dict(zip(OWN, (address, "10.0.0.0/8", stamp, end, end), strict=True))
        written = "".join(f"{attribute}: {value}\n" for attribute, value in values.items())
        yield f"dn: Mds-Host-hn={name},{SITE}\n{classes}Mds-Host-hn: {name}\n{written}\n"


def host_name(place: int) -> str:
    return f"node{place:05}.grid"


def _modified(name: str, values: Mapping[str, str]) -> Iterator[str]:
    yield from (f"dn: Mds-Host-hn={name},{SITE}", "changetype: modify")
    for attribute, value in values.items():
        yield from (f"replace: {attribute}", f"{attribute}: {value}", "-")
    yield ""


def _schema() -> Iterator[str]:
    yield "attributetype ( 2.5.4.10 NAME 'o' SUP name )"
    attributes = ["Mds-Vo-name", "Mds-Host-hn", *NUMBERS, *TEXTS, *OWN]
    for number, name in enumerate(attributes):
        kind = "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
        yield f"attributetype ( {_ARC}.1.{number} NAME '{name}' {kind} )"
    yield "objectclass ( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o )"
    yield f"objectclass ( {_ARC}.2.1 NAME 'MdsVo' SUP top STRUCTURAL MUST Mds-Vo-name )"
    yield f"objectclass ( {_ARC}.2.2 NAME 'MdsHost' SUP top STRUCTURAL MUST Mds-Host-hn )"
    yield f"objectclass ( {_ARC}.2.3 NAME 'MdsAll' SUP top AUXILIARY MAY ( {' $ '.join(attributes[2:])} ) )"
