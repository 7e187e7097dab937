"""The main window: panes around one snapshot, menus, toolbar, messages and status bar."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QToolBar, QVBoxLayout, QWidget

from zeligui.clock import Clock
from zeligui.grid.hosts import Host
from zeligui.gui.actions import Actions
from zeligui.gui.borders import Splitter, next_border
from zeligui.gui.contracts_pane import ContractsPane
from zeligui.gui.details_pane import DetailsPane
from zeligui.gui.expected import Expectations
from zeligui.gui.heat_pane import HeatPane
from zeligui.gui.hosts_pane import HostsPane
from zeligui.gui.icons import emblem
from zeligui.gui.jobs_pane import JobsPane
from zeligui.gui.kept_choices import restore_choices, save_choices
from zeligui.gui.log_pane import LogPane
from zeligui.gui.message_bar import MessageBar
from zeligui.gui.pane import Pane
from zeligui.gui.plots_pane import PlotsPane
from zeligui.gui.words import Letters, ago, count_of, duration
from zeligui.session.snapshot import Snapshot

LAYOUT_VERSION = 3
TOOLBAR = ("search_hosts", "start", "refresh", "stop", "exit")
MENUS = {
    "E&xperiment": (
        "new_experiment", "open_contract", "open_experiment", "recent", None, "start", "stop", "suspend", "resume",
        None, "add_machines", "demo", "end_demo", None, "configuration", "credentials",
        None, "close_file", "exit",
    ),
    "&View": (
        "search_hosts", "sources", "services", "refresh", "filter", None, "why_not", "what_excludes",
        "what_works", None,
        "save_picture", "save_values", None, "go_to", "panes", "borders", "sort",
    ),
    "&Help": ("manual", "shortcuts", None, "about"),
}  # fmt: skip


class MainWindow(QMainWindow):
    """Shows snapshots; what the user wishes goes out by actions and by the panes' signals."""

    dropped = Signal(list)
    """Paths of files that were dropped on it."""

    def __init__(
        self,
        clock: Clock,
        details: DetailsPane,
        plots: PlotsPane,
        store: QSettings,
        *,
        expectations: Expectations | None = None,
    ) -> None:
        super().__init__()
        self.closed = asyncio.Event()
        self.snapshot: Snapshot | None = None
        self._counted: tuple[Snapshot | None, tuple[str, ...]] = None, ()
        self._clock = clock
        self._store = store
        self.setWindowTitle("ZeliGrid")
        self.setWindowIcon(emblem())
        self.setAcceptDrops(True)
        self.actions_ = Actions(self)
        self.messages = MessageBar(self)
        self.hosts = HostsPane(clock, self, expectations=expectations)
        self.contracts = ContractsPane(self)
        self.jobs = JobsPane(self)
        self.details = details
        self.plots = plots
        self.log = LogPane(self)
        self.heat = HeatPane(self)
        self.panes: Sequence[Pane] = (
            self.hosts, self.contracts, self.jobs, self.details, self.plots, self.log, self.heat,
        )  # fmt: skip
        self.recent = QMenu("&Recent", self)
        self._splitters: dict[str, Splitter] = {}
        self.setCentralWidget(self._centre())
        self._make_menus()
        self._make_toolbar()
        self._counts = QLabel(self)
        self._counts.setAccessibleName("Counts")
        self._counts.setContentsMargins(0, 0, self.fontMetrics().averageCharWidth(), 0)
        self.statusBar().addPermanentWidget(self._counts)
        self.statusBar().setSizeGripEnabled(False)
        ticking = QTimer(self)
        ticking.setInterval(1000)
        ticking.timeout.connect(self._count)
        ticking.start()
        self.actions_.connect({"borders": lambda: next_border(tuple(self._splitters.values()))})
        self._restore()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show this in all panes at once."""
        self.snapshot = snapshot
        for pane in self.panes:
            pane.show_snapshot(snapshot)
        self._count()

    async def show_in_turns(self, snapshot: Snapshot) -> None:
        """Show this pane by pane, so that between two of them others have their turn."""
        self.snapshot = snapshot
        for pane in self.panes:
            pane.show_snapshot(snapshot)
            await asyncio.sleep(0)
        self._count()

    def say(self, words: str, seconds: float = 6.0) -> None:
        """Say something in passing, in the status bar."""
        self.statusBar().showMessage(words, int(seconds * 1000))

    def come_forward(self) -> None:
        """Be seen, whatever lies before it."""
        self.setWindowState((self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        self.show()
        self.raise_()
        self.activateWindow()

    # --- how it is built ------------------------------------------------------------------------------------------

    def _centre(self) -> QWidget:
        left = self._splitter("left", Qt.Orientation.Vertical, (self.hosts, 6), (self.heat, 1), (self.contracts, 4))
        about = self._splitter("about", Qt.Orientation.Horizontal, (self.details, 1), (self.plots, 1))
        right = self._splitter("right", Qt.Orientation.Vertical, (self.jobs, 3), (about, 5), (self.log, 2))
        whole = self._splitter("whole", Qt.Orientation.Horizontal, (left, 1), (right, 3))
        sign = self.fontMetrics().averageCharWidth()
        whole.setSizes([sign * 58, sign * 150])
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(whole, 1)
        return centre

    def _splitter(self, name: str, way: Qt.Orientation, *parts: tuple[QWidget, int]) -> Splitter:
        splitter = Splitter(way, self)
        splitter.setObjectName(name)
        splitter.setChildrenCollapsible(False)
        for place, (widget, share) in enumerate(parts):
            splitter.addWidget(widget)
            splitter.setStretchFactor(place, share)
        height = self.fontMetrics().height()
        splitter.setSizes([height * 8 * share for _, share in parts])
        self._splitters[name] = splitter
        return splitter

    def _make_menus(self) -> None:
        go_to, panes, sort = QMenu("&Go to", self), QMenu("&Panes", self), QMenu("S&ort jobs by", self)
        self._fill_panes(panes, go_to)
        self._fill_sort(sort)
        parts = {"recent": self.recent, "go_to": go_to, "panes": panes, "sort": sort}
        for title, names in MENUS.items():
            menu = self.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            for name in names:
                if name is None:
                    menu.addSeparator()
                elif name in parts:
                    menu.addMenu(parts[name])
                else:
                    menu.addAction(self.actions_[name])

    def _fill_panes(self, menu: QMenu, go_to: QMenu) -> None:
        letters = Letters()
        for number, pane in enumerate(self.panes, 1):
            title = letters.marked(pane.title)
            shown = menu.addAction(title)
            shown.setObjectName(f"pane {pane.title}")
            shown.setCheckable(True)
            shown.setChecked(True)
            shown.setToolTip(f"Show or hide {pane.title}")
            shown.toggled.connect(pane.setVisible)
            there = go_to.addAction(title)
            there.setShortcut(f"Ctrl+{number}")
            there.setToolTip(f"Take the keyboard to {pane.title}, shown where it is hidden")
            there.triggered.connect(partial(_go_to, pane, shown))

    def _fill_sort(self, menu: QMenu) -> None:
        letters = Letters()
        for place, column in enumerate(self.jobs.model.columns):
            action = menu.addAction(letters.marked(column.title))
            action.setToolTip(f"Sort jobs by {column.title}; once more: the other way round")
            action.triggered.connect(lambda _checked=False, place=place: self._sort_jobs(place))

    def _sort_jobs(self, column: int) -> None:
        """By this column; again: the other way round."""
        header = self.jobs.view.horizontalHeader()
        ascending, descending = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
        same = header.sortIndicatorSection() == column and header.sortIndicatorOrder() == ascending
        self.jobs.view.sortByColumn(column, descending if same else ascending)

    def _make_toolbar(self) -> None:
        bar = QToolBar("Main toolbar", self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        side = round(self.fontMetrics().height() * 1.25)
        bar.setIconSize(QSize(side, side))
        for name in TOOLBAR:
            bar.addAction(self.actions_[name])
        for name in TOOLBAR:
            button = bar.widgetForAction(self.actions_[name])
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(self.actions_[name].text().replace("&", ""))
        self.addToolBar(bar)

    def _count(self) -> None:
        """How many hosts and jobs there are, and how fresh that is."""
        shown = self.snapshot
        if shown is None:
            return
        if self._counted[0] is not shown:
            self._counted = shown, _counts(shown)
        parts = list(self._counted[1])
        if shown.searching:
            parts.append(f"searching: {count_of(len(shown.searching), 'source')} to answer")
        elif shown.heard is not None:
            parts.append(f"updated {ago(max(0.0, self._clock.age() - shown.heard))}")
        self._counts.setText("  |  ".join([*parts, *_ends_soon(shown, self._clock)]))

    # --- what is kept of its looks --------------------------------------------------------------------------------

    def save_looks(self) -> None:
        """Keep geometry, splitters and columns for the next start."""
        self._store.setValue("window/version", LAYOUT_VERSION)
        self._store.setValue("window/geometry", self.saveGeometry())
        self._store.setValue("window/state", self.saveState(LAYOUT_VERSION))
        for name, splitter in self._splitters.items():
            self._store.setValue(f"window/splitter-{name}", splitter.saveState())
        self._store.setValue("window/jobs", self.jobs.view.horizontalHeader().saveState())
        self._store.setValue("window/hosts", self.hosts.view.header().saveState())
        save_choices(self._store, self.plots, self.heat)

    def _restore(self) -> None:
        self.resize(self._default_size())
        restore_choices(self._store, self.plots, self.heat)
        if self._store.value("window/version", 0, int) != LAYOUT_VERSION:
            return
        self.restoreGeometry(self._kept("geometry"))
        self.restoreState(self._kept("state"), LAYOUT_VERSION)
        for name, splitter in self._splitters.items():
            splitter.restoreState(self._kept(f"splitter-{name}"))
        self.jobs.view.horizontalHeader().restoreState(self._kept("jobs"))
        self.hosts.view.header().restoreState(self._kept("hosts"))

    def _kept(self, key: str) -> QByteArray:
        """Looks as they were kept; empty, which changes nothing, where the file has lost them."""
        kept = self._store.value(f"window/{key}")
        return kept if isinstance(kept, QByteArray) else QByteArray()

    def _default_size(self) -> QSize:
        room = self.screen().availableSize()
        sign, height = self.fontMetrics().averageCharWidth(), self.fontMetrics().height()
        return QSize(min(room.width(), sign * 220), min(room.height(), height * 54))

    # --- what Qt calls --------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Closing is a wish: what runs may want to be asked about first."""
        event.ignore()
        self.closed.set()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.dropped.emit(files)


