"""What is to be seen in a widget: texts of labels, lines of trees and tables, what a cell says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import Qt as Markup
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QAbstractItemView, QLabel, QPushButton, QWidget

from zeligui.gui.pane import Pane

Role = Qt.ItemDataRole

HOSTILE = (
    "<b>bold</b>",
    "<img src='file:///etc/passwd'>",
    "a & b &c",
    "two\nlines\r\x1b[31m\x07",
    "\u202egnp.exe\u2066",
    "x" * 300,
    "%s {0} \\n",
)
"""Names that machines, jobs and files may have."""


def lines(view: QAbstractItemView) -> list[list[str]]:
    """What all lines say that are there, those below a line after it."""
    return list(_lines(view.model(), QModelIndex()))


def _lines(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[list[str]]:
    for row in range(model.rowCount(parent)):
        first = model.index(row, 0, parent)
        yield [first.siblingAtColumn(column).data() or "" for column in range(model.columnCount(parent))]
        yield from _lines(model, first)


def cell(view: QAbstractItemView, row: int, column: int, role: Role = Role.DisplayRole) -> Any:
    """What a cell of a table, or of the top of a tree, has."""
    return view.model().index(row, column).data(role)


def labels(widget: QWidget) -> list[str]:
    """What is written in it, as far as it is seen."""
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def offers(pane: Pane) -> list[str]:
    """What the buttons of an empty pane say."""
    buttons = pane.empty.findChildren(QPushButton) if pane.empty.isVisible() else []
    return [button.text() for button in buttons]


def as_read(tooltip: str) -> str:
    """What a tooltip says when it is shown, where Qt may take it for markup; its blanks and lines made one."""
    document = QTextDocument()
    if Markup.mightBeRichText(tooltip):
        document.setHtml(tooltip)
    else:
        document.setPlainText(tooltip)
    return " ".join(document.toPlainText().split())
