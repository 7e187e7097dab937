"""A directory kept entry by entry says what it would say if it were read as a whole, whatever changes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.grid.directories import Entry, describe, mirror
from zeligui.grid.directories.mirror import Mirror

HERE = frozenset({"master"})
NAMES = st.sampled_from(["n1", "n2", "N1", "n1#2", "master"])
IDS = st.sampled_from(["a", "b", "A"])
FIGURES = st.sampled_from(["1", "2", "3"])
SITES = st.sampled_from(["s1", "s2"])


@st.composite
def mds_hosts(draw: st.DrawFn) -> Entry:
    name = draw(NAMES)
    below = draw(st.sampled_from(["", "Mds-Device-Group-name=memory,"]))
    values = {"objectClass": ["MdsHost" if not below else "MdsDeviceGroup"], "Mds-Cpu-Total-count": [draw(FIGURES)]}
    return Entry.of(f"{below}Mds-Host-hn={name},Mds-Vo-name={draw(SITES)},o=grid", values)


@st.composite
def nws_entries(draw: st.DrawFn) -> Entry:
    host, target = draw(NAMES), draw(NAMES)
    if draw(st.booleans()):
        return Entry.of(f"name={host}:8060,o=grid", {"objectClass": ["nwsHost"], "name": [f"{host}:8060"]})
    values = {
        "host": [f"{host}:8060"],
        "resource": ["bandwidthTcp"],
        "target": [target],
        "measurement": [draw(FIGURES)],
    }
    return Entry.of(f"name={host}.bandwidthTcp.{target},o=grid", {"objectClass": ["nwsSeries"], **values})


@st.composite
def glue1_entries(draw: st.DrawFn) -> Entry:
    site, cluster, own = draw(SITES), draw(IDS), draw(IDS)
    above = f"GlueClusterUniqueID={cluster},Mds-Vo-name={site},o=grid"
    count, name, free = draw(FIGURES), draw(NAMES), draw(FIGURES)
    key = f"GlueClusterUniqueID={cluster}"
    kinds = {
        "GlueSite": (f"GlueSiteUniqueID={own},Mds-Vo-name={site},o=grid", {"GlueSiteUniqueID": [own]}),
        "GlueCluster": (above, {"GlueClusterUniqueID": [cluster], "GlueForeignKey": [f"GlueSiteUniqueID={own}"]}),
        "GlueSubCluster": (
            f"GlueSubClusterUniqueID={own},{above}",
            {"GlueSubClusterUniqueID": [own], "GlueHostArchitectureSMPSize": [count]},
        ),
        "GlueHost": (
            f"GlueHostUniqueID={name},GlueSubClusterUniqueID={own},{above}",
            {"GlueHostUniqueID": [name], "GlueHostName": [name], "GlueHostArchitectureSMPSize": [count]},
        ),
        "GlueCE": (
            f"GlueCEUniqueID=ce:2119/jobmanager-{own},Mds-Vo-name={site},o=grid",
            {"GlueCEUniqueID": [f"ce-{own}"], "GlueCEStateFreeJobSlots": [free], "GlueForeignKey": [key]},
        ),
        "GlueVOView": (
            f"GlueVOViewLocalID=vo,GlueCEUniqueID=ce-{own},o=grid",
            {"GlueCEStateFreeJobSlots": [free], "GlueChunkKey": [f"GlueCEUniqueID=ce-{own}"]},
        ),
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    return Entry.of(kinds[kind][0], {"objectClass": [kind], **kinds[kind][1]})


@st.composite
def glue2_entries(draw: st.DrawFn) -> Entry:
    service, own, other = draw(IDS), draw(IDS), draw(IDS)
    above = f"GLUE2ServiceID={service},GLUE2DomainID={draw(SITES)},o=glue"
    count, named = draw(FIGURES), draw(NAMES)
    kinds = {
        "GLUE2AdminDomain": (f"GLUE2DomainID={own},o=glue", {"GLUE2DomainID": [own]}),
        "GLUE2ComputingService": (
            above,
            {"GLUE2ServiceID": [service], "GLUE2ServiceAdminDomainForeignKey": [other]},
        ),
        "GLUE2ComputingManager": (
            f"GLUE2ManagerID={own},o=glue",
            {"GLUE2ManagerID": [own], "GLUE2ManagerServiceForeignKey": [service]},
        ),
        "GLUE2ExecutionEnvironment": (
            f"GLUE2ResourceID={named},{draw(st.sampled_from([above, 'GLUE2ManagerID=' + other + ',o=glue']))}",
            {"GLUE2ResourceID": [named], "GLUE2ExecutionEnvironmentLogicalCPUs": [count]},
        ),
        "GLUE2ComputingShare": (
            f"GLUE2ShareID={own},{above}",
            {
                "GLUE2ShareID": [own],
                "GLUE2ComputingShareFreeSlots": [count],
                "GLUE2ShareServiceForeignKey": [other],
                **({"GLUE2ShareResourceForeignKey": [named]} if draw(st.booleans()) else {}),
            },
        ),
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    return Entry.of(kinds[kind][0], {"objectClass": [kind], **kinds[kind][1]})


ENTRIES = st.one_of(mds_hosts(), nws_entries(), glue1_entries(), glue2_entries())
FULL = st.dictionaries(st.integers(0, 15), ENTRIES, max_size=16)
STEPS = st.lists(st.dictionaries(st.integers(0, 20), st.none() | ENTRIES, min_size=1, max_size=4), max_size=4)


@settings(max_examples=300, deadline=None)
@given(FULL, STEPS)
def test_it_says_what_the_whole_says(
    full: Mapping[Hashable, Entry], steps: list[Mapping[Hashable, Entry | None]]
) -> None:
    kept = Mirror(HERE)
    kept.fill(full)
    entries: dict[Hashable, Entry] = dict(full)
    known = {host.name: host for host in kept.hosts}
    for changes in steps:
        for key, entry in changes.items():
            if entry is None:
                entries.pop(key, None)
            else:
                entries[key] = entry
        changed, gone = kept.change(changes)
        for name in gone:
            del known[name]
        known |= {host.name: host for host in changed}
        whole = {host.name: host for host in describe(entries.values(), here=HERE).hosts}
        assert {host.name: host for host in kept.hosts} == known
        assert known == whole


def host(name: str, count: str) -> Entry:
    values = {"objectClass": ["MdsHost"], "Mds-Cpu-Total-count": [count]}
    return Entry.of(f"Mds-Host-hn={name},Mds-Vo-name=site,o=grid", values)


def test_only_hosts_that_a_change_touches_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Mirror(HERE)
    ways = {
        f"way{number}": Entry.of(
            f"name=w{number}",
            {"objectClass": ["nwsSeries"], "host": ["master"], "resource": ["latencyTcp"], "target": [f"n{number}"]}
            | {"measurement": ["5"]},
        )
        for number in range(100)
    }
    kept.fill({f"n{number}": host(f"n{number}", "4") for number in range(100)} | ways)
    kept.prepare()
    given: list[int] = []

    def counted(entries: list[Entry], **more: object) -> object:
        given.append(len(entries))
        return describe(entries, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(mirror, "describe", counted)
    changed, gone = kept.change({"n7": host("n7", "8"), "n8": None})
    assert ({one.name for one in changed}, gone) == ({"n7", "n8"}, []), "a way to n8 is still measured"
    assert sorted(given) == [1, 2]
