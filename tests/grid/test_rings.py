"""How deep history is, by how many hosts share it."""

from __future__ import annotations

import numpy as np
import pytest

from zeligui.grid import rings
from zeligui.grid.rings import HOUR, MANY, MOST_KEPT, SHALLOWEST, Rings


def filled(hosts: int, count: int) -> Rings:
    """The time is the value."""
    kept, rows = Rings(hosts), np.arange(hosts)
    place = kept.join()
    for time in range(count):
        kept.append_all(rows, place, float(time), np.full(hosts, time / 8))
    return kept


@pytest.mark.parametrize("hosts", [100, MANY])
def test_many_hosts_have_an_hour_at_five_seconds(hosts: int) -> None:
    times, values = filled(hosts, MOST_KEPT + 50).of(np.array([0, hosts - 1]), 0)
    assert times.shape[1] == (MOST_KEPT if hosts == 100 else HOUR)
    assert times[1].tolist() == list(range(MOST_KEPT + 50 - times.shape[1], MOST_KEPT + 50))
    assert (values == times / 8).all()


def test_more_share_what_there_is_room_for_and_none_has_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MANY", 10)
    monkeypatch.setattr(rings, "MOST_KEPT_TOGETHER", 800)
    for hosts, depth in ((20, 40), (100, SHALLOWEST)):
        assert filled(hosts, 60).of(np.array([0]), 0)[0].shape == (1, depth)


def test_hosts_that_come_later_have_their_values_too() -> None:
    kept = Rings(1)
    place = kept.join()
    for time in range(100):
        kept.append(0, place, float(time), time / 4)
    kept.append(7, place, 99.0, 1 / 3)
    kept.append(7, place, 100.0, 2.0)
    times, values = kept.of(np.array([0, 7, 5, 50]), place)
    assert times[0][~np.isnan(times[0])].tolist() == list(range(100))
    assert values[1][~np.isnan(values[1])].tolist() == [1 / 3, 2.0]
    assert np.isnan(values[2:]).all()


def test_what_came_before_may_be_left_out() -> None:
    kept = filled(3, 200)
    times, values = kept.of(np.array([2, 0]), 0, since=190.0)
    assert times.tolist() == [list(range(190, 200))] * 2
    assert (values == times / 8).all()
    assert kept.of(np.array([1]), 0, since=200.0)[0].shape == (1, 0)
