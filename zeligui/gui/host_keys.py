"""Host keys that are not known: shown with their fingerprints, accepted one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from zeligui.gui.dialogs import buttons
from zeligui.gui.words import visible
from zeligui.links.hostkeys import fingerprint_of
from zeligui.session.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """The key that a host showed, as a known_hosts line and as its fingerprint."""

    host: str
    line: str
    fingerprint: str


def offered(snapshot: Snapshot) -> tuple[OfferedKey, ...]:
    """The unknown keys of all hosts, each once."""
    keys = {host.offered_key: host.name for host in snapshot.hosts.values() if host.offered_key}
    return tuple(OfferedKey(name, line, fingerprint_of(line)) for line, name in keys.items())


class KeysDialog(QDialog):
    """Ticked keys are accepted; none is ticked at first."""

    def __init__(self, keys: Sequence[OfferedKey], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Trust host keys")
        self.setAccessibleName("Trust host keys")
        words = QLabel(
            "ZeliGrid has not seen these machines before. Compare each fingerprint with what the machine itself says "
            "(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), and tick those that are right.",
            self,
        )
        words.setWordWrap(True)
        listed = QWidget(self)
        rows = QVBoxLayout(listed)
        self._boxes = [(self._row(key, rows, listed), key.line) for key in keys]
        rows.addStretch(1)
        scrolled = QScrollArea(self)
        scrolled.setAccessibleName("Unknown host keys")
        scrolled.setWidget(listed)
        scrolled.setWidgetResizable(True)
        foot = buttons(self, QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel)
        self._accept = foot.button(QDialogButtonBox.StandardButton.Ok)
        self._accept.setText("&Trust ticked keys")
        self._accept.setEnabled(False)
        layout = QVBoxLayout(self)
        for widget in (words, scrolled, foot):
            layout.addWidget(widget)
        self.resize(self.fontMetrics().averageCharWidth() * 90, self.fontMetrics().height() * 18)

    @property
    def boxes(self) -> list[QCheckBox]:
        """What can be ticked."""
        return [box for box, _ in self._boxes]

    @property
    def accepted_lines(self) -> list[str]:
        """The known_hosts lines of what is ticked."""
        return [line for box, line in self._boxes if box.isChecked()]

    def _row(self, key: OfferedKey, rows: QVBoxLayout, parent: QWidget) -> QCheckBox:
        box = QCheckBox(visible(key.host).replace("&", "&&"), parent)
        box.setAccessibleName(f"Trust {visible(key.host)}")
        box.setAccessibleDescription(key.fingerprint)
        box.toggled.connect(lambda _: self._accept.setEnabled(bool(self.accepted_lines)))
        print_ = QLabel(visible(key.fingerprint), parent)
        print_.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        print_.setTextFormat(Qt.TextFormat.PlainText)
        print_.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        print_.setAccessibleName(f"Fingerprint of {visible(key.host)}")
        print_.setIndent(self.fontMetrics().height())
        rows.addWidget(box)
        rows.addWidget(print_)
        return box
