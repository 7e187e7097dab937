"""The pane of all hosts at a glance: a cell each, coloured by an attribute of the user's choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QSizePolicy, QVBoxLayout, QWidget

from zeligui.contract.attributes import ATTRIBUTES
from zeligui.grid.bounds import Bound
from zeligui.grid.hosts import natural
from zeligui.grid.table import Table
from zeligui.gui.elided import ElidedLabel
from zeligui.gui.heat import Heat, bound_words
from zeligui.gui.heat_strip import HeatLegend, HeatStrip
from zeligui.gui.pane import Pane
from zeligui.gui.plot_tools import tool
from zeligui.gui.plotted import bounds_of, held_against
from zeligui.gui.words import visible
from zeligui.session.snapshot import Snapshot

USUAL = "cpuAvail"
_ORDER = {name.casefold(): place for place, name in enumerate(ATTRIBUTES)}


@dataclass(frozen=True, slots=True)
class HeatChoice:
    """What the strip shows: an attribute, in which order, and the text of the bound it is held against, if any."""

    attribute: str = USUAL
    by_value: bool = False
    against: str = ""


class HeatPane(Pane):
    """`chosen` tells the host that was pressed, and whether it comes beside those that are selected."""

    chosen = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("All hosts", parent)
        self.choice = HeatChoice()
        self._snapshot: Snapshot | None = None
        self._made_of: tuple[Table | None, HeatChoice, tuple[str, ...]] | None = None
        self._bounds: dict[str, Bound] = {}
        self._offered: tuple[str, ...] = ()
        self._order: tuple[tuple[str, ...], np.ndarray, tuple[str, ...]] = ((), np.empty(0, np.intp), ())
        self.said = ElidedLabel("", self)
        self.attribute = QComboBox(self)
        self.attribute.setAccessibleName("Attribute by which hosts are coloured")
        self.attribute.setToolTip("By what the hosts are coloured")
        self.attribute.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.attribute.setMinimumContentsLength(4)
        self.attribute.setMinimumWidth(self.fontMetrics().averageCharWidth() * 6)
        self.attribute.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.how = tool("configuration", "Order and colours", self)
        self.tools.insertWidget(1, self.said, 3)
        self.tools.addWidget(self.attribute, 2)
        self.tools.addWidget(self.how)
        self.strip = HeatStrip(self)
        self.legend = HeatLegend(self)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip, 1)
        layout.addWidget(self.legend)
        self.attribute.activated.connect(lambda _: self._choose(attribute=self.attribute.currentData()))
        self.how.clicked.connect(self._open_menu)
        self.strip.chosen.connect(self.chosen)
        self.strip.looked_at.connect(self.said.say)

    def update_from(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        if self.isVisible():
            self._show(snapshot)

    def select(self, host: str) -> None:
        """This host is selected."""
        self.strip.select(host)

    def take_choice(self, choice: HeatChoice) -> None:
        """Show this from now on."""
        self.choice = choice
        if self._snapshot and self.isVisible():
            self._show(self._snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        columns = snapshot.columns
        if columns is None or not columns.names:
            self.show_empty("No machines yet.")
            return
        self._offer(columns)
        self._bounds = bounds_of(held_against(snapshot, None), self.choice.attribute)
        made_of = columns, self.choice, tuple(self._bounds)
        if made_of != self._made_of:
            self._made_of = made_of
            heat = self._heat(columns)
            self.strip.show_heat(heat)
            self.legend.show_heat(heat)
        self.show_body()

    def _heat(self, columns: Table) -> Heat:
        names, values = columns.names, columns.numbers(self.choice.attribute)
        if self._order[0] != names:
            order = sorted(range(len(names)), key=lambda place: natural(names[place]))
            self._order = tuple(names), np.array(order, np.intp), tuple(names[place] for place in order)
        bound = self._bounds.get(self.choice.against)
        return Heat.of(
            self.choice.attribute, self._order[2], values[self._order[1]], by_value=self.choice.by_value, bound=bound
        )

    def _offer(self, columns: Table) -> None:
        """The attributes that are numbers of some host."""
        if columns.attributes != self._offered:
            self._offered = columns.attributes
            numeric = [name for name in columns.attributes if np.isfinite(columns.numbers(name)).any()]
            names = sorted({*numeric, self.choice.attribute}, key=_place)
            self.attribute.clear()
            for name in names:
                self.attribute.addItem(visible(name, 40), name)
        self.attribute.setCurrentIndex(self.attribute.findData(self.choice.attribute))

    def _choose(self, **other: str | bool) -> None:
        self.take_choice(replace(self.choice, **other))  # type: ignore[arg-type]

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addSection("In the order of")
        _offer(menu, "Their &names", lambda: self._choose(by_value=False), on=not self.choice.by_value)
        _offer(menu, "Their &values", lambda: self._choose(by_value=True), on=self.choice.by_value)
        menu.addSection("Colours show")
        chosen = self.choice.against if self.choice.against in self._bounds else ""
        _offer(menu, "Its &range", lambda: self._choose(against=""), on=not chosen)
        for label, bound in self._bounds.items():
            words = f"By {bound_words(bound)}".replace("&", "&&")
            _offer(menu, words, partial(self._choose, against=label), on=chosen == label)
        menu.popup(self.how.mapToGlobal(QPoint(0, self.how.height())))

    # --- what Qt calls ----------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        if self._snapshot:
            self.show_snapshot(self._snapshot)


def _offer(menu: QMenu, words: str, act: Callable[[], None], *, on: bool) -> None:
    action = menu.addAction(words)
    action.setCheckable(True)
    action.setChecked(on)
    action.triggered.connect(lambda _checked=False: act())


def _place(name: str) -> tuple[int, str]:
    return _ORDER.get(name.casefold(), len(_ORDER)), name.casefold()
