"""Records what is measured: the event loop puts it into a queue, and a thread writes it down every few seconds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic

from zeligui.clock import Clock
from zeligui.errors import HistoryDamaged, HistoryError
from zeligui.grid.history.dating import Dating
from zeligui.grid.history.store import Store
from zeligui.grid.history.tables import identity, move_aside
from zeligui.grid.history.upkeep import ROW_BYTES
from zeligui.grid.hosts import Value
from zeligui.grid.machines import Arrival

FLUSH_S = 2.0
"""Between two transactions: so much is lost at most where the process is killed."""
UPKEEP_S = 60.0
FORGET_NAMES_S = 86400.0
RETRY_S = 30.0
"""After it could not be written, and between two reports of what was not kept."""
MOST_WAITING = 50_000
"""Measurements in the queue."""
WORK_S = 0.25
"""Of upkeep at a time, and of a pause after it."""
CLOSE_S = 5.0

_Batch = list[tuple[float, str, Mapping[str, Value]]]


class Recorder:
    """The history's writer. `report` hears, in the writer's thread, of what went wrong; measuring goes on then.

    What is measured while the history cannot be written, or faster than it can be, is not kept; how much that was is
    reported as soon as it can be written again.
    """

    def __init__(self, file: Path, *, clock: Clock, limit_bytes: float, report: Callable[[HistoryError], None]) -> None:
        self.dating = Dating(clock)
        """Dates what is recorded; another one where the history is opened anew."""
        self._file = file
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._report = report
        self._waiting: deque[tuple[float, str, Mapping[str, Value]]] = deque()
        self._asked: deque[threading.Event] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._damaged = False
        self._store: Store | None = None
        self._opened_as = identity(file)
        self._upkeep: Iterator[None] | None = None
        self._written = 0
        self._not_kept = 0
        self._refused = False
        self._trouble = ""
        self._due: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True, name="history writer")

    def start(self) -> None:
        """Begin to write. The file is opened by the thread, so that nobody waits for it."""
        self._thread.start()

    def keep(self, arrival: Arrival) -> None:
        """Record this; for `Machines.subscribe`."""
        if not arrival.measured:
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((arrival.time, arrival.host, arrival.values))
        else:
            self._not_kept += len(arrival.values)

    def limit(self, limit_bytes: float) -> None:
        """Take at most so much room from now on."""
        self._limit_bytes = limit_bytes
        self._due.pop("upkeep", None)

    def flush(self, limit_s: float = FLUSH_S) -> bool:
        """Wait until what was kept so far is written, or cannot be; blocks at most `limit_s` seconds."""
        done = threading.Event()
        self._asked.append(done)
        self._wake.set()
        return done.wait(limit_s)

    def renew(self) -> None:
        """Somebody found the file damaged: move it aside and begin anew."""
        self._damaged = True
        self._wake.set()

    def close(self, limit_s: float = CLOSE_S) -> None:
        """Write what is in the queue and let the file go; blocks at most `limit_s` seconds."""
        self._closing = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(limit_s)

    # --- in the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            last = self._closing
            asked = [self._asked.popleft() for _ in range(len(self._asked))]
            self._turn()
            for one in asked:
                one.set()
            if last:
                break
            self._wake.wait(WORK_S if self._upkeep else FLUSH_S)
            self._wake.clear()
        self._part(politely=True)
        while self._asked:
            self._asked.popleft().set()

    def _turn(self) -> None:
        """Write what waits, then look after the file for a while."""
        try:
            self._write([self._waiting.popleft() for _ in range(len(self._waiting))])
            if self._store and not self._closing:
                self._look_after(self._store)
        except HistoryDamaged as error:
            self._begin_anew(error)
        except HistoryError as error:
            self._give_up(error)

    def _write(self, batch: _Batch) -> None:
        try:
            store = self._opened()
            if store and self.dating.look():
                store.upkeep.forget_after(round(self.dating.now() * 1000))
            if store and batch:
                rows = [(round(self.dating.date(age) * 1000), host, values) for age, host, values in batch]
                self._tell_of_refused(store.write(rows))
                self._written += len(rows)
        except HistoryDamaged:
            self._waiting.extendleft(reversed(batch))
            raise
        except HistoryError:
            self._not_kept += sum(len(values) for _, _, values in batch)
            raise
        if store is None:
            self._not_kept += sum(len(values) for _, _, values in batch)
        else:
            self._trouble = ""
            self._tell_of_gap()

    def _opened(self) -> Store | None:
        """The store; None while it is too early to try again."""
        if self._store and self._store.replaced:
            self._part(politely=False)
        if self._damaged:
            self._damaged = False
            if self._store:
                raise HistoryDamaged(f"The history {self._file} is damaged.")
        if self._store is None and self._is_due("open"):
            self._opened_as = identity(self._file)
            self._store = Store(self._file)
            newest = self._store.newest()
            self.dating = Dating(self._clock, None if newest is None else newest / 1000)
            self._due.pop("open", None)
        return self._store

    def _look_after(self, store: Store) -> None:
        if self._upkeep is None and (self._is_due("upkeep") or self._written * ROW_BYTES > self._limit_bytes / 20):
            self._written = 0
            self._later("upkeep", UPKEEP_S)
            self._upkeep = store.upkeep.steps(round(self.dating.now() * 1000), self._limit_bytes)
        end = monotonic() + WORK_S
        while self._upkeep and monotonic() < end and not self._closing:
            try:
                next(self._upkeep)
            except StopIteration:
                self._upkeep = None
        if self._is_due("names"):
            self._later("names", FORGET_NAMES_S)
            store.upkeep.forget_names()

    def _begin_anew(self, error: HistoryDamaged) -> None:
        """Move a damaged history aside, unless another process has done it already."""
        self._part(politely=False)
        try:
            aside = move_aside(self._file, self._opened_as)
        except OSError as why:
            self._give_up(HistoryError(f"{error} It cannot be moved aside: {why.strerror}.", hint=error.hint))
            return
        if aside:
            self._report(
                HistoryError(
                    f"{error} It was moved to {aside}, and the history begins anew.", hint="Nothing else is lost."
                )
            )
        self._wake.set()

    def _give_up(self, error: HistoryError) -> None:
        """Try again later; the same trouble is told once."""
        self._part(politely=False)
        self._later("open", RETRY_S)
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._report(HistoryError(f"{error} Measurements are not kept meanwhile.", hint=error.hint))

    def _part(self, *, politely: bool) -> None:
        store, self._store, self._upkeep = self._store, None, None
        if store is None:
            return
        try:
            store.close() if politely and not store.replaced else store.let_go()
        except HistoryError as error:
            self._report(error)

    def _tell_of_gap(self) -> None:
        if self._not_kept and self._is_due("gap"):
            count, self._not_kept = self._not_kept, 0
            self._later("gap", RETRY_S)
            words = (
                f"{count} measured values were not kept: the history {self._file} could not be written, or not so fast."
            )
            self._report(HistoryError(words))

    def _tell_of_refused(self, count: int) -> None:
        if count and not self._refused:
            self._refused = True
            self._report(
                HistoryError(
                    f"Some measured values are not kept in the history ({count} of the last seconds).",
                    hint="They are no finite numbers, or their names are too long or too many.",
                )
            )

    def _is_due(self, what: str) -> bool:
        return self._clock.patience() >= self._due.get(what, float("-inf"))

    def _later(self, what: str, seconds: float) -> None:
        self._due[what] = self._clock.patience() + seconds
