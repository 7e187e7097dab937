"""An editor for each kind of option: what it shows a value as, and what it gives as a file would have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from zeligui.units import Dimension

SHOWN_LINES = 3


class Editor(QWidget):
    """One field's editor; its `inner` widget has the focus and the name."""

    edited = Signal()

    def __init__(self, inner: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.inner = inner
        self.setFocusProxy(inner)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(inner)

    def show_value(self, value: Any) -> None:
        """Show a value."""
        raise TypeError(f"{type(self).__name__} shows nothing")

    def table_value(self) -> Any:
        """What stands there, as TOML would have it. ValueError in words where it can be no value."""
        raise TypeError(f"{type(self).__name__} edits nothing")

    def setAccessibleName(self, name: str) -> None:  # noqa: N802
        super().setAccessibleName(name)
        self.inner.setAccessibleName(name)

    def setAccessibleDescription(self, description: str) -> None:  # noqa: N802
        super().setAccessibleDescription(description)
        self.inner.setAccessibleDescription(description)


class Tick(Editor):
    """A bool."""

    def __init__(self, parent: QWidget) -> None:
        self._box = QCheckBox("Yes")
        super().__init__(self._box, parent)
        self._box.toggled.connect(lambda _: self.edited.emit())

    def show_value(self, value: Any) -> None:
        self._box.setChecked(bool(value))

    def table_value(self) -> bool:
        return self._box.isChecked()


class Choice(Editor):
    """One of a few words."""

    def __init__(self, words: Sequence[str], parent: QWidget) -> None:
        self._box = QComboBox()
        self._box.addItems(list(words))
        super().__init__(self._box, parent)
        self._row.addStretch(1)
        self._box.currentTextChanged.connect(lambda _: self.edited.emit())

    def show_value(self, value: Any) -> None:
        self._box.setCurrentText(str(value))

    def table_value(self) -> str:
        return self._box.currentText()


class Number(Editor):
    """A whole number."""

    def __init__(self, details: Mapping[str, Any], parent: QWidget) -> None:
        self._box = QSpinBox()
        self._box.setRange(details["low"], details["high"])
        super().__init__(self._box, parent)
        self._row.addStretch(1)
        self._box.valueChanged.connect(lambda _: self.edited.emit())

    def show_value(self, value: Any) -> None:
        self._box.setValue(value)

    def table_value(self) -> int:
        return self._box.value()


class Quantity(Editor):
    """A number with a unit: "5 s", "2 GB", or a bare number in the unit's own."""

    def __init__(self, details: Mapping[str, Any], parent: QWidget) -> None:
        self._line = QLineEdit()
        self._unit: Dimension = details.get("unit", Dimension.PLAIN)
        super().__init__(self._line, parent)
        self._line.setMaximumWidth(self.fontMetrics().averageCharWidth() * 24)
        self._row.addStretch(1)
        self._line.textEdited.connect(lambda _: self.edited.emit())

    def show_value(self, value: Any) -> None:
        unit = "" if self._unit is Dimension.PLAIN else f" {self._unit.value}"
        self._line.setText(f"{value:.15g}{unit}")

    def table_value(self) -> str | float:
        text = self._line.text().strip()
        try:
            return float(text)
        except ValueError:
            return text


class Words(Editor):
    """A text."""

    def __init__(self, parent: QWidget) -> None:
        self._line = QLineEdit()
        super().__init__(self._line, parent)
        self._line.textEdited.connect(lambda _: self.edited.emit())

    def show_value(self, value: Any) -> None:
        self._line.setText(str(value))

    def table_value(self) -> str:
        return self._line.text()


class Lines(Editor):
    """Several texts or files, one a line; or texts by name, NAME = TEXT a line, of a machine MACHINE: NAME = TEXT."""

    def __init__(self, kind: Any, parent: QWidget) -> None:
        self._kind = kind
        self._text = QPlainTextEdit()
        super().__init__(self._text, parent)
        self._text.setTabChangesFocus(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFixedHeight(round(self.fontMetrics().lineSpacing() * (SHOWN_LINES + 0.8)))
        self._text.setPlaceholderText(_EXAMPLES[_form(kind)])
        self._text.textChanged.connect(self.edited)
        self.column = QVBoxLayout()
        self._row.addLayout(self.column)

    def show_value(self, value: Any) -> None:
        form = _form(self._kind)
        if form == "labels":
            lines = [f"{host}: {name} = {text}" for host, given in value.items() for name, text in given.items()]
        elif form == "variables":
            lines = [f"{name} = {text}" for name, text in value.items()]
        else:
            lines = [str(one) for one in value]
        self._text.blockSignals(True)  # filled by us, not edited
        self._text.setPlainText("\n".join(lines))
        self._text.blockSignals(False)

    def table_value(self) -> Any:
        lines = [line for line in self._text.toPlainText().split("\n") if line.strip()]
        form = _form(self._kind)
        if form == "texts":
            return lines
        if form == "variables":
            return dict(map(_assigned, lines))
        found: dict[str, dict[str, str]] = {}
        for line in lines:
            host, colon, rest = line.partition(": ")
            if not colon:
                raise ValueError(f"{line!r} is no line such as lab1: room = 2.11")
            name, text = _assigned(rest)
            found.setdefault(host.strip(), {})[name] = text
        return found

    def add(self, text: str) -> None:
        """One more line."""
        self._text.appendPlainText(text)

    def offer(self, label: str, button: QPushButton) -> None:
        """A button beside the lines."""
        button.setText(label)
        button.setAccessibleName(f"{label.replace('&', '')} {self.accessibleName()}")
        self.column.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)


_EXAMPLES = {"texts": "one a line", "variables": "NAME = text, one a line", "labels": "lab1: room = 2.11, one a line"}


def _form(kind: Any) -> str:
    if kind in {tuple[str, ...], tuple[Path, ...]}:
        return "texts"
    return "variables" if kind == Mapping[str, str] else "labels"


def _assigned(line: str) -> tuple[str, str]:
    name, sign, text = line.partition("=")
    if not sign:
        raise ValueError(f"{line!r} is no line such as NAME = text")
    return name.strip(), text.strip()
