"""Tables that grow at their end: followed while the end is in sight, still while it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QAbstractItemView

from zeligui.gui.rows import RowModel
from zeligui.gui.views import Table


@contextmanager
def newest_in_sight(view: Table, model: RowModel) -> Iterator[None]:
    """While the rows change: where the last one is seen, the last one will be; else the first that is seen stays."""
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
    bar, top = view.verticalScrollBar(), view.rowAt(0)
    by_time = view.horizontalHeader().sortIndicatorSection() < 0
    follows = by_time and bar.value() == bar.maximum()
    first = model.key_at(top) if 0 <= top < model.shown else None
    yield
    if follows:
        view.scrollToBottom()
    elif first is not None and (row := model.row_of(first)) is not None and row != top:
        bar.setValue(row)
