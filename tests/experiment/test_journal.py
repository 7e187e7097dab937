"""The journal: what was committed stays, in order, whoever writes and whatever dies."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zeligui import __version__
from zeligui.errors import JournalError
from zeligui.events import VERSION, Event
from zeligui.experiment.journal import UPCASTERS, Journal, LeaseLost, upcast
from zeligui.experiment.lease import acquire

JOURNALS = Path(__file__).parent / "journals"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


async def test_an_event_comes_back_as_it_was(journal: Journal) -> None:
    event = Event("placed", "a", "because", "0" * 32, 1, "host", "profile", {"n": [1, None, "ü\n\0"]})
    (committed,) = await journal.append(event)
    assert committed == replace(event, sequence=1)
    assert journal.events() == [committed]
    assert await journal.read("a") == [committed]


async def test_sequences_rise_by_one_over_all_experiments(journal: Journal) -> None:
    appends = [journal.append(Event("x", f"e{n % 3}"), Event("y", f"e{n % 3}")) for n in range(40)]
    committed = [event for events in await asyncio.gather(*appends) for event in events]
    assert [event.sequence for event in committed] == list(range(1, 81))
    assert journal.events() == committed
    assert journal.experiments() == ["e0", "e1", "e2"]


async def test_events_are_chosen_by_experiment_kind_and_sequence(journal: Journal) -> None:
    await journal.append(Event("x", "a"), Event("y", "b"), Event("y", "a"), Event("x", "a"))
    assert [event.sequence for event in journal.events("a")] == [1, 3, 4]
    assert [event.sequence for event in journal.events("a", after=1, kinds={"x"})] == [4]
    assert [event.sequence for event in journal.events(after=2)] == [3, 4]
    assert journal.events(kinds=()) == []


async def test_times_are_kept_in_utc(journal: Journal) -> None:
    east = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    await journal.append(Event("x", "a", time=east))
    (event,) = journal.events()
    assert event.time == east
    assert event.time.utcoffset() == timedelta(0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object()])
async def test_what_is_no_json_is_refused_and_nothing_of_the_call_written(journal: Journal, value: object) -> None:
    with pytest.raises(JournalError, match="cannot be journalled"):
        await journal.append(Event("x", "a"), Event("y", "a", data={"value": value}))
    assert journal.events() == []


async def test_bytes_that_are_no_text_harm_nobody(journal: Journal) -> None:
    await asyncio.gather(journal.append(Event("x", "a", "from \udcff")), journal.append(Event("y", "a")))
    assert [event.reason for event in journal.events()] == ["from \\udcff", ""]


async def test_the_loop_is_not_blocked_while_another_process_writes(journal: Journal) -> None:
    with closing(sqlite3.connect(journal.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        append = asyncio.create_task(journal.append(Event("x", "a")))
        beats = 0
        for _ in range(20):
            await asyncio.sleep(0.005)
            beats += not append.done()
        assert beats == 20
        assert journal.events() == []
        other.execute("ROLLBACK")
        await append
    assert len(journal.events()) == 1


async def test_a_cancelled_append_leaves_the_journal_usable(journal: Journal) -> None:
    append = asyncio.create_task(journal.append(Event("x", "a")))
    await asyncio.sleep(0)
    append.cancel()
    await asyncio.gather(append, return_exceptions=True)
    (event,) = await journal.append(Event("y", "a"))
    assert event.sequence == len(journal.events())


async def test_after_close_an_append_is_refused(journal: Journal) -> None:
    await journal.append(Event("x", "a"))
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="has been closed"):
        await journal.append(Event("x", "a"))


async def test_a_stale_lease_writes_nothing_and_harms_nobody_else(journal: Journal, tmp_path: Path) -> None:
    old = await acquire(journal, tmp_path / "leases", "a")
    await journal.append(Event("x", "a"), lease=old)
    old.close()
    new = await acquire(journal, tmp_path / "leases", "a")
    assert new.epoch == old.epoch + 1
    late, other, fresh = await asyncio.gather(
        journal.append(Event("late", "a"), Event("later", "a"), lease=old),
        journal.append(Event("other", "b")),
        journal.append(Event("fresh", "a"), lease=new),
        return_exceptions=True,
    )
    new.close()
    assert isinstance(late, LeaseLost)
    assert not isinstance(other, BaseException)
    assert not isinstance(fresh, BaseException)
    assert [event.event for event in journal.events()] == ["x", "other", "fresh"]


WRITER = """
import asyncio, sys
from pathlib import Path
from zeligui.events import Event
from zeligui.experiment.journal import Journal

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    for n in range(int(sys.argv[2])):
        (event,) = await journal.append(Event("x", sys.argv[3], data={"n": n}))
        print(event.sequence, flush=True)
    journal.close()

