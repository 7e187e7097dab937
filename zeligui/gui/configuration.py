"""The configuration: every field of the settings' dataclasses on three pages, checked as one types, applied at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from zeligui.errors import ZeliGridError
from zeligui.experiment.description import check_job
from zeligui.gui.filter_line import FilterLine
from zeligui.gui.form_row import Row
from zeligui.gui.forms import Check, Form
from zeligui.gui.icons import icon
from zeligui.gui.words import Letters, tip, visible
from zeligui.options import Place
from zeligui.settings import Settings, check

OTHERS_LETTERS = "dmjr"
"""Letters that lead to the pages and to a button."""
LONGEST_TROUBLE = 1000
_Button = QDialogButtonBox.StandardButton


@dataclass(frozen=True, slots=True)
class Page:
    """A page about one section of the settings; without one, about all that has no page of its own."""

    title: str
    words: str
    section: str = ""

    def of(self, settings: Settings) -> Any:
        """What it is about."""
        return getattr(settings, self.section) if self.section else settings


PAGES = (
    Page("&Machines", "How machines are found and measured."),
    Page("Default &job", "The master application: what Start runs in a contract that no experiment names.", "job"),
    Page(
        "&Reconfiguration",
        "When and how jobs are moved. An experiment file may say otherwise for itself.",
        "reconfiguration",
    ),
)


class ConfigurationDialog(QDialog):
    """Edits settings. `applied` asks, by OK or Apply, that they be kept; `kept` and `failed` say what became of it."""

    applied = Signal(object)

    def __init__(self, settings: Settings, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Configuration")
        self.setAccessibleName("Configuration")
        self._settings = settings
        self._place = Place(file)
        self._keeping = self._closing = False
        self._failure = ""
        self._found: list[tuple[int, Row]] = []
        self.search = FilterLine("options", "Search all options (Ctrl+F)", self)
        self.pages = QTabWidget(self)
        self.pages.setAccessibleName("Pages of the configuration")
        self.forms = [self._add_page(page) for page in PAGES]
        self._trouble = QLabel(self)
        self._trouble.setWordWrap(True)
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self._trouble)
        layout.addLayout(self._where(file))
        layout.addLayout(self._foot())
        self.search.changed.connect(self._find)
        self.search.left.connect(self._go_to_found)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self.search.line.setFocus)
        self.resize(self.fontMetrics().averageCharWidth() * 110, self.fontMetrics().height() * 40)
        self.pages.setFocus()
        self._find("")
        self._look()

    @property
    def value(self) -> Settings:
        """What all pages say. UsageError names the first field that is not right."""
        found = {page.section: form.value for page, form in zip(PAGES, self.forms, strict=True)}
        settings: Settings = found.pop("")
        return replace(settings, **found)

    @property
    def rows(self) -> Mapping[str, Row]:
        """All rows by their keys in the file."""
        return {
            ".".join(filter(None, (page.section, key))): row
            for page, form in zip(PAGES, self.forms, strict=True)
            for key, row in form.rows.items()
        }

    @property
    def trouble(self) -> str:
        """Why it cannot be applied now, or could not be kept; empty where all is well."""
        return self._why_not() or self._failure

    def kept(self, settings: Settings) -> None:
        """These have been kept."""
        self._settings = settings
        self._keeping = False
        if self._closing:
            super().accept()
        self._look()

    def failed(self, error: ZeliGridError) -> None:
        """They could not be kept; they stay here, to be tried again."""
        self._keeping = self._closing = False
        self._failure = f"{error} {error.hint}".strip()
        self._look()

    def accept(self) -> None:
        """Apply, and close when that is done."""
        if self._why_not():
            return
        if self.value == self._settings:
            super().accept()
        else:
            self._closing = True
            self._apply()

    # --- how it is built ------------------------------------------------------------------------------------------

    def _add_page(self, page: Page) -> Form:
        place = self._place.at(page.section) if page.section else self._place
        checks: Mapping[str, Check] = {
            "": lambda value: check(value, place),
            "job": lambda value: check_job(value, place),
        }
        form = Form(
            page.of(self._settings),
            place,
            self,
            without=() if page.section else [other.section for other in PAGES if other.section],
            check=checks.get(page.section),
            letters=Letters(OTHERS_LETTERS),
        )
        form.changed.connect(self._edited)
        self.pages.addTab(_scrolled(page, form, self.pages), page.title)
        return form

    def _where(self, file: Path) -> QHBoxLayout:
        """Where all this is kept."""
        words = QLabel(f"Kept in {visible(str(file), LONGEST_TROUBLE)}", self)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setWordWrap(True)
        copy = QToolButton(self)
        copy.setIcon(icon("copy"))
        copy.setAutoRaise(True)
        copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        copy.setToolTip("Copy the path of this file")
        copy.setAccessibleName("Copy the path of the settings file")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(str(file)))
        layout = QHBoxLayout()
        layout.addWidget(words, 1)
        layout.addWidget(copy)
        return layout

    def _foot(self) -> QHBoxLayout:
        defaults = QPushButton("Restore &defaults of this page", self)
        defaults.setAccessibleName("Restore defaults of this page")
        defaults.setAutoDefault(False)
        defaults.clicked.connect(self._restore)
        self._buttons = QDialogButtonBox(_Button.Ok | _Button.Cancel | _Button.Apply, self)
        for button in self._buttons.buttons():
            button.setAccessibleName(button.text().replace("&", ""))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(_Button.Apply).clicked.connect(self._apply)
        layout = QHBoxLayout()
        layout.addWidget(defaults)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        return layout

    # --- what is typed --------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self._failure = ""
        self._look()

    def _why_not(self) -> str:
        """Why it cannot be applied now."""
        wrong = (form.trouble for form in self.forms if form.trouble)
        return "It is being kept." if self._keeping else next(wrong, "")

    def _look(self) -> None:
        """Say what is not right yet; until then nothing can be applied."""
        why = self._why_not()
        same = "" if why or self.value != self._settings else "Nothing has been changed."
        self._trouble.setText(visible(self.trouble, LONGEST_TROUBLE))
        self._trouble.setVisible(bool(self.trouble))
        for one, reason in ((_Button.Ok, why), (_Button.Apply, why or same)):
            self._buttons.button(one).setEnabled(not reason)
            self._buttons.button(one).setToolTip(tip(reason))

    def _apply(self) -> None:
        self._keeping = True
        settings = self.value
        self._look()
        self.applied.emit(settings)

    def _restore(self) -> None:
        page = self.pages.currentIndex()
        self.forms[page].show_value(PAGES[page].of(Settings()))

    # --- search ---------------------------------------------------------------------------------------------------

    def _find(self, text: str) -> None:
        """Highlight the options that are meant, and show the first."""
        for row in self.rows.values():
            row.highlight(False)
        self._found = [(page, row) for page, form in enumerate(self.forms) for row in form.found(text)]
        for _, row in self._found:
            row.highlight(True)
        self.search.say(len(self._found), len(self.rows))
        if self._found:
            self._show(*self._found[0])

    def _go_to_found(self) -> None:
        """To the first option that was found."""
        if self._found:
            self._show(*self._found[0])
            self._found[0][1].editor.setFocus()

    def _show(self, page: int, row: Row) -> None:
        self.pages.setCurrentIndex(page)
        scrolled = self.pages.widget(page)
        if isinstance(scrolled, QScrollArea):
            scrolled.ensureWidgetVisible(row)


def _scrolled(page: Page, form: Form, parent: QWidget) -> QScrollArea:
    """A page's words and form, scrolled where they do not fit."""
    scrolled = QScrollArea(parent)
    scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
    scrolled.setAccessibleName(page.title.replace("&", ""))
    scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scrolled.setWidgetResizable(True)
    inside = QWidget(scrolled)
    words = QLabel(page.words, inside)
    words.setWordWrap(True)
    layout = QVBoxLayout(inside)
    layout.addWidget(words)
    layout.addWidget(form)
    scrolled.setWidget(inside)
    return scrolled
