"""One stream of a job's output: its end as plain text, what is left out above, what went wrong, and a find line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from zeligui.gui.find_line import FindLine
from zeligui.gui.message_bar import MessageBar
from zeligui.gui.output_text import OutputText
from zeligui.gui.pressed import Pressed
from zeligui.gui.stream_text import StreamText
from zeligui.gui.words import size

TROUBLE = "trouble"


class OutputView(QWidget):
    """Shows bytes as they come. Ctrl+F opens the find line; `tools` are buttons to stand beside a heading.

    `save_asked` is for the whole of the stream; who can save it says `can_save`.
    """

    save_asked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None, *, can_save: bool = False) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._stream = OutputText()
        self.messages = MessageBar(self)
        self.text = StreamText(name, self)
        self.finder = FindLine(self.text, self)
        self.omitted = _Omitted(self, can_save=can_save)
        self.omitted.save.clicked.connect(self.save_asked)
        self.following = self._switch("Fo&llow", "Stay at the end while more comes", self.text.follow, on=True)
        self.wrapping = self._switch("&Wrap", "Break long lines at the edge", self.text.set_wrapped, on=False)
        self.finding = QAction("Fi&nd", self)
        self.finding.setToolTip("Find words (Ctrl+F)")
        self.finding.triggered.connect(self.finder.open_line)
        self.tools = self._tools(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().height() // 4)
        for widget in (self.messages, self.omitted, self.text, self.finder):
            layout.addWidget(widget, 1 if widget is self.text else 0)
        self.text.following_changed.connect(self.following.setChecked)
        self.text.menu_asked.connect(self._open_menu)

    def begin(self, offset: int, words: str = "") -> None:
        """Forget all; what comes stands at `offset` of the stream. With `words`, say so, go on below what is there."""
        self._stream.forget()
        if words:
            self.text.add_aside(words)
        else:
            self.text.forget()
        self.omitted.say(offset)

    def append(self, data: bytes) -> None:
        """The next bytes."""
        if shown := self._stream.take(data):
            self.text.add(shown)

    def end(self) -> None:
        """No more comes: show what waited for the rest of a sign."""
        if shown := self._stream.take(b"", last=True):
            self.text.add(shown)

    def say_trouble(self, words: str, hint: str, retry: Callable[[], None]) -> None:
        """Say that it cannot be had, above what there is."""
        if words not in self.messages.texts:
            self.messages.say("error", words, hint, [("&Retry", retry)], key=TROUBLE)

    def take_back_trouble(self) -> None:
        """It can be had again."""
        self.messages.take_back(TROUBLE)

    def _switch(self, text: str, words: str, act: Callable[[bool], None], *, on: bool) -> QAction:
        action = QAction(text, self)
        action.setCheckable(True)
        action.setChecked(on)
        action.setToolTip(words)
        action.triggered.connect(act)
        return action

    def _tools(self, name: str) -> QWidget:
        tools = QWidget(self)
        layout = QHBoxLayout(tools)
        layout.setContentsMargins(0, 0, 0, 0)
        for action in (self.following, self.wrapping, self.finding):
            button = QToolButton(tools)
            button.setDefaultAction(action)
            button.setText(action.text().replace("&", ""))
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(f"{button.text()}: {name}")
            if action.isCheckable():
                Pressed(button)
            layout.addWidget(button)
        return tools

    def _open_menu(self, event: QContextMenuEvent) -> None:
        menu = self.text.createStandardContextMenu()
        menu.setParent(self.text, menu.windowFlags())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSeparator()
        menu.addActions([self.finding, self.wrapping, self.following])
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        place = self.text.viewport().mapToGlobal(self.text.cursorRect().bottomLeft())
        menu.popup(place if by_key else event.globalPos())

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Ctrl+F is ours here, whatever it is in the window."""
        if event.type() == QEvent.Type.ShortcutOverride and _finds(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if _finds(event):
            self.finder.open_line()
        elif event.matches(QKeySequence.StandardKey.FindNext):
            self.finder.go()
        elif event.matches(QKeySequence.StandardKey.FindPrevious):
            self.finder.go(back=True)
        else:
            super().keyPressEvent(event)


class _Omitted(QWidget):
    """Says how much of the beginning is not shown, and offers to save all."""

    def __init__(self, parent: QWidget, *, can_save: bool) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.save = QPushButton("&Save all…", self)
        self.save.setFlat(True)
        self.save.setAccessibleName("Save all of the output")
        self.save.setVisible(can_save)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        layout.addWidget(self.save)
        layout.addStretch(1)
        self.hide()

    def say(self, offset: int) -> None:
        self.words.setText(f"The first {size(offset)} are not shown.")
        self.setVisible(offset > 0)


def _finds(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find)
