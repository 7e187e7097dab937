"""One context: what it is, what is wrong with it, and the line that mends it; never anything of a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Standing(Enum):
    """How a context is: USABLE; LOCKED, for a pass phrase is needed; UNUSABLE, and so never tried; ABSENT."""

    USABLE = "usable"
    LOCKED = "locked"
    UNUSABLE = "unusable"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Context:
    """`kind` is one of `key agent proxy certificate password`, `name` tells which.

    `says` is what it is or what is wrong, `mend` the line or sentence that mends it, `ends` when it is valid no more.
    An `exposed` one may be known to others by now, a `limited` one starts no jobs, one that is `by_agent` is a key that
    the agent must be asked for besides.
    """

    kind: str
    name: str
    standing: Standing
    says: str
    mend: str = ""
    ends: datetime | None = None
    exposed: bool = False
    limited: bool = False
    by_agent: bool = False

    @property
    def text(self) -> str:
        """As `contexts` in the settings and `--context` take it."""
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @property
    def usable(self) -> bool:
        return self.standing is Standing.USABLE

    @property
    def wrong(self) -> bool:
        """Whether it is there, and cannot be used as it is."""
        return self.standing in {Standing.LOCKED, Standing.UNUSABLE}
