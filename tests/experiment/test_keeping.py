"""How an experiment is kept in contract where several instances and profiles are at play (rules 3, 7 and 8)."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.experiment.stage import Place, Play, Stage

IDLE = "[idle]\ncpuAvail > 0.6\n"
TWO = "[good]\ncpuAvail > 0.6\n[poor]\ncpuAvail > 0.2\n"
UP = f"{TWO}[negotiation]\ngood -> poor\npoor -> hold\npoor -> good after 0.4 s\n"


def grid(*cpu: float) -> list[Place]:
    """Hosts a.grid, b.grid… with these shares of a processor."""
    return [Place(f"{letter}.grid", cpuAvail=share) for letter, share in zip("abcdefghij", cpu, strict=False)]


async def started(play: Play, count: int) -> list[str | None]:
    await play.heard("running", count=count)
    return [event.host for event in play.of("running")]


async def test_at_most_a_quarter_moves_at_once(tmp_path: Path) -> None:
    places = grid(*[1.0] * 10)
    stage = Stage(tmp_path, IDLE, places)
    stage.job["instances"] = 5
    async with stage.master() as play:
        hosts = await started(play, 5)
        for place in places:
            place.slow["prepare"] = 0.1
            if place.name in hosts[:3]:
                place.figures["cpuAvail"] = 0.1
        await play.heard("relocated", count=3)
        moves = [event.event for event in play.events if event.event in {"relocating", "relocated"}]
        assert moves == ["relocating", "relocated"] * 3
        assert len({event.host for event in play.of("relocated")}) == 3


async def test_it_degrades_in_place_and_says_no_untruth_of_it(tmp_path: Path) -> None:
    (here,) = places = grid(1.0)
    async with Stage(tmp_path, TWO, places).master() as play:
        await started(play, 1)
        here.figures["cpuAvail"] = 0.4
        assert (await play.heard("degraded")).profile == "poor"
        await asyncio.sleep(0.3)
        assert not play.of("recovered"), "nothing holds again: another profile is in force"
        here.figures["cpuAvail"] = 1.0
        assert (await play.heard("promoted")).profile == "good"
        assert not play.of("relocating")
    assert len(here.ran) == 1


async def test_on_degrading_those_whose_host_is_apt_stay_and_the_others_move(tmp_path: Path) -> None:
    places = a, b, c, d = grid(1.0, 1.0, 0.5, 0.5)
    stage = Stage(tmp_path, TWO, places)
    stage.job["instances"] = 2
    async with stage.master() as play:
        assert set(await started(play, 2)) == {"a.grid", "b.grid"}
        a.figures["cpuAvail"] = 0.1
        assert (await play.heard("degraded")).profile == "poor"
        relocated = await play.heard("relocated")
        assert relocated.host in {"c.grid", "d.grid"}
        assert relocated.profile == "poor"
    assert (len(a.ran), len(b.ran), len(c.ran) + len(d.ran)) == (1, 1, 1)


async def test_an_edge_up_moves_to_where_the_better_profile_held_for_its_after(tmp_path: Path) -> None:
    places = a, b = grid(0.5, 0.1)
    async with Stage(tmp_path, UP, places).master() as play:
        await started(play, 1)
        assert play.of("matched")[0].profile == "poor"
        better = time.monotonic()
        b.figures["cpuAvail"] = 1.0
        promoted = await play.heard("promoted")
        assert time.monotonic() - better >= 0.4
        assert promoted.profile == "good"
        relocated = await play.heard("relocated")
        assert (relocated.host, relocated.profile) == ("b.grid", "good")
    assert not a.running()


async def test_an_edge_down_with_after_waits_for_it(tmp_path: Path) -> None:
    (here,) = places = grid(1.0)
    text = f"{TWO}[negotiation]\ngood -> poor after 600 ms\npoor -> hold\n"
    async with Stage(tmp_path, text, places).master() as play:
        await started(play, 1)
        here.figures["cpuAvail"] = 0.4
        violated = await play.heard("violated")
        degraded = await play.heard("degraded")
        assert (degraded.time - violated.time).total_seconds() >= 0.5
        assert not play.of("held")


async def test_what_is_held_and_left_running_resumes_when_its_host_recovers(tmp_path: Path) -> None:
    (here,) = places = grid(1.0)
    stage = Stage(tmp_path, IDLE, places)
    stage.rules["on_hold"] = "leave"
    async with stage.master() as play:
        await started(play, 1)
        here.figures["cpuAvail"] = 0.1
        assert "a.grid" in (await play.heard("held")).reason
        await asyncio.sleep(0.8)
        assert len(play.of("held")) == 1
        assert here.running()
        await play.kill()
    async with stage.master() as play:
        here.figures["cpuAvail"] = 1.0
        await play.heard("resumed", host="a.grid")
    assert len(here.ran) == 1


async def test_what_is_held_and_left_running_moves_when_another_host_is_apt(tmp_path: Path) -> None:
    places = here, there = grid(1.0, 0.1)
    stage = Stage(tmp_path, IDLE, places)
    stage.rules["on_hold"] = "leave"
    async with stage.master() as play:
        await started(play, 1)
        here.figures["cpuAvail"] = 0.1
        await play.heard("held")
        there.figures["cpuAvail"] = 1.0
        await play.heard("relocated", host="b.grid")
        kinds = [kind for kind in play.kinds() if kind in {"held", "resumed", "relocating", "relocated"}]
        assert kinds == ["held", "resumed", "relocating", "relocated"]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_gang_is_held_and_resumed_together(tmp_path: Path, *, lost: bool) -> None:
    places = a, b = grid(1.0, 1.0)
    stage = Stage(tmp_path, IDLE, places)
    stage.job["instances"] = 2
    stage.rules["gang"] = True
    async with stage.master() as play:
        await started(play, 2)
        if lost:
            a.cut()
        else:
            a.figures["cpuAvail"] = 0.1
        await play.until(lambda: not b.running())
        await play.heard("held", count=2)
        a.heal()
        a.figures["cpuAvail"] = 1.0
        await play.heard("running", count=4)
        await play.until(lambda: len(a.running()) == len(b.running()) == 1)


async def test_it_begins_with_what_there_is_and_grows(tmp_path: Path) -> None:
    *_, c = places = grid(1.0, 0.4, 0.1)
    stage = Stage(tmp_path, TWO, places)
    stage.job["instances"] = 3
    stage.rules["start"] = "grow"
    async with stage.master() as play:
        assert await started(play, 1) == ["a.grid"]
        await play.heard("degraded", profile="poor")
        await play.heard("running", host="b.grid")
        c.figures["cpuAvail"] = 0.4
        await play.heard("running", host="c.grid")
        assert not play.of("promoted")
        assert all(len(place.ran) == 1 for place in places), play.told()


async def test_one_of_several_moves_from_hold_without_disturbing_the_others(tmp_path: Path) -> None:
    places = a, b, c = grid(1.0, 1.0, 0.1)
    stage = Stage(tmp_path, IDLE, places)
    stage.job["instances"] = 2
    async with stage.master() as play:
        await started(play, 2)
        a.figures["cpuAvail"] = 0.1
        held = await play.heard("held")
        assert held.instance
        assert held.profile == "idle"
        c.figures["cpuAvail"] = 1.0
        await play.heard("running", host="c.grid")
    assert (len(a.ran), len(b.ran)) == (1, 1)


async def test_a_host_that_cannot_be_judged_is_left_in_order_and_not_said_to_be_verified(tmp_path: Path) -> None:
    places = here, there = grid(1.0, 1.0)
    async with Stage(tmp_path, IDLE, places).master() as play:
        await started(play, 1)
        here.slow["cancel"] = 0.3
        here.mute = True
        assert "cpuAvail > 0.6" in (await play.heard("unverified")).reason
        await play.heard("relocating", host="a.grid")
        await play.heard("relocated", host="b.grid")
        assert not play.of("verified")
        assert not play.of("lost")
        there.end()
        assert (await play.counts())["done"] == 1


async def test_finished_jobs_begin_anew_where_that_is_asked_until_a_user_cancels(tmp_path: Path) -> None:
    (here,) = places = grid(1.0)
    stage = Stage(tmp_path, IDLE, places)
    stage.rules["restart_finished"] = True
    async with stage.master() as play:
        await started(play, 1)
        here.end()
        running = await play.heard("running", count=2)
        assert play.of("placed")[1].data["restart"] == 1
        await play.wish("cancel", running)
        assert await play.counts() == {"done": 0, "failed": 0, "canceled": 1}


@pytest.mark.alone
async def test_an_idle_master_rests(tmp_path: Path) -> None:
    places = grid(*[1.0] * 8)
    for place in places:
        place.period_s = 2.0
    stage = Stage(tmp_path, IDLE, places)
    stage.job["instances"] = 8
    stage.rules["measurement_expiry_s"] = 60.0
    async with stage.master() as play:
        await started(play, 8)
        await asyncio.sleep(0.5)
        before, late = time.process_time(), 0.0
        for _ in range(100):
            asked = time.perf_counter()
            await asyncio.sleep(0.02)
            late = max(late, time.perf_counter() - asked - 0.02)
        assert time.process_time() - before < 0.6
        assert late < 0.1
