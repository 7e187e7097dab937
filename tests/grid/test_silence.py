"""Who is to be looked at because nothing came of it, and when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeligui.grid.silence import Due

CALLS = st.lists(st.tuples(st.floats(0, 100), st.sampled_from("abcde")) | st.floats(0, 100), max_size=30)


@given(CALLS)
def test_each_is_due_once_at_the_earliest_of_its_times(calls: list[tuple[float, str] | float]) -> None:
    due, expected = Due[str](), dict[str, float]()
    for call in calls:
        if isinstance(call, tuple):
            time, machine = call
            due.at(time, machine)
            expected[machine] = min(time, expected.get(machine, time))
            continue
        found = due.by(call)
        assert sorted(found) == sorted(name for name, time in expected.items() if time <= call)
        times = [expected.pop(name) for name in found]
        assert times == sorted(times)
    assert sorted(due.by(100.0)) == sorted(expected)
