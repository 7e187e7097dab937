"""How a running grid is commanded, at the desk that its folder names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zeligui.desk import Desk, Message, NobodyThere, Occupied, address
from zeligui.desk import ask as ask_desk
from zeligui.errors import Unreachable, UsageError

__all__ = ["Desk", "Message", "ask", "open_desk"]

KIND = "testbed"


def ask(folder: Path, request: Message) -> dict[str, Any]:
    """Command the grid that runs under `folder` and return its answer.

    Unreachable: none runs there, or it does not answer. UsageError: it refused, and says why.
    """
    try:
        answer = ask_desk(address(KIND, folder), request)
    except NobodyThere as error:
        raise Unreachable(
            f"No embedded grid runs under {folder}.",
            hint="Start one with `zeligrid testbed up`, in another terminal and with the same home.",
        ) from error
    except Unreachable as error:
        raise Unreachable(
            f"The embedded grid did not answer: {error}", hint="Look at the terminal where it was started."
        ) from error
    if "error" in answer:
        raise UsageError(answer["error"], hint=answer["hint"])
    return answer


def open_desk(folder: Path) -> Desk:
    """Where the running grid takes its commands. UsageError: a grid runs under this folder already."""
    try:
        return Desk(address(KIND, folder))
    except Occupied as error:
        raise UsageError(
            f"An embedded grid already runs under {folder}.",
            hint="Use it, end it with Ctrl+C where it was started, or give another --home.",
        ) from error
