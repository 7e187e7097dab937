"""Where every error stands: the table of the language's document, one sentence a row."""

from __future__ import annotations

import pytest

from zeligui.contract.attributes import Suggestions
from zeligui.contract.language import LARGEST, Problem, read


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int]]:
    return [(problem.line, problem.column) for problem in problems]


def errors_of(line: str) -> list[int]:
    """The columns of the errors of one line of a profile."""
    reading = read("[p]\n" + line)
    assert all(problem.line == 2 for problem in reading.errors)
    return [problem.column for problem in reading.errors]


SYNTAX = [
    # A missing right side stands at the column after the last sign.
    ("cpuAvail >", [11]),
    ("cpuAvail >   # nothing", [11]),
    ("osName =\t", [9]),
    ("cpuAvail > 0.5 and", [19]),
    ("maximize", [9]),
    ("cpuAvail > 0.5 for", [19]),
    ("cpuAvail > 0.5 for 5", [21]),
    ("(cpuAvail > 0.5", [16]),
    ("cpuAvail", [9]),
    ("osName in (Linux", [17]),
    # The first token that cannot stand there.
    ("> 5", [1]),
    ("cpuAvail > > 5", [12]),
    ("cpuAvail >> 5", [11]),
    ("cpuAvail > 0.5)", [15]),
    ("cpuAvail > 0.5 cpuSpeed > 2000", [16]),
    ("1 < cpuAvail < 2", [14]),
    ("cpuAvail => 0.5", [11]),
    ("osName =~ Lin*", [9]),
    ("cpuAvail > 0.5 && load1 < 2", [16]),
    ("cpuAvail ! 5", [10]),
    ("a -> b", [3]),
    ("a->b", [2]),
    ("cpuAvail > 0.5 for 1 min 30 s", [26]),
    ("cpuAvail > 0.5 for -5 s", [20]),
    ("cpuAvail > 0.5 for 5 s and load1 < 2", [24]),
    ("(cpuAvail > 0.5 for 5 s)", [17]),
    ("cpuAvail\u00a0> 5", [9]),
    ("cpuAvail\r> 5", [9]),
    ("cpuAvail > ５", [12]),  # noqa: RUF001 - digits are ASCII
    ("cpuAvail (5) > 5", [10]),
    # Quotes and backquotes that are not closed, and empty backquotes.
    ('osName = "Linux', [10]),
    ('osName = "Linux # no comment', [10]),
    ("`Mds-Os-name = Linux", [1]),
    ("`` = Linux", [1]),
    # Unquoted text: what it may not be.
    ("osName = and", [10]),
    ("osName = for", [10]),
    ("osName = hold", [10]),
    ("osName = @home", [10]),
    ("osName = Linux (5)", [16]),
    ("osName = Red Hat", [14]),
    ("hostName = 10.0.0.1", [16]),
    ("osName ~ [!a]*", [11]),
    ("osName ~ not", [10]),
    ("osName ~ `a`", [10]),
    ("osName ~ avg(x)", [13]),
    ("osName in ()", [12]),
    ("osName in (a,)", [14]),
    ("osName in (a b)", [14]),
    ("osName in a", [11]),
    ("osRelease in (22.04)", [15]),
    ("osName in (and)", [12]),
    # Calls.
    ("avg() > 5", [5]),
    ("avg(5) > 5", [5]),
    ("avg(load1, 5) > 5", [13]),
    ("avg(load1, load5) > 5", [12]),
    ("avg(avg(load1)) > 5", [5]),
    ("avg(load1 + load5) > 5", [11]),
    # Wrong case, with all that follows still read.
    ("cpuAvail > 0.5 AND load1 < 2 Or load5 < 2", [16, 30]),
    ("NOT cpuAvail > 0.5", [1]),
    ("osName IN (Linux)", [8]),
    ("osName Not In (Linux)", [8, 12]),
    ("osName = Linux AND cpuAvail >", [16, 30]),
    ("Maximize cpuSpeed", [1]),
    ("cpuAvail > 0.5 FOR 5 S", [16, 22]),
    ("Avg(load1, 5 min) < 2", [1]),
    ("freeMemory > 5 mb", [16]),
    ("bandWidth > 5 MBIT/S", [15]),
    # Functions and units that do not exist.
    ("mean(load1, 5 min) < 2", [1]),
    ("freeMemory > 5 XB and bandWidth > 3 baud", [16, 37]),
    ("bandWidth > 5 MB/s", [15]),
    ("cpuAvail > 5 day", [14]),
    # A literal that is not finite.
    ("cpuAvail > 1e999", [12]),
    ("cpuAvail > -1e999", [13]),
    ("freeMemory > 1e308 TB", [14]),
    ("cpuAvail > 0.5 for 1e308 d", [20]),
    ("cpuAvail > " + "9" * 400, [12]),
]


@pytest.mark.parametrize(("line", "columns"), SYNTAX)
def test_a_syntax_error_stands_at_the_first_token_that_cannot(line: str, columns: list[int]) -> None:
    assert errors_of(line) == columns


