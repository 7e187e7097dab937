"""The adaptors of job services: what each can do, which machines it is for, and what it needs to reach them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, cast

from zeligui.errors import ZeliGridError
from zeligui.links.addresses import Address
from zeligui.schemes import JOBS, installed

if TYPE_CHECKING:
    from zeligui.jobs.job import JobDescription
    from zeligui.jobs.service import JobService
    from zeligui.links.link import Links

ANYWHERE = "any"
"""The scheme that takes the others; it is none that it could take itself."""


class Ability(Enum):
    """What a job service may be able to do with a job."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    SUSPEND = "suspend"
    STDIN = "stdin"
    OUTPUT = "output"
    STAGING = "staging"
    CHECKPOINT = "checkpoint"


class Unfit(ZeliGridError):
    """An adaptor cannot be used for a machine from here: a credential or a package is missing. It mends no other."""


class NotMeant(ZeliGridError):
    """An adaptor is for machines of another kind."""


Reach = Callable[[str, Address, "Links"], str]
"""`reach(scheme, address, links)`: the URL by which a machine is reached. It reads files, and so is called in a thread.

Unfit where what it needs is not at hand, NotMeant where the machine is not of its kind.
"""


def by_name(scheme: str, address: Address, _: Links) -> str:
    """The URL of another scheme for the same address."""
    return f"{scheme}{address.url.removeprefix('ssh')}"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a module with a job service declares of it, as its constant ADAPTOR. `order` is its turn, small first."""

    words: str = ""
    can: frozenset[Ability] = frozenset(Ability)
    reach: Reach = by_name
    order: int = 100


@dataclass(frozen=True, slots=True)
class Adaptor:
    """One adaptor that is installed, loaded where it can be: else `trouble` says why not."""

    scheme: str
    declared: Declared
    trouble: Unfit | None = None

    def url(self, address: Address, links: Links) -> str:
        """Where a machine is reached by it. Unfit or NotMeant."""
        if self.trouble:
            raise self.trouble
        return self.declared.reach(self.scheme, address, links)

    def lacks(self, job: JobDescription) -> str:
        """What a job needs and this cannot do, in words; empty where it can do all."""
        return ", ".join(ability.value for ability in _needed(job) if ability not in self.declared.can)


def adaptors() -> Sequence[Adaptor]:
    """All that are installed, in the order in which they are tried."""
    found = [_loaded(entry) for entry in installed(JOBS)]
    return sorted(found, key=lambda adaptor: (adaptor.declared.order, adaptor.scheme))


def opener(entry: EntryPoint) -> Callable[[str, Links], JobService]:
    """What opens a service. Unfit where its module cannot be imported."""
    try:
        return cast("Callable[[str, Links], JobService]", entry.load())
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        raise Unfit(
            f"The adaptor for {entry.name}:// cannot be loaded: {error}.",
            hint=f"Install what it needs: pip install {missing}" if missing else "Install its package anew.",
        ) from error


def _loaded(entry: EntryPoint) -> Adaptor:
    try:
        opener(entry)
    except Unfit as trouble:
        return Adaptor(entry.name, Declared(can=frozenset()), trouble)
    declared = getattr(importlib.import_module(entry.module), "ADAPTOR", Declared())
    return Adaptor(entry.name, declared)


def _needed(job: JobDescription) -> Sequence[Ability]:
    needed = [Ability.SUBMIT]
    if job.input:
        needed.append(Ability.STAGING)
    if job.interactive:
        needed.append(Ability.STDIN)
    return needed
