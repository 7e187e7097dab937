"""Whether other machines answer while one is silent: only then is the silence its own, and not the master's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

MORE_RARELY = 3.0
"""So many times rarer than usual an answer may come, and be taken for what is usual from now on."""
FADES = 0.8
"""What of the longest time between two answers counts still at the next."""


@dataclass(slots=True)
class _Answers:
    """When (patience clock) one answered last, since when it was certainly there, and how long it usually takes.

    Nothing is usual before two answers came.
    """

    last: float
    since: float
    usual: float = 0.0

    def add(self, time: float) -> None:
        passed = time - self.last
        self.since = time - min(passed, self.usual)
        entering = min(passed, MORE_RARELY * self.usual) if self.usual else passed
        self.usual = max(entering, FADES * self.usual)
        self.last = time


class Company:
    """Hears of every answer, and says for which time the newest of another machine vouches.

    An answer shows that the master reached that machine just now, and since its answer before if that came when it was
    to be expected. Of a longer time it shows the end alone: nobody may have been reached in the rest of it.
    """

    def __init__(self) -> None:
        self._answers: dict[str, _Answers] = {}
        """Who was heard of last stands last."""

    def answered(self, who: str, time: float) -> None:
        """A machine or a directory answered at a time (patience clock); what was known already changes nothing."""
        answers = self._answers.get(who)
        if answers is None:
            self._answers[who] = _Answers(time, time)
        elif time > answers.last:
            answers.add(time)
            self._answers[who] = self._answers.pop(who)

    def vouched(self, *, but: Collection[str]) -> tuple[float, float] | None:
        """From when to when the newest answer of anyone else shows that the master was not alone."""
        newest = next((answers for who, answers in reversed(self._answers.items()) if who not in but), None)
        return None if newest is None else (newest.since, newest.last)
