"""Hosts that are read all at once are those that they are one by one, whatever is among them."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.links.ldap.test_decoding import Attributes, as_sent
from zeligui.grid.directories import Described, Directory, describe
from zeligui.grid.directories.mirror import Mirror
from zeligui.grid.hosts import Measurement
from zeligui.grid.sources import assorting
from zeligui.grid.sources.directory_entries import read
from zeligui.grid.sources.directory_news import News, Piece
from zeligui.grid.sources.sieve import Sieve
from zeligui.grid.survey import Survey
from zeligui.links.ldap.searching import found_in

HERE = frozenset({"master"})

VALUES: Mapping[str, Sequence[str]] = {
    "Mds-Host-hn": ["n1", "n2"],
    "Mds-Cpu-Total-count": ["4", "64", "007", "999999999", "many", "-1"],
    "Mds-Cpu-speedMHz": ["2400", "20", "0", "2400.5", "1e3"],
    "Mds-Cpu-Total-Free-1minX100": ["393", "50", "444444", "0"],
    "Mds-Memory-Ram-Total-freeMB": ["1024", "2048", "99999"],
    "Mds-Os-name": ["Linux", "CentOS", "UNDEFINED", "", "Plan 9 "],
    "Mds-Os-release": ["6.1.0", "7.2", "12", "caf\u00e9", "a\tb"],
    "Mds-Computer-platform": ["x86_64", "ppc64"],
    "Mds-Net-addr": ["10.0.0.1", "10.0.0.2", "nowhere"],
    "Mds-validfrom": ["20260101000000Z", "20260101000001Z", "soon"],
    "Mds-validto": ["20260102000000Z"],
    "Note": ["1", "one", "1.0"],
    "freeMemory": ["5", "some"],
}
NAMES = [*(f"n{number}" for number in range(12)), "N1", "n1#2", "n\\2c1", "-n", "n 3"]


@st.composite
def mds_hosts(draw: st.DrawFn) -> list[bytes]:
    """Some hosts, most of one shape."""
    attributes = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, min_size=1, max_size=6))
    site = draw(st.sampled_from(["Mds-Vo-name=s1,o=grid", "Mds-Vo-name=local, o=grid", "o=grid"]))
    classes = draw(st.sampled_from([["MdsHost"], ["MdsHost", "MdsAll"]]))
    common = {name: draw(st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2)) for name in attributes}
    return [draw(mds_host(common, site, classes)) for _ in range(draw(st.integers(1, 8)))]


@st.composite
def mds_host(draw: st.DrawFn, common: Mapping[str, list[str]], site: str, classes: list[str]) -> bytes:
    values: Attributes = [
        (name.encode(), [draw(st.sampled_from(texts + texts + list(VALUES[name]))).encode()])
        for name, texts in common.items()
    ]
    values += draw(st.lists(st.just((b"Mds-Cpu-model", [b"A", b"B"])) | st.just((b"Mds-Odd", [b"\xff"])), max_size=1))
    return entry(f"Mds-Host-hn={draw(st.sampled_from(NAMES))},{site}", classes, values)


@st.composite
def others(draw: st.DrawFn) -> list[bytes]:
    name = draw(st.sampled_from(NAMES))
    below = entry(
        f"Mds-Device-Group-name=memory,Mds-Host-hn={name},o=grid",
        ["MdsDeviceGroup"],
        [(b"Mds-Memory-Ram-Total-freeMB", [b"17"])],
    )
    measured = [(b"host", [name.encode()]), (b"resource", [b"freeMemory"]), (b"measurement", [b"3"])]
    series = entry(f"cn={name}.freeMemory,o=grid", ["nwsSeries"], measured)
    return [draw(st.sampled_from([below, series, b"\x04", b""]))]


def entry(dn: str, classes: Sequence[str], values: Attributes) -> bytes:
    return as_sent(dn.encode(), [(b"objectClass", [name.encode() for name in classes]), *values])


CONTENTS = st.lists(mds_hosts() | others(), max_size=4).map(lambda lists: [one for some in lists for one in some])

CHANGES = st.dictionaries(st.integers(0, 30), st.none() | mds_hosts() | others(), max_size=3)


def one_by_one(contents: Mapping[Hashable, bytes]) -> tuple[dict[str, Described], tuple[str, ...]]:
    sieve = Sieve()
    entries = [entry for entry in map(sieve.entry, map(found_in, contents.values())) if entry is not None]
    return {host.name: host for host in describe(entries, here=HERE).hosts}, sieve.warnings()


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assorting, "FEW", 2)
    monkeypatch.setattr(assorting, "AT_ONCE", 6)


@settings(max_examples=60, deadline=None)
@given(CONTENTS)
def test_all_at_once_is_as_one_by_one(sent: list[bytes]) -> None:
    contents: dict[Hashable, bytes] = dict(enumerate(sent))
    sieve = Sieve()
    found = read(contents, sieve, HERE)
    hosts = {host.name: host for some in found.alike for host in some.each()}
    others = describe(found.entries.values(), here=HERE).hosts
    assert not hosts.keys() & {host.name for host in others}
    assert hosts | {host.name: host for host in others} == one_by_one(contents)[0]
    assert sieve.warnings() == one_by_one(contents)[1]


@settings(max_examples=60, deadline=None)
@given(CONTENTS, st.lists(CHANGES, max_size=3))
def test_what_is_packed_is_read_once_something_touches_it(
    sent: list[bytes], steps: list[dict[int, list[bytes] | None]]
) -> None:
    contents: dict[Hashable, bytes] = dict(enumerate(sent))
    sieve = Sieve()
    found = read(contents, sieve, HERE)
    kept = Mirror(HERE, lambda content: sieve.entry(found_in(content)))
    kept.fill(found.entries, found.packed)
    known = {host.name: host for some in found.alike for host in some.each()} | {one.name: one for one in kept.hosts}
    for step in steps:
        came = {key: None if some is None else some[0] for key, some in step.items()}
        for key, content in came.items():
            if content is None:
                contents.pop(key, None)
            else:
                contents[key] = content
        read_of = {key: None if one is None else sieve.entry(found_in(one)) for key, one in came.items()}
        changed, gone = kept.change(read_of)
        for name in gone:
            del known[name]
        known |= {host.name: host for host in changed}
        assert known == one_by_one(contents)[0]
        assert {*kept.packed} <= {*contents}


def test_most_hosts_of_a_directory_are_read_at_once() -> None:
    values = {"Mds-Cpu-Total-count": "4", "Mds-Os-name": "Linux", "Mds-validfrom": "20260101000000Z"}
    published = [(name.encode(), [value.encode()]) for name, value in values.items()]
    sent = [entry(f"Mds-Host-hn=node{number},o=grid", ["MdsHost"], published) for number in range(50)]
    found = read(dict(enumerate([*sent[:20], b"\x04", *sent[20:]])), Sieve(), HERE)
    assert sum(len(some.names) for some in found.alike) == 50
    assert len(found.entries) == 1


NOW = 1_780_000_000.0


@st.composite
def answers(draw: st.DrawFn) -> list[tuple[float, list[bytes]]]:
    """What a directory answers one time after another."""
    told: list[tuple[float, list[bytes]]] = []
    for turn in range(draw(st.integers(1, 3))):
        hosts = draw(st.lists(st.integers(0, 9), unique=True, min_size=1))
        free = draw(st.sampled_from(["1024", "2048"]))
        stamps = [draw(st.sampled_from([-3600, -60, 0, 30, 600])) for _ in hosts]
        of_each = [
            [
                (b"Mds-Memory-Ram-Total-freeMB", [free.encode()]),
                (b"freeSwap", [draw(st.sampled_from([b"1", b"1", b"-1", b"2"]))]),
                (b"Mds-validfrom", [_time(NOW + stamp)]),
                (b"Mds-validto", [_time(NOW + stamp + 300)]),
                (b"Mds-keepto", [_time(NOW + stamp + draw(st.sampled_from([300, 9000])))]),
            ]
            for stamp in stamps
        ]
        sent = [
            entry(f"Mds-Host-hn=n{host},o=grid", ["MdsHost"], values)
            for host, values in zip(hosts, of_each, strict=True)
        ]
        told.append((NOW + 10 * turn, sent))
    return told


def _time(seconds: float) -> bytes:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)).encode()


@settings(max_examples=60, deadline=None)
@given(answers())
def test_news_of_many_at_once_are_those_of_each(turns: list[tuple[float, list[bytes]]]) -> None:
    together, each = News("ldap://h", 60.0), News("ldap://h", 60.0)
    for now, sent in turns:
        found = read(dict(enumerate(sent)), Sieve(), HERE)
        others = describe(found.entries.values(), here=HERE).hosts
        hosts = [host for some in found.alike for host in some.each()]
        told = together.whole(Directory(others, (), found.alike), now)
        one_by_one = each.whole(Directory((*hosts, *others), ()), now)
        assert dict(_measurements(told)) == dict(_measurements(one_by_one))
        assert told[-1] == one_by_one[-1]


def _measurements(pieces: Sequence[Piece]) -> Iterator[tuple[str, Measurement]]:
    for piece in pieces:
        if isinstance(piece, Survey):
            yield from ((host, piece.measurement(place)) for place, host in enumerate(piece.hosts))
        elif isinstance(piece, Measurement):
            yield piece.host, piece
