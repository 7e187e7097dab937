"""What holds of every contract."""

from __future__ import annotations

import string

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.table import Table
from tests.contract.trees import Host, Tree, hosts, trees
from zeligui.contract.evaluation import apt, judge, rank
from zeligui.contract.language import Contract, Profile, read

# Other tests run on the same processors: time says nothing here.
calm = settings(deadline=None, max_examples=60)

KLEENE = {True: 1, False: 0, None: -1}


def contract_of(*conditions: object) -> Contract:
    reading = read("[p]\n" + "\n".join(map(str, conditions)))
    assert reading.errors == ()
    assert reading.contract
    return reading.contract


def profile_of(*conditions: object) -> Profile:
    return contract_of(*conditions).profiles[0]


@calm
@given(trees, hosts)
def test_columns_are_judged_as_one_host_after_another(tree: Tree, rows: list[Host]) -> None:
    profile = profile_of(tree)
    expected = [KLEENE[tree.judge(row)] for row in rows]
    assert judge(profile, Table(rows))[0].tolist() == expected
    assert apt(profile, Table(rows)).tolist() == [truth == 1 for truth in expected]


@calm
@given(trees, trees, hosts)
def test_de_morgan_and_double_negation(a: Tree, b: Tree, rows: list[Host]) -> None:
    neither, each_not, twice, once = judge(
        profile_of(f"not (({a}) or ({b}))", f"not ({a}) and not ({b})", f"not not ({a})", a), Table(rows)
    )
    assert neither.tolist() == each_not.tolist()
    assert twice.tolist() == once.tolist()


@calm
@given(trees, trees, hosts)
def test_negation_comes_before_and_and_that_before_or(a: Tree, b: Tree, rows: list[Host]) -> None:
    bare, clear = judge(profile_of(f"({b}) or not ({a}) and ({b})", f"({b}) or ((not ({a})) and ({b}))"), Table(rows))
    assert bare.tolist() == clear.tolist()


@calm
@given(st.lists(trees, max_size=5), st.lists(st.sampled_from(["maximize cpuSpeed", "minimize latency"]), max_size=2))
def test_what_is_printed_reads_as_the_same(constraints: list[Tree], preferences: list[str]) -> None:
    (profile,) = contract_of(*constraints, *preferences).profiles
    assert [constraint.text for constraint in profile.constraints] == [str(tree) for tree in constraints]
    printed = [statement.text for statement in (*profile.constraints, *profile.preferences)]
    assert profile_of(*printed) == profile


@calm
@given(trees)
def test_comments_and_blanks_change_nothing(tree: Tree) -> None:
    plain = profile_of(tree)
    assert read(f"\ufeff\t[ p ]  ; a comment\r\n\r\n \t{tree}# another\r\n").profiles == (plain,)


@calm
@given(hosts, trees)
def test_a_ranking_is_of_the_same_hosts_and_can_be_repeated(rows: list[Host], tree: Tree) -> None:
    table = Table([{**row, "hostName": f"h{number % 3}"} for number, row in enumerate(rows)])
    everybody = np.arange(len(rows))
    for profile in (profile_of(tree), profile_of("maximize cpuSpeed", "minimize latency")):
        ranked = rank(profile, table, everybody)
        assert sorted(ranked.tolist()) == everybody.tolist()
        again = rank(profile, table, everybody[::-1].copy())
        assert [table.names[host] for host in ranked] == [table.names[host] for host in again]


WORDS = """
    [ ] ( ) [p] [negotiation] osName cpuAvail freeMemory `Mds-Os-name` "Linux" = == != < <= > >= ~ !~ in not and or for
    avg( min forecast(load1, 5 1e999 0.5 MB s % -> hold after maximize minimize , # ; + - * / é NOT
"""
pieces = st.sampled_from([*WORDS.split(), "\n", "\n[p]\n", "\r\n", "\ufeff"])


@calm
@given(st.lists(pieces).map(" ".join))
def test_no_mixture_of_words_makes_reading_fail(text: str) -> None:
    check_reading(text)


@calm
@given(st.one_of(st.text(), st.binary(), st.text(string.printable)))
def test_no_input_makes_reading_fail(source: str | bytes) -> None:
    check_reading(source)


def check_reading(source: str | bytes) -> None:
    reading = read(source)
    assert (reading.contract is None) is bool(reading.errors)
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    lines = text.removeprefix("\ufeff").split("\n")
    for problem in reading.errors + reading.warnings:
        assert problem.message
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    assert list(reading.errors) == sorted(set(reading.errors))
