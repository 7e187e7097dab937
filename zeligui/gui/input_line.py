"""What is sent to a job as its standard input: a line to type on, and what was sent."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontDatabase, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from zeligui.gui.words import local_time, visible

MOST_TOLD = 1000
MOST_KEPT = 200
"""Lines that Up and Down go through."""


class InputLine(QWidget):
    """Sends lines, and the end of the input. Where that cannot be, it is disabled and says why.

    `sent` tells the bytes, and whether the input ends with them.
    """

    sent = Signal(bytes, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._typed: list[str] = []
        self._place = 0
        self.told = QPlainTextEdit(self)
        self.told.setAccessibleName("What was sent")
        self.told.setPlaceholderText("What you send to the job appears here; its answers are among the output.")
        self.told.setReadOnly(True)
        self.told.setTabChangesFocus(True)
        self.told.setUndoRedoEnabled(False)
        self.told.setMaximumBlockCount(MOST_TOLD)
        self.told.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        label = QLabel("Sta&ndard input:", self)
        self.line = QLineEdit(self)
        self.line.setAccessibleName("Standard input")
        self.line.setFont(self.told.font())
        self.line.installEventFilter(self)
        label.setBuddy(self.line)
        self.button = self._button("&Send", "Send the line, ended by a line feed (Enter)", self.send)
        self.ending = self._button("En&d input", "Tell the job that no more comes; once only", self.end)
        self.reason = QLabel(self)
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setWordWrap(True)
        row = QHBoxLayout()
        for widget in (label, self.line, self.button, self.ending):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.told, 1)
        layout.addWidget(self.reason)
        layout.addLayout(row)
        self.line.returnPressed.connect(self.send)
        self.set_reason("No job is selected.")

    def set_reason(self, why: str) -> None:
        """Why nothing can be sent now; "" where it can."""
        self.reason.setText(why)
        self.reason.setVisible(bool(why))
        for widget in (self.line, self.button, self.ending):
            widget.setEnabled(not why)
            widget.setToolTip(why or widget.property("words") or "")
        self.line.setPlaceholderText("" if why else "A line to send; Up and Down bring back earlier ones")

    def send(self) -> None:
        """Send what stands on the line."""
        if not self.line.isEnabled():
            return
        text = self.line.text()
        if text and self._typed[-1:] != [text]:
            self._typed = [*self._typed[1 - MOST_KEPT :], text]
        self._place = len(self._typed)
        self.line.clear()
        self.sent.emit(f"{text}\n".encode(), False)

    def end(self) -> None:
        """Send what stands on the line, if anything, and that no more comes."""
        text = self.line.text()
        self.line.clear()
        self.sent.emit(text.encode(), True)

    def tell(self, job: str, data: bytes, words: str = "") -> None:
        """Note what became of what was sent."""
        now = local_time(datetime.now(UTC))
        text = visible(data.decode("utf-8", "replace").removesuffix("\n"), 4000)
        parts = (now, f"{visible(job, 100)} <", text, visible(words, 1000))
        self.told.appendPlainText(" ".join(filter(None, parts)))

    def _recall(self, step: int) -> None:
        """An earlier or a later line; after the latest, an empty one."""
        self._place = min(max(0, self._place + step), len(self._typed))
        self.line.setText(self._typed[self._place] if self._place < len(self._typed) else "")

    def _button(self, text: str, words: str, act: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(text.replace("&", ""))
        button.setProperty("words", words)
        button.clicked.connect(act)
        return button

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802
        """Up and Down on the line go through what was sent before."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step:
                self._recall(step)
                return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]
