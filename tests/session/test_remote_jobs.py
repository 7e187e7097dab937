"""Remote jobs as rows: by which service each runs, and how far its files are."""

from __future__ import annotations

from tests.session.test_ledger import JOB, begun
from zeligui.clock import SystemClock
from zeligui.experiment.journal import Journal
from zeligui.files.progress import Progress
from zeligui.grid.machines import Machines
from zeligui.session.ledger import Ledger
from zeligui.session.remote_jobs import RemoteJobs
from zeligui.session.snapshot import RemoteJob


async def test_a_row_says_by_which_service_and_how_far_its_files_are(journal: Journal) -> None:
    await journal.append(*begun())
    ledger = Ledger(journal)
    await ledger.load()
    staging: dict[str, Progress] = {}
    jobs = RemoteJobs(ledger, Machines([], clock=SystemClock()), staging.get)

    def row() -> RemoteJob:
        jobs.renew(ledger.states["pi"], {}, (), driven=True)
        return jobs.rows()[0]

    first = row()
    assert (first.service, first.staging) == ("ssh://node1", None)
    assert row() is first
    staging[JOB] = Progress("a", 1, 2, 0, 1)
    second = row()
    assert second.staging is staging[JOB]
    assert row() is second
    staging[JOB] = Progress("a", 2, 2, 1, 1)
    assert row().staging is staging[JOB]
    staging.clear()
    assert row() == first
