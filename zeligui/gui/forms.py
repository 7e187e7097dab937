"""A form made from a dataclass of options: one row a field, checked as one types by what also reads the files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, get_type_hints

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QGroupBox, QVBoxLayout, QWidget

from zeligui.errors import UsageError, WrongValue
from zeligui.gui.form_row import Row, expected
from zeligui.gui.words import Letters
from zeligui.options import Place, read_table

Check = Callable[[Any], None]
"""Raises a UsageError where values that can be read are not right."""


class Form(QWidget):
    """Edits a value of a dataclass of options. `changed` tells that a field was edited."""

    changed = Signal()

    def __init__(
        self,
        value: Any,
        place: Place,
        parent: QWidget | None = None,
        *,
        without: Collection[str] = (),
        check: Check | None = None,
        letters: Letters | None = None,
    ) -> None:
        """`place` is the file and section, for errors; the fields `without` are left as they are.

        `check` looks at the whole, once all fields can be read.
        """
        super().__init__(parent)
        self._before = value
        self._place = place
        self._check_whole = check
        self._whole_trouble = ""
        self._letters = letters or Letters()
        self._rows: dict[str, Row] = {}
        self._sections: dict[str, tuple[str, Form]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._grid = QFormLayout()
        self._grid.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.addLayout(self._grid)
        hints = get_type_hints(type(value))
        for one in fields(value):
            if one.name in without:
                continue
            if is_dataclass(getattr(value, one.name)):
                self._add_section(one)
            else:
                self._add_row(one, hints[one.name])
        self._layout.addStretch(1)

    @property
    def rows(self) -> Mapping[str, Row]:
        """All rows by their keys, those of sections by SECTION.KEY."""
        below = {f"{key}.{name}": row for key, (_, form) in self._sections.items() for name, row in form.rows.items()}
        return {**self._rows, **below}

    @property
    def valid(self) -> bool:
        """Whether the whole can be read, and is right."""
        return not self.trouble

    @property
    def trouble(self) -> str:
        """What is wrong with the first field that is, or with the whole; empty where nothing is."""
        wrong = (f"{row.label}: {row.trouble}" for row in self.rows.values() if row.trouble)
        return next(wrong, self._whole_trouble)

    @property
    def value(self) -> Any:
        """What the fields say. UsageError where they cannot be read, or are not right."""
        if self.trouble:
            raise UsageError(self.trouble)
        return self._read()

    def show_value(self, value: Any) -> None:
        """Fill all fields anew."""
        for row in self._rows.values():
            row.show_value(getattr(value, row.name))
        for name, form in self._sections.values():
            form.show_value(getattr(value, name))
        self._look()

    def found(self, text: str) -> list[Row]:
        """The rows whose label, key or words hold all words of a text."""
        words = text.casefold().split()
        said = {key: f"{row.label} {row.words} {key}".casefold() for key, row in self.rows.items()}
        return [row for key, row in self.rows.items() if words and all(word in said[key] for word in words)]

    def _read(self) -> Any:
        found = {row.name: row.value for row in self._rows.values()}
        found |= {name: form._read() for name, form in self._sections.values()}
        return replace(self._before, **found)

    def _add_row(self, one: Field[Any], kind: Any) -> None:
        key = one.metadata.get("key", one.name)
        row = Row(one, kind, lambda value: self._read_as(one.name, key, value), self)
        row.show_value(getattr(self._before, one.name))
        row.title.setText(self._letters.marked(row.label) + ":")
        self._grid.addRow(row.title, row)
        self._rows[key] = row
        row.changed.connect(self._look)

    def _read_as(self, name: str, key: str, value: Any) -> Any:
        """A value as the file's reader reads it below that key."""
        return getattr(read_table({key: value}, self._before, self._place), name)

    def _add_section(self, one: Field[Any]) -> None:
        key = one.metadata.get("key", one.name)
        box = QGroupBox(key.capitalize(), self)
        form = Form(getattr(self._before, one.name), self._place.at(key), box, letters=self._letters)
        layout = QVBoxLayout(box)
        layout.addWidget(form)
        self._layout.addWidget(box)
        self._sections[key] = one.name, form
        form.changed.connect(self._look)

    def _look(self) -> None:
        """Look at the whole; what is wrong with it is said below the field that it is about."""
        self._whole_trouble = ""
        for row in self.rows.values():
            row.blame("")
        if self._check_whole and not self.trouble:
            try:
                self._check_whole(self._read())
            except UsageError as error:
                self._blame(error)
        self.changed.emit()

    def _blame(self, error: UsageError) -> None:
        keys = error.keys[len(self._place.keys) :] if isinstance(error, WrongValue) else ()
        row = next((row for key, row in self.rows.items() if key == ".".join(keys[: key.count(".") + 1])), None)
        if row and isinstance(error, WrongValue):
            row.blame(expected(error))
        else:
            self._whole_trouble = str(error)
