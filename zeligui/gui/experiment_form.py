"""New Experiment: a form over what an experiment file says, saved as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from zeligui.errors import UsageError
from zeligui.experiment.description import ExperimentFile
from zeligui.gui.editors import Lines
from zeligui.gui.forms import Form
from zeligui.gui.words import tip, visible
from zeligui.settings import Place

SUFFIX = ".toml"


class ExperimentDialog(QDialog):
    """Describes a job and its contract. `saved` gives the experiment, the file to write, and whether to start it."""

    saved = Signal(object, str, bool)

    def __init__(self, experiment: ExperimentFile, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New experiment")
        self.setAccessibleName("New experiment")
        self._folder = folder
        self._named_by_hand = False
        self.form = Form(experiment, Place(folder / "experiment.toml"), self)
        self.file = QLineEdit(self)
        self.file.setAccessibleName("File of the experiment")
        self._trouble = QLabel(self)
        self._trouble.setWordWrap(True)
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        inside = QWidget(self)
        QVBoxLayout(inside).addWidget(self.form)
        scrolled = QScrollArea(self)
        scrolled.setAccessibleName("What the experiment is")
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setWidget(inside)
        scrolled.setWidgetResizable(True)
        layout = QVBoxLayout(self)
        layout.addWidget(scrolled, 1)
        layout.addLayout(self._file_row())
        layout.addWidget(self._trouble)
        layout.addWidget(self._foot())
        self._offer_files()
        self.form.changed.connect(self._check)
        self.file.textEdited.connect(lambda _: self._name_by_hand())
        self.resize(self.fontMetrics().averageCharWidth() * 100, self.fontMetrics().height() * 40)
        self._check()
        self.form.rows["job.executable" if experiment.name else "name"].editor.setFocus()

    @property
    def path(self) -> Path:
        """The file that is to be written."""
        return Path(self.file.text()).expanduser()

    def _file_row(self) -> QHBoxLayout:
        label = QLabel("Save &as:", self)
        label.setBuddy(self.file)
        browse = self._button("&Browse…", "Choose the file of the experiment", self._browse)
        row = QHBoxLayout()
        for widget in (label, self.file, browse):
            row.addWidget(widget)
        return row

    def _foot(self) -> QDialogButtonBox:
        foot = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self._save = foot.addButton("&Save", role)
        self._start = foot.addButton("Save and s&tart", role)
        self._save.clicked.connect(lambda: self._finish(start=False))
        self._start.clicked.connect(lambda: self._finish(start=True))
        self._start.setDefault(True)
        foot.rejected.connect(self.reject)
        return foot

    def _button(self, text: str, name: str, act: Any) -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(name)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _offer_files(self) -> None:
        """Input files may be chosen."""
        editor = self.form.rows["job.input"].editor
        if isinstance(editor, Lines):
            editor.offer("&Choose…", self._button("", "", lambda: self._choose_input(editor)))

    def _choose_input(self, editor: Lines) -> None:
        dialog = QFileDialog(self, "Input files", str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: editor.add("\n".join(self._relative(Path(name)) for name in names)))
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def _relative(self, file: Path) -> str:
        """As the experiment file names it."""
        folder = self.path.parent
        return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Save the experiment as", str(self.path), "Experiments (*.toml *.experiment)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX)
        dialog.fileSelected.connect(self._chosen)
        dialog.finished.connect(lambda _: dialog.deleteLater())
        dialog.open()

    def _chosen(self, name: str) -> None:
        self.file.setText(name)
        self._name_by_hand()

    def _name_by_hand(self) -> None:
        self._named_by_hand = True
        self._check()

    def _check(self) -> None:
        """Say what is missing yet; the file's name follows the experiment's until it is written by hand."""
        trouble = self.form.trouble
        try:
            value = self.form.value
        except UsageError as error:
            trouble = str(error)
        else:
            if not self._named_by_hand and value.name:
                self.file.setText(str(self._folder / f"{value.name.replace('/', '-')}{SUFFIX}"))
            trouble = trouble or _missing(value, self.path)
        self._trouble.setText(visible(trouble, 1000))
        for button in (self._save, self._start):
            button.setEnabled(not trouble)
            button.setToolTip(tip(trouble))

    def _finish(self, *, start: bool) -> None:
        self.saved.emit(self.form.value, str(self.path), start)
        self.accept()


def _missing(experiment: ExperimentFile, file: Path) -> str:
    """What an experiment needs besides, in words."""
    if not experiment.name:
        return "Give the experiment a name."
    if not experiment.contract:
        return "Name the contract that the job is to be kept in."
    if not experiment.job.executable:
        return "Name the program that the job runs."
    if file.suffix not in {SUFFIX, ".experiment"}:
        return f"The file's name must end in {SUFFIX} or .experiment."
    return ""
