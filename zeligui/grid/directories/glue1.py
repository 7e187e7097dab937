"""GLUE 1: sub-clusters (groups of alike machines), hosts, and the batch queues in front of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zeligui.grid.directories import values
from zeligui.grid.directories.described import Described, Facts, at_most_one
from zeligui.grid.directories.mds import site_in
from zeligui.grid.directories.names import Entry
from zeligui.grid.directories.queues import Queues
from zeligui.grid.hosts import Value
from zeligui.grid.table import number_in

KINDS = {
    "gluevoview": ("gluevoviewlocalid",),
    "gluece": ("glueceuniqueid",),
    "gluesubcluster": ("gluesubclusteruniqueid",),
    "gluehost": ("gluehostuniqueid", "gluehostname"),
    "gluecluster": ("glueclusteruniqueid",),
    "gluesite": ("gluesiteuniqueid",),
}
"""Object class to the attributes that name such an entry, where no class was asked for."""

_NOT_RUN = 444_444.0
_OLD_DEFAULT = {
    "gluehostprocessorclockspeed": 1000.0,
    "gluehostmainmemoryramsize": 512.0,
    "gluehostmainmemoryvirtualsize": 1024.0,
    "gluehostbenchmarksi00": 400.0,
}


@dataclass
class Glue1:
    """The GLUE 1 entries of one directory, by kind."""

    by_kind: dict[str, list[Entry]] = field(default_factory=dict)

    def add(self, kind: str, entry: Entry) -> None:
        self.by_kind.setdefault(kind, []).append(entry)

    def hosts(self) -> list[Described]:
        """Hosts that are described one by one, and the sub-clusters whose hosts are not."""
        clusters = _Clusters(self.by_kind)
        subclusters = self.by_kind.get("gluesubcluster", [])
        within = {entry.dn.key: entry for entry in subclusters}
        singles = [(host, _above(host, within)) for host in self.by_kind.get("gluehost", [])]
        spelt_out = {id(group) for _, group in singles if group}
        groups = [group for group in subclusters if id(group) not in spelt_out]
        return [_host(host, group, clusters) for host, group in singles] + [_group(each, clusters) for each in groups]

    def orphans(self) -> list[str]:
        """The queues that stand before no group of machines in this directory."""
        clusters = _Clusters(self.by_kind)
        served = {
            clusters.of(entry) for entry in (*self.by_kind.get("gluesubcluster", []), *self.by_kind.get("gluehost", []))
        }
        return [
            own_id(queue, "gluece") for queue in self.by_kind.get("gluece", []) if cluster_of_queue(queue) not in served
        ]


class _Clusters:
    """What hosts learn from the cluster that they belong to: its queues and its site."""

    def __init__(self, by_kind: dict[str, list[Entry]]) -> None:
        self._by_dn = {entry.dn.key: entry for entry in by_kind.get("gluecluster", [])}
        self._by_id = {own_id(entry, "gluecluster").casefold(): entry for entry in self._by_dn.values()}
        self._sites = {site_in(entry): own_id(entry, "gluesite") for entry in by_kind.get("gluesite", [])}
        self._queues: dict[str, Queues] = {}
        views = _views(by_kind.get("gluevoview", []))
        for queue in by_kind.get("gluece", []):
            queues = self._queues.setdefault(cluster_of_queue(queue), Queues())
            _count(queue, views.get(own_id(queue, "gluece").casefold(), []), queues)

    def of(self, entry: Entry) -> str:
        """The ID, in small letters, of the cluster that a sub-cluster or host belongs to; empty where none is named."""
        above = _above(entry, self._by_dn)
        named = entry.keyed("glueclusteruniqueid") or entry.dn.value("glueclusteruniqueid")
        return (named or (own_id(above, "gluecluster") if above else "")).casefold()

    def queue_values(self, cluster: str) -> dict[str, Value | None]:
        return self._queues.get(cluster, Queues()).values()

    def site(self, entry: Entry) -> str | None:
        """By the foreign key of the cluster or of the entry, the DN, or the site entry in the same branch."""
        cluster = self._by_id.get(self.of(entry))
        keyed = cluster.keyed("gluesiteuniqueid") if cluster else None
        named = keyed or entry.keyed("gluesiteuniqueid") or entry.dn.value("gluesiteuniqueid")
        branch = site_in(entry)
        if named or branch or len(self._sites) != 1:
            return named or self._sites.get(branch, branch)
        return next(iter(self._sites.values()))


def _group(entry: Entry, clusters: _Clusters) -> Described:
    facts = Facts([entry], _hidden)
    return _described(own_id(entry, "gluesubcluster"), facts, _machines(facts), entry, clusters)


def _host(entry: Entry, group: Entry | None, clusters: _Clusters) -> Described:
    """A host; what it does not say itself is what its sub-cluster says of all its hosts."""
    facts = Facts([entry, group] if group else [entry], _hidden)
    name = facts.text("gluehostname") or entry.dn.value("gluehostname") or own_id(entry, "gluehost")
    return _described(name, facts, 1.0, group or entry, clusters)


def _described(name: str, facts: Facts, machines: float, entry: Entry, clusters: _Clusters) -> Described:
    distribution = facts.text("gluehostoperatingsystemname")
    count = facts.number("gluehostarchitecturesmpsize")
    load = {minutes: _load(facts, minutes) for minutes in (1, 5, 15)}
    mapped: dict[str, Value | None] = {
        "osName": values.family(distribution),
        "osDistribution": distribution,
        "osRelease": facts.text("gluehostoperatingsystemrelease"),
        "arch": facts.text("gluehostarchitectureplatformtype"),
        "cpuModel": facts.text("gluehostprocessormodel"),
        "cpuCount": count,
        "machines": machines,
        "cpuSpeed": facts.number("gluehostprocessorclockspeed"),
        "cpuAvail": at_most_one(count / (load[1] + 1)) if count is not None and load[1] is not None else None,
        "load1": load[1],
        "load5": load[5],
        "load15": load[15],
        "totalMemory": facts.number("gluehostmainmemoryramsize"),
        "freeMemory": facts.number("gluehostmainmemoryramavailable"),
        **clusters.queue_values(clusters.of(entry)),
        "site": clusters.site(entry),
    }
    return facts.described(name, mapped, stamp=facts.seconds("mds-validfrom"), expires=facts.seconds("mds-validto"))


def _load(facts: Facts, minutes: int) -> float | None:
    """The schema calls it an availability; its publishers print a load."""
    names = (f"gluehostprocessorloadlast{minutes}min", f"gluehostsmploadlast{minutes}min")
    return facts.number(*names, choose=max)


def _machines(facts: Facts) -> float:
    """Physical processors over those of one machine: whole machines, at least one."""
    processors = facts.number("gluesubclusterphysicalcpus")
    each = facts.number("gluehostarchitecturesmpsize")
    return max(1.0, processors // each) if processors and each else 1.0


def _hidden(facts: Facts) -> frozenset[str]:
    """The installer's default of the old GIP was never measured."""
    agreeing = [name for name, default in _OLD_DEFAULT.items() if facts.number(name) == default]
    published = [name for name in _OLD_DEFAULT if facts.published(name)]
    return frozenset(_OLD_DEFAULT) if len(agreeing) >= 3 and agreeing == published else frozenset()


