"""`zeligrid jobs` and `zeligrid job …`, over real jobs of this machine."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from zeligui import cli
from zeligui.events import Event
from zeligui.experiment.journal import Journal
from zeligui.experiment.lease import Lease, acquire
from zeligui.jobs import open_service
from zeligui.jobs.job import JobDescription
from zeligui.links import open_links
from zeligui.settings import Home

KEYS = (
    *("id", "experiment", "instance", "host", "service", "state", "detail", "profile"),
    *("exit_code", "signal", "started", "ended", "cpu_s", "memory_mb"),
)
HERE = "local://"
NOWHERE = "ssh://127.0.0.1:1"
LOOP = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.05)"
BRIEF = "import sys\nprint('out')\nprint('err', file=sys.stderr)"
WITHIN_S = 15.0

Zeligrid = Callable[..., tuple[int, str, str]]


class Desk:
    """Stands for a master that died: has started jobs and written them down."""

    def __init__(self) -> None:
        self.home = Home.find()
        self.started: list[str] = []

    def begin(self, name: str = "pi", instances: int = 1) -> None:
        self.write(Event("begun", name, data={"digest": "d", "instances": instances, "file": "/nowhere"}))

    def start(self, code: str, *, name: str = "pi", instance: int = 1, service: str = HERE) -> str:
        """A job that runs, written down up to `running`; on another service than this machine only written down."""
        attempt = secrets.token_hex(16)
        if service == HERE:
            self.started.append(attempt)
            asyncio.run(_start(attempt, code))
        about = (attempt, instance, "here", "profile1")
        intent = Event("intent", name, "", *about, {"service": service, "cpus": 1.0})
        self.write(intent, *(Event(kind, name, "", *about) for kind in ("prepared", "placed", "running")))
        return attempt

    def tell(self, kind: str, attempt: str, name: str = "pi", **data: Any) -> None:
        self.write(Event(kind, name, "", attempt, 1, "here", "profile1", data))

    def write(self, *events: Event) -> None:
        with closing(Journal.open(self.home.journal_file)) as journal:
            asyncio.run(_append(journal, *events))

    def kinds(self, *, after: str = "") -> list[str]:
        with closing(Journal.open(self.home.journal_file)) as journal:
            kinds = [event.event for event in journal.events()]
        return kinds[kinds.index(after) + 1 :] if after else kinds


async def _append(journal: Journal, *events: Event) -> None:
    await journal.append(*events)


async def _start(attempt: str, code: str) -> None:
    links = open_links()
    service = open_service(HERE, links)
    await service.prepare(attempt, JobDescription(sys.executable, ("-c", code)))
    await service.commit(attempt)
    await links.close()


async def _end(attempts: list[str]) -> None:
    links = open_links()
    service = open_service(HERE, links)
    for attempt in attempts:
        await service.cancel(attempt, grace_s=0)
    async with asyncio.timeout(WITHIN_S):
        while any(not status.state or not status.state.final for status in (await service.find(attempts)).values()):
            await asyncio.sleep(0.05)
    await links.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    asyncio.run(_end(desk.started))


@pytest.fixture
def zeligrid(capfd: pytest.CaptureFixture[str]) -> Zeligrid:
    def run(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = cli.main(words)
        return status, *capfd.readouterr()

    return run


def job(zeligrid: Zeligrid, attempt: str) -> Any:
    return json.loads(zeligrid("job", "show", attempt, "--json")[1])


def wait_for_state(zeligrid: Zeligrid, attempt: str, *states: str) -> Any:
    end = time.monotonic() + WITHIN_S
    while (found := job(zeligrid, attempt))["state"] not in states:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def test_without_a_journal_there_are_no_jobs(zeligrid: Zeligrid) -> None:
    assert zeligrid("jobs", "--json") == (0, "[]\n", "")
    status, out, err = zeligrid("jobs")
    assert (status, out) == (0, "")
    assert "--all" in err


def test_a_running_job_has_every_key_and_what_its_machine_says(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP)
    wait_for_state(zeligrid, attempt, "Running")
    status, out, _ = zeligrid("jobs", "--json")
    (found,) = json.loads(out)
    assert status == 0
    assert tuple(found) == KEYS
    assert (found["id"], found["experiment"], found["instance"]) == (attempt, "pi", 1)
    assert (found["host"], found["service"], found["profile"]) == ("here", "local://", "profile1")
    assert found["cpu_s"] >= 0
    assert found["memory_mb"] > 1
    assert found["started"].endswith("+00:00")
    assert found["ended"] is None


def test_the_table_and_show_say_it_to_people(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP)
    wait_for_state(zeligrid, attempt, "Running")
    header, row = zeligrid("jobs")[1].splitlines()
    assert header.split()[:4] == ["ID", "JOB", "HOST", "STATE"]
    assert row.split()[:4] == [attempt[:8], "pi/1", "here", "Running"]
    assert f"id:          {attempt}\n" in zeligrid("job", "show", attempt[:8])[1]


def test_a_job_that_ended_while_no_master_lived_is_shown_as_it_is(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    found = wait_for_state(zeligrid, desk.start("raise SystemExit(3)"), "Failed")
    assert found["exit_code"] == 3
    assert found["ended"] is not None


def test_jobs_that_ended_are_listed_with_all_of_earlier_runs_too(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    first = desk.start(LOOP, service=NOWHERE)
    desk.tell("done", first, exit_code=0)
    desk.write(Event("finished", "pi", data={"counts": {"done": 1}}))
    desk.begin()
    second = desk.start(LOOP, service=NOWHERE)
    desk.tell("failed", second, exit_code=None, signal="SIGKILL")
    assert json.loads(zeligrid("jobs", "--json")[1]) == []
    found = json.loads(zeligrid("jobs", "--all", "--json")[1])
    assert [(one["id"], one["state"], one["exit_code"], one["signal"]) for one in found] == [
        (first, "Done", 0, None),
        (second, "Failed", None, "SIGKILL"),
    ]


def test_a_machine_that_does_not_answer_leaves_the_last_known_state(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin(instances=2)
    lost = desk.start(LOOP, service=NOWHERE)
    status, out, _ = zeligrid("jobs", "--json")
    (found,) = json.loads(out)
    assert status == 3
    assert (found["id"], found["state"]) == (lost, "Running")
    assert found["detail"].startswith("last known: ")
    assert "127.0.0.1" in found["detail"]
    here = desk.start(LOOP, instance=2)
    wait_for_state(zeligrid, here, "Running")
    assert zeligrid("jobs", "--json")[0] == 0


def test_a_job_is_found_by_the_beginning_of_its_id_and_by_its_instance(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin("a b", instances=2)
    one = desk.start(LOOP, name="a b", service=NOWHERE)
    desk.tell("stopped", one, "a b")
    two = desk.start(LOOP, name="a b", service=NOWHERE)
    desk.tell("done", two, "a b")
    assert job(zeligrid, one[:12])["id"] == one
    assert job(zeligrid, two.upper())["id"] == two
    assert job(zeligrid, "a b/1")["id"] == two


@pytest.mark.parametrize("name", ["pi/2", "pj/1", "pi/1/1", "zzzz", ""])
def test_a_job_that_is_not_there_is_said(desk: Desk, zeligrid: Zeligrid, name: str) -> None:
    desk.begin()
    desk.tell("done", desk.start(LOOP, service=NOWHERE))
    status, out, err = zeligrid("job", "show", name, "--json")
    assert (status, out) == (1, "")
    assert f"There is no job {name!r}." in err
    assert "zeligrid jobs --all" in err
    if name.startswith("p"):
        assert "The nearest is pi/1." in err


def test_an_ambiguous_id_is_wrong_usage(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    firsts = [desk.start(LOOP, service=NOWHERE)[0] for _ in range(17)]  # two of them begin with the same digit
    twice = next(digit for digit in firsts if firsts.count(digit) > 1)
    status, _, err = zeligrid("job", "show", twice)
    assert status == 2
    assert f"Several jobs have an id that begins with {twice}" in err


def test_a_user_cancels_suspends_and_resumes_without_a_master(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP)
    wait_for_state(zeligrid, attempt, "Running")
    assert zeligrid("job", "suspend", attempt)[:2] == (0, "pi/1 on here: It was suspended.\n")
    wait_for_state(zeligrid, attempt, "Suspended")
    status, out, _ = zeligrid("job", "resume", "pi/1", "--json")
    assert status == 0
    assert json.loads(out)["id"] == attempt
    wait_for_state(zeligrid, attempt, "Running")
    assert zeligrid("job", "cancel", attempt)[:2] == (0, "pi/1 on here: It was canceled.\n")
    assert job(zeligrid, attempt)["state"] == "Canceled"
    assert desk.kinds(after="running") == [
        *("wish", "suspended", "wish_done", "wish", "continued", "wish_done"),
        *("wish", "canceled", "wish_done"),
    ]
    status, _, err = zeligrid("job", "cancel", attempt)
    assert status == 1
    assert "The instance 1 of pi has ended: canceled." in err


def test_what_cannot_be_meant_is_refused_before_it_is_journalled(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP)
    wait_for_state(zeligrid, attempt, "Running")
    assert "A job that is Running cannot be resumed." in zeligrid("job", "resume", attempt)[2]
    assert "wish" not in desk.kinds()


def test_a_cancel_whose_machine_is_silent_stays_for_the_next_master(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    status, _, err = zeligrid("job", "cancel", attempt)
    assert status == 3
    assert "The next `zeligrid run` of its experiment cancels it." in err
    assert desk.kinds(after="running") == ["wish"]
    assert zeligrid("job", "suspend", attempt)[0] == 3
    assert desk.kinds(after="running") == ["wish", "wish", "wish_done"]


def test_a_held_instance_is_canceled(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    desk.tell("stopped", attempt)
    assert "runs nowhere now" in zeligrid("job", "suspend", "pi/1")[2]
    assert zeligrid("job", "cancel", "pi/1")[0] == 0
    assert desk.kinds(after="stopped") == ["wish", "canceled", "wish_done"]


class Master(threading.Thread):
    """Holds the lease and, where it is not `deaf`, says of each wish that it is done."""

    def __init__(self, home: Home, *, deaf: bool = False, failing: str = "") -> None:
        super().__init__()
        self._home, self._deaf, self._failing = home, deaf, failing
        self._ended = threading.Event()
        self.drives = threading.Event()
        self.start()
        self.drives.wait()

    def run(self) -> None:
        asyncio.run(self._drive())

    async def _drive(self) -> None:
        with closing(Journal.open(self._home.journal_file)) as journal:
            lease = await acquire(journal, self._home.leases_folder, "pi")
            self.drives.set()
            while not self._ended.is_set():
                await asyncio.sleep(0.02)
                if not self._deaf:
                    await self._grant(journal, lease)
            lease.close()

    async def _grant(self, journal: Journal, lease: Lease) -> None:
        events = await journal.read("pi", kinds={"wish", "wish_done"})
        done = {event.data["wish"] for event in events if event.event == "wish_done"}
        for wish in events:
            if wish.event == "wish" and wish.sequence not in done:
                failed = [Event("unfulfilled", "pi", self._failing, wish.job)] if self._failing else []
                await journal.append(*failed, Event("wish_done", "pi", data={"wish": wish.sequence}), lease=lease)

    def close(self) -> None:
        self._ended.set()
        self.join()


def test_a_living_master_does_the_wish(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    with closing(Master(desk.home)):
        assert zeligrid("job", "cancel", attempt)[:2] == (0, "pi/1 on here: The master of its experiment does it.\n")
    assert desk.kinds(after="running") == ["wish", "wish_done"]


def test_what_a_living_master_could_not_do_is_said(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    with closing(Master(desk.home, failing="its host does not answer.")):
        status, _, err = zeligrid("job", "suspend", attempt)
    assert status == 1
    assert "It could not be done: its host does not answer." in err


def test_a_master_that_does_not_hear_is_not_waited_for_for_ever(
    desk: Desk, zeligrid: Zeligrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zeligui.experiment.wishes.PATIENCE_S", 0.5)
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    with closing(Master(desk.home, deaf=True)):
        status, _, err = zeligrid("job", "cancel", attempt)
    assert status == 1
    assert "was not done within 0.5 s. The experiment pi is already driven by process" in err


def test_a_wish_whose_master_dies_is_done_directly(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP)
    wait_for_state(zeligrid, attempt, "Running")
    with closing(Master(desk.home, deaf=True)) as master:
        ending = threading.Timer(0.5, master.close)
        ending.start()
        assert zeligrid("job", "cancel", attempt)[:2] == (0, "pi/1 on here: It was canceled.\n")
        ending.join()


def test_the_output_of_a_job_is_passed_on_as_it_is(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(BRIEF)
    wait_for_state(zeligrid, attempt, "Done")
    assert zeligrid("job", "output", attempt) == (0, "out\n", "")
    assert zeligrid("job", "output", attempt, "--stderr") == (0, "err\n", "")
    assert json.loads(zeligrid("job", "output", attempt, "--json")[1]) == {
        "id": attempt,
        "stream": "stdout",
        "text": "out\n",
    }


def test_follow_goes_on_until_the_job_has_ended(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    code = "import time\nfor n in range(4):\n    print(n, flush=True)\n    time.sleep(0.3)"
    attempt = desk.start(code)
    assert zeligrid("job", "output", "pi/1", "--follow") == (0, "0\n1\n2\n3\n", "")
    assert job(zeligrid, attempt)["state"] == "Done"


def test_what_was_brought_home_is_read_from_the_results(desk: Desk, zeligrid: Zeligrid, tmp_path: Path) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    desk.tell("output", attempt, stream="stdout", text="the beginning\n", offset=0, bytes=14)
    desk.tell("done", attempt, exit_code=0)
    (tmp_path / "stdout").write_text("the whole\n")
    desk.tell("collected", attempt, folder=str(tmp_path), names=[])
    desk.tell("discarded", attempt)
    assert zeligrid("job", "output", attempt) == (0, "the whole\n", "")
    (tmp_path / "stdout").unlink()
    assert zeligrid("job", "output", attempt) == (0, "the beginning\n", "")
    status, _, err = zeligrid("job", "output", attempt, "--stderr")
    assert status == 1
    assert "is no longer there" in err


def test_signs_that_a_terminal_would_obey_are_not_printed(desk: Desk, zeligrid: Zeligrid) -> None:
    desk.begin()
    attempt = desk.start(LOOP, service=NOWHERE)
    desk.write(Event("failed", "pi", "\x1b[2Jgone", attempt, 1, "here", data={"exit_code": 1}))
    out = zeligrid("jobs", "--all")[1] + zeligrid("job", "show", attempt)[1]
    assert "\x1b" not in out
    assert "[2Jgone" in out
