"""New Experiment: what is missing is said, and what is saved is an experiment that can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import plain
from tests.gui.test_forms import inside, said, write
from zeligui.errors import UsageError
from zeligui.experiment.description import ExperimentFile, read_experiment
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.settings import JobDefaults, Settings
from zeligui.writing import write_experiment

Saved = tuple[ExperimentFile, str, bool]


class Shown:
    """A dialog that is open, and what it asked to be saved."""

    def __init__(self, dialog: ExperimentDialog) -> None:
        self.dialog = dialog
        self.asked: list[Saved] = []
        dialog.saved.connect(lambda *saved: self.asked.append(saved))  # type: ignore[arg-type]

    def write(self, key: str, text: str) -> None:
        write(self.dialog.form, key, text)

    def name_file(self, text: str) -> None:
        self.dialog.file.setText(text)
        self.dialog.file.textEdited.emit(text)

    def button(self, text: str) -> QPushButton:
        return next(one for one in self.dialog.findChildren(QPushButton) if plain(one.text()) == text)

    @property
    def says(self) -> str:
        labels = self.dialog.findChildren(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return " ".join(one.text() for one in labels if one.isVisible() and not one.buddy())


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> Shown:
    (tmp_path / "pi.contract").write_text("[a]\ncpuAvail > 0.5\n")
    (tmp_path / "pi.py").write_text("")
    dialog = ExperimentDialog(ExperimentFile(name="pi", contract="pi.contract"), tmp_path)
    qtbot.addWidget(dialog)
    dialog.show()
    return Shown(dialog)


def test_what_is_missing_is_said_until_nothing_is(shown: Shown, tmp_path: Path) -> None:
    assert shown.says == "Name the program that the job runs."
    assert not shown.button("Save").isEnabled()
    assert shown.button("Save and start").toolTip() == shown.says
    assert shown.dialog.focusWidget() is shown.dialog.form.rows["job.executable"].editor.inner
    shown.write("job.executable", "python3")
    assert shown.says == ""
    shown.write("name", "")
    assert shown.says == "Give the experiment a name."
    shown.write("name", "tau")
    shown.write("contract", "")
    assert shown.says == "Name the contract that the job is to be kept in."
    assert shown.dialog.path == tmp_path / "tau.toml"


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("name", "a/b", "a name fit for a folder"),
        ("on", "lab1", "the URL of a job service"),
        ("job.environment", "A-B = 1", "a name of letters, digits and _"),
        ("job.environment", "A = keyring:", "the name of a secret after keyring:"),
        ("job.checkpoint", "/etc/x", "a path inside the job's directory"),
        ("job.input", "..", "a file or folder with a name of its own"),
        ("reconfiguration.interval", "0 s", "a number from 0.1 to 86400 s"),
    ],
)
def test_what_is_wrong_is_said_below_its_field(key: str, text: str, words: str, shown: Shown) -> None:
    shown.write("job.executable", "python3")
    shown.write(key, text)
    assert words in said(shown.dialog.form, key)
    assert words in shown.says
    assert not shown.button("Save").isEnabled()


@pytest.mark.parametrize(("text", "start"), [("Save", False), ("Save and start", True)])
def test_what_is_saved_can_be_read(text: str, start: bool, shown: Shown, tmp_path: Path) -> None:
    shown.write("job.executable", "python3")
    shown.write("job.arguments", 'pi.py\n"a  b "')
    shown.write("job.input", "pi.py")
    shown.button(text).click()
    (value, name, started), *more = shown.asked
    assert (name, started, more) == (str(tmp_path / "pi.toml"), start, [])
    assert shown.says == "It is being saved."
    assert not shown.button(text).isEnabled()
    write_experiment(Path(name), value, ExperimentFile())
    shown.dialog.finish(written=True)
    assert not shown.dialog.isVisible()
    experiment = read_experiment(Path(name), Settings())
    assert experiment.job == JobDefaults("python3", ("pi.py", "a  b "), input=("pi.py",))


def test_what_cannot_be_saved_is_said_and_stays(shown: Shown) -> None:
    shown.write("job.executable", "python3")
    shown.button("Save").click()
    shown.dialog.failed(UsageError("The file x cannot be written: Permission denied.", hint="Check its rights."))
    assert shown.says == "The file x cannot be written: Permission denied. Check its rights."
    assert shown.button("Save").isEnabled()
    shown.write("job.executable", "sh")
    assert shown.says == ""
    shown.button("Save").click()
    shown.dialog.finish(written=False)
    assert shown.dialog.isVisible()
    assert shown.button("Save").isEnabled()


def test_the_file_follows_the_name_until_it_is_written_by_hand(shown: Shown, tmp_path: Path) -> None:
    shown.write("job.executable", "sh")
    shown.name_file("other.toml")
    shown.write("name", "tau")
    assert shown.dialog.path == tmp_path / "other.toml"
    shown.name_file("other.txt")
    assert shown.says == "The file's name must end in .toml or .experiment."
    shown.name_file("other.experiment")
    assert shown.says == ""


def test_in_another_folder_paths_lead_to_the_same_files(shown: Shown, tmp_path: Path) -> None:
    shown.write("job.executable", "sh")
    shown.write("job.input", "pi.py\n/etc/passwd")
    shown.name_file(str(tmp_path / "below" / "pi.toml"))
    value = shown.dialog.value
    assert value.contract == str(tmp_path / "pi.contract")
    assert value.job.input == (str(tmp_path / "pi.py"), "/etc/passwd")
    shown.name_file(str(tmp_path.parent / "pi.toml"))
    assert shown.dialog.value.contract == f"{tmp_path.name}/pi.contract"
    shown.name_file("pi.toml")
    assert shown.dialog.value == replace(
        value, contract="pi.contract", job=replace(value.job, input=("pi.py", "/etc/passwd"))
    )


def test_files_are_chosen_as_the_form_names_them(shown: Shown, tmp_path: Path) -> None:
    inputs, contract = (
        next(one for one in shown.dialog.findChildren(QPushButton) if one.accessibleName() == name)
        for name in ("Choose input files", "Choose the contract")
    )
    inputs.click()
    chooser = shown.dialog.findChild(QFileDialog)
    chooser.filesSelected.emit([str(tmp_path / "pi.py"), "/etc/passwd"])
    chooser.close()
    contract.click()
    chooser = next(one for one in shown.dialog.findChildren(QFileDialog) if one.windowTitle() == "Contract")
    chooser.fileSelected.emit("/elsewhere/x.contract")
    chooser.close()
    value = shown.dialog.form.value
    assert value.job.input == ("pi.py", "/etc/passwd")
    assert value.contract == "/elsewhere/x.contract"


def test_the_file_is_chosen_too(shown: Shown, tmp_path: Path) -> None:
    shown.button("Browse").click()
    chooser = shown.dialog.findChild(QFileDialog)
    assert chooser.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    chooser.fileSelected.emit(str(tmp_path / "sub" / "x.toml"))
    chooser.close()
    assert shown.dialog.path == tmp_path / "sub" / "x.toml"


def test_everything_in_it_can_be_named(shown: Shown) -> None:
    widgets = shown.dialog.findChildren(QWidget)
    focusable = [one for one in widgets if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert [one for one in focusable if not (one.accessibleName() or one.focusProxy() or inside(one))] == []
