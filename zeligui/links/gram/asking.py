"""The client, asked from the event loop: whatever is wrong, here too, is for who asks a site that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from zeligui.errors import Refused, Unreachable, UsageError
from zeligui.links.calls import call
from zeligui.links.gsi.credentials import NoCredential

SLACK_S = 5.0
"""Beyond a call's own limit, for a name that is looked up."""

T = TypeVar("T")


async def ask(work: Callable[..., T], *words: object, who: str, limit_s: float) -> T:
    """A blocking call of the client. A `LinkError`: Unreachable where it takes too long."""
    with refused_here():
        try:
            return await call(work, *words, limit=limit_s + SLACK_S)
        except TimeoutError as error:
            raise Unreachable(f"{who} did not answer within {limit_s:g} s.") from error


@contextmanager
def refused_here() -> Iterator[None]:
    """What is wrong with the credentials here is Refused."""
    try:
        yield
    except (UsageError, NoCredential) as error:
        raise Refused(str(error), hint=error.hint) from error
