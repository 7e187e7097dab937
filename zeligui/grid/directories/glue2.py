"""GLUE 2: execution environments (groups of alike machines) and the shares of batch queues in front of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from zeligui.grid.directories import values
from zeligui.grid.directories.described import Described, Facts
from zeligui.grid.directories.names import Entry
from zeligui.grid.directories.queues import Queues
from zeligui.grid.hosts import Value
from zeligui.grid.table import number_in

KINDS = {
    "glue2executionenvironment": "glue2resourceid",
    "glue2computingshare": "glue2shareid",
    "glue2computingmanager": "glue2managerid",
    "glue2computingservice": "glue2serviceid",
    "glue2admindomain": "glue2domainid",
}
"""Object class to the attribute that names such an entry."""

_ENVIRONMENT = "glue2executionenvironment"
_CONSTANT = {
    _ENVIRONMENT + "cpuclockspeed": "2800",
    _ENVIRONMENT + "mainmemorysize": "2000",
    _ENVIRONMENT + "cpumodel": "xeon",
}
_CONSTANT_TOO = frozenset({_ENVIRONMENT + "cpuversion", _ENVIRONMENT + "virtualmemorysize"})
_ENVIRONMENT_KEYS = ("glue2computingshareexecutionenvironmentforeignkey", "glue2shareresourceforeignkey")
_SERVICE_KEYS = ("glue2computingsharecomputingserviceforeignkey", "glue2shareserviceforeignkey")
_MANAGER_KEYS = ("glue2executionenvironmentcomputingmanagerforeignkey", "glue2resourcemanagerforeignkey")
_MANAGED_KEYS = ("glue2computingmanagercomputingserviceforeignkey", "glue2managerserviceforeignkey")
_NOT_RUN = 444_444.0
_NO_PLATFORM = re.compile(r"[\s(]")


@dataclass
class Glue2:
    """The GLUE 2 entries of one directory, by kind."""

    by_kind: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, kind: str, entry: Entry) -> None:
        self.by_kind.setdefault(kind, []).append(entry)

    def hosts(self) -> list[Described]:
        """The execution environments, each with the queues whose shares name it or its service."""
        environments = self._environments()
        queues = self._queues(environments)
        return [self._host(each, queues.get(id(each.entry), Queues())) for each in environments]

    def orphans(self) -> list[str]:
        """The shares that name no execution environment of this directory."""
        environments = self._environments()
        shares = self.by_kind.get("glue2computingshare", [])
        return [own_id(share, "glue2computingshare") for share in shares if not _served(share, environments)]

    def _environments(self) -> list[_Environment]:
        managers = {
            own_id(entry, "glue2computingmanager").casefold(): _one(entry, _MANAGED_KEYS) or _service_in(entry)
            for entry in self.by_kind.get("glue2computingmanager", [])
        }
        entries = self.by_kind.get(_ENVIRONMENT, [])
        return [_Environment(entry, _service_of(entry, managers)) for entry in entries]

    def _queues(self, environments: list[_Environment]) -> dict[int, Queues]:
        queues: dict[int, Queues] = {}
        for share in self.by_kind.get("glue2computingshare", []):
            facts = Facts([share], _idle_defaults)
            queue = facts.text("glue2computingsharemappingqueue") or own_id(share, "glue2computingshare")
            free = facts.number("glue2computingsharefreeslots", choose=max)
            wait = facts.number("glue2computingshareestimatedaveragewaitingtime", choose=max)
            for environment in _served(share, environments):
                queues.setdefault(id(environment.entry), Queues()).told(queue.casefold(), free, wait)
        return queues

    def _host(self, environment: _Environment, queues: Queues) -> Described:
        facts = Facts([environment.entry], _constant_text)
        stamp, valid = facts.seconds("glue2entitycreationtime"), facts.number("glue2entityvalidity")
        return facts.described(
            own_id(environment.entry, _ENVIRONMENT),
            _mapped(facts) | queues.values() | {"site": self._site(environment)},
            stamp=stamp,
            expires=stamp + valid if stamp is not None and valid is not None else None,
        )

    def _site(self, environment: _Environment) -> str | None:
        """By the DN, the service's foreign key, or the only domain of the directory."""
        services = self.by_kind.get("glue2computingservice", [])
        own = (each for each in services if own_id(each, "glue2computingservice").casefold() == environment.service)
        keyed = next((name for each in own if (name := _one(each, ("glue2serviceadmindomainforeignkey",)))), None)
        domains = {own_id(each, "glue2admindomain") for each in self.by_kind.get("glue2admindomain", [])}
        only = next(iter(domains)) if len(domains) == 1 else None
        return environment.entry.dn.value("glue2domainid") or keyed or only


