"""What was measured stays in its order, whatever becomes of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from zeligui.grid.history.dating import Dating

BEGUN = 1_700_000_000.0


class Watch:
    """A clock whose calendar can be set."""

    def __init__(self) -> None:
        self.passed = 500.0
        self.calendar = BEGUN - 500.0

    def age(self) -> float:
        return self.passed

    def patience(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.calendar + self.passed, UTC)

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_time_on_the_age_clock_has_its_date(watch: Watch) -> None:
    dating = Dating(watch)
    assert dating.date(490.0) == pytest.approx(BEGUN - 10)
    watch.passed += 1e5  # asleep
    assert not dating.look()
    assert dating.now() == pytest.approx(BEGUN + 1e5)


def test_a_calendar_that_is_set_forward_is_followed(watch: Watch) -> None:
    dating = Dating(watch)
    watch.calendar += 3600
    assert not dating.look()
    assert dating.now() == pytest.approx(BEGUN + 3600)


def test_small_differences_between_two_readings_change_nothing(watch: Watch) -> None:
    dating = Dating(watch)
    before = dating.date(100.0)
    watch.calendar += 0.01
    dating.look()
    assert dating.date(100.0) == before


def test_a_calendar_that_is_set_back_never_turns_the_order(watch: Watch) -> None:
    dating = Dating(watch)
    dates = []
    for second in range(400):
        watch.passed += 1
        if second == 100:
            watch.calendar -= 120
        assert not dating.look()
        dates.append(dating.now())
    assert all(before < after for before, after in pairwise(dates))
    assert dates[-1] == pytest.approx(watch.now().timestamp())


def test_what_was_recorded_before_is_older_than_what_comes(watch: Watch) -> None:
    dating = Dating(watch, BEGUN + 60)
    assert dating.now() == pytest.approx(BEGUN + 60)
    watch.passed += 200
    assert dating.now() == pytest.approx(BEGUN + 200)


def test_a_calendar_that_was_wrong_by_days_is_not_believed_afterwards(watch: Watch) -> None:
    watch.calendar += 400 * 86400
    dating = Dating(watch)
    watch.calendar -= 400 * 86400
    assert dating.look()
    assert dating.now() == pytest.approx(BEGUN)
    assert not dating.look()
    assert Dating(watch, BEGUN + 400 * 86400).now() == pytest.approx(BEGUN)
