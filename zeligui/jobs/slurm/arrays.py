"""Jobs that are handed to Slurm at the same time go together, as one array."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from zeligui.links.link import Reply

MOST_TOGETHER = 100
"""So many at most: the login's shell claims one after another."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An attempt that is to be handed over: `words` are its id and what a script needs to claim it."""

    words: tuple[str, ...]
    options: tuple[str, ...]
    """Of sbatch. Only those with the same ones go together."""

    @property
    def attempt(self) -> str:
        return self.words[0]


@dataclass(slots=True, eq=False)
class _Waiting:
    offer: Offer
    said: Reply | None = None
    error: Exception | None = None


class Arrays:
    """Hands over one array at a time: who comes while one is under way goes with the next."""

    def __init__(
        self,
        alone: Callable[[Offer], Awaitable[Reply]],
        together: Callable[[Sequence[Offer]], Awaitable[Mapping[str, Reply]]],
    ) -> None:
        """`together` answers for those that went as an array; the others go `alone`."""
        self._alone = alone
        self._together = together
        self._waiting: dict[tuple[str, ...], list[_Waiting]] = {}
        self._turns: dict[tuple[str, ...], asyncio.Lock] = {}

    async def hand_over(self, offer: Offer, *, most: int) -> Reply:
        """What was said of one, which went alone or with others, at `most` so many together."""
        mine, waiting = _Waiting(offer), self._waiting.setdefault(offer.options, [])
        waiting.append(mine)
        try:
            await asyncio.sleep(0)  # those that begin at the same time are here then
            async with self._turns.setdefault(offer.options, asyncio.Lock()):
                if mine in waiting:
                    await self._send(mine, waiting, min(most, MOST_TOGETHER))
        finally:
            if mine in waiting:
                waiting.remove(mine)
        if mine.error:
            raise mine.error
        return mine.said or await self._alone(offer)

    async def _send(self, mine: _Waiting, waiting: list[_Waiting], most: int) -> None:
        """Where the one whose turn it is gets canceled, the others go with the next."""
        if len(waiting) == 1 or most == 1:
            mine.said = await self._alone(mine.offer)
            return
        going = [mine, *(one for one in waiting if one is not mine)][:most]
        try:
            said = await self._together([one.offer for one in going])
        except Exception as error:  # noqa: BLE001 - each of them raises it
            for one in going:
                one.error = error
        else:
            for one in going:
                one.said = said.get(one.offer.attempt)
        for one in going:
            if one in waiting:
                waiting.remove(one)
