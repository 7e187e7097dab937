"""Hosts as columns."""

from __future__ import annotations

import numpy as np
import pytest

from zeligui.contract.columns import Texts
from zeligui.grid.table import Joined, Table, number_in


def spelt(column: Texts) -> list[str | None]:
    return [None if code < 0 else column.vocabulary[code] for code in column.codes]


TABLE = Table.of(
    [
        ("a", {"cpuSpeed": 2400.0, "osName": "Linux", "mixed": 0.5}),
        ("b", {"CPUSPEED": 1e7, "mixed": "12"}),
        ("c", {"osName": "Linux", "mixed": "many"}),
    ]
)


def test_names_of_attributes_have_no_case_and_keep_their_spelling() -> None:
    assert TABLE.numbers("cpuspeed").tolist()[:2] == [2400.0, 1e7]
    assert TABLE.attributes == ("cpuSpeed", "mixed", "osName")
    assert TABLE.knows("OSNAME")
    assert not TABLE.knows("arch")


def test_what_is_missing_is_nan_or_no_text() -> None:
    assert np.isnan(TABLE.numbers("cpuSpeed")[2])
    assert spelt(TABLE.texts("osName")) == ["Linux", None, "Linux"]
    assert np.isnan(TABLE.numbers("arch")).all()
    assert spelt(TABLE.texts("arch")) == [None, None, None]


def test_a_text_that_reads_as_a_number_is_one() -> None:
    np.testing.assert_array_equal(TABLE.numbers("mixed"), [0.5, 12.0, np.nan])


def test_a_number_is_the_text_that_it_is_written_as() -> None:
    assert spelt(TABLE.texts("cpuSpeed")) == ["2400", "10000000", None]
    assert spelt(TABLE.texts("mixed")) == ["0.5", "12", "many"]


def test_the_host_name_is_a_text_of_every_host() -> None:
    assert TABLE.knows("hostname")
    assert spelt(TABLE.texts("hostName")) == ["a", "b", "c"]
    assert np.isnan(TABLE.numbers("hostName")).all()
    posing = Table.of([("a", {"HOSTNAME": 5.0}), ("b", {"hostname": "a"})])
    assert spelt(posing.texts("hostName")) == ["a", "b"]


def test_there_is_no_history() -> None:
    assert np.isnan(TABLE.statistic("avg", "cpuSpeed", 60.0)).all()


def test_columns_are_taken_as_they_are() -> None:
    speeds = np.array([1.0, 2.0])
    table = Table(["a", "b"], {"cpuSpeed": speeds}, {"osName": Texts(np.array([0, -1], np.int32), ("AIX",))})
    assert table.numbers("CpuSpeed") is speeds
    assert spelt(table.texts("osname")) == ["AIX", None]


def test_no_hosts_are_a_table_too() -> None:
    assert Table.of([]).numbers("x").shape == (0,)
    assert Table.of([]).texts("hostName").codes.shape == (0,)


def test_two_sets_of_hosts_are_seen_as_one() -> None:
    joined = Joined(TABLE, Table.of([("d", {"osName": "AIX", "latency": 3.0})]))
    assert joined.names == ("a", "b", "c", "d")
    assert spelt(joined.texts("osName")) == ["Linux", None, "Linux", "AIX"]
    np.testing.assert_array_equal(joined.numbers("latency"), [np.nan, np.nan, np.nan, 3.0])
    assert joined.knows("latency")
    assert joined.statistic("age", "latency", None).shape == (4,)


@pytest.mark.parametrize(("text", "number"), [("5", 5.0), (" .5 ", 0.5), ("5.", 5.0), ("-1e3", -1000.0), ("+2", 2.0)])
def test_a_number_is_read(text: str, number: float) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize("text", ["", "x", "1_000", "1,5", "0x10", "inf", "nan", "1e999", "٣", "5 MB", "1 2", "."])
def test_anything_else_is_no_number(text: str) -> None:
    assert np.isnan(number_in(text))


def test_words_are_texts_alone_and_no_number_is_written_out() -> None:
    assert spelt(TABLE.words("MIXED")) == [None, "12", "many"]
    assert spelt(TABLE.words("cpuSpeed")) == [None, None, None]
    joined = Joined(TABLE, Table.of([("d", {"mixed": "more"})]))
    assert spelt(joined.words("mixed")) == [None, "12", "many", "more"]
