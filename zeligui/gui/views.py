"""Tables and trees as all panes have them: fixed row height, remembered widths, rows copied as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTreeView,
    QWidget,
)

from zeligui.gui.rows import RowModel, RowRole
from zeligui.gui.tree import Node, TreeModel

EN_SPACE = "\u2002"
TO_DO = 0.25
"""How opaque the part of a bar is that is not done."""
Widths = tuple[int, ...]
"""How wide the columns are at first, in signs; the last stretches."""


class Figures(QStyledItemDelegate):
    """Cells with figures, that do not touch the words beside them."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.text += EN_SPACE


class Bars(QStyledItemDelegate):
    """Cells with a thin bar below their text, as long as the share of a row is; none where that is None."""

    def __init__(self, share: Callable[[Any], float | None], parent: QWidget) -> None:
        super().__init__(parent)
        self._share = share

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        row = index.data(RowRole)
        share = None if row is None else self._share(row)
        if share is None:
            return
        role = QPalette.ColorRole
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        done = option.palette.color(role.HighlightedText if selected else role.Highlight)
        ground = option.palette.color(role.HighlightedText if selected else role.Text)
        ground.setAlphaF(TO_DO)
        bar = option.rect.adjusted(2, 0, -2, 0)
        bar.setTop(bar.bottom() - max(2, option.fontMetrics.height() // 6) + 1)
        painter.fillRect(bar, ground)
        bar.setWidth(round(bar.width() * min(1.0, max(0.0, share))))
        painter.fillRect(bar, done)


class Table(QTableView):
    """A table of whole rows, sorted by its header."""

    menu_asked = Signal(QPoint)
    """A global position, by mouse or by key."""

    def __init__(self, name: str, model: RowModel, widths: Widths, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(name)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.horizontalHeader().setSortIndicatorClearable(True)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        upright = self.verticalHeader()
        upright.hide()
        upright.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        upright.setDefaultSectionSize(round(self.fontMetrics().height() * 1.5))
        _size(self, self.horizontalHeader(), widths)
        figures = Figures(self)
        for place, column in enumerate(model.columns):
            if column.numeric:
                self.setItemDelegateForColumn(place, figures)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_rows(self)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.menu_asked.emit(_place(self, event))


class Tree(QTreeView):
    """A tree of whole rows, all of one height."""

    menu_asked = Signal(QPoint)

    def __init__(self, name: str, model: TreeModel, widths: Widths, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(name)
        self.setModel(model)
        self.setUniformRowHeights(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIndentation(self.fontMetrics().height())
        _size(self, self.header(), widths)
        self.collapsed.connect(model.close)

    def show_forest(self, forest: tuple[Node, ...]) -> None:
        """Have the model show these nodes. Where the current row leaves, Qt would scroll to the next one in the middle
        of it, and lay out thousands of rows for that which are about to leave."""
        model, current = self.model(), QPersistentModelIndex(self.currentIndex())
        self.setAutoScroll(False)
        model.show_forest(forest)  # type: ignore[attr-defined]
        self.setAutoScroll(True)
        if not current.isValid():
            self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_rows(self)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.menu_asked.emit(_place(self, event))


def select(view: QAbstractItemView, index: QModelIndex) -> None:
    """Make this the only row that is selected, and be seen."""
    flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    view.selectionModel().setCurrentIndex(index, flags)
    view.scrollTo(index)


def copy_rows(view: QAbstractItemView) -> None:
    """The selected rows as lines of text, their cells parted by tabs."""
    rows = sorted(view.selectionModel().selectedRows(), key=lambda index: index.row())
    QGuiApplication.clipboard().setText("\n".join("\t".join(_cells(view, row)) for row in rows))


def popup(parent: QWidget, place: QPoint, entries: Iterable[object]) -> QMenu:
    """Show a menu of actions there; None among them is a line between."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        else:
            menu.addAction(entry)  # type: ignore[call-overload]
    menu.popup(place)
    return menu


def _cells(view: QAbstractItemView, row: QModelIndex) -> Iterable[str]:
    model = view.model()
    for column in range(model.columnCount(row.parent())):
        yield str(model.index(row.row(), column, row.parent()).data(Qt.ItemDataRole.DisplayRole) or "")


def _size(view: QAbstractItemView, header: QHeaderView, widths: Widths) -> None:
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionsMovable(True)
    header.setFirstSectionMovable(True)
    sign = view.fontMetrics().averageCharWidth()
    for column, width in enumerate(widths):
        header.resizeSection(column, sign * width)


def _place(view: QAbstractItemView, event: QContextMenuEvent) -> QPoint:
    """Where the menu belongs: at the mouse, or, asked for by a key, at the current row."""
    if event.reason() is QContextMenuEvent.Reason.Keyboard:
        return view.viewport().mapToGlobal(view.visualRect(view.currentIndex()).bottomLeft())
    return event.globalPos()
