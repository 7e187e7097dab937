"""Seats for instances: how many there are on a host, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.experiment.seats import by_host, host_of, hosts_of, room, seat_of, seated
from zeligui.grid.hosts import Host
from zeligui.grid.occupancy import Placement


def queue(free: object, service: str | None = "slurm:///batch") -> Host:
    values: Any = {"freeSlots": free} if free is not None else {}
    return Host("batch.site", "slurm://", "up", "", values, {"freeSlots": 100.0}, service=service)


def placed(at: float, *, host: str = "batch.site", cpus: float = 1.0, ended: float | None = None) -> Placement:
    return Placement("a", host, "other", cpus, 0.0, at, ended)


@pytest.mark.parametrize("service", ["local://", "ssh://lab", "any://lab", None])
def test_a_machine_has_one_seat_whatever_it_says_of_slots(service: str | None) -> None:
    assert room(queue(16, service), used=0, cpus=1, placements=[]) == 1


@pytest.mark.parametrize(
    ("free", "used", "cpus", "seats"),
    [(16, 0, 1, 16), (16, 3, 1, 19), (16, 0, 4, 4), (15, 2, 4, 5), (0, 2, 1, 2), (0, 0, 1, 1), (None, 0, 1, 1)],
)
def test_a_queue_has_a_seat_for_each_job_that_fits_into_its_free_slots(
    free: float | None, used: int, cpus: float, seats: int
) -> None:
    assert room(queue(free), used=used, cpus=cpus, placements=[]) == seats


def test_what_was_placed_since_the_slots_were_counted_takes_some_of_them() -> None:
    placements = [placed(99.0), placed(101.0), placed(102.0, cpus=2.0), placed(103.0, host="x"), placed(101, ended=1.0)]
    assert room(queue(8), used=1, cpus=1, placements=placements) == 6


@given(st.lists(st.sampled_from(["lab1", "lab2", "batch.site"])))
def test_each_time_a_host_is_named_it_has_another_seat(hosts: list[str]) -> None:
    seats = list(seated(hosts))
    assert len(set(seats)) == len(seats)
    assert [host_of(seat) for seat in seats] == hosts
    assert hosts_of(seats) == list(dict.fromkeys(hosts))
    assert {host: len(some) for host, some in by_host(seats).items()} == {host: hosts.count(host) for host in hosts}


def test_seats_come_in_the_order_of_their_numbers() -> None:
    seats = [seat_of("batch", number) for number in range(1, 13)]
    assert by_host(set(seats)) == {"batch": seats}
    assert seats[0] == "batch"
