"""Asks for the pass phrase of a private key: it is shown as dots, taken once, and kept nowhere."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from zeligui.gui.noted import Noted
from zeligui.gui.words import tip, visible

HINTS = (
    Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)
"""A keyboard on the screen learns nothing of it."""


class PassphraseDialog(QDialog):
    """`given` asks that it be tried; the dialog stays open until `done` or `failed` says what became of it."""

    given = Signal()

    def __init__(self, key: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Renew proxy")
        self.setAccessibleName("Pass phrase")
        self._doing = False
        words = QLabel(f"&Pass phrase of {visible(str(key))}:".replace("&&", "&"), self)
        words.setWordWrap(True)
        self.line = QLineEdit(self)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setInputMethodHints(HINTS)
        self.line.setAccessibleName("Pass phrase")
        words.setBuddy(self.line)
        self.note = Noted("Pass phrase", self)
        foot = QDialogButtonBox(self)
        self.make = foot.addButton("&Make proxy", QDialogButtonBox.ButtonRole.AcceptRole)
        self.make.setAccessibleName("Make proxy")
        self.make.setDefault(True)
        foot.addButton(QDialogButtonBox.StandardButton.Cancel).setAccessibleName("Cancel")
        foot.accepted.connect(self.accept)
        foot.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (words, self.line, self.note, foot):
            layout.addWidget(widget)
        self.resize(self.fontMetrics().averageCharWidth() * 64, self.sizeHint().height())
        self.line.textEdited.connect(lambda _: self._edited())
        self.finished.connect(lambda _: self.take())
        self._look()

    def take(self) -> str:
        """What was typed; the field is empty afterwards, and remembers nothing to be undone."""
        given = self.line.text()
        self.line.setText("")
        return given

    def failed(self, words: str) -> None:
        """It could not be made; another pass phrase can be typed."""
        self._doing = False
        self.note.say("", words, "bad")
        self._look()
        self.line.setFocus()

    def made(self) -> None:
        """It was made."""
        self._doing = False
        super().accept()

    def accept(self) -> None:
        """Have it tried."""
        if self.make.isEnabled():
            self._doing = True
            self.given.emit()
            self.note.say("The proxy is being made…")
            self._look()

    def _edited(self) -> None:
        self.note.say("")
        self._look()

    def _look(self) -> None:
        why = "The proxy is being made." if self._doing else "" if self.line.text() else "Type the pass phrase first."
        self.make.setEnabled(not why)
        self.make.setToolTip(tip(why or "Make the proxy"))
        self.line.setEnabled(not self._doing)
