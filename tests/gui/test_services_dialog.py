"""Job services and what would work: how each is shown, what is asked of one, and that the real ones are asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import User, run
from tests.gui.looking import HOSTILE, cell, labels, lines
from tests.servers import OpenSsh
from zeligui.gui.checkup_dialog import CheckupDialog, verdict
from zeligui.gui.services_dialog import ServicesDialog, summary
from zeligui.jobs.checkups import Checkup
from zeligui.links.checkup import Status, Step
from zeligui.session.snapshot import ServiceHealth
from zeligui.settings import Home

SINCE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
WELL = ServiceHealth("ssh://lab2", "up", "answers", since=SINCE, asked=SINCE, jobs=3)
AWAY = ServiceHealth("ssh://lab10", "unreachable", "It is silent.", "Switch it on.", SINCE, SINCE, named_by=("pi",))
UNASKED = ServiceHealth("ssh://lab3")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def dialog(window: QWidget) -> ServicesDialog:
    made = ServicesDialog(window)
    made.show()
    return made


def test_those_that_are_away_come_first_then_those_that_run_jobs(dialog: ServicesDialog) -> None:
    dialog.show_services([UNASKED, WELL, AWAY], {"ssh://lab2": ["node2"], "ssh://lab3": ["a", "b"]})
    assert [line[:4] for line in lines(dialog.view)] == [
        ["unreachable", "", "ssh://lab10", ""],
        ["answers", "node2", "ssh://lab2", "3"],
        ["not asked yet", "a and 1 more", "ssh://lab3", ""],
    ]
    assert cell(dialog.view, 0, 5) == "It is silent. Switch it on."
    assert "named by pi" in cell(dialog.view, 0, 2, Qt.ItemDataRole.ToolTipRole)
    assert cell(dialog.view, 2, 1, Qt.ItemDataRole.ToolTipRole) == "a\nb"
    assert not cell(dialog.view, 0, 0, Qt.ItemDataRole.DecorationRole).isNull()
    assert dialog.words.text() == "3 job services, 1 answers, 1 would start no job; 3 jobs on them now."


def test_where_there_is_none_it_says_what_to_do(window: QWidget) -> None:
    pressed: list[str] = []
    dialog = ServicesDialog(window, offers=[("Add &machines…", lambda: pressed.append("add"))])
    dialog.show()
    assert "There is no job service." in labels(dialog)
    next(one for one in dialog.findChildren(QPushButton) if one.text() == "Add &machines…").click()
    assert pressed == ["add"]
    assert not dialog.check.isEnabled()
    assert dialog.check.toolTip() == "Select a service first."


def test_the_filter_finds_addresses_states_experiments_and_words(dialog: ServicesDialog) -> None:
    dialog.show_services([UNASKED, WELL, AWAY], {"ssh://lab2": ["node2"]})
    for words, found in (("lab10", 1), ("node2", 1), ("unreachable", 1), ("PI silent", 1), ("lab", 3), ("nothing", 0)):
        dialog.filter.line.setText(words)
        assert dialog.model.shown == found, words


def test_the_selected_one_is_asked_by_button_by_menu_and_by_key(dialog: ServicesDialog, qtbot: QtBot) -> None:
    asked: list[str] = []
    dialog.check_asked.connect(lambda url: asked.append(f"check {url}"))
    dialog.ways_asked.connect(lambda url: asked.append(f"ways {url}"))
    dialog.show_services([WELL, AWAY])
    dialog.view.selectRow(1)
    for text in ("Check &again", "What would &work?"):
        next(one for one in dialog.findChildren(QPushButton) if one.text() == text).click()
    dialog.view.activated.emit(dialog.view.currentIndex())
    assert asked == ["check ssh://lab2", "ways ssh://lab2", "ways ssh://lab2"]
    dialog.view.setFocus()
    QTest.keyClick(dialog.view, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    if menu is None:  # the platform that draws in memory has no key for menus
        dialog.view.menu_asked.emit(dialog.view.mapToGlobal(dialog.view.rect().center()))
        menu = QApplication.activePopupWidget()
    assert menu is not None
    assert [one.text() for one in menu.actions()] == ["Check &again", "What would &work?"]
    menu.close()


def test_what_is_the_same_stays_selected_while_states_change(dialog: ServicesDialog) -> None:
    dialog.show_services([WELL, AWAY])
    dialog.view.selectRow(1)
    dialog.show_services([AWAY, ServiceHealth("ssh://lab2", "refused", "It says no.")])
    assert dialog.current == "ssh://lab2"


def test_it_is_told_whether_somebody_looks(dialog: ServicesDialog) -> None:
    seen: list[bool] = []
    dialog.seen.connect(seen.append)
    dialog.hide()
    dialog.show()
    dialog.close()
    assert seen == [False, True, False]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_service_says_is_text(dialog: ServicesDialog, text: str) -> None:
    dialog.show_services(
        [ServiceHealth(f"ssh://{text}", text, text, text, SINCE, SINCE, named_by=(text,))], {f"ssh://{text}": [text]}
    )
    shown = [one for line in lines(dialog.view) for one in line]
    assert all(one.isprintable() for one in shown)
    tips = [str(cell(dialog.view, 0, column, Qt.ItemDataRole.ToolTipRole) or "") for column in range(6)]
    assert not any("<b>" in tip or "<img" in tip for tip in tips)


def test_two_hundred_are_counted_in_words() -> None:
    many = [ServiceHealth(f"ssh://n{n}", "up" if n else "refused", jobs=n % 2) for n in range(1200)]
    assert summary(many) == "1,200 job services, 1,199 answer, 1 would start no job; 600 jobs on them now."


GOOD = Step("key", Status.GOOD, "There is one.")
MISSING = Step("host key", Status.MISSING, "It is not known.", "ssh-keyscan lab1")


def test_each_step_is_shown_and_the_first_that_stops_can_be_mended(window: QWidget) -> None:
    dialog = CheckupDialog(window)
    dialog.begin("ssh://lab1")
    assert not dialog.look_again.isEnabled()
    dialog.show_checkups([Checkup("ssh://lab1", (GOOD, MISSING)), Checkup("gram://lab1", (GOOD,))])
    assert [line[:3] for line in lines(dialog.view)] == [
        ["good", "ssh://lab1", "key"],
        ["missing", "ssh://lab1", "host key"],
        ["good", "gram://lab1", "key"],
    ]
    assert dialog.verdict.text() == (
        "No job could start by ssh://lab1 now. It is not known. Another way would work: gram://lab1."
    )
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "ssh-keyscan lab1"
    dialog.view.selectRow(0)
    assert not dialog.copy.isEnabled()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "Nothing was found."),
        ([Checkup("local://", (GOOD,))], "A job could start by local://."),
        ([Checkup("any://h", (), (Checkup("ssh://h", (GOOD,)),))], "A job could start by any://h. Also by: ssh://h."),
        ([Checkup("ssh://h", (MISSING,))], "No job could start by ssh://h now. It is not known."),
    ],
)
def test_the_verdict_is_one_sentence(found: list[Checkup], words: str) -> None:
    assert verdict(found) == words


def test_real_services_are_asked_and_looked_at(qapp: QApplication, openssh: Callable[..., OpenSsh]) -> None:
    stranger = openssh().url  # its host key is not known
    file = Home.find().settings_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'sources = ["local://", "{stranger}"]\n')
    run(qapp, looks(stranger))


async def looks(stranger: str) -> None:
    async with User.sits_down() as user:
        assert user.shell.session
        assert not user.shell.session.services.watched
        await user.sees(user.action("Job services").isEnabled)
        user.does("Job services")
        dialog = await user.sees(lambda: user.dialog(ServicesDialog))
        await user.sees(lambda: {line[0] for line in user.rows(dialog.view)} == {"answers", "unknown key"})
        assert user.shell.session.services.watched
        dialog.view.selectRow(0)
        assert dialog.current == stranger
        dialog.check.trigger()
        dialog.ways.trigger()
        ways = await user.sees(lambda: user.dialog(CheckupDialog))
        await user.sees(lambda: "host key" in [line[2] for line in user.rows(ways.view) if line[0] == "missing"])
        assert ways.verdict.text().startswith(f"No job could start by {stranger} now.")
        ways.close()
        dialog.close()
        assert not user.shell.session.services.watched
        here = next(name for name, host in user.window.snapshot.hosts.items() if host.service == "local://")
        user.window.hosts.select_host(here)
        await user.sees(user.action("What would work?").isEnabled)
        user.does("What would work?")
        ways = await user.sees(lambda: user.dialog(CheckupDialog))
        await user.sees(lambda: ways.verdict.text() == "A job could start by local://.")
        ways.close()
