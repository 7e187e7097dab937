"""An editor for each kind of option: what it shows a value as, and what it gives as a file would have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from zeligui.gui.lines import EXAMPLES, Shape, from_lines, to_lines
from zeligui.units import Dimension, quantity_text

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

    def offer(self, text: str, name: str, act: Callable[[], object]) -> QPushButton:
        """A button beside the editor."""
        button = QPushButton(text, self)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: act())
        self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return button

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
        self._box = _CalmComboBox()
        self._box.addItems(list(words))
        super().__init__(self._box, parent)
        self._row.addStretch(1)
        self._box.currentTextChanged.connect(lambda _: self.edited.emit())

    def setAccessibleName(self, name: str) -> None:  # noqa: N802
        super().setAccessibleName(name)
        self._box.view().setAccessibleName(name)  # the list that opens

    def show_value(self, value: Any) -> None:
        self._box.setCurrentText(str(value))

    def table_value(self) -> str:
        return self._box.currentText()


class Number(Editor):
    """A whole number."""

    def __init__(self, details: Mapping[str, Any], parent: QWidget) -> None:
        self._box = _CalmSpinBox()
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
        self._line.setText(quantity_text(value, self._unit))

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

    def put(self, text: str) -> None:
        """Put this in place of what stands there, as if it had been typed."""
        self._line.setText(text)
        self.edited.emit()

    def table_value(self) -> str:
        return self._line.text()


class Lines(Editor):
    """Several texts, or texts by their names, one a line."""

    def __init__(self, shape: Shape, parent: QWidget) -> None:
        self._shape = shape
        self._text = QPlainTextEdit()
        super().__init__(self._text, parent)
        self._text.setTabChangesFocus(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setFixedHeight(round(self.fontMetrics().lineSpacing() * (SHOWN_LINES + 0.8)))
        self._text.setPlaceholderText(EXAMPLES[shape])
        self._text.textChanged.connect(self.edited)

    def show_value(self, value: Any) -> None:
        self._text.blockSignals(True)  # filled by us, not edited
        self._text.setPlainText("\n".join(to_lines(self._shape, value)))
        self._text.blockSignals(False)

    def table_value(self) -> Any:
        return from_lines(self._shape, self._text.toPlainText().split("\n"))

    def add(self, texts: Sequence[str]) -> None:
        """More lines."""
        lines = [line for line in self._text.toPlainText().split("\n") if line.strip()]
        self._text.setPlainText("\n".join([*lines, *to_lines("texts", texts)]))


class Files(Lines):
    """Several files, one a line, also chosen from what is there."""

    def __init__(self, label: str, parent: QWidget) -> None:
        super().__init__("texts", parent)
        self._label = label
        self.offer("Browse…", f"Choose files: {label}", self._browse)

    def _browse(self) -> None:
        ssh = Path.home() / ".ssh"
        dialog = QFileDialog(self, self._label, str(ssh if ssh.is_dir() else Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setFilter(QDir.Filter.AllEntries | QDir.Filter.Hidden)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.add)
        dialog.open()


class _CalmComboBox(QComboBox):
    """One that the wheel passes over, unless it has the focus: scrolling a page changes nothing on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _CalmSpinBox(QSpinBox):
    """The same of a number."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


_EDITORS: Mapping[Any, Callable[[Mapping[str, Any], QWidget], Editor]] = {
    bool: lambda details, parent: Tick(parent),
    int: Number,
    float: Quantity,
    str: lambda details, parent: Words(parent),
    tuple[str, ...]: lambda details, parent: Lines("texts", parent),
    tuple[Path, ...]: lambda details, parent: Files(details["label"], parent),
    Mapping[str, str]: lambda details, parent: Lines("variables", parent),
    Mapping[str, Mapping[str, str]]: lambda details, parent: Lines("labels", parent),
}
"""An editor for each type that an option may have."""


def editor_for(kind: Any, details: Mapping[str, Any], parent: QWidget) -> Editor:
    """The editor of an option of this type."""
    if get_origin(kind) is Literal:
        return Choice(get_args(kind), parent)
    return _EDITORS[kind](details, parent)
