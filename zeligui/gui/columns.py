"""Columns that tables have in common: how something stands, and what others have said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zeligui.gui.icons import icon
from zeligui.gui.rows import Column
from zeligui.gui.words import visible

LONGEST = 2000
"""Signs of a text in its tooltip."""

Looks = tuple[str, str, str]
"""Picture, tone and word of how something stands."""


def state_column(looks: Callable[[Any], Looks], tooltip: Callable[[Any], str] | None = None) -> Column:
    """How a row stands."""
    return Column(
        "State",
        lambda row: looks(row)[2],
        tooltip=tooltip,
        icon=lambda row: icon(looks(row)[0]),
        tone=lambda row: looks(row)[1],
    )


def text_column(title: str, read: Callable[[Any], str]) -> Column:
    """A text of others, cut in the table and whole in the tooltip."""
    return Column(title, lambda row: visible(read(row)), tooltip=lambda row: visible(read(row), LONGEST))
