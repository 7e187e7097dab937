"""Long texts in a tree: what stands in one column may be written over those beside it, where these say nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from zeligui.gui.rows import RowRole


class LongTexts(QStyledItemDelegate):
    """Rows that are `long` have their cell in column `first` reach to the end of column `last`."""

    def __init__(self, view: QTreeView, first: int, last: int, long: Callable[[Any], bool]) -> None:
        super().__init__(view)
        self._view = view
        self._first = first
        self._last = last
        self._long = long

    @property
    def _in_order(self) -> bool:
        """Whether the columns stand side by side: the user may have moved them."""
        header = self._view.header()
        first = header.visualIndex(self._first)
        return all(header.visualIndex(one) - first == one - self._first for one in range(self._first, self._last + 1))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if not self._long(index.data(RowRole)) or not self._in_order:
            super().paint(painter, option, index)
        elif index.column() == self._first:
            widths = [self._view.header().sectionSize(one) for one in range(self._first + 1, self._last + 1)]
            option.rect.setRight(option.rect.right() + sum(widths))
            super().paint(painter, option, index)
