"""Takes credentials back that a master left behind when it died."""

from __future__ import annotations

from zeligui.experiment.calling.grants import Grants
from zeligui.experiment.calling.homecalls import LIMIT_S, take_back
from zeligui.experiment.journal import Journal
from zeligui.experiment.state import COUNTED, fold
from zeligui.links.calls import call
from zeligui.settings import Home


async def sweep(grants: Grants, journal: Journal) -> int:
    """From all that have ended by the journal, or are over; how many lines were taken out of authorized_keys.

    An attempt is in the journal before it is given anything: what is here and not live there has ended.
    """
    given = await call(grants.attempts, limit=LIMIT_S)
    if not given:
        return 0
    states = await journal.add_up(fold, kinds=COUNTED)
    live = {attempt.id for state in states.values() for attempt in state.live()}
    return await call(take_back, grants, set(given) - live, limit=LIMIT_S)


async def sweep_home(home: Home, *, everything: bool) -> int:
    """The same of a home whose journal is not open; with `everything`, from what runs too. JournalError."""
    grants = Grants(home.folder)
    if everything:
        return await call(take_back, grants, await call(grants.attempts, limit=LIMIT_S), limit=LIMIT_S)
    journal = await call(Journal.open, home.journal_file)
    try:
        return await sweep(grants, journal)
    finally:
        await call(journal.close)
