"""Add machines: those that ~/.ssh/config names, or others by their address."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from zeligui.errors import ZeliGridError
from zeligui.gui.dialogs import buttons
from zeligui.gui.words import tip, visible
from zeligui.links.addresses import parse


class MachinesDialog(QDialog):
    """Ticked names and written addresses become sources."""

    def __init__(self, names: Sequence[str], watched: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add machines")
        self.setAccessibleName("Add machines")
        self.resize(self.fontMetrics().averageCharWidth() * 70, self.fontMetrics().height() * 24)
        words = QLabel("Machines are reached by ssh, as you are; nothing is installed on them.", self)
        words.setWordWrap(True)
        of_config = QLabel("From ~/.ssh/con&fig:", self)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Machines of ~/.ssh/config")
        of_config.setBuddy(self.list)
        self._fill(names, watched)
        written = QLabel("&Others, as user@host:port, blanks between them; local:// is this machine:", self)
        self.line = QLineEdit(self)
        self.line.setAccessibleName("Other machines")
        self.line.setPlaceholderText("ana@lab1 lab2:2222")
        written.setBuddy(self.line)
        self.trouble = QLabel(self)
        self.trouble.setWordWrap(True)
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        foot = buttons(self, QDialogButtonBox.StandardButton.Ok, QDialogButtonBox.StandardButton.Cancel)
        self._ok = foot.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setText("&Add")
        layout = QVBoxLayout(self)
        for widget in (words, of_config, self.list, written, self.line, self.trouble, foot):
            layout.addWidget(widget)
        self.line.textChanged.connect(lambda _: self._check())
        self.list.itemChanged.connect(lambda _: self._check())
        self._check()

    @property
    def urls(self) -> list[str]:
        """What is ticked and written, as URLs. UsageError where a written one cannot be read."""
        items = [self.list.item(row) for row in range(self.list.count())]
        ticked = [str(one.data(Qt.ItemDataRole.UserRole)) for one in items if one.checkState() is Qt.CheckState.Checked]
        return list(dict.fromkeys([*ticked, *map(_url, self.line.text().split())]))

    def _fill(self, names: Sequence[str], watched: Sequence[str]) -> None:
        for name in names:
            url = f"ssh://{name}"
            if url in watched:
                continue
            item = QListWidgetItem(visible(name), self.list)
            item.setData(Qt.ItemDataRole.UserRole, url)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Unchecked)
        if not self.list.count():
            item = QListWidgetItem("No further machine is named there.", self.list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _check(self) -> None:
        """Say at once what cannot be read, and why nothing can be added yet."""
        try:
            words = "" if self.urls else "Tick a machine, or write an address."
        except ZeliGridError as error:
            words = f"{error} {error.hint}"
        self.trouble.setText(visible(words))
        self._ok.setEnabled(not words)
        self._ok.setToolTip(tip(words))


def _url(text: str) -> str:
    """An address as it is typed, as a URL."""
    if "://" in text:
        if text.startswith("ssh://"):
            parse(text)
        return text
    return parse(f"ssh://{text}").url
