"""What goes wrong with hosts, jobs and wishes at the worst moment: nothing runs twice, is forgotten or hangs."""

import asyncio
from pathlib import Path

import pytest

from tests.experiment.stage import Place, Stage
from zeligui.errors import LinkError, Refused, ZeliGridError
from zeligui.jobs.job import JobState

IDLE = "[idle]\ncpuAvail > 0.6\n"


def two() -> tuple[Place, Place]:
    """Two idle hosts; ties break by name, so that the first is chosen."""
    return Place("a.grid"), Place("b.grid")


async def test_a_job_that_ends_while_its_next_place_is_prepared_ends_once(tmp_path: Path) -> None:
    here, there = two()
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="a.grid")
        there.slow["prepare"] = 0.4
        here.figures["cpuAvail"] = 0.1
        await play.heard("relocating")
        here.end()
        assert await play.counts() == {"done": 1, "failed": 0, "canceled": 0}
        assert len(play.of("done")) == 1, play.told()
        assert not there.ran


async def test_a_job_that_ends_while_it_is_being_stopped_ends_the_run(tmp_path: Path) -> None:
    here, there = two()
    here.slow["read"] = 0.3
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="a.grid")
        here.end()
        here.figures["cpuAvail"] = 0.1
        assert (await play.counts())["done"] == 1
        assert not there.ran


async def test_a_commit_whose_answer_is_lost_is_found_and_not_repeated(tmp_path: Path) -> None:
    here, there = two()
    here.loses.add("commit")
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="a.grid")
        here.end()
        assert (await play.counts())["done"] == 1
    assert (len(here.ran), len(there.ran)) == (1, 0)


async def test_a_cancel_of_what_is_in_doubt_ends_it_there(tmp_path: Path) -> None:
    here, there = two()
    here.loses.add("commit")
    here.slow["find"] = 0.5
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.until(lambda: here.ran)
        await play.wish("cancel", await play.heard("intent"))
        assert (await play.counts())["canceled"] == 1
    assert not here.running()
    assert not there.ran


async def test_a_cancel_of_what_is_held_is_final(tmp_path: Path) -> None:
    here = Place("a.grid")
    async with Stage(tmp_path, IDLE, [here]).master() as play:
        running = await play.heard("running")
        here.figures["cpuAvail"] = 0.1
        await play.heard("stopped")
        await play.wish("cancel", running)
        assert (await play.counts())["canceled"] == 1


async def test_a_cancel_that_was_taken_note_of_survives_the_master(tmp_path: Path) -> None:
    here = Place("a.grid")
    stage = Stage(tmp_path, IDLE, [here])
    async with stage.master() as play:
        running = await play.heard("running")
        await play.wish("cancel", running)
        await play.controller._run.book.catch_up()
        wish = max(play.controller._run.state.wishes)
        await play.controller._run.book.record("wish_done", wish=wish)
        await play.kill()
    async with stage.master() as play:
        assert (await play.counts())["canceled"] == 1
    assert not here.running()


async def test_a_job_that_has_just_ended_cannot_be_suspended_and_that_is_no_fault(tmp_path: Path) -> None:
    here = Place("a.grid")
    async with Stage(tmp_path, IDLE, [here]).master() as play:
        running = await play.heard("running")
        here.slow["find"] = 0.5
        here.end()
        await play.wish("suspend", running)
        assert (await play.counts())["done"] == 1


async def test_stopping_all_begins_nothing_anew(tmp_path: Path) -> None:
    here, there = two()
    stage = Stage(tmp_path, IDLE, [here, there])
    stage.job["instances"] = 2
    async with stage.master() as play:
        await play.heard("running", count=2)
        here.figures["cpuAvail"] = 0.1
        await play.heard("held")
        await play.heard("stopped")
        await play.kill()
        here.figures["cpuAvail"] = 1.0
        await play.controller.stop_all()
        assert len(play.of("canceled")) == 2, play.told()
        assert "finished" in play.kinds()
    assert len(here.ran) == 1


async def test_results_that_cannot_be_written_end_in_words_and_come_with_the_next_run(tmp_path: Path) -> None:
    here = Place("a.grid")
    here.output = b"precious\n"
    stage = Stage(tmp_path, IDLE, [here])
    (tmp_path / "results").write_text("in the way")
    async with stage.master() as play:
        await play.heard("running")
        here.end()
        with pytest.raises(ZeliGridError, match=r"cannot be written into .*results"):
            await play.counts(limit_s=3)
    (tmp_path / "results").unlink()
    async with stage.master() as play:
        assert (await play.counts())["done"] == 1
    assert (tmp_path / "results" / "trial" / "1" / "stdout").read_bytes() == b"precious\n"


async def test_a_file_that_its_machine_will_not_give_is_told_and_waited_for_no_longer(tmp_path: Path) -> None:
    here = Place("a.grid")
    here.output = b"printed\n"
    stage = Stage(tmp_path, IDLE, [here])
    stage.job["output"] = ("secret",)

    async def refuse(*_: object, **__: object) -> list[str]:
        raise Refused("secret: Permission denied.")

    here.fetch = refuse  # type: ignore[method-assign, assignment]
    async with stage.master() as play:
        await play.heard("running")
        here.end()
        assert (await play.counts(limit_s=2))["done"] == 1
        assert "Permission denied" in (await play.heard("incomplete")).reason
    assert (tmp_path / "results" / "trial" / "1" / "stdout").read_bytes() == b"printed\n"