def _go_to(pane: Pane, shown: QAction) -> None:
    shown.setChecked(True)
    pane.take_focus()


def _reach(host: Host) -> str:
    """How a host counts in the status bar."""
    if host.status in {"up", "stale"}:
        return host.status
    return "connecting" if host.awaited else "unreachable"


def _ends_soon(shown: Snapshot, clock: Clock) -> list[str]:
    """That the grid proxy ends soon; of one that has ended, or lasts, nothing is said here."""
    now = clock.now()
    left = shown.proxy.left_s(now) if shown.proxy else 0.0
    return [f"proxy ends in {duration(left)}"] if shown.proxy and left and shown.proxy.lasting(now) else []


def _counts(shown: Snapshot) -> tuple[str, ...]:
    """The hosts and the jobs of a snapshot, in words."""
    counts = Counter(map(_reach, shown.hosts.values()))
    notes = [f"{counts[word]:,} {word}" for word in ("connecting", "stale", "unreachable") if counts[word]]
    ended = sum([job.standing.ended for job in shown.jobs])
    jobs = count_of(len(shown.jobs), "job") + (f", {ended:,} ended" if ended else "")
    away = sum([service.away for service in shown.services if service.jobs])  # the others may not have been asked since
    silent = [f"{count_of(away, 'job service')} away"] if away else []
    return ", ".join((count_of(len(shown.hosts), "host"), *notes)), jobs, *silent
