"""Every action of the window: its words, picture and keys, and why it cannot be done now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from zeligui.gui.icons import icon
from zeligui.gui.words import tip


@dataclass(frozen=True, slots=True)
class Deed:
    """What an action is: `words` say in a tooltip what it does; keys as Qt writes them."""

    text: str
    words: str
    picture: str = ""
    keys: tuple[str, ...] = ()


DEEDS: Mapping[str, Deed] = {
    "new_experiment": Deed(
        "&New experiment…", "Describe a job and the contract it is kept in", "new-experiment", ("Ctrl+N",)
    ),
    "open_contract": Deed("&Open contract…", "Open a contract file", "open-contract", ("Ctrl+O",)),
    "open_experiment": Deed("O&pen experiment…", "Open an experiment file", "open-experiment", ("Ctrl+Shift+O",)),
    "configuration": Deed(
        "&Configuration…", "Machines, default job, and how jobs are kept", "configuration", ("Ctrl+,",)
    ),
    "credentials": Deed(
        "Credenti&als…", "Your certificate and grid proxy, and the ssh keys that are offered", "key", ("Ctrl+K",)
    ),
    "add_machines": Deed("Add &machines…", "Add machines that you reach by ssh", "add", ("Ctrl+M",)),
    "demo": Deed("Try the &demo grid", "Start four small machines on this one, and a contract to try", "host"),
    "end_demo": Deed("End the demo &grid", "Switch the machines of the demo grid off", "power-off"),
    "exit": Deed("E&xit", "Close ZeliGrid; jobs may go on", "exit", ("Ctrl+Q",)),
    "search_hosts": Deed(
        "Search &Hosts",
        "Ask every source which machines there are, and try silent ones again",
        "search-hosts",
        ("Ctrl+H",),
    ),
    "sources": Deed("So&urces…", "What each source of machines has said, and of how many hosts", "source", ("Ctrl+U",)),
    "services": Deed(
        "&Job services…", "How each service is that runs jobs, and what would work", "service", ("Ctrl+J",)
    ),
    "start": Deed(
        "&Start", "Start the selected experiment, or the one of the selected contract", "start", ("Ctrl+Return",)
    ),
    "refresh": Deed("&Refresh", "Look at all machines, jobs and open files now", "refresh", ("F5", "Ctrl+R")),
    "stop": Deed("S&top", "Stop the selected jobs for good", "stop", ("Ctrl+.",)),
    "suspend": Deed("S&uspend", "Stop the selected jobs' processes until they are resumed", "suspend"),
    "resume": Deed("R&esume", "Let the selected jobs' processes go on", "resume"),
    "why_not": Deed(
        "&Why not this machine?", "Hold the selected machine against the contracts", "why-not", ("Ctrl+I",)
    ),
    "what_excludes": Deed(
        "What e&xcludes machines?", "Which constraint of the contract excludes most machines", "filter"
    ),
    "what_works": Deed(
        "What would wor&k?", "Look step by step at the ways by which a job could get to the selected machine", "service"
    ),
    "edit_file": Deed("&Edit file", "Open the file in this desktop's editor"),
    "close_file": Deed("C&lose", "Show the contract or experiment no longer; the file stays", "close", ("Ctrl+W",)),
    "trust": Deed("&Trust its key…", "Look at the host key and accept it", "key"),
    "load": Deed(
        "Put &load on this machine", "Start processes on this demo node that keep it busy for two minutes", "load"
    ),
    "unload": Deed("Take the load o&ff", "End the load of this demo node", "clear"),
    "power_off": Deed("&Switch off", "Power this demo node off: all that runs there ends", "power-off"),
    "power_on": Deed("Switch o&n", "Power this demo node on again", "power-on"),
    "cut": Deed("&Cut its link", "Let nothing through to this demo node any more", "cut"),
    "heal": Deed("&Mend its link", "Let everything through to this demo node again", "heal"),
    "save_picture": Deed(
        "Save plots as pi&cture…", "Save what the plots show as a picture (PNG)", "export", ("Ctrl+Shift+P",)
    ),
    "save_values": Deed(
        "Save plotted &values…", "Save the values of all plotted hosts as a table (CSV)", "export", ("Ctrl+Shift+V",)
    ),
    "borders": Deed(
        "Move &borders", "Move the borders between panes by the arrow keys; once more: the next one", keys=("F8",)
    ),
    "filter": Deed("&Filter", "Go to the filter of the list that is in use", "filter", ("Ctrl+F",)),
    "manual": Deed("&Manual", "How ZeliGrid is used", "help", ("F1",)),
    "shortcuts": Deed("&Keyboard shortcuts", "All keys at a glance", "information", ("Ctrl+?",)),
    "about": Deed("&About ZeliGrid", "Version and licence", "about"),
}


class Actions:
    """The actions by name. `say_why` disables one, its tooltip then says why; "" enables it."""

    def __init__(self, parent: QWidget) -> None:
        self._actions = {name: self._made(name, deed, parent) for name, deed in DEEDS.items()}
        self._whys: dict[str, str] = {}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._actions)

    def connect(self, deeds: Mapping[str, Callable[[], object]]) -> None:
        """What each of them does."""
        for name, act in deeds.items():
            self[name].triggered.connect(lambda _checked=False, act=act: act())

    def say_why(self, name: str, why: str) -> None:
        """Why it cannot be done now; "" where it can."""
        if self._whys.get(name) == why:
            return
        self._whys[name] = why
        action = self[name]
        action.setEnabled(not why)
        words = why or DEEDS[name].words
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(tip(f"{words} ({keys})" if keys and not why else words))
        action.setStatusTip(words)

    def _made(self, name: str, deed: Deed, parent: QWidget) -> QAction:
        action = QAction(deed.text, parent)
        action.setObjectName(name)
        if deed.picture:
            action.setIcon(icon(deed.picture))
        action.setShortcuts([QKeySequence(keys) for keys in deed.keys])
        action.setToolTip(deed.words)
        action.setStatusTip(deed.words)
        return action