TYPES = [
    ("freeMemory > 5 s", [16]),
    ("freeMemory > 5 s and bandWidth > 3 MB", [16, 36]),
    ("cpuAvail > 0.5 MB", [16]),
    ("freeMemory > 50 %", [17]),
    ("5 s > freeMemory", [7]),
    ("freeMemory > cpuSpeed", [14]),
    ("freeMemory + latency > 5", [14]),
    ("freeMemory > 5 MB + 3 s", [23]),
    ("freeMemory * cpuSpeed > 5 MB", [27]),
    ("freeMemory > cpuSpeed * latency", [14]),
    ("freeMemory > cpuCount * 50 %", [14]),
    ("freeMemory > 200 * latency", [20]),
    ("age(cpuAvail) > 5 MB", [19]),
    ("freeMemory > age(freeMemory)", [14]),
    ("cpuAvail > 0.5 for 5 MB", [22]),
    ("cpuAvail > 0.5 for 5 %", [22]),
    ("avg(load1, 5 MB) > 5", [14]),
    ("osName < 5", [1]),
    ("5 < osName", [5]),
    ("osName < osRelease", [1]),
    ("cpuAvail > osName", [12]),
    ('cpuAvail > "5"', [12]),
    ("osName + 1 = 5", [1]),
    ("cpuAvail + osName > 1", [12]),
    ("cpuFree = cpuCount", [11]),
    ("cpuFree = Linux", [11]),
    ('cpuCount = "4"', [12]),
    ("cpuCount = `osName`", [12]),
    ("osName = `cpuCount`", [10]),
    ("osName = 5 MB", [12]),
    ("cpuCount ~ 4*", [12]),
    ("cpuCount in (four, five)", [14]),
    ("avg(osName, 5 min) > 5", [5]),
    ("cpuFree = 2 * cpuCount", [15]),
    ("maximize osName", [10]),
    ("maximize freeMemory + cpuSpeed", [23]),
    ("minimize latency + 5 MB", [22]),
    ("freeMemory > 5 s and cpuAvail >", [16, 32]),
    ("freeMemory > 5 s 30", [16, 18]),
]


@pytest.mark.parametrize(("line", "columns"), TYPES)
def test_a_wrong_type_stands_at_the_second_of_two(line: str, columns: list[int]) -> None:
    assert errors_of(line) == columns


HEADERS = [
    ("", [(1, 1)]),
    ("# nothing\n\n", [(1, 1)]),
    ("[negotiation]\n", [(1, 1)]),
    ("[negotiation]\np q\n", [(1, 1), (2, 3)]),
    ("osName = Linux\n[p]\n", [(1, 1)]),
    ("[p\n", [(1, 3)]),
    ("[p # x]\n", [(1, 3)]),
    ("[]\n", [(1, 2)]),
    ("[1p]\n", [(1, 2)]),
    ("[my-profile]\n", [(1, 4)]),
    ("[my profile]\n", [(1, 5)]),
    ('["p"]\n', [(1, 2)]),
    ("[p]]\n", [(1, 4)]),
    ("[p] osName = Linux\n", [(1, 5)]),
    ("[hold]\n", [(1, 2)]),
    ("[Hold]\n", [(1, 2)]),
    ("[p]\n[Negotiation]\np -> hold", [(2, 2)]),
    ("[p]\n[q]\n [ p ]\n", [(3, 4)]),
    ("[a b]\ncpuAvail > 5 MB\ncpuAvail >", [(1, 4), (2, 14), (3, 11)]),
]


@pytest.mark.parametrize(("text", "expected"), HEADERS)
def test_a_header_that_is_wrong(text: str, expected: list[tuple[int, int]]) -> None:
    assert places(read(text).errors) == expected


EDGES = [
    ("p -> zz", [(4, 6)]),
    ("zz -> p", [(4, 1)]),
    ("xx -> yy", [(4, 1), (4, 7)]),
    ("hold -> p", [(4, 1)]),
    ("p -> p", [(4, 6)]),
    ("p -> q\np -> q after 5 s", [(5, 6)]),
    ("P -> q", [(4, 1)]),
    ("p -> Hold", [(4, 6)]),
    ("p ->", [(4, 5)]),
    ("p q", [(4, 3)]),
    ("p - > q", [(4, 3)]),
    ("osName = Linux", [(4, 8)]),
    ("p -> q after", [(4, 13)]),
    ("p -> q after 5", [(4, 15)]),
    ("p -> q after 5 MB", [(4, 16)]),
    ("p -> q After 5 s", [(4, 8)]),
    ("p -> q after 5 s 3", [(4, 18)]),
    ("p -> hold after 1e308 d", [(4, 17)]),
]


@pytest.mark.parametrize(("edges", "expected"), EDGES)
def test_an_edge_that_is_wrong(edges: str, expected: list[tuple[int, int]]) -> None:
    assert places(read("[p]\n[q]\n[negotiation]\n" + edges).errors) == expected