@dataclass(frozen=True)
class _Environment:
    """An execution environment and the ID, in small letters, of the service that it belongs to."""

    entry: Entry
    service: str

    @property
    def key(self) -> str:
        return own_id(self.entry, _ENVIRONMENT).casefold()


def own_id(entry: Entry, kind: str) -> str:
    """The ID of an entry: by its own attribute, else by its name."""
    names = (KINDS[kind], kind + "id")
    named = _one(entry, names) or next((value for name in names if (value := entry.dn.value(name))), None)
    return named or (entry.dn.parts[0][1] if entry.dn.parts else "")


def _mapped(facts: Facts) -> dict[str, Value | None]:
    published = facts.text(_ENVIRONMENT + "osfamily")
    distribution = facts.text(_ENVIRONMENT + "osname")
    platform = facts.text(_ENVIRONMENT + "platform")
    model = platform is not None and _NO_PLATFORM.search(platform)  # ARC puts "Intel(R) Xeon(R)" there
    return {
        "osName": values.family(published) or published or values.family(distribution),
        "osDistribution": distribution,
        "osRelease": facts.text(_ENVIRONMENT + "osversion"),
        "arch": None if model else platform,
        "cpuModel": facts.text(_ENVIRONMENT + "cpumodel") or (platform if model else None),
        "cpuCount": facts.number(_ENVIRONMENT + "logicalcpus"),
        "machines": facts.number(_ENVIRONMENT + "totalinstances"),
        "cpuSpeed": facts.number(_ENVIRONMENT + "cpuclockspeed"),
        "totalMemory": facts.number(_ENVIRONMENT + "mainmemorysize"),
    }


def _constant_text(facts: Facts) -> frozenset[str]:
    """What the HTCondor-CE's publisher prints of every machine."""
    told = {name: (facts.text(name) or "").casefold() for name in _CONSTANT}
    version = facts.text(_ENVIRONMENT + "cpuversion")
    if told == _CONSTANT and (version is None or "nehalem" in version.casefold()):
        return frozenset(_CONSTANT) | _CONSTANT_TOO
    return frozenset()


def _idle_defaults(facts: Facts) -> frozenset[str]:
    """With 444444 waiting jobs the dynamic provider has not run: its zeros are no numbers."""
    if not any(number_in(text) == _NOT_RUN for text in facts.published("glue2computingsharewaitingjobs")):
        return frozenset()
    names = ("glue2computingsharefreeslots", "glue2computingshareestimatedaveragewaitingtime")
    return frozenset(name for name in names if facts.number(name) == 0)


def _served(share: Entry, environments: Iterable[_Environment]) -> list[_Environment]:
    """The environments that a share names, of its own service where IDs come twice; else all of its service."""
    named = {text.strip().casefold() for key in _ENVIRONMENT_KEYS for text in share.values.get(key, ())}
    service = (_one(share, _SERVICE_KEYS) or _service_in(share)).casefold()
    by_name = [each for each in environments if each.key in named]
    of_service = [each for each in environments if service and each.service == service]
    return [each for each in by_name if each in of_service] or by_name or of_service


def _service_of(environment: Entry, managers: dict[str, str]) -> str:
    manager = _one(environment, _MANAGER_KEYS) or environment.dn.value("glue2managerid") or ""
    return (_service_in(environment) or managers.get(manager.casefold(), "")).casefold()


def _service_in(entry: Entry) -> str:
    return entry.dn.value("glue2serviceid") or ""


def _one(entry: Entry, names: Iterable[str]) -> str | None:
    return next((text.strip() for name in names for text in entry.values.get(name, ()) if text.strip()), None)
