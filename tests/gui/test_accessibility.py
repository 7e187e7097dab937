"""Everything by keyboard, and by name: the whole window with something in each pane, and every dialog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAction, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFormLayout,
    QLabel,
    QMenu,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.gui import windows
from tests.gui.driving import run
from tests.gui.snapshots import CONTRACT, columns, contract, host, job, snapshot
from zeligui.clock import SystemClock
from zeligui.experiment.description import ExperimentFile
from zeligui.grid.explanation import answer, exclusions
from zeligui.gui import help_deeds
from zeligui.gui.checkup_dialog import CheckupDialog
from zeligui.gui.configuration import ConfigurationDialog
from zeligui.gui.credentials_dialog import CredentialsDialog
from zeligui.gui.experiment_form import ExperimentDialog
from zeligui.gui.host_keys import KeysDialog, OfferedKey
from zeligui.gui.machines_dialog import MachinesDialog
from zeligui.gui.passphrase_dialog import PassphraseDialog
from zeligui.gui.services_dialog import ServicesDialog
from zeligui.gui.why_not import ExcludesDialog, WhyNotDialog
from zeligui.gui.window import MainWindow
from zeligui.jobs.checkups import Checkup
from zeligui.links.checkup import Status, Step
from zeligui.session.snapshot import ServiceHealth
from zeligui.session.wallet import Certificate, Credentials, Proxy, Trouble
from zeligui.settings import Settings

MOST_TABS = 200


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> MainWindow:
    made = windows.made(windows.store(tmp_path))
    qtbot.addWidget(made)
    run(qapp, made.details.close_all())  # nothing is read
    made.resize(1280, 800)
    made.show()
    made.show_snapshot(windows.everything())
    made.details.look_at(job())
    made.plots.look_at("node1", "pi", 1)
    made.messages.say("error", "It failed.", "Do this.", [("&Retry", lambda: None)], details="more")
    made.messages.say("warning", "It ends soon.", "Renew it.", [("Rene&w proxy", lambda: None)])
    made.jobs.filter.line.setText("pi")
    return made


def why_not(parent: QWidget) -> QDialog:
    dialog = WhyNotDialog("a", ["/work/a.contract", "/work/b.contract"], parent)
    read = contract(text=CONTRACT).contract
    assert read
    dialog.show_answers(answer(read, columns([host("a")]), "a"), ["because"])
    return dialog


def excludes(parent: QWidget) -> QDialog:
    dialog = ExcludesDialog(Path("/work/a.contract"), parent)
    read = contract(text=CONTRACT).contract
    assert read
    dialog.show_exclusions(exclusions(read, columns([host("a")])))
    return dialog


def services(parent: QWidget) -> QDialog:
    dialog = ServicesDialog(parent)
    dialog.show_services([ServiceHealth("ssh://lab1", "up", "answers"), ServiceHealth("ssh://lab2")])
    return dialog


def ways(parent: QWidget) -> QDialog:
    dialog = CheckupDialog(parent)
    dialog.begin("ssh://lab1")
    dialog.show_checkups([Checkup("ssh://lab1", (Step("key", Status.MISSING, "There is none.", "ssh-keygen"),))])
    return dialog


def credentials(parent: QWidget) -> QDialog:
    dialog = CredentialsDialog(SystemClock(), parent)
    trouble = Trouble("There is none.", "Ask for one.", missing=True)
    certificate = Certificate(Path("/c"), Path("/k"), trouble=trouble, key_trouble=Trouble("It is open to others."))
    dialog.show_credentials(Credentials(certificate, Proxy(Path("/p"), trouble=trouble), ()))
    dialog.say_doing("The proxy is being made…")
    return dialog


def passphrase(parent: QWidget) -> QDialog:
    dialog = PassphraseDialog(Path("/home/ana/.globus/userkey.pem"), parent)
    dialog.failed("It is wrong.")
    return dialog


DIALOGS: dict[str, Callable[[QWidget], QDialog]] = {
    "services": services,
    "ways": ways,
    "credentials": credentials,
    "pass phrase": passphrase,
    "configuration": lambda parent: ConfigurationDialog(Settings(), Path("/work/settings.toml"), parent),
    "new experiment": lambda parent: ExperimentDialog(ExperimentFile(), Path("/work"), parent),
    "add machines": lambda parent: MachinesDialog(["lab1"], [], parent),
    "host keys": lambda parent: KeysDialog([OfferedKey("lab1", "line", "SHA256:a")], parent),
    "why not": why_not,
    "what excludes": excludes,
    "manual": lambda parent: help_deeds._read("Manual", "# Manual", parent),
    "shortcuts": help_deeds._shortcuts,
    "about": help_deeds._about,
}


@pytest.fixture(params=DIALOGS)
def dialog(request: pytest.FixtureRequest, qtbot: QtBot) -> Iterator[QDialog]:
    parent = QWidget()
    qtbot.addWidget(parent)
    made = DIALOGS[request.param](parent)
    made.show()
    yield made
    made.close()


def name(widget: QWidget) -> str:
    """What a screen reader calls it: its own name, that of its buddy, or its text."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def nameless(top: QWidget) -> list[str]:
    """What Tab leads to that has no name."""
    every = [one for one in top.findChildren(QWidget) if one.window() is top]  # not what a combo box opens
    every = [one for one in every if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
    return [f"{path(one)}" for one in every if one.focusProxy() is None and not name(one)]


def path(widget: QWidget) -> str:
    words = []
    one: QWidget | None = widget
    while one is not None:
        words.append(f"{type(one).__name__} {one.objectName() or one.accessibleName()}".strip())
        one = one.parentWidget()
    return " in ".join(words)


def mnemonics(top: QWidget) -> Iterator[tuple[str, str]]:
    """The letters that are reached by Alt at this time, and of what they are."""
    texts = [one.text() for kind in (QAbstractButton, QLabel) for one in seen(top, kind) if not unbound(one)]
    for bar in seen(top, QTabBar):
        texts += [bar.tabText(tab) for tab in range(bar.count())]
    if isinstance(top, MainWindow):
        texts += [action.text() for action in top.menuBar().actions()]
    for text in texts:
        if keys := QKeySequence.mnemonic(text).toString():
            yield keys, text


def seen(top: QWidget, kind: type[QWidget]) -> list[QWidget]:
    return [one for one in top.findChildren(kind) if one.isVisible()]


def unbound(widget: QWidget) -> bool:
    return isinstance(widget, QLabel) and widget.buddy() is None


def menu_actions(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        if below := action.menu():
            yield from menu_actions(below)  # type: ignore[arg-type]
        elif not action.isSeparator():
            yield action


def test_all_that_takes_the_focus_has_a_name(window: MainWindow) -> None:
    assert nameless(window) == []
    window.show_snapshot(snapshot())
    assert nameless(window) == []


def test_all_that_takes_the_focus_in_a_dialog_has_a_name(dialog: QDialog) -> None:
    assert nameless(dialog) == []
    assert name(dialog)


def test_all_of_the_menus_can_be_reached_by_key_and_says_what_it_does(window: MainWindow) -> None:
    window.recent.addAction("&1 file").setToolTip("Open file")
    for top in window.menuBar().actions():
        menu = top.menu()
        actions = list(menu_actions(menu))  # type: ignore[arg-type]
        assert actions
        for action in actions:
            assert QKeySequence.mnemonic(action.text()).toString() or action.shortcut().toString(), action.text()
            assert action.toolTip().replace("…", "") != action.text().replace("&", "").replace("…", ""), action.text()


def test_no_two_entries_of_a_menu_have_one_letter(window: MainWindow) -> None:
    for menu in window.findChildren(QMenu):
        letters = Counter(filter(None, (QKeySequence.mnemonic(one.text()).toString() for one in menu.actions())))
        assert [letter for letter, count in letters.items() if count > 1] == [], menu.title()


def test_no_two_things_have_one_key(window: MainWindow) -> None:
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [key.toString() for one in window.findChildren(QShortcut) for key in QShortcut.keys(one)]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_no_two_things_that_are_seen_have_one_letter(window: MainWindow) -> None:
    for tab in range(window.details.tabs.count()):
        window.details.tabs.setCurrentIndex(tab)
        assert doubles(window) == {}


def test_no_two_things_in_a_dialog_have_one_letter(dialog: QDialog) -> None:
    assert doubles(dialog) == {}


def doubles(top: QWidget) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for keys, text in mnemonics(top):
        found.setdefault(keys, []).append(text)
    return {keys: texts for keys, texts in found.items() if len(texts) > 1}


def test_every_label_of_a_form_leads_to_its_field(dialog: QDialog) -> None:
    for form in dialog.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
            if label is not None:
                assert label.widget().buddy() is not None, label.widget().text()  # type: ignore[attr-defined]
    with_letter = [one for one in dialog.findChildren(QLabel) if QKeySequence.mnemonic(one.text()).toString()]
    assert [one.text() for one in with_letter if unbound(one)] == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_leads_to_every_pane_and_round(window: MainWindow, qtbot: QtBot, key: Qt.Key) -> None:
    window.activateWindow()
    window.jobs.view.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.jobs.view)
    reached: list[QWidget] = []
    for _ in range(MOST_TABS):
        QTest.keyClick(QApplication.focusWidget(), key)
        now = QApplication.focusWidget()
        reached.append(now)
        if now is window.jobs.view:
            break
    assert reached[-1] is window.jobs.view, "it goes round"
    parts = [*window.panes, window.messages]
    assert [type(one).__name__ for one in parts if not any(one.isAncestorOf(widget) for widget in reached)] == []
    tools = {name(one) for one in reached}
    assert {"Search Hosts", "Start", "Refresh", "Stop", "Exit"} <= tools


def test_tab_leads_through_a_dialog_and_round(dialog: QDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    first, reached = QApplication.focusWidget(), []
    for _ in range(MOST_TABS):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
        if reached[-1] is first:
            break
    assert reached[-1] is first