WORDS = [
    ("cpuAvail > 0.5 AND load1 < 2", "'AND' is written 'and'"),
    ("Maximize cpuSpeed", "'maximize'"),
    ("AVG(load1, 5 s) < 2", "'avg'"),
    ("freeMemory > 5 mb", "'MB'"),
    ("bandWidth > 5 MB/s", "did you mean"),
    ("medain(load1, 5 s) < 2", "did you mean 'median'"),
    ("freeMemory > 5 s", "memory"),
    ("cpuFree = cpuCount", "`cpuCount`"),
    ("cpuAvail > )", "')' cannot stand here; expected"),
    ("cpuAvail > 3)", "expected a unit, +, -, *, /, and, or, for or the end of the line"),
    ("maximize cpuAvail > 3", "expected +, -, *, / or the end of the line"),
    ('osName = "abc', "'\"abc' is a text without its closing"),
    ("cpuModel = Xeon(R)", "'Xeon' is no function"),
    ("osName = _a", "'_a' is no unquoted text"),
    ("osName ~ [!a]", "'!' is no sign of the language outside quotes"),
    ("load1 > 1 for 5 sec", "no unit of time; expected one of us ms s min h d"),
    ("not " * 65 + "load1 > 1", "'not' is one too many; expected at most 64"),
]


@pytest.mark.parametrize(("line", "said"), WORDS)
def test_an_error_names_the_text_at_fault_and_what_was_expected(line: str, said: str) -> None:
    (problem,) = read("[p]\n" + line).errors
    assert said in problem.message


def test_misspelt_profiles_in_edges_are_suggested() -> None:
    (problem,) = read("[fast]\n[slow]\n[negotiation]\nfast -> slwo").errors
    assert "did you mean 'slow'" in problem.message
    (problem,) = read("[fast]\n[negotiation]\nFast -> hold").errors
    assert "did you mean 'fast'" in problem.message
    many = "".join(f"[fast{number}]\n" for number in range(30))
    (problem,) = read(many + "[negotiation]\nFast29 -> hold").errors
    assert "did you mean 'fast29'" in problem.message


def test_what_is_no_blank_to_the_language_stands_before_any_profile() -> None:
    assert places(read(b"\x0b\n\xc2\xa0x").errors) == [(1, 1), (2, 1)]


def test_no_unit_is_suggested_that_hardly_resembles() -> None:
    (problem,) = read("[p]\nbandWidth > 3 Mbps").errors
    assert "did you mean" not in problem.message


def test_only_so_many_misspelt_words_of_a_file_are_searched_for() -> None:
    lines = "".join(f"freeMemor{number:x} > 1\n" for number in range(Suggestions.MOST + 1))
    hinted = ["did you mean 'freeMemory'" in warning.message for warning in read("[p]\n" + lines).warnings]
    assert hinted == [True] * Suggestions.MOST + [False]


def test_all_errors_of_a_file_are_reported_in_order() -> None:
    reading = read("[p]\ncpuAvail >\nfreeMemory > 5 s\n[p]\nosName < 5\n[negotiation]\np -> q\n")
    assert places(reading.errors) == [(2, 11), (3, 16), (4, 2), (5, 1), (7, 6)]
    assert reading.contract is None


WHOLE = [
    b"[p]\n" + b"#" * (LARGEST - 3),
    b"[p]\nosName = \xff\n",
    b"[p]\nosName = a\0\n",
    "[p]\n".encode("utf-16"),
    "[p]\nosName = \ud800",
]


@pytest.mark.parametrize("source", WHOLE, ids=["too large", "not UTF-8", "NUL", "UTF-16", "a lone surrogate"])
def test_an_error_of_the_whole_file_stands_at_its_first_sign(source: bytes | str) -> None:
    assert places(read(source).errors) == [(1, 1)]


def test_a_contract_of_one_mebibyte_is_read() -> None:
    assert read(b"[p]\n" + b"#" * (LARGEST - 4)).contract


@pytest.mark.parametrize(("opening", "levels"), [("(", 64), ("not ", 64), ("not (", 32)])
def test_64_parentheses_and_nots_may_be_open_at_once(opening: str, levels: int) -> None:
    closing = ")" * levels if "(" in opening else ""
    assert errors_of(opening * levels + "cpuAvail > 0.5" + closing) == []


def test_the_65th_that_opens_is_at_fault() -> None:
    assert errors_of("(" * 65 + "cpuAvail > 0.5" + ")" * 65) == [65]
    assert errors_of("(" * 65 + "cpuAvail" + ")" * 65 + " > 0.5") == [65]
    assert errors_of("not " * 65 + "cpuAvail > 0.5") == [64 * 4 + 1]
    assert errors_of("not (" * 32 + "not cpuAvail > 0.5" + ")" * 32) == [32 * 5 + 1]


def test_chains_are_not_nesting() -> None:
    many = " and ".join(["not (cpuAvail > 0.5)"] * 500)
    assert errors_of(many) == []
    assert errors_of("cpuAvail > " + " + ".join(["1"] * 5000)) == []
    assert errors_of("osName not in (" + ", ".join(["a"] * 500) + ") and cpuAvail > 0") == []
