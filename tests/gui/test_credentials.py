"""The credentials page over real certificates: shown, renewed by pass phrase, destroyed, and warned of in time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import User, plain, run
from tests.gui.looking import HOSTILE
from tests.gui.snapshots import StillClock
from tests.links.gsi.authority import DAY, Authority
from zeligui.gui.credentials_dialog import CredentialsDialog
from zeligui.gui.passphrase_dialog import PassphraseDialog
from zeligui.links.contexts import Context, Standing
from zeligui.links.gsi.credentials import read_pair, read_proxy
from zeligui.links.gsi.proxies import make_proxy, write_proxy
from zeligui.session.wallet import Certificate, Credentials, Proxy, Trouble

WORDS = "open sesame 4711"
CLOCK = StillClock()
NOW = CLOCK.now()
CERTIFICATE = Certificate(
    Path("/c.pem"), Path("/k.pem"), "/O=Grid/CN=Ana", "/O=Grid/CN=CA", NOW - DAY, NOW + 90 * DAY, locked=True
)
PROXY = Proxy(Path("/p"), "full proxy", "/O=Grid/CN=Ana", False, 2048, NOW - DAY, NOW + timedelta(hours=11))
KEYS = (Context("key", "/k", Standing.USABLE, "A key."), Context("agent", "", Standing.ABSENT, "There is none."))


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def dialog(window: QWidget) -> CredentialsDialog:
    made = CredentialsDialog(CLOCK, window)
    made.show()
    return made


def said(dialog: CredentialsDialog, name: str) -> tuple[str, str]:
    field = dialog.fields[name]
    return field.value.text(), field.note.text()


def test_all_that_is_known_is_shown(dialog: CredentialsDialog) -> None:
    dialog.show_credentials(Credentials(CERTIFICATE, PROXY, KEYS))
    assert said(dialog, "Name") == ("/O=Grid/CN=Ana", "")
    assert said(dialog, "Authority") == ("/O=Grid/CN=CA", "")
    assert said(dialog, "Valid until")[0].endswith("90 d from now")
    assert said(dialog, "Private key") == ("/k.pem; it asks for a pass phrase", "")
    assert said(dialog, "Stands for") == ("/O=Grid/CN=Ana", "")
    assert said(dialog, "Kind") == ("full proxy, key of 2,048 bits", "")
    assert said(dialog, "Time left")[0].startswith("11 h 0 min, until ")
    assert dialog.model.rowCount() == 2
    assert dialog.renew.isEnabled()
    assert dialog.end_proxy.isEnabled()


@pytest.mark.parametrize(
    ("left", "shown", "note"),
    [
        (timedelta(minutes=25), "25 min, until", "It ends soon"),
        (timedelta(minutes=8), "8 min, until", "gatekeepers refuse what ends within ten minutes"),
        (timedelta(seconds=70), "70 s, until", "gatekeepers refuse"),
        (timedelta(seconds=-1), "none", "It has ended"),
    ],
)
def test_its_end_is_said_in_words_beside_the_time(
    dialog: CredentialsDialog, left: timedelta, shown: str, note: str
) -> None:
    dialog.show_credentials(Credentials(CERTIFICATE, replace(PROXY, ends=NOW + left), KEYS))
    text, said_of_it = said(dialog, "Time left")
    assert text.startswith(shown)
    assert note in said_of_it


def test_that_it_is_limited_is_said(dialog: CredentialsDialog) -> None:
    dialog.show_credentials(Credentials(CERTIFICATE, replace(PROXY, kind="limited proxy", limited=True), KEYS))
    assert said(dialog, "Kind") == (
        "limited proxy, key of 2,048 bits",
        "It is limited: it moves files, and starts no jobs.",
    )


def test_without_a_certificate_it_says_what_to_do_and_offers_nothing_that_fails(dialog: CredentialsDialog) -> None:
    none = Trouble("There is no certificate /c.pem.", "An authority of your grid signs one.", missing=True)
    certificate = Certificate(Path("/c.pem"), Path("/k.pem"), trouble=none, key_trouble=none)
    dialog.show_credentials(Credentials(certificate, Proxy(Path("/p"), trouble=none), KEYS))
    assert said(dialog, "Name") == ("none", "There is no certificate /c.pem. An authority of your grid signs one.")
    assert said(dialog, "Stands for") == ("none", "")
    assert not dialog.fields["Private key"].isVisible()
    assert not dialog.fields["Time left"].isVisible()
    assert not dialog.renew.isEnabled()
    assert "There is no certificate" in dialog.renew.toolTip()
    assert dialog.end_proxy.toolTip() == "There is no proxy."


def test_what_is_wrong_stands_beside_what_it_is_about(dialog: CredentialsDialog) -> None:
    open_to_all = Trouble("The private key /k.pem can be read by other users.", "chmod 600 /k.pem")
    certificate = replace(CERTIFICATE, ends=NOW - DAY, key_trouble=open_to_all)
    dialog.show_credentials(Credentials(certificate, replace(PROXY, kind="", trouble=Trouble("It is cut off.")), KEYS))
    assert said(dialog, "Valid until")[1] == "It has ended: ask the authority that signed it for a new one."
    assert said(dialog, "Private key") == ("/k.pem", f"{open_to_all.says} {open_to_all.mend}")
    assert said(dialog, "Stands for") == ("/O=Grid/CN=Ana", "It is cut off.")
    assert not dialog.renew.isEnabled()


def test_time_goes_on_only_while_it_is_seen(dialog: CredentialsDialog) -> None:
    assert dialog._ticking.isActive()
    dialog.hide()
    assert not dialog._ticking.isActive()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_stands_in_a_certificate_is_text(dialog: CredentialsDialog, text: str) -> None:
    certificate = replace(CERTIFICATE, name=text, authority=text, trouble=Trouble(text, text))
    dialog.show_credentials(Credentials(certificate, replace(PROXY, identity=text), KEYS))
    for field in dialog.fields.values():
        assert field.value.text().isprintable()
        assert field.value.textFormat() is Qt.TextFormat.PlainText


def test_a_pass_phrase_is_seen_by_nobody_and_taken_once(window: QWidget) -> None:
    asking = PassphraseDialog(Path("/k.pem"), window)
    asking.show()
    assert not asking.make.isEnabled()
    QTest.keyClicks(asking.line, WORDS)
    assert asking.line.echoMode() is QLineEdit.EchoMode.Password
    assert WORDS not in asking.line.displayText()
    taken: list[str] = []
    asking.given.connect(lambda: taken.append(asking.take()))
    QTest.keyClick(asking.line, Qt.Key.Key_Return)
    assert taken == [WORDS]
    assert asking.line.text() == ""
    assert not asking.line.isUndoAvailable()
    assert asking.isVisible()
    assert not asking.make.isEnabled()
    asking.failed("It is wrong. Try again.")
    assert asking.note.note.text() == "It is wrong. Try again."
    assert asking.line.isEnabled()
    QTest.keyClicks(asking.line, "other")
    asking.reject()
    assert asking.line.text() == ""


@pytest.fixture
def file() -> Path:
    return Path(os.environ["X509_USER_PROXY"])


@pytest.fixture
def certified(own_home: Path, tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """Gives the user a certificate, its key behind a pass phrase or not."""

    def give(passphrase: str) -> tuple[Path, Path]:
        folder = own_home / ".globus"
        folder.mkdir()
        return Authority(tmp_path / "certificates").user(folder, passphrase=passphrase.encode())

    return give


def test_a_proxy_is_renewed_with_the_pass_phrase_and_destroyed(
    qapp: QApplication,
    certified: Callable[[str], tuple[Path, Path]],
    file: Path,
    own_home: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    certified(WORDS)
    with caplog.at_level(0):
        run(qapp, renews(file))
    written = [one for one in own_home.rglob("*") if one.is_file()]
    assert written
    assert not [one for one in written if WORDS.encode() in one.read_bytes()]
    assert WORDS not in caplog.text


async def renews(file: Path) -> None:
    async with User.sits_down() as user:
        await user.sees(user.action("Credentials").isEnabled)
        user.does("Credentials")
        dialog = await user.sees(lambda: user.dialog(CredentialsDialog))
        await user.sees(dialog.renew.isEnabled)
        assert plain(dialog.renew.text()) == "Make proxy"
        dialog.limited.setChecked(True)
        dialog.length.setCurrentText("1 hour")
        dialog.renew.click()
        asking = await user.sees(lambda: user.dialog(PassphraseDialog))
        asking.line.setText("wrong")
        asking.line.textEdited.emit("wrong")
        asking.make.click()
        await user.sees(lambda: "The pass phrase does not open" in asking.note.note.text())
        assert not file.exists()
        asking.line.setText(WORDS)
        asking.line.textEdited.emit(WORDS)
        asking.make.click()
        await user.sees(lambda: said(dialog, "Kind")[0].startswith("limited proxy"))
        assert read_proxy(file).limited
        assert said(dialog, "Time left")[0].startswith("59 min, until ")
        await user.sees(lambda: user.dialog(PassphraseDialog) is None)
        assert user.window.messages.texts == []
        dialog.end_proxy.click()
        await user.presses("Destroy", QMessageBox)
        await user.sees(lambda: not file.exists())
        await user.sees(lambda: said(dialog, "Stands for")[0] == "none")
        dialog.close()


def test_before_a_proxy_ends_one_click_renews_it(
    qapp: QApplication, certified: Callable[[str], tuple[Path, Path]], file: Path
) -> None:
    write_proxy(make_proxy(read_pair(*certified("")), valid_s=1500), file)
    run(qapp, is_warned(file))


async def is_warned(file: Path) -> None:
    async with User.sits_down() as user:
        await user.sees(lambda: any("Your grid proxy ends at" in text for text in user.window.messages.texts))
        assert "proxy ends in" in await user.sees(user.window._counts.text)
        user.click("Renew proxy")
        await user.sees(lambda: not user.window.messages.texts)
        assert read_proxy(file).left_s() > 11 * 3600
        await user.sees(lambda: "proxy" not in user.window._counts.text())


def test_an_old_proxy_that_nothing_asks_for_is_left_in_peace(
    qapp: QApplication, certified: Callable[[str], tuple[Path, Path]], file: Path
) -> None:
    earlier = datetime.now(UTC) - timedelta(hours=2)
    write_proxy(make_proxy(read_pair(*certified("")), valid_s=3600, now=earlier), file)
    run(qapp, is_left_in_peace())


async def is_left_in_peace() -> None:
    async with User.sits_down() as user:
        await user.sees(lambda: user.shell.session and user.shell.session.wallet.proxy)
        await user.sees(lambda: user.window.snapshot and user.window.snapshot.proxy)
        assert user.window.messages.texts == []


def test_the_window_is_closed_while_all_of_it_is_open(
    qapp: QApplication, certified: Callable[[str], tuple[Path, Path]]
) -> None:
    certified(WORDS)
    run(qapp, closes_with_all_open())


async def closes_with_all_open() -> None:
    async with User.sits_down() as user:
        await user.sees(user.action("Credentials").isEnabled)
        user.does("Job services")
        user.does("Credentials")
        user.shell.services.look_at_ways("local://")
        user.shell.credentials.renew()
        await user.sees(lambda: user.dialog(PassphraseDialog))
