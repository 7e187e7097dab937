"""A sensor's lines, as a friend and as an enemy would write them."""

from __future__ import annotations

import json
import math
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeligui.clock import SystemClock
from zeligui.grid.hosts import Measurement, Usage
from zeligui.grid.sources.lines import LONGEST_LINE, MOST_ATTRIBUTES, Publisher, name_in

GOOD = {
    "stamp": 1e9,
    "identity": "boot:1",
    "named": False,
    "values": {"hostName": "inside", "osName": "Linux", "cpuAvail": 0.5, "machines": 1},
    "jobs": {"a" * 32: {"cpu_s": 1.5, "memory_mb": 20, "runnable": 1}},
}


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_a_good_line_is_taken_over() -> None:
    said = Publisher("ssh://lab1").measurement(line())
    assert (said.host, said.source, said.identity, said.stamp, said.note) == ("lab1", "ssh://lab1", "boot:1", 1e9, "")
    assert said.values == {"osName": "Linux", "cpuAvail": 0.5, "machines": 1.0}
    assert said.jobs == {"a" * 32: Usage(1.5, 20.0, 1.0)}


@pytest.mark.parametrize(
    ("url", "named", "name"),
    [
        ("ssh://me@alias:22", False, "alias"),
        ("ssh://me@alias:22", True, "inside"),
        ("local://", False, "inside"),
        ("local://", True, "inside"),
    ],
)
def test_the_name_is_by_the_rule(url: str, named: bool, name: str) -> None:
    assert Publisher(url).measurement(line(named=named)).host == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("ssh://[2001:db8::1]:22", "2001:db8::1"),
        ("local://", socket.gethostname()),
        ("file:///srv/x.json", "/srv/x.json"),
        ("ssh://a b", "ssh://a b"),
    ],
)
def test_a_url_names_a_host(url: str, name: str) -> None:
    assert name_in(url) == name


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\xff\xfe",
        b"Traceback (most recent call last):",
        b"[1, 2]",
        b"null",
        b"[" * 100_000,
        b'{"values": ' * 5000,
        b'{"stamp": ' + b"9" * 10_000 + b"}",
        b" " * (LONGEST_LINE + 1),
    ],
)
def test_rubbish_is_told_and_says_nothing(rubbish: bytes) -> None:
    said = Publisher("ssh://lab1").measurement(rubbish)
    assert said.values == {}
    assert said.note.startswith("The sensor sent a line that cannot be read: it is ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cpuAvail", math.nan),
        ("cpuAvail", math.inf),
        ("cpuAvail", 1.5),
        ("freeMemory", -1),
        ("freeMemory", "lots"),
        ("freeMemory", True),
        ("freeMemory", None),
        ("freeMemory", [1]),
        ("freeMemory", 10**400),
        ("osName", "Li\x1bnux"),
        ("osName", "\ud800"),
        ("osName", "x" * 257),
        ("osName", ""),
        ("", 1),
        ("x" * 65, 1),
        ("HOSTNAME", "another"),
        ("hostname", 5),
        ("a b", 1),
        ("a\nb", 1),
    ],
)
def test_a_value_that_cannot_be_is_left_out(name: str, value: object) -> None:
    said = Publisher("ssh://lab1").measurement(line(values={name: value, "load1": 1}))
    assert said.values == {"load1": 1.0}
    assert said.note.startswith("The sensor sent values that cannot be: ")
    assert said.note.isprintable()


def test_attributes_do_not_pile_up() -> None:
    publisher = Publisher("ssh://lab1")
    seen: set[str] = set()
    for number in range(10):
        seen |= publisher.measurement(line(values={f"a{number}x{one}": 1 for one in range(100)})).values.keys()
    assert len(seen) == MOST_ATTRIBUTES


@pytest.mark.parametrize("name", ["a b", "-rf", "x\n", "", 7, None, "x" * 300])
def test_a_host_name_that_cannot_be_is_not_taken(name: object) -> None:
    said = Publisher("local://").measurement(line(named=True, values={"hostName": name, "load1": 1}))
    assert said.host == socket.gethostname()


