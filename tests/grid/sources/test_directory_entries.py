"""Hosts that are read all at once are those that they are one by one, whatever is among them."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.links.ldap.test_decoding import Attributes, as_sent
from zeligui.grid.directories import Described, Directory, describe
from zeligui.grid.directories.mirror import Mirror
from zeligui.grid.hosts import Measurement
from zeligui.grid.sources import assorting
from zeligui.grid.sources.directory_entries import read
from zeligui.grid.sources.directory_news import News
from zeligui.grid.sources.sieve import Sieve
from zeligui.grid.survey import Piece, Survey
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


def mds_hosts(random: Random) -> list[bytes]:
    """Some hosts, most of one shape."""
    site = random.choice(["Mds-Vo-name=s1,o=grid", "Mds-Vo-name=local, o=grid", "o=grid"])
    classes = random.choice([["MdsHost"], ["MdsHost", "MdsAll"]])
    names = random.sample(sorted(VALUES), random.randint(1, 6))
    common = {name: random.choices(VALUES[name], k=random.randint(1, 2)) for name in names}
    return [mds_host(random, common, site, classes) for _ in range(random.randint(1, 8))]


def mds_host(random: Random, common: Mapping[str, list[str]], site: str, classes: list[str]) -> bytes:
    values: Attributes = [
        (name.encode(), [random.choice([*texts * 4, *VALUES[name]]).encode()]) for name, texts in common.items()
    ]
    more = (b"Mds-Cpu-model", [b"A", b"B"]), (b"Mds-Odd", [b"\xff"])
    values += [random.choice(more)] if random.random() < 0.2 else []
    return entry(f"Mds-Host-hn={random.choice(NAMES)},{site}", classes, values)


def others(random: Random) -> list[bytes]:
    """Something else, that may speak of a host."""
    name = random.choice(NAMES)
    below = entry(
        f"Mds-Device-Group-name=memory,Mds-Host-hn={name},o=grid",
        ["MdsDeviceGroup"],
        [(b"Mds-Memory-Ram-Total-freeMB", [b"17"])],
    )
    measured = [(b"host", [name.encode()]), (b"resource", [b"freeMemory"]), (b"measurement", [b"3"])]
    series = entry(f"cn={name}.freeMemory,o=grid", ["nwsSeries"], measured)
    return [random.choice([below, series, b"\x04", b""])]


def entry(dn: str, classes: Sequence[str], values: Attributes) -> bytes:
    return as_sent(dn.encode(), [(b"objectClass", [name.encode() for name in classes]), *values])


def sent(random: Random) -> list[bytes]:
    """What a directory sends."""
    lists = [random.choice([mds_hosts, mds_hosts, others])(random) for _ in range(random.randint(0, 4))]
    return [one for some in lists for one in some]


def changed(random: Random) -> dict[int, bytes | None]:
    """What comes later, by its key."""
    keys = random.sample(range(30), random.randint(0, 3))
    return {key: random.choice([None, *sent(random)]) for key in keys}


# Drawn by a seed: drawing each value by itself takes a hundred times as long as reading them.
SEEDS = st.integers(0, 2**32).map(Random)


def one_by_one(contents: Mapping[Hashable, bytes]) -> tuple[dict[str, Described], tuple[str, ...]]:
    sieve = Sieve()
    entries = [entry for entry in map(sieve.entry, map(found_in, contents.values())) if entry is not None]
    return {host.name: host for host in describe(entries, here=HERE).hosts}, sieve.warnings()


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assorting, "FEW", 2)
    monkeypatch.setattr(assorting, "AT_ONCE", 6)


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_all_at_once_is_as_one_by_one(random: Random) -> None:
    contents: dict[Hashable, bytes] = dict(enumerate(sent(random)))
    sieve = Sieve()
    found = read(contents, sieve, HERE)
    hosts = {host.name: host for some in found.alike for host in some.each()}
    rest = describe(found.entries.values(), here=HERE).hosts
    assert not hosts.keys() & {host.name for host in rest}
    assert hosts | {host.name: host for host in rest} == one_by_one(contents)[0]
    names = [found_in(content).dn for content in contents.values()]
    if len({*names}) == len(names):
        assert sieve.warnings() == one_by_one(contents)[1]


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_what_is_packed_is_read_once_something_touches_it(random: Random) -> None:
    contents: dict[Hashable, bytes] = dict(enumerate(sent(random)))
    sieve = Sieve()
    found = read(contents, sieve, HERE)
    kept = Mirror(HERE, lambda content: sieve.entry(found_in(content)))
    kept.fill(found.entries, found.packed, contents)
    known = {host.name: host for some in found.alike for host in some.each()} | {one.name: one for one in kept.hosts}
    for _ in range(3):
        came = changed(random)
        for key, content in came.items():
            if content is None:
                contents.pop(key, None)
            else:
                contents[key] = content
        read_of = {key: None if one is None else sieve.entry(found_in(one)) for key, one in came.items()}
        anew, gone = kept.change(read_of)
        for name in gone:
            del known[name]
        known |= {host.name: host for host in anew}
        assert known == one_by_one(contents)[0]
        assert {*kept.packed} <= {*contents}


def test_most_hosts_of_a_directory_are_read_at_once() -> None:
    values = {"Mds-Cpu-Total-count": "4", "Mds-Os-name": "Linux", "Mds-validfrom": "20260101000000Z"}
    published = [(name.encode(), [value.encode()]) for name, value in values.items()]
    hosts = [entry(f"Mds-Host-hn=node{number},o=grid", ["MdsHost"], published) for number in range(50)]
    found = read(dict(enumerate([*hosts[:20], b"\x04", *hosts[20:]])), Sieve(), HERE)
    assert sum(len(some.names) for some in found.alike) == 50
    assert len(found.entries) == 1


@pytest.mark.parametrize("more", [[], [(b"Mds-Odd", [b"a", b"b"])]])
def test_hosts_of_which_only_the_name_is_said_are_read_too(more: Attributes) -> None:
    hosts = [entry(f"Mds-Host-hn=node{number},o=grid", ["MdsHost"], more) for number in range(50)]
    contents: dict[Hashable, bytes] = dict(enumerate(hosts))
    found = read(contents, Sieve(), HERE)
    described = describe(found.entries.values(), here=HERE).hosts
    known = {host.name: host for host in (*described, *(host for some in found.alike for host in some.each()))}
    assert len(known) == 50
    assert known == one_by_one(contents)[0]


NOW = 1_780_000_000.0


def answers(random: Random) -> Iterator[tuple[float, list[bytes]]]:
    """What a directory answers one time after another."""
    for turn in range(random.randint(1, 3)):
        free = random.choice([b"1024", b"2048"])
        yield (
            NOW + 10 * turn,
            [dated_host(random, host, free) for host in random.sample(range(10), random.randint(1, 10))],
        )


def dated_host(random: Random, host: int, free: bytes) -> bytes:
    stamp = NOW + random.choice([-3600, -60, 0, 0, 30, 600])
    values: Attributes = [
        (b"Mds-Memory-Ram-Total-freeMB", [free]),
        (b"freeSwap", [random.choice([b"1", b"1", b"1", b"-1", b"2"])]),
        (b"Mds-validfrom", [_time(stamp)]),
        (b"Mds-validto", [_time(stamp + 300)]),
        (b"Mds-keepto", [_time(stamp + random.choice([300, 9000]))]),
    ]
    return entry(f"Mds-Host-hn=n{host},o=grid", ["MdsHost"], values)


def _time(seconds: float) -> bytes:
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)).encode()


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_news_of_many_at_once_are_those_of_each(random: Random) -> None:
    together, each = News("ldap://h", 60.0), News("ldap://h", 60.0)
    known: dict[str, Measurement] = {}
    for now, answer in answers(random):
        found = read(dict(enumerate(answer)), Sieve(), HERE)
        rest = describe(found.entries.values(), here=HERE).hosts
        hosts = [host for some in found.alike for host in some.each()]
        told = together.whole(Directory(rest, (), found.alike), now)
        one_by_one = each.whole(Directory((*hosts, *rest), ()), now)
        told_of, new = dict(_measurements(told)), dict(_measurements(one_by_one))
        assert told_of.items() >= new.items()
        known |= new
        again = {name: one for name, one in told_of.items() if name not in new}  # once read alone, now with others
        assert {name: (one.values, one.stamp) for name, one in again.items()} == {
            name: (known[name].values, known[name].stamp) for name in again
        }
        assert told[-1] == one_by_one[-1]


def _measurements(pieces: Sequence[Piece]) -> Iterator[tuple[str, Measurement]]:
    for piece in pieces:
        if isinstance(piece, Survey):
            yield from ((host, piece.measurement(place)) for place, host in enumerate(piece.hosts))
        elif isinstance(piece, Measurement):
            yield piece.host, piece