asyncio.run(main())
"""


def writer(file: Path, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), str(count), name], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_begin_together_share_one_journal(tmp_path: Path) -> None:
    file = tmp_path / "new/journal.sqlite"
    writers = [writer(file, 20, f"e{n}") for n in range(4)]
    told = [int(line) for one in writers for line in one.communicate(timeout=60)[0].split()]
    assert [one.returncode for one in writers] == [0] * 4
    with closing(Journal.open(file)) as journal:
        events = journal.events()
    assert sorted(told) == [event.sequence for event in events] == list(range(1, 81))
    for n in range(4):
        assert [event.data["n"] for event in events if event.experiment == f"e{n}"] == list(range(20))


def test_what_a_killed_writer_was_told_is_there(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with writer(file, 1_000_000, "a") as killed:
        assert killed.stdout
        told = [int(killed.stdout.readline()) for _ in range(30)]
        killed.kill()
        told += [int(line) for line in killed.stdout.read().splitlines()[:-1]]
    with closing(Journal.open(file)) as journal:
        kept = [event.sequence for event in journal.events()]
    assert kept[: len(told)] == told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        max_size=4,
    )
)
def test_any_json_comes_back(tmp_path: Path, data: dict[str, object]) -> None:
    with closing(Journal.open(tmp_path / "any.sqlite")) as journal:
        (committed,) = asyncio.run(_one(journal, Event("x", "a", data=data)))
        assert journal.events(after=committed.sequence - 1) == [committed]


async def _one(journal: Journal, event: Event) -> tuple[Event, ...]:
    return await journal.append(event)


def test_an_older_event_is_brought_up_version_by_version() -> None:
    casts = {
        ("moved", 1): lambda event: replace(event, event="relocated"),
        ("relocated", 2): lambda event: replace(event, data={"from": event.host}),
    }
    old = Event("moved", "a", host="h", version=1)
    assert upcast(old, casts, to=3) == replace(old, event="relocated", data={"from": "h"}, version=3)
    assert upcast(Event("x", "a", version=1), casts, to=3).version == 3
    newer = Event("x", "a", version=9)
    assert upcast(newer, casts, to=3) == newer


async def test_older_events_are_upcast_when_read(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTERS, ("moved", VERSION - 1), lambda event: replace(event, event="relocated"))
    await journal.append(Event("moved", "a", version=VERSION - 1))
    assert [(event.event, event.version) for event in journal.events()] == [("relocated", VERSION)]


@pytest.mark.parametrize("file", sorted(JOURNALS.glob("*.sqlite")), ids=lambda file: file.stem)
async def test_the_journal_of_each_release_is_read(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "journal.sqlite"
    shutil.copy(file, copy)
    with closing(Journal.open(copy)) as journal:
        events = journal.events()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert journal.experiments() == ["pi", "größe 2"]
        assert events[0].time.isoformat() == "2026-01-02T03:04:05.678000+00:00"
        assert events[4].as_json()["reason"] == "the best of 4"
        assert json.dumps(events[16].data) == '{"counts": {"canceled": 1}}'
        assert await journal.claim("pi", "me") == 2


def test_this_release_has_its_journal() -> None:
    assert (JOURNALS / f"{__version__}.sqlite").exists()
