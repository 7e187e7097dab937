"""The credentials page: the user's certificate, the grid proxy and the time it has left, and what ssh offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from zeligui.clock import Clock
from zeligui.gui.columns import state_column, text_column
from zeligui.gui.dialogs import foot, unforced
from zeligui.gui.icons import icon
from zeligui.gui.noted import Noted
from zeligui.gui.rows import Column, RowModel
from zeligui.gui.views import Table
from zeligui.gui.words import duration, full_time, tip, visible
from zeligui.links.contexts import Standing
from zeligui.links.gsi.credentials import lasting
from zeligui.links.gsi.proxies import USUAL_S
from zeligui.session.wallet import Certificate, Credentials, Lasting, Proxy, Trouble

LENGTHS = {"1 hour": 3600.0, "12 hours": USUAL_S, "1 day": 86400.0, "3 days": 3 * 86400.0, "7 days": 7 * 86400.0}
"""How long a new proxy may last."""
RENEW_CERTIFICATE = timedelta(days=30)
"""So long before its end a certificate is worth a word: an authority takes days to sign another one."""
TONES = {Lasting.LONG: "", Lasting.SOON: "warn", Lasting.SHORT: "bad", Lasting.ENDED: "bad"}
NOTES = {
    Lasting.LONG: "",
    Lasting.SOON: "It ends soon: renew it, so that jobs at grid sites can be started and steered.",
    Lasting.SHORT: "It is too short: gatekeepers refuse what ends within ten minutes. Renew it.",
    Lasting.ENDED: "It has ended: renew it.",
}
LOOKS = {
    Standing.USABLE: ("job-done", "good", "usable"),
    Standing.LOCKED: ("host-locked", "warn", "locked"),
    Standing.UNUSABLE: ("job-failed", "bad", "not usable"),
    Standing.ABSENT: ("information", "dim", "not there"),
}
"""Picture, tone and word of each context."""
TOP = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop
LEAST_ROWS = 5
"""Of the table, that are seen."""
LIMITED = "It is limited: it moves files, and starts no jobs."


class CredentialsDialog(QDialog):
    """Shows credentials; its time goes on while it is seen. What is wished for goes out by signals."""

    renew_asked = Signal()
    destroy_asked = Signal()
    look_asked = Signal()

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Credentials")
        self.setAccessibleName("Credentials")
        self._clock = clock
        self._shown: Credentials | None = None
        self._doing = ""
        self.certificate = QGroupBox("Certificate", self)
        self.proxy = QGroupBox("Grid proxy", self)
        self.keys = QGroupBox("ssh", self)
        self.fields: dict[str, Noted] = {}
        self._fill_certificate()
        self._fill_proxy()
        self._fill_keys()
        layout = QVBoxLayout(self)
        layout.addWidget(self.certificate)
        layout.addWidget(self.proxy)
        layout.addWidget(self.keys, 1)
        layout.addLayout(self._foot())
        QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self).activated.connect(self.look_asked)
        self._ticking = QTimer(self)
        self._ticking.setInterval(1000)
        self._ticking.timeout.connect(self._tick)
        sign, height = self.fontMetrics().averageCharWidth(), self.fontMetrics().height()
        self.resize(sign * 124, height * 36)
        self._look()

    @property
    def valid_s(self) -> float:
        """How long a new proxy is to last."""
        return LENGTHS[self.length.currentText()]

    def show_credentials(self, found: Credentials) -> None:
        """Show all as it is now."""
        self._shown = found
        self._show_certificate(found.certificate)
        self.model.show_rows(list({one.text: one for one in found.keys}.values()))
        self._show_proxy(found.proxy)
        self._look()
        self._grow()

    def say_doing(self, doing: str) -> None:
        """What is being done, until which nothing else can be; empty where nothing is."""
        self._doing = doing
        self._look()

    def _grow(self) -> None:
        """Be as high as all that is said needs, as far as the screen lets it."""
        if layout := self.layout():
            needed = min(layout.totalHeightForWidth(self.width()), self.screen().availableSize().height())
            self.resize(self.width(), max(self.height(), needed))

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _fill_certificate(self) -> None:
        form = _form(self.certificate)
        for name in ("Name", "Authority", "Valid until", "File", "Private key"):
            self._field(form, name)

    def _fill_proxy(self) -> None:
        form = _form(self.proxy)
        for name in ("Stands for", "Kind", "Time left", "Proxy file"):
            self._field(form, name)
        self.length = QComboBox(self.proxy)
        self.length.addItems(list(LENGTHS))
        self.length.setCurrentText("12 hours")
        self.length.setAccessibleName("How long a new proxy lasts")
        self.length.setToolTip("How long a new proxy lasts, where your certificate lasts so long")
        self.limited = QCheckBox("&limited", self.proxy)
        self.limited.setAccessibleName("Limited")
        self.limited.setToolTip("A limited proxy moves files, and starts no jobs")
        self.renew = QPushButton(icon("refresh"), "&Renew proxy", self.proxy)
        self.end_proxy = QPushButton(icon("remove"), "&Destroy…", self.proxy)
        unforced(self.renew, self.end_proxy)
        line = QHBoxLayout()
        words = QLabel("for", self.proxy)
        for widget in (self.renew, words, self.length, self.limited):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.end_proxy)
        self.outcome = Noted("Outcome", self.proxy)
        form.addRow(line)
        form.addRow(self.outcome)
        self.renew.clicked.connect(self.renew_asked)
        self.end_proxy.clicked.connect(self.destroy_asked)

    def _fill_keys(self) -> None:
        self.model = RowModel(COLUMNS, lambda one: one.text, self)
        self.view = Table("ssh keys and agent", self.model, (18, 11, 24, 38, 26), self.keys)
        self.view.setMinimumHeight(self.view.verticalHeader().defaultSectionSize() * (LEAST_ROWS + 1))
        self.view.setSortingEnabled(False)
        layout = QVBoxLayout(self.keys)
        layout.addWidget(self.view)

    def _field(self, form: QFormLayout, name: str) -> None:
        self.fields[name] = Noted(name, self)
        form.addRow(f"{name}:", self.fields[name])
        form.labelForField(self.fields[name]).setAlignment(TOP)  # type: ignore[attr-defined]

    def _foot(self) -> QHBoxLayout:
        self.again = QPushButton(icon("refresh"), "Look &again", self)
        self.again.setToolTip("Read all files again, and ask the agent")
        self.again.clicked.connect(self.look_asked)
        return foot(self, self.again)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show_certificate(self, found: Certificate) -> None:
        name, authority, until, file, key = (
            self.fields[one] for one in ("Name", "Authority", "Valid until", "File", "Private key")
        )
        missing = found.trouble is not None and found.trouble.missing
        name.say(found.name or ("none" if missing else "unknown"), *_trouble(found.trouble, missing=""))
        authority.say(found.authority)
        until.say(*_until(found, self._clock.now()))
        file.say("" if missing else str(found.file))
        if missing and found.key_trouble and found.key_trouble.missing:
            key.say("")
        else:
            words = "asks for a pass phrase" if found.locked else "asks for no pass phrase"
            text = str(found.key) if found.key_trouble else f"{found.key}; it {words}"
            key.say(text, *_trouble(found.key_trouble))
        form = self.certificate.layout()
        for one in (authority, until, file, key):
            form.setRowVisible(one, bool(one.value.text()))  # type: ignore[union-attr]

    def _show_proxy(self, found: Proxy) -> None:
        missing = found.trouble is not None and found.trouble.missing
        if missing:
            able = not self._why_not_renew()
            self.fields["Stands for"].say("none", "Make one, to be known at grid sites." if able else "")
        else:
            self.fields["Stands for"].say(found.identity or "unknown", *_trouble(found.trouble))
        kind = f"{found.kind}, key of {found.bits:,} bits" if found.kind else ""
        self.fields["Kind"].say(kind, LIMITED if found.limited else "", "warn" if found.limited else "")
        self.fields["Proxy file"].say(str(found.file))
        self.fields["Proxy file"].value.setToolTip(tip(visible(str(found.file))))
        form = self.proxy.layout()
        for name in ("Kind", "Time left"):
            form.setRowVisible(self.fields[name], bool(found.kind))  # type: ignore[union-attr]
        self.renew.setText("Ma&ke proxy" if missing else "&Renew proxy")
        self.renew.setAccessibleName(self.renew.text().replace("&", ""))
        self._tick()

    def _tick(self) -> None:
        """How much time the proxy has left, now."""
        if self._shown is None or not self._shown.proxy.kind:
            return
        now, proxy = self._clock.now(), self._shown.proxy
        standing = proxy.lasting(now)
        left = f"{time_left(proxy.left_s(now))}, until {full_time(proxy.ends)}" if standing < Lasting.ENDED else "none"
        self.fields["Time left"].say(left, NOTES[standing], TONES[standing])

    def _look(self) -> None:
        """What can be done now; what cannot says why."""
        for button, why, words in (
            (self.renew, self._why_not_renew(), "Make a new proxy from your certificate, in the place of this one"),
            (self.end_proxy, self._why_not_destroy(), "Overwrite the proxy and remove it"),
        ):
            button.setEnabled(not why)
            button.setToolTip(tip(why or words))
        self.outcome.say(self._doing)
        self.proxy.layout().setRowVisible(self.outcome, bool(self._doing))  # type: ignore[union-attr]

    def _why_not_renew(self) -> str:
        if self._doing or self._shown is None:
            return self._doing or "Your credentials are being read."
        certificate = self._shown.certificate
        trouble = certificate.trouble or certificate.key_trouble
        return f"{trouble.says} {trouble.mend}".strip() if trouble else ""

    def _why_not_destroy(self) -> str:
        if self._doing or self._shown is None:
            return self._doing or "Your credentials are being read."
        trouble = self._shown.proxy.trouble
        return "There is no proxy." if trouble and trouble.missing else ""

    # --- what Qt calls ------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._tick()
        self._ticking.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._ticking.stop()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Who comes back from a terminal sees what was changed there."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.look_asked.emit()


COLUMNS = (
    state_column(lambda one: LOOKS[one.standing]),
    Column("Kind", lambda one: visible(one.kind)),
    text_column("Name", lambda one: one.name),
    text_column("What it is", lambda one: one.says),
    text_column("What mends it", lambda one: one.mend),
)


def time_left(seconds: float) -> str:
    """Hours and minutes; in the last hour minutes, in the last two of them seconds."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min" if seconds < 3600 else lasting(seconds)


def _until(found: Certificate, now: datetime) -> tuple[str, str, str]:
    """Until when a certificate is valid; a note and a tone where that is soon."""
    if found.ends is None or found.begins is None:
        return "", "", ""
    words = full_time(found.ends)
    if now < found.begins:
        return words, f"It is not valid before {full_time(found.begins)}. Look at the clock of this machine.", "bad"
    if now >= found.ends:
        return words, "It has ended: ask the authority that signed it for a new one.", "bad"
    left = f"{words}, {duration((found.ends - now).total_seconds())} from now"
    if found.ends - now < RENEW_CERTIFICATE:
        return left, "It ends soon: ask the authority that signed it for a new one in time.", "warn"
    return left, "", ""


def _trouble(trouble: Trouble | None, *, missing: str = "bad") -> Sequence[str]:
    """A note and its tone; `missing` is that of what is not there at all."""
    if trouble is None:
        return "", ""
    return f"{trouble.says} {trouble.mend}".strip(), missing if trouble.missing else "bad"


def _form(parent: QWidget) -> QFormLayout:
    form = QFormLayout(parent)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    return form