async def test_a_preparation_that_did_not_wait_for_the_checkpoint_is_made_again(tmp_path: Path) -> None:
    here, there = two()
    here.files["state"] = b"7"
    stage = Stage(tmp_path, IDLE, [here, there])
    stage.job["checkpoint"] = ("state",)
    async with stage.master() as play:
        await play.heard("running", host="a.grid")
        here.slow["fetch"] = 0.3
        here.figures["cpuAvail"] = 0.1
        await play.heard("prepared", host="b.grid")
        (early,) = there.jobs
        there.jobs[early] = type(there.jobs[early])(JobState.CANCELED)
        relocated = await play.heard("relocated")
        assert relocated.host == "b.grid"
        assert there.files["state"] == b"7"
        assert len(there.ran) == 1
        assert early not in there.ran


async def test_a_lost_host_owes_the_cancel_and_what_was_printed_there(tmp_path: Path) -> None:
    here, there = two()
    here.output = b"before the cut\n"
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="a.grid")
        here.cut()
        await play.heard("lost")
        await play.heard("relocated", host="b.grid")
        here.heal()
        await play.heard("settled")
        assert not here.running()
        assert not here.jobs
        there.end()
        await play.counts()
    assert (tmp_path / "results" / "trial" / "1" / "stdout.0").read_bytes() == b"before the cut\n"


async def test_while_all_are_silent_nothing_is_lost(tmp_path: Path) -> None:
    here, there = two()
    stage = Stage(tmp_path, IDLE, [here, there])
    stage.rules["grace_s"] = 1.0
    async with stage.master() as play:
        await play.heard("running", host="a.grid")
        here.cut()
        there.cut()
        await play.heard("unverified")
        with pytest.raises(AssertionError):
            await play.heard("lost", limit_s=2.5)
        here.heal()
        there.heal()
        await play.heard("verified")
        here.end()
        assert (await play.counts())["done"] == 1
    assert not there.ran


async def test_the_first_to_answer_after_a_silence_of_all_does_not_vouch_for_the_whole_of_it(tmp_path: Path) -> None:
    here, there = two()
    there.period_s = 0.3  # it counts as up for 3 s without an answer
    stage = Stage(tmp_path, IDLE, [here, there])
    stage.rules |= {"grace_s": 1.5, "host_check_s": 0.2}
    async with stage.master() as play:
        await play.heard("running", host="a.grid")
        await asyncio.sleep(1)
        here.cut()
        there.cut()
        await play.heard("unverified")
        await asyncio.sleep(2)
        there.heal()
        await asyncio.sleep(0.4)
        here.heal()
        await play.heard("verified")
        here.end()
        assert (await play.counts())["done"] == 1
    assert not there.ran


async def test_what_is_stopped_on_a_host_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    here, there = two()
    there.figures["cpuAvail"] = 0.1
    here.slow["cancel"] = 0.2
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="a.grid")
        here.figures["cpuAvail"] = 0.1
        await play.heard("held")
        here.cut()
        await play.heard("lost")
        there.figures["cpuAvail"] = 1.0
        await play.heard("relocated", host="b.grid")


async def test_a_hold_that_the_master_did_not_live_to_carry_out_is_carried_out(tmp_path: Path) -> None:
    here = Place("a.grid")
    stage = Stage(tmp_path, IDLE, [here])
    async with stage.master() as play:
        running = await play.heard("running")
        await play.controller._run.book.record("held", "no host", instance=1, host=running.host)
        await play.kill()
    here.figures["cpuAvail"] = 0.1
    async with stage.master() as play:
        await play.heard("stopped")
        here.figures["cpuAvail"] = 1.0
        await play.heard("running", count=1, host="a.grid")


async def test_a_refusing_host_is_replaced_and_set_aside(tmp_path: Path) -> None:
    here, there = two()
    here.refuses = True
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="b.grid")
        assert (await play.heard("set_aside")).host == "a.grid"


async def test_all_or_nothing_when_one_of_three_refuses(tmp_path: Path) -> None:
    places = [Place("a.grid"), Place("b.grid"), Place("c.grid")]
    places[2].refuses = True
    stage = Stage(tmp_path, IDLE, places)
    stage.job["instances"] = 3
    async with stage.master() as play:
        assert "c.grid" in (await play.heard("held")).reason
        assert not any(place.ran for place in places)
        await play.until(lambda: not any(place.jobs for place in places))


async def test_a_silent_host_is_no_reason_to_end(tmp_path: Path) -> None:
    here, there = two()
    here.trouble = LinkError("a.grid is silent.")
    async with Stage(tmp_path, IDLE, [here, there]).master() as play:
        await play.heard("running", host="b.grid")
        there.end()
        assert (await play.counts())["done"] == 1
