"""What a user chose to look at, kept from one start to the next."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from zeligui.gui.heat_pane import HeatChoice, HeatPane
from zeligui.gui.plots_pane import PlotsPane
from zeligui.gui.plotted import Choice

MOST_NAMES = 100


def save_choices(store: QSettings, plots: PlotsPane, heat: HeatPane) -> None:
    """Keep which attributes are plotted, and by which the hosts are coloured."""
    choice = plots.choice
    store.setValue("plots/added", list(choice.added))
    store.setValue("plots/removed", sorted(choice.removed))
    store.setValue("heat/attribute", heat.choice.attribute)
    store.setValue("heat/by_value", heat.choice.by_value)
    store.setValue("heat/against", heat.choice.against)


def restore_choices(store: QSettings, plots: PlotsPane, heat: HeatPane) -> None:
    """Show these again, as far as they are there; what is no name is left out."""
    plots.take_choice(Choice(tuple(_names(store, "plots/added")), frozenset(_names(store, "plots/removed"))))
    attribute = str(store.value("heat/attribute", "") or HeatChoice().attribute)
    by_value = str(store.value("heat/by_value", "")).casefold() == "true"
    heat.take_choice(HeatChoice(attribute, by_value, str(store.value("heat/against", "") or "")))


def _names(store: QSettings, key: str) -> list[str]:
    found = store.value(key, [])
    found = [found] if isinstance(found, str) else found  # a list of one, as the file has it
    return [one for one in found if isinstance(one, str) and one][:MOST_NAMES] if isinstance(found, list) else []
