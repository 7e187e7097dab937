"""GLUE 2: execution environments (groups of alike machines) and the shares of batch queues in front of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

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
_DOMAIN_KEYS = ("glue2serviceadmindomainforeignkey",)
ENVIRONMENTS, SERVICES, MANAGERS = _ENVIRONMENT_KEYS, (*_SERVICE_KEYS, *_MANAGED_KEYS), _MANAGER_KEYS
"""By which attributes an entry names others."""

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
        queues = self._queues()
        return [self._host(each, queues.get(each, Queues())) for each in self._environments.every]

    def orphans(self) -> list[str]:
        """The shares that name no execution environment of this directory."""
        shares = self.by_kind.get("glue2computingshare", [])
        return [own_id(share, "glue2computingshare") for share in shares if not self._environments.before(share)]

    @cached_property
    def _environments(self) -> _Environments:
        managers = {
            own_id(entry, "glue2computingmanager").casefold(): _one(entry, _MANAGED_KEYS) or _service_in(entry)
            for entry in self.by_kind.get("glue2computingmanager", [])
        }
        entries = self.by_kind.get(_ENVIRONMENT, [])
        return _Environments([_Environment(entry, _service_of(entry, managers)) for entry in entries])

    def _queues(self) -> dict[_Environment, Queues]:
        queues: dict[_Environment, Queues] = {}
        for share in self.by_kind.get("glue2computingshare", []):
            facts = Facts([share], _idle_defaults)
            queue = facts.text("glue2computingsharemappingqueue") or own_id(share, "glue2computingshare")
            free = facts.number("glue2computingsharefreeslots", choose=max)
            wait = facts.number("glue2computingshareestimatedaveragewaitingtime", choose=max)
            for environment in self._environments.before(share):
                queues.setdefault(environment, Queues()).told(queue.casefold(), free, wait)
        return queues

    def _host(self, environment: _Environment, queues: Queues) -> Described:
        facts = Facts([environment.entry], _constant_text)
        stamp, valid = facts.seconds("glue2entitycreationtime"), facts.number("glue2entityvalidity")
        site = environment.entry.dn.value("glue2domainid") or self._sites.get(environment.service) or self._only_site
        return facts.described(
            own_id(environment.entry, _ENVIRONMENT),
            _mapped(facts) | queues.values() | {"site": site},
            stamp=stamp,
            expires=stamp + valid if stamp is not None and valid is not None else None,
        )

    @cached_property
    def _sites(self) -> dict[str, str | None]:
        """The site of each service, by its ID in small letters."""
        services = self.by_kind.get("glue2computingservice", [])
        return {own_id(each, "glue2computingservice").casefold(): _one(each, _DOMAIN_KEYS) for each in services}

    @cached_property
    def _only_site(self) -> str | None:
        domains = {own_id(each, "glue2admindomain") for each in self.by_kind.get("glue2admindomain", [])}
        return domains.pop() if len(domains) == 1 else None


@dataclass(frozen=True, eq=False)
class _Environment:
    """An execution environment and the ID, in small letters, of the service that it belongs to."""

    entry: Entry
    service: str


class _Environments:
    """All execution environments of a directory, found by their ID or their service's."""

    def __init__(self, every: Sequence[_Environment]) -> None:
        self.every = every
        self._by_id: dict[str, list[_Environment]] = {}
        self._by_service: dict[str, list[_Environment]] = {}
        for each in every:
            self._by_id.setdefault(own_id(each.entry, _ENVIRONMENT).casefold(), []).append(each)
            self._by_service.setdefault(each.service, []).append(each)

    def before(self, share: Entry) -> list[_Environment]:
        """Those that a share names, of its own service where IDs come twice; else all of its service."""
        named = {text.strip().casefold() for key in _ENVIRONMENT_KEYS for text in share.values.get(key, ())}
        service = (_one(share, _SERVICE_KEYS) or _service_in(share)).casefold()
        of_service = self._by_service.get(service, []) if service else []
        by_name = [each for name in named for each in self._by_id.get(name, [])]
        return [each for each in by_name if each.service == service] or by_name or of_service


def named(entry: Entry, keys: Iterable[str]) -> list[str]:
    """The IDs of other entries that an entry names by these attributes."""
    return [text for key in keys for text in entry.values.get(key, ())]


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


def _service_of(environment: Entry, managers: dict[str, str]) -> str:
    manager = _one(environment, _MANAGER_KEYS) or environment.dn.value("glue2managerid") or ""
    return (_service_in(environment) or managers.get(manager.casefold(), "")).casefold()


def _service_in(entry: Entry) -> str:
    return entry.dn.value("glue2serviceid") or ""


def _one(entry: Entry, names: Iterable[str]) -> str | None:
    return next((text.strip() for name in names for text in entry.values.get(name, ()) if text.strip()), None)
