"""What is asked of a cluster for many jobs at the same time is asked in one exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from zeligui.links.link import Reply

MOST_TOGETHER = 100
"""So many at most: the login's shell does one after another."""

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T]):
    item: T
    reply: Reply | None = None
    error: Exception | None = None


class Together(Generic[T, K]):
    """Asks one after another: what comes while an answer is waited for goes with the next, if of the same kind."""

    def __init__(
        self,
        alone: Callable[[T, K], Awaitable[Reply]],
        together: Callable[[Sequence[T], K], Awaitable[Sequence[Reply | None]]],
    ) -> None:
        """`together` answers for each; those for which it has no answer are asked for `alone`."""
        self._alone = alone
        self._together = together
        self._waiting: dict[K, list[_Waiting[T]]] = {}
        self._turns: dict[K, asyncio.Lock] = {}

    async def ask(self, item: T, kind: K, *, most: int = MOST_TOGETHER) -> Reply:
        """What was said of one, which went alone or with others, at `most` so many together."""
        mine, waiting = _Waiting(item), self._waiting.setdefault(kind, [])
        waiting.append(mine)
        try:
            await asyncio.sleep(0)  # those that begin at the same time are here then
            async with self._turns.setdefault(kind, asyncio.Lock()):
                if mine in waiting:
                    await self._send(mine, kind, min(most, MOST_TOGETHER))
        finally:
            if mine in waiting:
                waiting.remove(mine)
        if mine.error:
            raise mine.error
        return mine.reply or await self._alone(item, kind)

    async def _send(self, mine: _Waiting[T], kind: K, most: int) -> None:
        """Where the one whose turn it is gets canceled, the others go with the next."""
        waiting = self._waiting[kind]
        if len(waiting) == 1 or most == 1:
            mine.reply = await self._alone(mine.item, kind)
            return
        going = [mine, *(one for one in waiting if one is not mine)][:most]
        try:
            replies = await self._together([one.item for one in going], kind)
        except Exception as error:  # noqa: BLE001 - each of them raises it
            for one in going:
                one.error = error
        else:
            for one, reply in zip(going, replies, strict=True):
                one.reply = reply
        for one in going:
            if one in waiting:
                waiting.remove(one)
