"""The journal: the list of all events, on the disk before anything is done because of them."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, func, select

from zeligui.clock import Clock, SystemClock
from zeligui.databases import writing
from zeligui.errors import JournalError
from zeligui.events import VERSION, Event
from zeligui.experiment.database import EVENTS, LEASES, in_words, open_database
from zeligui.experiment.database import VERSION as JOURNAL_VERSION
from zeligui.links.calls import call

if TYPE_CHECKING:
    from zeligui.experiment.lease import Lease

_T = TypeVar("_T")

Upcasters = Mapping[tuple[str, int], Callable[[Event], Event]]

UPCASTERS: Upcasters = {}
"""(kind, version) to what makes the next version's event of it; a kind that did not change is not listed."""


_NAMES = tuple(one.name for one in fields(Event))
_REPEATED = ("event", "experiment", "job", "host", "profile")
"""Texts that many events have in common are kept once."""
_COLUMNS = tuple(EVENTS.c[name] for name in _NAMES)


class LeaseLost(JournalError):
    """Another master drives the experiment now: this one's events are refused."""


@dataclass(slots=True)
class _Request:
    """Work for the writer thread: `work(connection)` in a transaction, then `done` with what it returned."""

    work: Callable[[Connection], Any]
    done: Future[Any]


class Journal:
    """The events of all experiments of a home. Safe to use from any thread and, with others, from any process."""

    def __init__(self, engine: Engine, file: Path, *, version: int, clock: Clock) -> None:
        self.file = file
        self.read_only = version > JOURNAL_VERSION
        """Whether a newer release made it, so that it can be read and not written."""
        self._engine = engine
        self._clock = clock
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closed = False
        self._writer = threading.Thread(target=self._write, daemon=True, name="journal writer")
        self._writer.start()

    @classmethod
    def open(cls, file: Path, *, clock: Clock | None = None) -> Journal:
        """Open the journal, made where there is none; blocks shortly. JournalError when it cannot be used."""
        clock = clock or SystemClock()
        engine, version = open_database(file, opened=_text(clock.now()))
        return cls(engine, file, version=version, clock=clock)

    async def append(self, *events: Event, lease: Lease | None = None) -> tuple[Event, ...]:
        """Commit all events in one transaction; they come back with their sequence once they are on the disk.

        LeaseLost where `lease` is not the newest of its experiment; JournalError where it cannot be written. Nothing
        of the call is written then. Cancelled, it may have been written or not.
        """
        rows = [_row(event) for event in events]

        def work(connection: Connection) -> tuple[Event, ...]:
            if lease:
                _check(connection, lease)
            first = 1 + (connection.execute(select(func.max(EVENTS.c.sequence))).scalar() or 0)
            numbered = [{**row, "sequence": sequence} for sequence, row in enumerate(rows, first)]
            if numbered:
                connection.execute(EVENTS.insert(), numbered)
            return tuple(replace(event, sequence=sequence) for sequence, event in enumerate(events, first))

        return await self._ask(work)

    async def claim(self, experiment: str, holder: str) -> int:
        """Raise the epoch of the experiment's lease for `holder`; whoever had an older one can append no more."""

        def work(connection: Connection) -> int:
            mine = LEASES.c.experiment == experiment
            values = {"holder": holder, "since": _text(self._clock.now())}
            epoch: int = connection.execute(select(LEASES.c.epoch).where(mine)).scalar() or 0
            if epoch == 0:
                connection.execute(LEASES.insert().values(experiment=experiment, epoch=0, **values))
            connection.execute(LEASES.update().where(mine).values(epoch=epoch + 1, **values))
            return epoch + 1

        return await self._ask(work)

    def events(
        self, experiment: str | None = None, *, after: int = 0, kinds: Collection[str] | None = None
    ) -> list[Event]:
        """The events with a sequence above `after`, in their order, of one experiment and some kinds or of all."""
        return list(self.each(experiment, after=after, kinds=kinds))

    def each(
        self, experiment: str | None = None, *, after: int = 0, kinds: Collection[str] | None = None
    ) -> Iterator[Event]:
        """`events`, one after another: a journal grows for years, and need not fit into memory."""
        wanted = select(*_COLUMNS).where(EVENTS.c.sequence > after).order_by(EVENTS.c.sequence)
        if experiment is not None:
            wanted = wanted.where(EVENTS.c.experiment == experiment)
        if kinds is not None:
            wanted = wanted.where(EVENTS.c.event.in_(sorted(kinds)))
        return self._selected(wanted)

    def _selected(self, wanted: Select[Any]) -> Iterator[Event]:
        with in_words(self.file), self._engine.connect() as connection:
            for row in connection.execute(wanted):
                yield upcast(self._event(row))

    async def read(
        self, experiment: str | None = None, *, after: int = 0, kinds: Collection[str] | None = None
    ) -> list[Event]:
        """`events`, off the event loop."""
        return await call(lambda: self.events(experiment, after=after, kinds=kinds))

    async def add_up(
        self, work: Callable[[Iterator[Event]], _T], experiment: str | None = None, *, kinds: Collection[str]
    ) -> _T:
        """What `work` makes of `each`, off the event loop."""
        return await call(lambda: work(self.each(experiment, kinds=kinds)))

    async def newest(self, kind: str, experiment: str) -> list[Event]:
        """Of each job of an experiment its newest event of one kind, off the event loop."""
        mine = (EVENTS.c.experiment == experiment) & (EVENTS.c.event == kind)
        last = select(func.max(EVENTS.c.sequence)).where(mine).group_by(EVENTS.c.job)
        wanted = select(*_COLUMNS).where(EVENTS.c.sequence.in_(last)).order_by(EVENTS.c.sequence)
        return await call(lambda: list(self._selected(wanted)))

    def experiments(self) -> list[str]:
        """The names of all experiments, in the order in which they began."""
        wanted = select(EVENTS.c.experiment).group_by(EVENTS.c.experiment).order_by(func.min(EVENTS.c.sequence))
        with in_words(self.file), self._engine.connect() as connection:
            return list(connection.execute(wanted).scalars())

    def close(self) -> None:
        """Write what was asked for and let the file go. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._requests.put(None)
            self._writer.join()
            self._engine.dispose()

    async def _ask(self, work: Callable[[Connection], _T]) -> _T:
        if self.read_only:
            raise JournalError(
                f"The journal {self.file} was written by a newer ZeliGrid and can only be read.",
                hint="Use that release, or begin another journal with --home DIR.",
            )
        if self._closed:
            raise JournalError(f"The journal {self.file} has been closed.")
        done: Future[_T] = Future()
        self._requests.put(_Request(work, done))
        return await asyncio.wrap_future(done)

    def _write(self) -> None:
        """The writer thread: whatever was asked for meanwhile shares one transaction, and one wait for the disk."""
        while (request := self._requests.get()) is not None:
            group = [request]
            while not self._requests.empty() and (request := self._requests.get()) is not None:
                group.append(request)
            self._commit([one for one in group if one.done.set_running_or_notify_cancel()])
            if request is None:
                return

    def _commit(self, group: Sequence[_Request]) -> None:
        answers: list[Any] = []
        try:
            with in_words(self.file), writing(self._engine) as connection:
                answers = [_try(one.work, connection) for one in group]
        except Exception as error:  # noqa: BLE001 - whoever asked hears of it
            answers = [error] * len(group)
        for one, answer in zip(group, answers, strict=True):
            if isinstance(answer, Exception):
                one.done.set_exception(answer)
            else:
                one.done.set_result(answer)

    def _event(self, row: Row[Any]) -> Event:
        values = dict(zip(_NAMES, row, strict=True))
        values.update((name, intern(values[name])) for name in _REPEATED if values[name])
        try:
            values["time"] = datetime.fromisoformat(values["time"])
            values["data"] = json.loads(values["data"])
        except ValueError as error:
            raise JournalError(f"The journal {self.file} is damaged at event {row.sequence}: {error}.") from error
        return Event(**values)


def upcast(event: Event, upcasters: Upcasters = UPCASTERS, *, to: int = VERSION) -> Event:
    """The event as this release writes it; one of a newer release stays as it is."""
    while event.version < to:
        change = upcasters.get((event.event, event.version))
        event = replace(change(event) if change else event, version=event.version + 1)
    return event


def _try(work: Callable[[Connection], Any], connection: Connection) -> Any:
    try:
        return work(connection)
    except LeaseLost as lost:  # nothing of this request was written; the others of its transaction are good
        return lost


def _check(connection: Connection, lease: Lease) -> None:
    newest = connection.execute(select(LEASES.c.epoch, LEASES.c.holder).where(LEASES.c.experiment == lease.experiment))
    epoch, holder = newest.one_or_none() or (0, "nobody")
    if epoch != lease.epoch:
        raise LeaseLost(f"The experiment {lease.experiment} is driven by another master now ({holder}).")


def _row(event: Event) -> dict[str, Any]:
    try:
        data = json.dumps(dict(event.data), allow_nan=False, ensure_ascii=True)
    except (TypeError, ValueError) as error:
        raise JournalError(f"The event {event.event} of {event.experiment} cannot be journalled: {error}.") from error
    row = {name: getattr(event, name) for name in _NAMES} | {"time": _text(event.time), "data": data}
    return {name: _printable(value) if isinstance(value, str) else value for name, value in row.items()}


def _printable(text: str) -> str:
    """Bytes that another machine sent and that are no UTF-8 are spelt out: a database takes no surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat()
