"""Forms over dataclasses of options: each field shows its value, reads what is typed, and says below what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.test_writing import any_of
from zeligui.errors import UsageError
from zeligui.experiment.description import ExperimentFile
from zeligui.gui.forms import Form
from zeligui.options import Place, option
from zeligui.settings import Settings
from zeligui.units import Dimension

Show = Callable[..., Form]


@dataclass(frozen=True, slots=True)
class Below:
    """A section."""

    depth: int = option(1, "Depth", "How deep.", low=0, high=9)


@dataclass(frozen=True, slots=True)
class Options:
    """One of each kind."""

    tick: bool = option(False, "Tick", "Yes or no.")
    choice: Literal["one", "two"] = option("one", "Choice", "One of them.")
    number: int = option(3, "Number", "A whole one.", low=1, high=10)
    time_s: float = option(5.0, "Time", "How long.", key="time", unit=Dimension.TIME, low=1.0, high=100.0)
    size_mb: float = option(0.0, "Size", "How much.", key="size", unit=Dimension.MEMORY, low=0.0, high=1e6)
    part: float = option(1.0, "Part", "Of one.", low=0.0, high=1.0)
    text: str = option("", "Text", "Words.")
    texts: tuple[str, ...] = option((), "Texts", "More words.")
    files: tuple[Path, ...] = option((), "Files", "Some files.")
    variables: Mapping[str, str] = option(dict, "Variables", "By their names.")
    labels: Mapping[str, Mapping[str, str]] = option(dict, "Labels", "Of machines.")
    below: Below = field(default_factory=Below)


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    """Shows a form, wide enough for all that is said in it."""

    def show(value: Any = None, **more: Any) -> Form:
        form = Form(value or Options(), Place(Path("/home/a/options.toml")), **more)
        qtbot.addWidget(form)
        form.resize(900, 1200)
        form.show()
        return form

    return show


def write(form: Form, key: str, text: str) -> None:
    """Type a text in place of what stands in a field."""
    inner = form.rows[key].editor.inner
    if isinstance(inner, QLineEdit):
        inner.selectAll()
        inner.insert(text)
        inner.textEdited.emit(text)
    else:
        assert isinstance(inner, QPlainTextEdit)
        inner.setPlainText(text)


def said(form: Form, key: str) -> str:
    """What stands below a field."""
    row = form.rows[key]
    return " ".join(one.text() for one in row.findChildren(QLabel) if one.isVisible() and one.text())


def test_every_kind_of_option_has_its_own_editor(show: Show) -> None:
    kinds = {key: type(row.editor.inner) for key, row in show().rows.items()}
    for key, kind in {"tick": QCheckBox, "choice": QComboBox, "number": QSpinBox, "time": QLineEdit}.items():
        assert issubclass(kinds.pop(key), kind)
    lines = {key for key, kind in kinds.items() if kind is QPlainTextEdit}
    assert lines == {"texts", "files", "variables", "labels"}
    assert "below.depth" in kinds


def test_what_is_typed_is_the_value(show: Show) -> None:
    form = show()
    inner = {key: row.editor.inner for key, row in form.rows.items()}
    inner["tick"].click()  # type: ignore[attr-defined]
    inner["choice"].setCurrentText("two")  # type: ignore[attr-defined]
    inner["number"].setValue(7)  # type: ignore[attr-defined]
    inner["below.depth"].setValue(2)  # type: ignore[attr-defined]
    typed = {
        "time": "1 min",
        "size": "2 GB",
        "part": "0.5",
        "text": "a b",
        "texts": 'a b\n\n  "" \n"line\\nline"\n',
        "files": "keys\n/etc/keys",
        "variables": "A = b = c\nB=",
        "labels": "lab1:22: room = 2.11\nlab1:22: desk = 3",
    }
    for key, text in typed.items():
        write(form, key, text)
    assert form.value == Options(
        tick=True,
        choice="two",
        number=7,
        time_s=60.0,
        size_mb=2000.0,
        part=0.5,
        text="a b",
        texts=("a b", "", "line\nline"),
        files=(Path("/home/a/keys"), Path("/etc/keys")),
        variables={"A": "b = c", "B": ""},
        labels={"lab1:22": {"room": "2.11", "desk": "3"}},
        below=Below(2),
    )


@pytest.mark.parametrize("text", ["90", "90 s", " 90s ", "1.5 min", "90000 ms"])
def test_a_quantity_takes_a_unit_or_a_bare_number(text: str, show: Show) -> None:
    form = show()
    write(form, "time", text)
    assert form.value.time_s == 90


@pytest.mark.parametrize("kind", [Settings, ExperimentFile])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_shown_is_read_as_it_was(kind: type, qapp: QApplication, data: Any) -> None:
    value = data.draw(any_of(kind))
    form = Form(kind(), Place(Path("/f.toml")))
    form.show_value(value)
    for row in form.rows.values():
        row.editor.edited.emit()  # read it all anew
    assert form.trouble == ""
    assert without_empty_labels(form.value) == without_empty_labels(value)
    form.deleteLater()


def without_empty_labels(value: Any) -> Any:
    """A machine without labels is as good as none."""
    if isinstance(value, Settings):
        return replace(value, labels={host: given for host, given in value.labels.items() if given})
    return value


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("time", "5 parsecs", 'Expected: a number from 1 to 100 s, or a text with a unit such as "5 s".'),
        ("time", "200", "Expected: a number from 1 to 100 s"),
        ("time", "", "Expected: a number from 1 to 100 s"),
        ("part", "nan", "Expected: a number from 0 to 1."),
        ("variables", "A", "A is no line such as NAME = text."),
        ("labels", "lab1: a = 1\nlab1: a = 2", "lab1 a is given twice."),
        ("texts", '"a', "has no end of its quotes"),
        ("files", "~nobody-of-this-name/x", "Expected: a list of files."),
    ],
)
def test_what_is_wrong_is_said_below_the_field_in_words(key: str, text: str, words: str, show: Show) -> None:
    form = show()
    write(form, key, text)
    assert words in said(form, key)
    assert not form.valid
    assert form.trouble.startswith(form.rows[key].label)
    assert form.rows[key].editor.inner.accessibleDescription().startswith(said(form, key)[:9])
    with pytest.raises(UsageError, match=form.rows[key].label):
        _ = form.value
    form.show_value(Options())
    assert form.valid
    assert said(form, key) == form.rows[key].words


def test_a_wrong_field_is_marked_by_a_sign_and_a_colour_too(show: Show, qapp: QApplication) -> None:
    form = show()
    row = form.rows["time"]
    right = row.grab().toImage()
    write(form, "time", "x")
    pictures = [one for one in row.findChildren(QLabel) if one.isVisible() and not one.pixmap().isNull()]
    assert len(pictures) == 1
    assert row.grab().toImage() != right


def test_the_colour_of_a_note_follows_the_theme(show: Show, qapp: QApplication, qtbot: QtBot) -> None:
    form, before = show(), qapp.palette()

    def ink() -> QColor:
        note = next(one for one in form.rows["time"].findChildren(QLabel) if one.text())
        return note.palette().color(note.foregroundRole())

    light = ink()
    qapp.setPalette(QPalette(QColor("#2b2b2b")))
    try:
        qtbot.waitUntil(lambda: ink().lightness() > light.lightness())
    finally:
        qapp.setPalette(before)


def test_hostile_text_is_shown_as_text(show: Show) -> None:
    form = show()
    write(form, "variables", "<b>bold</b>\x1b[31m")
    notes = [one for one in form.rows["variables"].findChildren(QLabel) if one.text()]
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in notes)
    assert "␛[31m" in said(form, "variables")


def test_changes_are_told_also_those_of_a_section(show: Show, qtbot: QtBot) -> None:
    form = show()
    with qtbot.waitSignal(form.changed):
        write(form, "text", "x")
    with qtbot.waitSignal(form.changed):
        form.rows["below.depth"].editor.inner.setValue(5)  # type: ignore[attr-defined]
    with qtbot.waitSignal(form.changed):
        form.show_value(Options())


def test_fields_that_are_left_out_stay_as_they_are(show: Show) -> None:
    form = show(Options(text="kept"), without=("text", "below"))
    assert "text" not in form.rows
    assert form.value == Options(text="kept")


def test_a_check_of_the_whole_is_said_below_the_field_that_it_blames(show: Show) -> None:
    place = Place(Path("/home/a/options.toml"))

    def check(value: Options) -> None:
        if value.number > value.time_s:
            raise place.at("time").wrong(value.time_s, "a time that is longer than the number")
        if value.below.depth > 5:
            raise place.at("below").at("depth").wrong(value.below.depth, "less than five")
        if value.text in value.variables:
            raise place.at("variables").at(value.text).wrong(value.text, "another name")
        if value.tick:
            raise UsageError("It must not be ticked.")

    form = show(check=check)
    write(form, "time", "2")
    assert said(form, "time") == "Expected: a time that is longer than the number."
    form.rows["number"].editor.inner.setValue(1)  # type: ignore[attr-defined]
    assert form.valid
    form.rows["below.depth"].editor.inner.setValue(6)  # type: ignore[attr-defined]
    assert said(form, "below.depth") == "Expected: less than five."
    form.rows["below.depth"].editor.inner.setValue(1)  # type: ignore[attr-defined]
    write(form, "variables", " = x")
    write(form, "variables", 'A = x\n"" = y')
    assert said(form, "variables") == "Expected: another name."
    write(form, "variables", "")
    form.rows["tick"].editor.inner.click()  # type: ignore[attr-defined]
    assert form.trouble == "It must not be ticked."


def test_every_field_is_reached_by_a_letter_and_by_its_name(show: Show) -> None:
    form = show()
    letters = [row.title.text().partition("&")[2][:1].casefold() for row in form.rows.values()]
    assert len(set(letters)) == len(letters)
    assert all(row.title.buddy() is row.editor for row in form.rows.values())
    focusable = [one for one in form.findChildren(QWidget) if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert [one for one in focusable if not (one.accessibleName() or one.focusProxy() or inside(one))] == []


def inside(widget: QWidget) -> bool:
    """Whether it is a part of what has a name, as the line of a spin box."""
    parent = widget.parentWidget()
    return bool(parent and parent.accessibleName())


def test_rows_are_found_by_label_key_and_words(show: Show) -> None:
    form = show()
    assert [row.label for row in form.found("HOW")] == ["Time", "Size", "Depth"]
    assert [row.label for row in form.found("size_m much")] == []
    assert [row.label for row in form.found("below.d")] == ["Depth"]
    assert form.found("  ") == []


def test_the_wheel_scrolls_past_a_field_without_the_focus(show: Show, qapp: QApplication) -> None:
    form = show()
    for key in ("number", "choice"):
        inner = form.rows[key].editor.inner
        inner.clearFocus()
        middle = QPointF(inner.rect().center())
        turn = QWheelEvent(
            middle,
            QPointF(inner.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        qapp.sendEvent(inner, turn)
    assert form.value == Options()


def test_files_are_chosen_without_waiting(show: Show, tmp_path: Path, qtbot: QtBot) -> None:
    form = show(Options(files=(Path("/etc/keys"),)))
    button = form.rows["files"].editor.findChild(QPushButton)
    assert button.accessibleName() == "Choose files: Files"
    button.click()
    dialog = form.findChild(QFileDialog)
    dialog.filesSelected.emit([str(tmp_path / "a"), str(tmp_path / " b ")])
    dialog.close()
    assert form.value.files == (Path("/etc/keys"), tmp_path / "a", tmp_path / " b ")
