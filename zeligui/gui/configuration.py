"""The configuration: every field of the settings' dataclasses on three pages, checked as one types, applied at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from zeligui.errors import UsageError
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.forms import Form, Row, find_rows
from zeligui.gui.words import tip, visible
from zeligui.settings import Place, Settings, check

PAGES = {
    "&Machines": ("How machines are found and measured.", None),
    "Default &job": ("The master application: what Start runs in a contract that no experiment names.", "job"),
    "&Reconfiguration": (
        "When and how jobs are moved. An experiment file may say otherwise for itself.",
        "reconfiguration",
    ),
}
"""Each page's title, what it is about, and the settings' field that it edits; the first edits all others."""
_Button = QDialogButtonBox.StandardButton


class ConfigurationDialog(QDialog):
    """Edits settings. `applied` gives them, by OK or Apply, when all fields are right; nothing is written here."""

    applied = Signal(object)

    def __init__(self, settings: Settings, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Configuration")
        self.setAccessibleName("Configuration")
        self._settings = settings
        self._file = file
        self._place = Place(file)
        self.search = FilterLine("options", "Search options (Ctrl+F)", self)
        self.pages = QTabWidget(self)
        self.pages.setAccessibleName("Pages of the configuration")
        self.forms: dict[str, Form] = {}
        for title, (words, name) in PAGES.items():
            self.pages.addTab(self._page(title, words, name), title)
        self._trouble = QLabel(self)
        self._trouble.setWordWrap(True)
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        kept = QLabel(f"Kept in {visible(str(file))}", self)
        kept.setTextFormat(Qt.TextFormat.PlainText)
        kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        kept.setWordWrap(True)
        layout = QVBoxLayout(self)
        for widget in (self.search, self.pages, self._trouble, kept, self._foot()):
            layout.addWidget(widget)
        self.search.changed.connect(self._find)
        self.search.left.connect(self._find_next)
        self.resize(self.fontMetrics().averageCharWidth() * 100, self.fontMetrics().height() * 38)
        self._check()

    @property
    def value(self) -> Settings:
        """What all pages say. UsageError names the first field that is not right."""
        found: Settings = self.forms["&Machines"].value
        changes = {name: self.forms[title].value for title, (_, name) in PAGES.items() if name}
        settings = replace(found, **changes)
        check(settings, self._place)
        return settings

    def accept(self) -> None:
        """Apply, then close."""
        if self._apply():
            super().accept()

    def _page(self, title: str, words: str, name: str | None) -> QWidget:
        others = [field for _, field in PAGES.values() if field]
        whole: Any = getattr(self._settings, name) if name else self._settings
        place = self._place.at(name) if name else self._place
        form = Form(whole, place, self, without=() if name else others)
        form.changed.connect(self._check)
        self.forms[title] = form
        about = QLabel(words, self)
        about.setWordWrap(True)
        inside = QWidget(self)
        layout = QVBoxLayout(inside)
        layout.addWidget(about)
        layout.addWidget(form)
        scrolled = QScrollArea(self)
        scrolled.setAccessibleName(title.replace("&", ""))
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scrolled.setWidget(inside)
        scrolled.setWidgetResizable(True)
        return scrolled

    def _foot(self) -> QWidget:
        foot = QWidget(self)
        self._defaults = QPushButton("Restore &defaults of this page", foot)
        self._defaults.setAccessibleName("Restore defaults of this page")
        self._defaults.clicked.connect(self._restore)
        self._buttons = QDialogButtonBox(_Button.Ok | _Button.Cancel | _Button.Apply, foot)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(_Button.Apply).clicked.connect(self._apply)
        layout = QHBoxLayout(foot)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._defaults)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        return foot

    def _check(self) -> None:
        """Say what is not right yet; until then nothing can be applied."""
        trouble = ""
        try:
            changed = self.value != self._settings
        except UsageError as error:
            trouble, changed = str(error), True
        self._trouble.setText(visible(trouble, 1000))
        self._trouble.setVisible(bool(trouble))
        for one in (_Button.Ok, _Button.Apply):
            button = self._buttons.button(one)
            button.setEnabled(not trouble and (changed or one is _Button.Ok))
            button.setToolTip(tip(trouble) or ("" if changed else "Nothing has been changed."))

    def _apply(self) -> bool:
        try:
            settings = self.value
        except UsageError:
            return False
        if settings != self._settings:
            self._settings = settings
            self.applied.emit(settings)
        self._check()
        return True

    def _restore(self) -> None:
        title = list(PAGES)[self.pages.currentIndex()]
        name = PAGES[title][1]
        self.forms[title].show_value(getattr(Settings(), name) if name else Settings())
        self._check()

    # --- search -------------------------------------------------------------------------------------------------------

    def _found(self, text: str) -> list[tuple[int, Row]]:
        return [(page, row) for page, form in enumerate(self.forms.values()) for row in find_rows(form, text)]

    def _find(self, text: str) -> None:
        """Show the first option that is meant, and how many are."""
        every = sum(len(form.rows) for form in self.forms.values())
        found = self._found(text) if text.strip() else []
        self.search.say(len(found), every)
        if found:
            self._show(*found[0])

    def _find_next(self) -> None:
        if self.search.text.strip() and (found := self._found(self.search.text)):
            self._show(*found[0])
            found[0][1].editor.setFocus()

    def _show(self, page: int, row: Row) -> None:
        self.pages.setCurrentIndex(page)
        scrolled = self.pages.widget(page)
        if isinstance(scrolled, QScrollArea):
            scrolled.ensureWidgetVisible(row)
