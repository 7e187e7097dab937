"""Columns that tables have in common."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.gui.looking import HOSTILE
from zeligui.gui.columns import LONGEST, state_column, text_column
from zeligui.gui.icons import icon
from zeligui.gui.tones import brush

Role = Qt.ItemDataRole


def test_how_something_stands_is_a_picture_a_tone_and_a_word(qapp: QApplication) -> None:
    column = state_column({"a": ("job-failed", "bad", "missing")}.__getitem__, lambda row: f"of {row}")
    roles = (Role.DisplayRole, Role.ForegroundRole, Role.ToolTipRole, Role.AccessibleTextRole)
    assert [column.data("a", role) for role in roles] == ["missing", brush("bad"), "of a", "State: missing"]
    assert column.data("a", Role.DecorationRole).cacheKey() == icon("job-failed").cacheKey()
    assert state_column(lambda _: ("host", "", "up")).data("a", Role.ToolTipRole) is None


def test_a_long_text_is_cut_in_the_table_and_whole_in_its_tooltip() -> None:
    column = text_column("What it said", lambda row: row)
    text = "word " * 100
    assert column.data(text, Role.DisplayRole).endswith("…")
    assert column.data(text, Role.ToolTipRole).split() == text.split()
    assert len(column.data("a" * 2 * LONGEST, Role.ToolTipRole).replace("\n", "")) == LONGEST + 1


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_said_is_text(text: str) -> None:
    column: Any = text_column("What it said", lambda row: row)
    assert column.data(text, Role.DisplayRole).isprintable()
    assert "<b>" not in column.data(text, Role.ToolTipRole)
