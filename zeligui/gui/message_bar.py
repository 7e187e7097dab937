"""Messages in the layout, beside what they are about: what went wrong, and a button that goes on from there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from zeligui.gui.icons import icon
from zeligui.gui.pane import Offer
from zeligui.gui.words import visible

MOST = 3
"""Messages that are seen at a time; the oldest makes room."""
LONGEST = 1000
"""Signs of a message that are seen; its details may be longer."""
PICTURES = {"error": "error", "warning": "warning", "question": "question", "information": "information"}


class MessageBar(QWidget):
    """Up to three messages, the newest below. A message with the key of one that is there takes its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: dict[str, Message] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self.hide()

    def say(
        self, kind: str, text: str, hint: str = "", offers: Sequence[Offer] = (), *, key: str = "", details: str = ""
    ) -> None:
        """Show a message: `kind` is error, warning, question or information; `details` can be copied."""
        key = key or text
        self.take_back(key)
        while len(self._messages) >= MOST:
            self.take_back(next(iter(self._messages)))
        message = Message(kind, text, hint, self, offers=offers, details=details)
        message.closing.clicked.connect(lambda: self.take_back(key))
        self._messages[key] = message
        self._layout.addWidget(message)
        self.show()

    def take_back(self, key: str) -> None:
        """Show a message no longer."""
        if message := self._messages.pop(key, None):
            self._layout.removeWidget(message)
            message.hide()
            message.deleteLater()
        self.setVisible(bool(self._messages))

    @property
    def texts(self) -> list[str]:
        """What is said now."""
        return [message.text for message in self._messages.values()]


class Message(QFrame):
    """One message."""

    def __init__(
        self, kind: str, text: str, hint: str, parent: QWidget, *, offers: Sequence[Offer] = (), details: str = ""
    ) -> None:
        super().__init__(parent)
        self.text = text
        text, hint = visible(text, LONGEST), visible(hint, LONGEST)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setForegroundRole(QPalette.ColorRole.Text)
        self.setAccessibleName(f"{kind.capitalize()}: {text} {hint}".strip())
        side = self.fontMetrics().height()
        picture = QLabel(self)
        picture.setPixmap(icon(PICTURES[kind]).pixmap(side, side))
        self.words = QLabel(f"{text}\n{hint}" if hint else text, self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setForegroundRole(QPalette.ColorRole.Text)
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.words.setAccessibleName(self.accessibleName())
        room = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        room.setHeightForWidth(True)  # else it is as high as if it were narrow
        self.words.setSizePolicy(room)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(side // 2, side // 4, side // 4, side // 4)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.words, 1)
        for label, act in [*offers, *([("Cop&y details", lambda: _copy(details))] if details else [])]:
            button = QPushButton(label, self)
            button.setAccessibleName(label.replace("&", ""))
            button.clicked.connect(lambda _checked=False, act=act: act())
            layout.addWidget(button)
        self.closing = QToolButton(self)
        self.closing.setIcon(icon("close"))
        self.closing.setAutoRaise(True)
        self.closing.setToolTip("Close this message")
        self.closing.setAccessibleName("Close this message")
        layout.addWidget(self.closing, 0, Qt.AlignmentFlag.AlignTop)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
