"""Figures, times and texts of others as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gui.looking import as_read
from zeligui.gui.words import (
    Letters,
    ago,
    count_of,
    duration,
    full_time,
    local_time,
    memory,
    size,
    tip,
    unit_of,
    value_text,
    visible,
)


@given(st.text())
def test_a_text_of_others_is_one_line_that_is_obeyed_by_nobody(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert len(shown) <= 301


def test_what_is_not_to_be_seen_is_pictured() -> None:
    assert visible("a\x1b[2J\r\n\x7f\u202eb") == "a␛[2J␍␊␡\N{REPLACEMENT CHARACTER}b"
    assert visible("x" * 301) == "x" * 300 + "…"
    assert visible("x" * 300) == "x" * 300


@given(st.text(alphabet=st.sampled_from("<>&b/ imgx\n'\"")))
def test_a_tooltip_is_never_taken_for_markup(text: str) -> None:
    assert as_read(tip(text)) == " ".join(text.split())


def test_a_long_tooltip_is_many_lines() -> None:
    assert max(map(len, tip("many words " * 100).splitlines())) <= 100
    assert tip("one\ntwo") == "one\ntwo"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (0.0, "0"),
        (0.123456, "0.1235"),
        (99.999, "100"),
        (2048.4, "2,048"),
        (-2048.0, "-2,048"),
        (1e15, "1e+15"),
        (float("inf"), "inf"),
        ("Linux\n", "Linux␊"),
    ],
)
def test_values(value: float | str | None, text: str) -> None:
    assert value_text(value) == text


def test_units_are_the_attributes_own() -> None:
    assert [unit_of(name) for name in ("freeMemory", "cpuSpeed", "cpuAvail", "myOwn")] == ["MB", "MHz", "", ""]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (1.5, "1.5 s"),
        (9.6, "10 s"),
        (119.0, "119 s"),
        (120.0, "2 min"),
        (3600.0, "1 h"),
        (86400.0, "1 d"),
        (3 * 86400.0, "3 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e9))
def test_a_duration_says_what_is_meant_within_a_half(seconds: float) -> None:
    number, unit = duration(seconds).split()
    told = float(number) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
    assert abs(told - seconds) <= max(0.5, seconds / 2)


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "now"), (1.9, "1 s ago"), (65.0, "65 s ago"), (7200.0, "2 h ago")])
def test_how_long_since(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_times_are_those_of_the_users_day() -> None:
    now = datetime.now(UTC)
    assert local_time(None) == full_time(None) == ""
    assert local_time(now).count(":") == 2
    assert local_time(now - timedelta(days=2)).startswith(str((now - timedelta(days=2)).astimezone().year))
    assert str(now.astimezone().year) in full_time(now)


def test_amounts() -> None:
    assert [memory(None), memory(11.7), memory(3400.0)] == ["", "12 MB", "3.4 GB"]
    assert [size(512), size(3400), size(100_000_000)] == ["512 bytes", "3.4 kB", "100 MB"]
    assert [count_of(0, "host"), count_of(1, "host"), count_of(4000, "host")] == ["0 hosts", "1 host", "4,000 hosts"]


def test_each_label_has_a_letter_of_its_own_while_there_are_any() -> None:
    letters = Letters()
    assert [letters.marked(label) for label in ("State", "Start", "CPU", "ss")] == ["&State", "S&tart", "&CPU", "ss"]