def _count(queue: Entry, views: Sequence[Entry], queues: Queues) -> None:
    """Count a queue's free slots once; what organisations are told of it only where it says nothing itself."""
    for entries in ([queue], views):
        told = [Facts([entry], _idle_defaults) for entry in entries]
        slots = [facts.number("gluecestatefreejobslots", "gluecestatefreecpus", choose=max) for facts in told]
        waits = [facts.number("gluecestateestimatedresponsetime", choose=max) for facts in told]
        for free, wait in zip(slots, waits, strict=True):
            queues.told(_queue_name(queue), free, wait)
        if any(free is not None for free in slots):
            return


def _idle_defaults(facts: Facts) -> frozenset[str]:
    """Zeros are numbers only where the dynamic provider has run: not with no processors at all, or 444444 waiting."""
    empty = any(number_in(text) == 0 for text in facts.published("glueceinfototalcpus"))
    not_run = any(number_in(text) == _NOT_RUN for text in facts.published("gluecestatewaitingjobs"))
    if not (empty or not_run):
        return frozenset()
    names = ("gluecestatefreejobslots", "gluecestatefreecpus", "gluecestateestimatedresponsetime")
    return frozenset(name for name in names if facts.number(name) == 0)


def _views(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The views of organisations by the ID, in small letters, of the queue that they look at."""
    views: dict[str, list[Entry]] = {}
    for entry in entries:
        queue = entry.keyed("glueceuniqueid") or entry.dn.value("glueceuniqueid")
        views.setdefault((queue or "").casefold(), []).append(entry)
    return views


def cluster_of_queue(queue: Entry) -> str:
    """The ID, in small letters, of the cluster that a queue stands before."""
    hosting = next(iter(queue.values.get("gluecehostingcluster", ())), "")
    host = own_id(queue, "gluece").partition(":")[0]
    return (queue.keyed("glueclusteruniqueid") or hosting.strip() or host).casefold()


def _queue_name(queue: Entry) -> str:
    """`long` of `ce.site.org:2119/jobmanager-pbs-long`: two servers in front of one cluster give one queue twice."""
    name = next((text.strip() for text in queue.values.get("gluecename", ()) if text.strip()), "")
    return (name or own_id(queue, "gluece").rpartition("-")[2]).casefold()


def own_id(entry: Entry, kind: str) -> str:
    """The ID of an entry: by its own attribute, else by its name."""
    names = KINDS[kind]
    attribute = (text.strip() for name in names for text in entry.values.get(name, ()) if text.strip())
    named = (value for name in names if (value := entry.dn.value(name)))
    return next(attribute, next(named, entry.dn.parts[0][1] if entry.dn.parts else ""))


def _above(entry: Entry, by_dn: dict[tuple[tuple[str, str], ...], Entry]) -> Entry | None:
    """The nearest entry of `by_dn` that `entry` lies below."""
    key = entry.dn.key
    return next((by_dn[key[depth:]] for depth in range(1, len(key)) if key[depth:] in by_dn), None)
