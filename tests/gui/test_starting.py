"""Start on what is selected: an experiment, a contract, the default job, or a new experiment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QInputDialog

from tests.gui.driving import User, run
from tests.servers import OpenSsh
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.gui.host_keys import KeysDialog
from zeligui.settings import Home, load

EXPERIMENT = 'name = "{name}"\ncontract = "any.contract"\n[job]\nexecutable = "echo"\narguments = ["{name} was here"]\n'


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A contract that this machine honours, which is the only one."""
    settings('sources = ["local://"]\nperiod = "0.2 s"\n')
    file = tmp_path / "any.contract"
    file.write_text("[any]\ncpuAvail >= 0\n")
    return file


def settings(text: str) -> None:
    file = Home.find().settings_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def experiment(contract: Path, name: str) -> Path:
    file = contract.with_name(f"{name}.toml")
    file.write_text(EXPERIMENT.format(name=name))
    return file


async def ends(user: User, job: str) -> None:
    await user.sees(lambda: user.cell(user.window.jobs.view, job, 1) == "Done")


async def can_start(user: User) -> None:
    await user.sees(lambda: user.action("Start").isEnabled())


def test_the_only_experiment_that_names_the_contract_runs(qapp: QApplication, contract: Path) -> None:
    experiment(contract, "one")

    async def sitting() -> None:
        async with User.sits_down(contract) as user:
            await can_start(user)
            user.does("Start")
            await ends(user, "one/1")
            assert user.cell(user.window.jobs.view, "one/1", 9) == "one was here"

    run(qapp, sitting())


def test_of_several_experiments_one_is_chosen(qapp: QApplication, contract: Path) -> None:
    experiment(contract, "one")
    experiment(contract, "two")

    async def sitting() -> None:
        async with User.sits_down(contract) as user:
            await can_start(user)
            user.does("Start")
            chooser = await user.sees(lambda: user.dialog(QInputDialog))
            assert chooser.comboBoxItems() == ["one", "two"]
            chooser.setTextValue("two")
            chooser.accept()
            await ends(user, "two/1")
            assert len(user.rows(user.window.jobs.view)) == 1

    run(qapp, sitting())


def test_the_default_job_runs_in_a_contract_that_nobody_names(qapp: QApplication, contract: Path) -> None:
    settings('sources = ["local://"]\nperiod = "0.2 s"\n[job]\nexecutable = "echo"\narguments = ["by default"]\n')

    async def sitting() -> None:
        async with User.sits_down(contract) as user:
            await can_start(user)
            user.does("Start")
            await ends(user, "any/1")

    run(qapp, sitting())


def test_without_any_job_a_new_experiment_is_described_saved_and_started(qapp: QApplication, contract: Path) -> None:
    async def sitting() -> None:
        async with User.sits_down(contract) as user:
            await can_start(user)
            user.does("Start")
            form = await user.sees(lambda: user.dialog(ExperimentDialog))
            assert form.form.rows["contract"].value == "any.contract"
            assert form.path == contract.with_name("any.toml")
            form.form.rows["job.executable"].editor.show_value("echo")
            form.form.rows["job.executable"].editor.edited.emit()
            await user.presses("Save and start")
            await ends(user, "any/1")
            assert 'executable = "echo"' in contract.with_name("any.toml").read_text()

    run(qapp, sitting())


def test_an_experiment_whose_file_is_not_right_says_what_is_wrong(qapp: QApplication, contract: Path) -> None:
    file = experiment(contract, "one")
    file.write_text(file.read_text() + 'colour = "red"\n')

    async def sitting() -> None:
        async with User.sits_down(file) as user:
            await user.sees(lambda: "Experiment one" in [row[0] for row in user.rows(user.window.contracts.view)])
            user.window.contracts.select_file(file)
            await user.sees(lambda: "colour is unknown" in user.why("Start"))
            assert not user.action("Start").isEnabled()

    run(qapp, sitting())


def test_a_host_key_is_asked_about_with_its_fingerprint(qapp: QApplication, openssh: Callable[..., OpenSsh]) -> None:
    server = openssh()
    settings(f'sources = ["local://", "{server.url}"]\nidentities = ["{server.identity}"]\n')

    async def sitting() -> None:
        async with User.sits_down() as user:
            (text,) = await user.sees(lambda: user.window.messages.texts)
            assert "ssh-ed25519 SHA256:" in text
            user.does("Trust its key")
            keys = await user.sees(lambda: user.dialog(KeysDialog))
            (box,) = keys.boxes
            assert box.accessibleDescription() in text
            box.click()
            await user.presses("Trust ticked keys")
            await user.sees(lambda: all(row[1] == "up" for row in user.rows(user.window.hosts.view)))
            await user.sees(lambda: not user.window.messages.texts)

    run(qapp, sitting())
    assert load(Home.find()).sources == ("local://", server.url)
