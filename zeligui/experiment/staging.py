"""How far the files of attempts are on their way, there or home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zeligui.files.progress import Progress, Tell

Listener = Callable[[str], None]


class Staging:
    """The progress of each attempt whose files are on their way; one for all who drive experiments in a process."""

    def __init__(self) -> None:
        self._progress: dict[str, Progress] = {}
        self._listeners: list[Listener] = []

    def of(self, attempt: str) -> Progress | None:
        """How far an attempt's files are; None where none are on their way."""
        return self._progress.get(attempt)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have a listener called with the attempt's id at each change; what comes back ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def following(self, attempt: str) -> Iterator[Tell]:
        """What to tell the progress of an attempt to; it is forgotten at the end."""

        def tell(progress: Progress) -> None:
            if progress.files:
                self._progress[attempt] = progress
                self._changed(attempt)

        try:
            yield tell
        finally:
            if self._progress.pop(attempt, None) is not None:
                self._changed(attempt)

    def _changed(self, attempt: str) -> None:
        for listener in tuple(self._listeners):
            listener(attempt)
