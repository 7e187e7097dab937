"""Which attempts go to Slurm together, and what each hears."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from zeligui.errors import Unreachable
from zeligui.jobs.slurm.arrays import MOST_TOGETHER, Arrays, Offer
from zeligui.links.link import Reply


class Cluster:
    """Writes down what goes together; what is under way ends when `let_go` is called."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.only_alone: set[str] = set()
        self.arrays = Arrays(self._alone, self._together)

    async def _alone(self, offer: Offer) -> Reply:
        self.sent.append([offer.attempt])
        await self.open.wait()
        return Reply(0, f"{offer.attempt} alone".encode())

    async def _together(self, offers: Sequence[Offer]) -> Mapping[str, Reply]:
        names = [offer.attempt for offer in offers]
        self.sent.append(names)
        await self.open.wait()
        if self.error:
            raise self.error
        return {name: Reply(0, f"{name} together".encode()) for name in names if name not in self.only_alone}

    def give(self, name: str, *options: str, most: int = MOST_TOGETHER) -> asyncio.Task[Reply]:
        return asyncio.create_task(self.arrays.hand_over(Offer((name, "nonce"), options), most=most))


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def said(*tasks: asyncio.Task[Reply]) -> list[str]:
    return [reply.text for reply in await asyncio.gather(*tasks)]


async def test_those_that_begin_at_once_go_together_and_those_that_ask_for_something_else_do_not() -> None:
    cluster = Cluster()
    cluster.open.set()
    tasks = [cluster.give("a"), cluster.give("b"), cluster.give("c", "--mem=5M"), cluster.give("d")]
    assert await said(*tasks) == ["a together", "b together", "c alone", "d together"]
    assert sorted(cluster.sent) == [["a", "b", "d"], ["c"]]


async def test_those_that_come_while_one_is_under_way_go_with_the_next() -> None:
    cluster = Cluster()
    first = cluster.give("a")
    await turns()
    later = [cluster.give("b"), cluster.give("c")]
    await turns()
    assert cluster.sent == [["a"]]
    cluster.open.set()
    assert await said(first, *later) == ["a alone", "b together", "c together"]


async def test_an_array_has_at_most_so_many() -> None:
    cluster = Cluster()
    cluster.open.set()
    await said(*(cluster.give(str(number), most=3) for number in range(8)))
    assert [len(names) for names in cluster.sent] == [3, 3, 2]
    cluster.sent.clear()
    await said(*(cluster.give(str(number), most=1) for number in range(3)))
    assert [len(names) for names in cluster.sent] == [1, 1, 1]


async def test_of_which_nothing_was_said_goes_alone() -> None:
    cluster = Cluster()
    cluster.open.set()
    cluster.only_alone = {"b"}
    assert await said(cluster.give("a"), cluster.give("b")) == ["a together", "b alone"]


async def test_an_error_is_everybodys_and_the_next_are_sent_again() -> None:
    cluster = Cluster()
    cluster.open.set()
    cluster.error = Unreachable("away")
    found = await asyncio.gather(cluster.give("a"), cluster.give("b"), return_exceptions=True)
    assert found == [cluster.error, cluster.error]
    cluster.error = None
    assert await said(cluster.give("a"), cluster.give("b")) == ["a together", "b together"]


@pytest.mark.parametrize("which", [0, 1])
async def test_one_that_is_given_up_leaves_the_others_to_their_turn(which: int) -> None:
    cluster = Cluster()
    tasks = [cluster.give(name) for name in "abc"]
    await turns()
    tasks.pop(which).cancel()
    await turns()
    cluster.open.set()
    assert [text[2:] for text in await said(*tasks)] == ["together", "together"]
    assert cluster.sent[0] == ["a", "b", "c"]
