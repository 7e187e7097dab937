"""What a job service cannot do it refuses, in words, and does nothing by halves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from zeligui.errors import SubmissionRefused, ZeliGridError
from zeligui.jobs.adaptors import Ability
from zeligui.jobs.job import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.jobs.places import Place


async def _suspend(place: Place) -> None:
    async with undisturbed(place) as attempt:
        with pytest.raises(ZeliGridError) as refused:
            await place.service.suspend(attempt)
        in_words(refused.value)
        with pytest.raises(ZeliGridError) as refused:
            await place.service.resume(attempt)
        in_words(refused.value)


async def _stdin(place: Place) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        await place.prepare("cat", interactive=True)
    in_words(refused.value)
    async with undisturbed(place) as attempt:
        with pytest.raises(ZeliGridError) as asked:
            await place.service.send(attempt, b"word")
        in_words(asked.value)


async def _output(place: Place) -> None:
    async with undisturbed(place) as attempt:
        for ask in (place.service.read(attempt, "stdout", 0), place.service.length(attempt, "stdout")):
            with pytest.raises(ZeliGridError) as refused:
                await ask
            in_words(refused.value)


async def _staging(place: Place) -> None:
    (place.folder / "input").write_text("x")
    with pytest.raises(SubmissionRefused) as refused:
        await place.prepare("cat", "input", input=("input",), folder=place.folder)
    in_words(refused.value)
    async with undisturbed(place) as attempt:
        with pytest.raises(ZeliGridError) as asked:
            await place.service.fetch(attempt, ["*"], place.folder / "results")
        in_words(asked.value)


async def _checkpoint(place: Place) -> None:
    (place.folder / "state").write_text("x")
    attempt = await place.prepare("true")
    with pytest.raises(ZeliGridError) as refused:
        await place.service.give(attempt, place.folder, ["state"])
    in_words(refused.value)
    await place.service.cancel(attempt, grace_s=0)


async def _cancel(place: Place) -> None:
    async with undisturbed(place) as attempt:
        with pytest.raises(ZeliGridError) as refused:
            await place.service.cancel(attempt)
        in_words(refused.value)


REFUSALS: Mapping[Ability, Callable[[Place], Awaitable[None]]] = {
    Ability.SUSPEND: _suspend,
    Ability.STDIN: _stdin,
    Ability.OUTPUT: _output,
    Ability.STAGING: _staging,
    Ability.CHECKPOINT: _checkpoint,
    Ability.CANCEL: _cancel,
}


@asynccontextmanager
async def undisturbed(place: Place) -> AsyncIterator[str]:
    """A job that runs before and after."""
    attempt = await place.start("sleep", "1000")
    await place.until(attempt, JobState.RUNNING)
    yield attempt
    assert (await place.status(attempt)).state is JobState.RUNNING


def in_words(error: ZeliGridError) -> None:
    """A full sentence that names what was asked for by more than a code."""
    sentence = str(error)
    assert sentence.endswith("."), sentence
    assert len(sentence.split()) > 3, sentence
