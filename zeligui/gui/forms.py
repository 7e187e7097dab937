"""A form made from a dataclass of options: one row a field, checked as one types by what also reads the files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import Field, fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel, QVBoxLayout, QWidget

from zeligui.errors import UsageError, WrongValue
from zeligui.gui.editors import Choice, Editor, Lines, Number, Quantity, Tick, Words
from zeligui.gui.tones import colour
from zeligui.settings import Place, read_table


class Form(QWidget):
    """Edits a value of a dataclass of options. `changed` tells that a field was edited."""

    changed = Signal()

    def __init__(
        self, value: Any, place: Place, parent: QWidget | None = None, *, without: Collection[str] = ()
    ) -> None:
        """`place` is the file and section, for errors; the fields `without` are left as they are."""
        super().__init__(parent)
        self._before = value
        self._place = place
        self._rows: dict[str, Row] = {}
        self._sections: dict[str, Form] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._grid = QFormLayout()
        self._grid.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.addLayout(self._grid)
        hints = get_type_hints(type(value))
        keys = _Keys()
        for one in fields(value):
            now = getattr(value, one.name)
            if one.name in without:
                continue
            if is_dataclass(now):
                self._add_section(one, now)
            else:
                self._add_row(one, hints[one.name], now, keys)
        self._layout.addStretch(1)

    @property
    def rows(self) -> Mapping[str, Row]:
        """All rows by their keys, those of sections by SECTION.KEY."""
        below = {f"{name}.{key}": row for name, form in self._sections.items() for key, row in form.rows.items()}
        return {**self._rows, **below}

    @property
    def trouble(self) -> str:
        """What is wrong with the first field that is; empty where all can be read."""
        return next((row.trouble for row in self.rows.values() if row.trouble), "")

    @property
    def value(self) -> Any:
        """What the fields say. UsageError where one cannot be read."""
        found = {row.name: row.value for row in self._rows.values()}
        found |= {name: form.value for name, form in self._sections.items()}
        return replace(self._before, **found)

    def show_value(self, value: Any) -> None:
        """Fill all fields anew."""
        for row in self._rows.values():
            row.show_value(getattr(value, row.name))
        for name, form in self._sections.items():
            form.show_value(getattr(value, name))

    def _add_row(self, one: Field[Any], kind: Any, now: Any, keys: _Keys) -> None:
        key = one.metadata.get("key", one.name)
        row = Row(one, kind, now, self._before, self._place, self)
        label = QLabel(keys.marked(one.metadata["label"]) + ":", self)
        label.setBuddy(row.editor)
        label.setToolTip(one.metadata["help"])
        self._grid.addRow(label, row)
        self._rows[key] = row
        row.changed.connect(self.changed)

    def _add_section(self, one: Field[Any], now: Any) -> None:
        key = one.metadata.get("key", one.name)
        box = QGroupBox(one.metadata.get("label", key.capitalize()), self)
        form = Form(now, self._place.at(key), box)
        layout = QVBoxLayout(box)
        layout.addWidget(form)
        self._layout.addWidget(box)
        self._sections[one.name] = form
        form.changed.connect(self.changed)


class Row(QWidget):
    """One field: its editor, its words, and, in their place, what is wrong with it."""

    changed = Signal()

    def __init__(self, one: Field[Any], kind: Any, now: Any, whole: Any, place: Place, parent: QWidget) -> None:  # noqa: PLR0917
        super().__init__(parent)
        self.name = one.name
        self.label: str = one.metadata["label"]
        self.words: str = one.metadata["help"]
        self.trouble = ""
        self._key: str = one.metadata.get("key", one.name)
        self._whole = whole
        self._place = place
        self._value = now
        self._shown = now
        self.editor = _editor(kind, one.metadata, self)
        self.editor.setAccessibleName(self.label)
        self.editor.setAccessibleDescription(self.words)
        self.editor.setToolTip(self.words)
        self.note = QLabel(self.words, self)
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, self.fontMetrics().height() // 3)
        layout.setSpacing(1)
        layout.addWidget(self.editor)
        layout.addWidget(self.note)
        self.setFocusProxy(self.editor)
        self.show_value(now)
        self.editor.edited.connect(self._check)

    @property
    def value(self) -> Any:
        """What stands there. UsageError where it cannot be read."""
        if self.trouble:
            raise UsageError(f"{self.label}: {self.trouble}")
        return self._value

    def show_value(self, value: Any) -> None:
        """Fill the field anew."""
        self._shown = self._value = value
        self.editor.show_value(value)
        self._say("")

    def _check(self) -> None:
        """Read what stands there as a line of the file would be."""
        try:
            table = {self._key: self.editor.table_value()}
            self._value = getattr(read_table(table, self._whole, self._place), self.name)
            self._say("")
        except WrongValue as error:
            self._say(f"Expected is {error.expected}.")
        except (UsageError, ValueError) as error:
            self._say(f"{str(error).removeprefix(f'In {self._place.file}, ').rstrip('.')}.")
        self.changed.emit()

    def _tone(self, tone: str) -> QColor:
        return colour(tone, self.palette(), on=QPalette.ColorRole.Window)

    def _say(self, trouble: str) -> None:
        self.trouble = trouble
        self.note.setText(trouble or self.words)
        palette = self.note.palette()
        palette.setColor(self.note.foregroundRole(), self._tone("bad" if trouble else "dim"))
        self.note.setPalette(palette)
        self.editor.setAccessibleDescription(f"{trouble} {self.words}".strip())


class _Keys:
    """Gives each label a letter of its own to be reached by Alt, as long as there are any."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def marked(self, label: str) -> str:
        for place, letter in enumerate(label):
            if letter.isalpha() and letter.casefold() not in self._taken:
                self._taken.add(letter.casefold())
                return f"{label[:place]}&{label[place:]}"
        return label


def _editor(kind: Any, details: Mapping[str, Any], parent: QWidget) -> Editor:
    if kind is bool:
        return Tick(parent)
    if get_origin(kind) is Literal:
        return Choice(get_args(kind), parent)
    if kind is int:
        return Number(details, parent)
    if kind is float:
        return Quantity(details, parent)
    if kind is str:
        return Words(parent)
    return Lines(kind, parent)


def find_rows(form: Form, text: str) -> list[Row]:
    """The rows whose label or words hold all words of a text."""
    wanted = text.casefold().split()
    return [row for row in form.rows.values() if all(word in f"{row.label} {row.words}".casefold() for word in wanted)]
