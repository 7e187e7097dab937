"""What the user asked for, done in the background: a failure becomes a message with Retry, a fault with details."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from zeligui.errors import ZeliGridError
from zeligui.gui.message_bar import MessageBar
from zeligui.tasks import Tasks

Begin = Callable[[], Coroutine[Any, Any, object]]

MOST_FAULTS = 100


class Work:
    """Starts coroutines by what the user would call them; the same is not begun twice at a time."""

    def __init__(self, messages: MessageBar, log: Callable[[str], None]) -> None:
        self._messages = messages
        self._log = log
        self._begin: dict[str, Begin] = {}
        self._running: set[str] = set()
        self._faults: set[str] = set()
        self.tasks = Tasks(self.report)

    def do(self, doing: str, begin: Begin) -> None:
        """Do this, unless it is being done."""
        if doing in self._running:
            return
        self._running.add(doing)
        self._begin[doing] = begin
        self._messages.take_back(doing)
        task = self.tasks.start(doing, begin())
        task.add_done_callback(lambda _: self._running.discard(doing))

    async def attempt(self, doing: str, begin: Begin) -> None:
        """Do this and wait for it; what fails is reported as `do` does."""
        self._begin[doing] = begin
        try:
            await begin()
        except ZeliGridError as error:
            self.report(doing, error)

    def doing(self, doing: str) -> bool:
        """Whether this is being done now."""
        return doing in self._running

    def report(self, doing: str, error: BaseException) -> None:
        """Say what failed and what to do next; of a fault of ours, its details."""
        if isinstance(error, ZeliGridError):
            begin = self._begin.get(doing)
            offers = [("&Retry", lambda: self.do(doing, begin))] if begin else []
            self._messages.say("error", f"{doing}: {error}", error.hint, offers, key=doing)
            return
        if isinstance(error, TimeoutError):
            self._messages.say("error", f"{doing}: it took too long, and was given up.", "Try it again.", key=doing)
            return
        self.fault(doing, "".join(traceback.format_exception(error)))

    def fault(self, doing: str, details: str) -> None:
        """Say once that something of ZeliGrid's own is wrong; the details can be copied, and are in the log."""
        last = details.strip().rpartition("\n")[2]
        signature = f"{doing}\0{last}"
        if signature in self._faults or len(self._faults) >= MOST_FAULTS:
            return
        self._faults.add(signature)
        self._log(f"{doing}\n{details}")
        self._messages.say(
            "error",
            f"Something in ZeliGrid failed ({doing}): {last[:300]}",
            "All else goes on. Please report it with these details.",
            key=signature,
            details=details,
        )
