"""The stored past of attributes: read in the background where somebody looks there, kept until then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from zeligui.errors import ZeliGridError
from zeligui.gui.series import Numbers
from zeligui.gui.time_window import Span

FULL = 0.7
"""Of the points that were asked for: where so many came, there may be more between them."""
MOST_POINTS = 2000
COARSE = 8.0
"""Thinned values are read anew where less than this part of their time is looked at."""
BESIDE = 1.0
"""So much of what is looked at is read on both sides as well: moving on finds it there."""
AGAIN_S = 30.0
"""After what cannot be read is tried again: each look would else ask for it at once."""
KEPT_S = 366 * 86400.0
"""Nothing older is stored."""


class Past(Protocol):
    """Times (age clock) and values; each value stands for some between `low` and `high`. All of shape (n,)."""

    @property
    def times(self) -> Numbers: ...

    @property
    def values(self) -> Numbers: ...

    @property
    def low(self) -> Numbers: ...

    @property
    def high(self) -> Numbers: ...


ReadPast = Callable[[str, str, float, float], Coroutine[Any, Any, Past]]
"""What is stored of a host's attribute from one time to another, on the age clock."""
Start = Callable[[str, Coroutine[Any, Any, object]], object]
"""Starts a coroutine by what it does."""
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Piece:
    since: float
    until: float
    past: Past

    def serves(self, since: float, until: float) -> bool:
        """Whether this time is in it, as fine as one can see it."""
        inside = self.since <= since + 1e-6 and until - 1e-6 <= self.until
        thinned = len(self.past.times) >= FULL * MOST_POINTS
        return inside and not (thinned and (self.until - self.since) > COARSE * max(until - since, 1.0))


class Archive(QObject):
    """Reads one piece after another. `came` tells that one is there; until then that before it stays."""

    came = Signal()

    def __init__(self, read: ReadPast, start: Start, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._start = start
        self._pieces: dict[_Key, _Piece] = {}
        self._begins: dict[_Key, float] = {}
        self._wanted: dict[_Key, tuple[float, float]] = {}
        self._reading: _Key | None = None
        self._looked = 0.0
        self._failed = float("-inf")
        self.trouble = ""
        """Why nothing could be read; "" where it could."""

    @property
    def reading(self) -> bool:
        """Whether something is on its way."""
        return self._reading is not None

    def of(self, host: str, attribute: str) -> Past | None:
        """What was read of it last."""
        piece = self._pieces.get((host, attribute))
        return piece.past if piece else None

    def begins(self, host: str, attributes: Sequence[str]) -> float | None:
        """When the first stored value of these was measured; None as long as nobody looked at all there is."""
        return min((self._begins[key] for name in attributes if (key := (host, name)) in self._begins), default=None)

    def forget_but(self, hosts: Collection[str]) -> None:
        """Keep only what is of these hosts."""
        for kept in (self._pieces, self._begins, self._wanted):
            for key in [key for key in kept if key[0] not in hosts]:
                del kept[key]

    def look(self, host: str, attribute: str, span: Span, known: float, now: float) -> None:
        """This time is looked at; what is from `known` on is so without being read."""
        self._looked = now
        if now - self._failed < AGAIN_S:
            return
        key = host, attribute
        since, end = max(span.start, self._begins.get(key, float("-inf"))), min(span.end, known)
        piece = self._pieces.get(key)
        if since >= end or (piece and piece.serves(since, end)):
            self._wanted.pop(key, None)
            return
        room = BESIDE * span.seconds
        self._wanted[key] = since - room, min(end + room, now)  # the store knows what will be forgotten here
        if self._reading is None:
            self._go_on()

    def _go_on(self) -> None:
        self._reading = next(iter(self._wanted), None)
        if self._reading is not None:
            self._start("Read the stored history", self._read_next(self._reading, *self._wanted.pop(self._reading)))

    async def _read_next(self, key: _Key, since: float, until: float) -> None:
        try:
            past = await self._read(*key, since, until)
        except ZeliGridError as error:
            self.trouble = f"The stored history cannot be read: {error}"
            self._failed = self._looked
            self._wanted.clear()
            self._reading = None
            self.came.emit()
            return
        except BaseException:
            self._reading = None
            raise
        self.trouble = ""
        self._pieces[key] = _Piece(since, until, past)
        self._note_begin(key, since, until, past)
        self._reading = None
        self.came.emit()
        if self._reading is None:  # who heard of it may have looked elsewhere
            self._go_on()

    def _note_begin(self, key: _Key, since: float, until: float, past: Past) -> None:
        """Where all there is was asked for, nothing is older than the first value."""
        if until - since >= KEPT_S:
            self._begins[key] = float(past.times[0]) if len(past.times) else until
