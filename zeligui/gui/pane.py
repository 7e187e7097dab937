"""A pane of the window: a heading, tools, a body; in its place an empty state that says what to do, or a fault."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from zeligui.gui.icons import icon
from zeligui.gui.words import visible
from zeligui.session.snapshot import Snapshot

Offer = tuple[str, Callable[[], object]]
"""What a button says, and what it does."""


class Pane(QWidget):
    """Shows one part of each snapshot. What goes wrong in it stays in it: it says so, and the others go on."""

    failed = Signal(str, str)
    """The pane's title, and the details of the fault; once for each fault."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.offers: Sequence[Offer] = ()
        """What the empty state offers where nothing else is said."""
        self.setAccessibleName(title)
        self.heading = QLabel(title, self)
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        self.heading.setMinimumHeight(QLineEdit().sizeHint().height())  # in line with those beside tools
        self.tools = QHBoxLayout()
        self.tools.addWidget(self.heading)
        self.tools.addStretch(1)
        self.body = QWidget(self)
        self.empty = EmptyState(self)
        self.fault = EmptyState(self)
        self._stack = QStackedLayout()
        for layer in (self.body, self.empty, self.fault):
            self._stack.addWidget(layer)
        outside = QVBoxLayout(self)
        margin = self.fontMetrics().height() // 3
        outside.setContentsMargins(margin, margin, margin, margin)
        outside.setSpacing(margin)
        outside.addLayout(self.tools)
        outside.addLayout(self._stack, 1)
        self._fault = ""
        self._latest: Snapshot | None = None

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show this; a fault of the pane's own code is shown in its place."""
        self._latest = snapshot
        if self._fault:
            return
        try:
            self.update_from(snapshot)
        except Exception as error:  # noqa: BLE001 - the edge of a pane: the rest of the window goes on
            self._fail(error)

    def update_from(self, snapshot: Snapshot) -> None:
        """Show what is this pane's of the snapshot."""
        raise TypeError(f"{type(self).__name__} shows nothing")

    def take_focus(self) -> None:
        """The keyboard goes to what the pane is for, its list or text; where it is empty, to a button or a tool."""
        shown = self._stack.currentWidget() or self
        inside = [*shown.findChildren(QWidget), *self.findChildren(QWidget)]
        able = [one for one in inside if one.isVisible() and one.isEnabled() and _takes_tab(one)]
        lists = [one for one in able if isinstance(one, QAbstractScrollArea)]
        for one in [*lists, *able][:1]:
            one.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def offer(self, offers: Sequence[Offer]) -> None:
        """What the empty state offers from now on."""
        known = [label for label, _ in self.offers] == [label for label, _ in offers]
        self.offers = offers
        if not known and self._latest:
            self.show_snapshot(self._latest)

    def show_body(self) -> None:
        self._stack.setCurrentWidget(self.body)

    def show_empty(self, words: str, hint: str = "", offers: Sequence[Offer] = (), *, picture: str = "") -> None:
        """Instead of the body: what is missing, and what can be done about it."""
        self.empty.say(words, hint, offers or self.offers, picture=picture)
        self._stack.setCurrentWidget(self.empty)

    def _fail(self, error: Exception) -> None:
        self._fault = "".join(traceback.format_exception(error))
        again: Offer = ("Try again", self._try_again)
        self.fault.say(f"{self.title} cannot be shown.", visible(str(error)), [again], picture="error")
        self._stack.setCurrentWidget(self.fault)
        self.failed.emit(self.title, self._fault)

    def _try_again(self) -> None:
        self._fault = ""
        self.show_body()
        if self._latest:
            self.show_snapshot(self._latest)


def _takes_tab(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


class EmptyState(QWidget):
    """A picture, a sentence, a hint and buttons, in the middle of where something else will be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel(self)
        self._words = QLabel(self)
        self._hint = QLabel(self)
        self._buttons = QVBoxLayout()
        self._said: tuple[str, str, tuple[str, ...], str] | None = None
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        for label in (self._picture, self._words, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(label is not self._picture)
            layout.addWidget(label)
        layout.addLayout(self._buttons)
        layout.setAlignment(self._buttons, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)

    def say(self, words: str, hint: str, offers: Sequence[Offer], *, picture: str = "") -> None:
        """Show this; the same again changes nothing, so that a button keeps the focus."""
        said = words, hint, tuple(label for label, _ in offers), picture
        if said == self._said:
            return
        self._said = said
        self._words.setText(words)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        side = self.fontMetrics().height() * 2
        self._picture.setVisible(bool(picture))
        if picture:
            self._picture.setPixmap(icon(picture).pixmap(side, side))
        while (item := self._buttons.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for label, act in offers:
            self._buttons.addWidget(self._button(label, act))

    def _button(self, label: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(label, self)
        button.setAccessibleName(label.replace("&", ""))
        button.clicked.connect(lambda _checked=False: act())
        return button
