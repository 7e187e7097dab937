"""What a dialog asks to be kept: its file is written, or the dialog says why not and stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox

from tests.gui.driving import User, run
from tests.gui.test_forms import write
from zeligui.experiment.description import read_experiment
from zeligui.gui.configuration import ConfigurationDialog
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.settings import Home, Settings, load

OK = QDialogButtonBox.StandardButton.Ok


async def press_ok(dialog: ConfigurationDialog) -> None:
    dialog.findChild(QDialogButtonBox).button(OK).click()
    await asyncio.sleep(0)


def test_settings_are_written_and_gone_by_at_once(qapp: QApplication) -> None:
    file = Home.find().settings_file
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nperiod = 3 # s\n")

    async def sitting() -> None:
        async with User.sits_down() as user:
            await user.sees(user.action("Configuration").isEnabled)
            user.does("Configuration")
            dialog = await user.sees(lambda: user.dialog(ConfigurationDialog))
            write(dialog.forms[0], "period", "500 ms")
            file.write_text("perod = ")
            await press_ok(dialog)
            await user.sees(lambda: "is not valid TOML" in dialog.trouble)
            assert dialog.isVisible()
            assert user.window.messages.texts == []
            file.write_text("# mine\nperiod = 3 # s\n")
            await press_ok(dialog)
            await user.sees(lambda: user.dialog(ConfigurationDialog) is None)
            assert user.shell.session
            assert user.shell.session.settings == load(Home.find()) == Settings(period_s=0.5)
            assert file.read_text() == '# mine\nperiod = "0.5 s" # s\n'

    run(qapp, sitting())


def test_an_experiment_is_written_and_opened_one_that_is_there_only_when_it_may(
    qapp: QApplication, tmp_path: Path
) -> None:
    contract, file = tmp_path / "pi.contract", tmp_path / "pi.toml"
    contract.write_text("[a]\ncpuAvail >= 0\n")
    file.write_text("# another's\n")

    async def sitting() -> None:
        async with User.sits_down(contract) as user:
            await user.sees(lambda: user.window.contracts.contract)
            user.does("New experiment")
            dialog = await user.sees(lambda: user.dialog(ExperimentDialog))
            write(dialog.form, "job.executable", "true")
            await user.presses("Save", ExperimentDialog)
            await user.presses("Cancel", QMessageBox)
            await user.sees(lambda: dialog.trouble == "")
            assert (dialog.isVisible(), file.read_text()) == (True, "# another's\n")
            await user.presses("Save", ExperimentDialog)
            await user.presses("Replace", QMessageBox)
            await user.sees(lambda: user.dialog(ExperimentDialog) is None)
            await user.sees(lambda: user.cell(user.window.contracts.view, "Experiment pi", 1))
            assert read_experiment(file, Settings()).job.executable == "true"
            assert "another's" not in file.read_text()

    run(qapp, sitting())