@pytest.mark.parametrize(
    "jobs",
    [
        7,
        {"x y": {"cpu_s": 1, "memory_mb": 1, "runnable": 1}},
        {"a": 7},
        {"a": {"cpu_s": 1, "memory_mb": 1}},
        {"a": {"cpu_s": -1, "memory_mb": 1, "runnable": 1}},
        {"a": {"cpu_s": "1", "memory_mb": 1, "runnable": 1}},
    ],
)
def test_a_job_that_cannot_be_is_left_out(jobs: object) -> None:
    assert Publisher("ssh://lab1").measurement(line(jobs=jobs)).jobs == {}


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["values", "jobs", "stamp", "identity", "named", "hostName"]) | st.text(max_size=3),
                inner,
            )
        ),
    )
)
def test_no_line_is_a_reason_to_fail(said: object) -> None:
    for url in ("ssh://lab1", "local://"):
        found = Publisher(url).measurement(json.dumps(said).encode())
        assert found.host
        assert all(isinstance(value, str) or math.isfinite(value) for value in found.values.values())


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_are_a_reason_to_fail(said: bytes) -> None:
    assert Publisher("ssh://lab1").measurement(said).host == "lab1"


class At(SystemClock):
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def age(self) -> float:
        return self.seconds


def stamped(publisher: Publisher, clock: At, stamp: object, *, later: float = 2.0) -> Measurement:
    clock.seconds += later
    return publisher.measurement(line(stamp=stamp))


@pytest.mark.parametrize(
    ("stamp", "why"),
    [
        (1e9 - 3600, "its stamp is from the past"),
        (1e9 + 3600, "its stamp is from the future"),
        (math.nan, "its stamp is not a time"),
        (math.inf, "its stamp is not a time"),
        (-1, "its stamp is not a time"),
        ("now", "its stamp is not a time"),
    ],
)
def test_a_line_of_another_time_is_dropped_counted_and_said(stamp: object, why: str) -> None:
    clock = At()
    publisher = Publisher("ssh://lab1", clock)
    assert stamped(publisher, clock, 1e9).note == ""
    odd = stamped(publisher, clock, stamp)
    assert (odd.values, odd.jobs, odd.stamp) == ({}, {}, None)
    assert odd.note == f"The sensor sent a line that cannot be used: {why} (1 line dropped so far)."
    good = stamped(publisher, clock, 1e9 + 4)
    assert good.values
    assert good.note == odd.note, "it is said beside what is right"
    assert stamped(publisher, clock, 1e9 + 800, later=796).note == "", "until ten minutes have passed"


@pytest.mark.parametrize("jump", [-86400, 86400])
def test_a_clock_that_was_set_is_believed_from_the_second_line_on(jump: float) -> None:
    clock = At()
    publisher = Publisher("ssh://lab1", clock)
    stamped(publisher, clock, 1e9)
    assert not stamped(publisher, clock, 1e9 + jump + 2).values
    assert stamped(publisher, clock, 1e9 + jump + 4).values
    assert stamped(publisher, clock, 1e9 + jump + 6).values


def test_a_clock_that_is_wrong_by_years_says_as_well_how_old_a_value_is() -> None:
    clock = At()
    publisher = Publisher("ssh://lab1", clock)
    assert all(stamped(publisher, clock, stamp).note == "" for stamp in (5.0, 7.0, 9.0))


def test_what_is_dropped_is_counted() -> None:
    publisher = Publisher("ssh://lab1", At())
    for _ in range(3):
        said = publisher.measurement(b"rubbish")
    assert said.note.endswith("(3 lines dropped so far).")
    said = publisher.measurement(line(values={"cpuAvail": 2, "load1": -1, "osName": "x"}, jobs={"a": 1}))
    assert said.note.endswith("cannot be: cpuAvail, load1, the use of a job (3 values dropped so far).")
