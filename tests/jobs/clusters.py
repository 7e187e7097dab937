"""What tests of Slurm's jobs look at and wait for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.jobs.places import Place
from tests.slurm import Slurm
from zeligui.jobs.slurm import SlurmService
from zeligui.links import slurm as addresses

SLEEP = ("sleep", "1000")
TICK = ("sh", "-c", "echo begun; exec sleep 1000")


def impatient(place: Place, prepared_s: float) -> SlurmService:
    """A service of another master, which gives a preparation less time."""
    return SlurmService(place.url, addresses.parse(place.url), place.links().to("local://"), prepared_s=prepared_s)


def native(place: Place, attempt: str) -> str:
    """Slurm's id of a job."""
    return (Path(place.handles[attempt]) / "native").read_text().split()[0]


def rows(slurm: Slurm, attempt: str) -> list[str]:
    """The states of all jobs of an attempt."""
    lines = slurm.run("squeue", "-h", "-t", "all", "-O", "State:20,Comment:64").splitlines()
    return [line.split()[0] for line in lines if line.split()[-1] == f"zeligrid:{attempt}"]


async def until(place: Place, holds: Callable[[], bool]) -> None:
    async def there() -> bool:
        return holds()

    def complaint() -> str:
        folder = Path(place.handles[place.last])
        return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted(folder.iterdir()) if path.is_file())

    await place.wait(there, complaint)
