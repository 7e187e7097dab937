"""New Experiment: a form over what an experiment file says, saved as one."""

from __future__ import annotations

from dataclasses import replace
from os.path import relpath
from pathlib import Path

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

from zeligui.errors import UsageError, ZeliGridError
from zeligui.experiment.description import ExperimentFile, check_values
from zeligui.gui.editors import Lines, Words
from zeligui.gui.forms import Form
from zeligui.gui.words import Letters, tip, visible
from zeligui.options import Place

SUFFIX = ".toml"
SUFFIXES = (SUFFIX, ".experiment")
OTHERS_LETTERS = "sabt"
"""Letters that lead to the file's line and to buttons."""
LONGEST_TROUBLE = 1000


class ExperimentDialog(QDialog):
    """Describes a job and its contract. `saved` gives the experiment, the file to write, and whether to start it.

    It stays open until it hears, by `finish` or `failed`, what became of that.
    """

    saved = Signal(object, str, bool)

    def __init__(self, experiment: ExperimentFile, folder: Path, parent: QWidget | None = None) -> None:
        """Its paths start from `folder`, where the file is to be as long as nothing else is said."""
        super().__init__(parent)
        self.setWindowTitle("New experiment")
        self.setAccessibleName("New experiment")
        self._folder = folder
        self._named_by_hand = False
        self._saving = False
        self._failure = ""
        place = Place(folder / f"experiment{SUFFIX}")
        self.form = Form(
            experiment,
            place,
            self,
            check=lambda value: check_values(value, place),
            letters=Letters(OTHERS_LETTERS),
        )
        self.file = QLineEdit(self)
        self.file.setAccessibleName("File of the experiment")
        self._trouble = QLabel(self)
        self._trouble.setWordWrap(True)
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.addWidget(self._scrolled(), 1)
        layout.addLayout(self._file_row())
        layout.addWidget(self._trouble)
        layout.addWidget(self._foot())
        self._offer_files()
        self.form.changed.connect(self._edited)
        self.file.textEdited.connect(lambda _: self._name_by_hand())
        self.resize(self.fontMetrics().averageCharWidth() * 110, self.fontMetrics().height() * 42)
        self._look()
        self.form.rows["job.executable" if experiment.name else "name"].editor.setFocus()

    @property
    def path(self) -> Path:
        """The file that is to be written."""
        return self._folder / Path(self.file.text().strip())

    @property
    def value(self) -> ExperimentFile:
        """What the fields say, paths as they are from the file that is to be written."""
        value: ExperimentFile = self.form.value
        inputs = tuple(map(self._from_file, value.job.input))
        return replace(value, contract=self._from_file(value.contract), job=replace(value.job, input=inputs))

    @property
    def trouble(self) -> str:
        """Why it cannot be saved now, or could not be; empty where all is well."""
        return self._why_not() or self._failure

    def failed(self, error: ZeliGridError) -> None:
        """The file could not be written; what was typed stays."""
        self.finish(written=False)
        self._failure = f"{error} {error.hint}".strip()
        self._look()

    def finish(self, *, written: bool) -> None:
        """The file was written; or it was not after all, and what was typed stays."""
        self._saving = False
        self._look()
        if written:
            self.accept()

    # --- how it is built ------------------------------------------------------------------------------------------

    def _scrolled(self) -> QScrollArea:
        scrolled = QScrollArea(self)
        scrolled.setAccessibleName("What the experiment is")
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        scrolled.setWidgetResizable(True)
        inside = QWidget(scrolled)
        QVBoxLayout(inside).addWidget(self.form)
        scrolled.setWidget(inside)
        return scrolled

    def _file_row(self) -> QHBoxLayout:
        label = QLabel("Save &as:", self)
        label.setBuddy(self.file)
        browse = QPushButton("&Browse…", self)
        browse.setAccessibleName("Choose the file of the experiment")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        for widget in (label, self.file, browse):
            row.addWidget(widget)
        return row

    def _foot(self) -> QDialogButtonBox:
        foot = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self._save = foot.addButton("&Save", role)
        self._start = foot.addButton("Save and s&tart", role)
        for button in foot.buttons():
            button.setAccessibleName(button.text().replace("&", ""))
        self._save.clicked.connect(lambda: self._finish(start=False))
        self._start.clicked.connect(lambda: self._finish(start=True))
        self._start.setDefault(True)
        foot.rejected.connect(self.reject)
        return foot

    def _offer_files(self) -> None:
        """Contract and input files may be chosen among those that are there."""
        contract, inputs = (self.form.rows[key].editor for key in ("contract", "job.input"))
        if isinstance(contract, Words):
            contract.offer("Choose…", "Choose the contract", lambda: self._choose_contract(contract))
        if isinstance(inputs, Lines):
            inputs.offer("Choose…", "Choose input files", lambda: self._choose_input(inputs))

    def _choose_contract(self, editor: Words) -> None:
        dialog = QFileDialog(self, "Contract", str(self._folder), "Contracts (*.contract);;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: editor.put(self._from_folder(name)))
        dialog.open()

    def _choose_input(self, editor: Lines) -> None:
        dialog = QFileDialog(self, "Input files", str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: editor.add([self._from_folder(name) for name in names]))
        dialog.open()

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Save the experiment as", str(self.path.parent), "Experiments (*.toml *.experiment)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it is asked about when it is saved
        dialog.setDefaultSuffix(SUFFIX)
        dialog.selectFile(self.path.name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    # --- what is typed --------------------------------------------------------------------------------------------

    def _from_folder(self, name: str) -> str:
        """A chosen file as the form names it: from its folder, where it lies in or below it."""
        file = Path(name)
        return str(file.relative_to(self._folder)) if file.is_relative_to(self._folder) else name

    def _from_file(self, name: str) -> str:
        """A path of the form as it is from the file, which may lie in another folder."""
        there = self.path.parent
        if not name or Path(name).is_absolute() or there == self._folder:
            return name
        file = self._folder / name
        return relpath(file, there) if file.is_relative_to(there) else str(file)

    def _chosen(self, name: str) -> None:
        self.file.setText(name)
        self._name_by_hand()

    def _name_by_hand(self) -> None:
        self._named_by_hand = True
        self._edited()

    def _edited(self) -> None:
        self._failure = ""
        self._look()

    def _look(self) -> None:
        """Say what is missing yet; the file's name follows the experiment's until it is written by hand."""
        why = self._why_not()
        self._trouble.setText(visible(why or self._failure, LONGEST_TROUBLE))
        self._trouble.setVisible(bool(why or self._failure))
        for button in (self._save, self._start):
            button.setEnabled(not why)
            button.setToolTip(tip(why))

    def _why_not(self) -> str:
        """Why it cannot be saved yet."""
        if self._saving:
            return "It is being saved."
        try:
            value: ExperimentFile = self.form.value
        except UsageError as error:
            return str(error)
        if not self._named_by_hand and value.name:
            self.file.setText(str(self._folder / f"{value.name}{SUFFIX}"))
        return _missing(value, self.path)

    def _finish(self, *, start: bool) -> None:
        value = self.value
        self._saving = True
        self._look()
        self.saved.emit(value, str(self.path), start)


def _missing(experiment: ExperimentFile, file: Path) -> str:
    """What an experiment needs besides, in words."""
    if not experiment.name:
        return "Give the experiment a name."
    if not experiment.contract:
        return "Name the contract that the job is to be kept in."
    if not experiment.job.executable:
        return "Name the program that the job runs."
    if file.suffix not in SUFFIXES:
        return f"The file's name must end in {' or '.join(SUFFIXES)}."
    return ""
