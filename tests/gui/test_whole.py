"""The whole window on the real loop, over a real embedded grid, driven by what is written on things."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from tests.gui.driving import User, run
from tests.gui.looking import offers
from zeligui.settings import Home

ROOT = Path(__file__).resolve().parent.parent.parent


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zeligui.cli", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_first_minute(qapp: QApplication) -> None:
    """Try the demo grid, Start, load, see it move, explain, leave it running, come back, stop it, and go."""
    run(qapp, first_sitting())
    run(qapp, second_sitting())
    assert command("testbed", "show", "--json").returncode == 3, "the grid goes with the last window that needs it"


async def first_sitting() -> None:
    async with User.sits_down() as user:
        await plays(user)
        await user.leaves("Leave them running")


async def plays(user: User) -> None:
    window = user.window
    await user.sees(lambda: "no machines" in user.why("Start"))
    assert not user.action("Start").isEnabled()
    user.does("Try the demo grid")
    await user.sees(lambda: user.cell(window.hosts.view, "node4.grid", 1) == "up")
    await user.sees(lambda: user.cell(window.contracts.view, "Experiment demo", 1) == "ready")
    await user.sees(lambda: (user.cell(window.contracts.view, "profile1", 1) or "").startswith("3 of 4"))
    user.does("Start")
    await user.sees(lambda: user.cell(window.jobs.view, "demo/1", 1) == "Running")
    first = user.cell(window.jobs.view, "demo/1", 2)
    assert first
    await user.sees(lambda: not user.action("Start").isEnabled())
    window.hosts.select_host(first)
    await user.sees(lambda: user.action("Put load on this machine").isEnabled())
    user.does("Put load on this machine")
    await user.sees(lambda: user.cell(window.jobs.view, "demo/1", 2) not in {first, None, ""})
    await user.sees(lambda: user.cell(window.jobs.view, "demo/1", 1) == "Running")
    await user.sees(lambda: {"violated", "relocating", "relocated"} <= happened(user))
    await explains(user, first)


def happened(user: User) -> set[str]:
    shown = user.window.snapshot
    return {event.event for event in shown.recent} if shown else set()


async def explains(user: User, host: str) -> None:
    """The loaded machine is not apt, and it is said by how much."""
    user.window.hosts.select_host(host)
    user.does("Why not this machine?")
    dialog = await user.sees(lambda: user.shell.machines.explained)
    lines = await user.sees(lambda: user.rows(dialog.view))
    fails = [line for line in lines if line[0] == "cpuAvail > 0.6"]
    assert fails
    assert fails[0][2] == "> 0.6"
    assert fails[0][3].startswith("short by")
    assert host in dialog.verdict.text()
    dialog.close()


async def second_sitting() -> None:
    async with User.sits_down() as user:
        jobs, contracts = user.window.jobs, user.window.contracts
        await user.sees(lambda: user.cell(jobs.view, "demo/1", 1) == "Running")
        await user.sees(lambda: user.cell(contracts.view, "Experiment demo", 1) == "runs")
        jobs.select_job(("demo", 1))
        user.does("Stop")
        box = await user.sees(lambda: user.dialog(QMessageBox))
        assert "demo/1" in box.informativeText()
        await user.presses("Stop 1 job")
        await user.sees(lambda: user.cell(jobs.view, "demo/1", 1) == "Canceled")


def test_opened_and_closed_three_times_in_one_process(qapp: QApplication) -> None:
    async def once() -> None:
        async with User.sits_down() as user:
            await user.sees(user.window.hosts.empty.isVisible)

    for _ in range(3):
        run(qapp, once())


def test_empty_panes_offer_what_can_be_done_now(qapp: QApplication, tmp_path: Path) -> None:
    contract, experiment = tmp_path / "a.contract", tmp_path / "a.toml"
    contract.write_text("[a]\ncpuAvail > 0\n")
    experiment.write_text('name = "a"\ncontract = "a.contract"\n[job]\nexecutable = "true"\n')

    async def look() -> None:
        async with User.sits_down() as user:
            window = user.window
            await user.sees(lambda: offers(window.jobs))
            assert offers(window.jobs) == ["Try the &demo grid", "Add &machines…", "&Open a contract…"]
            assert offers(window.hosts) == ["Add machines…", "Try the demo grid"], "a letter of two presses neither"
            assert offers(window.contracts) == ["Open a contract…"]
            await user.shell.session.add_sources(["local://"])  # type: ignore[union-attr]
            user.shell.open_later(experiment)
            await user.sees(lambda: offers(window.jobs)[:1] == ["&Start"])

    run(qapp, look())


def test_a_contract_with_errors_shows_each_and_start_says_why(qapp: QApplication, tmp_path: Path) -> None:
    file = tmp_path / "bad.contract"
    file.write_text("[a]\ncpuAvail > 5 MB\nosName = \n")
    Home.find().settings_file.parent.mkdir(parents=True)
    Home.find().settings_file.write_text('sources = ["local://"]\n')

    async def look() -> None:
        async with User.sits_down(file) as user:
            tree = user.window.contracts.view
            lines = await user.sees(lambda: [row[0] for row in user.rows(tree) if row[0].startswith("line ")])
            assert [line.partition(",")[0] for line in lines] == ["line 2", "line 3"]
            await user.sees(lambda: "bad.contract has 2 errors; line 2" in user.why("Start"))
            file.write_text("[a]\ncpuAvail > 0\n")
            await user.sees(lambda: user.action("Start").isEnabled())

    run(qapp, look())


@pytest.mark.parametrize("name", ["no.txt", "gone.contract", "folder.contract", "no.toml"])
def test_what_is_no_contract_is_a_message_with_retry(name: str, qapp: QApplication, tmp_path: Path) -> None:
    (tmp_path / "folder.contract").mkdir()
    (tmp_path / "no.toml").write_text("a = 1\n")
    (tmp_path / "no.txt").write_bytes(bytes(range(256)))

    async def look() -> None:
        async with User.sits_down(tmp_path / name) as user:
            if name == "no.txt":
                await user.sees(lambda: any("error" in row[1] for row in user.rows(user.window.contracts.view)))
            else:
                await user.sees(lambda: user.window.messages.texts)
                assert name in user.window.messages.texts[0]

    run(qapp, look())


def test_a_journal_that_cannot_be_used_is_a_message_with_retry(qapp: QApplication) -> None:
    Home.find().journal_file.parent.mkdir(parents=True)
    Home.find().journal_file.write_bytes(b"this is no database" * 100)

    async def look() -> None:
        async with User.sits_down() as user:
            (text,) = user.window.messages.texts
            assert "journal" in text
            assert not user.action("Start").isEnabled()
            Home.find().journal_file.unlink()
            user.click("Retry")
            await user.sees(lambda: user.action("Try the demo grid").isEnabled())
            assert user.window.messages.texts == []

    run(qapp, look())
