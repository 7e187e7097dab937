"""What a cluster says of itself: its name and release, its partitions and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zeligui.links.slurm import is_name, whole


@dataclass(frozen=True, slots=True)
class Partition:
    """Nodes of one kind in a partition: each has so many processors and so much memory. None: there is no limit."""

    name: str
    up: bool
    limit_s: float | None
    cpus: int
    memory_mb: float
    idle: int


@dataclass(frozen=True, slots=True)
class Sight:
    """A cluster as it was looked at. `has_tools`: what runs on the nodes is there already; `umask` is the login's."""

    name: str
    release: str
    partitions: tuple[Partition, ...]
    has_tools: bool
    umask: str = "0022"
    most_in_array: int = 1

    @property
    def names(self) -> list[str]:
        return sorted({one.name for one in self.partitions})

    def of(self, partition: str) -> Sequence[Partition]:
        return [one for one in self.partitions if one.name == partition]


def read(output: str) -> Sight:
    """The answer to `look`. ValueError where it is not whole."""
    said: dict[str, list[str]] = {"config": [], "nodes": [], "tools": [], "umask": []}
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word in said:
            said[word].append(rest)
    config = dict(_pair(line) for line in said["config"])
    name = config.get("ClusterName", "")
    if not is_name(name):
        raise ValueError("it does not name its cluster")
    has_tools = any(place.endswith(f"/slurm-{name}") for place in said["tools"])
    umask = "".join(said["umask"][:1])
    if not umask.isdigit():
        raise ValueError("it does not say what its umask is")
    most_in_array = max(1, _number(config.get("MaxArraySize", "")) - 1)
    partitions = tuple(_partitions(said["nodes"]))
    return Sight(name, config.get("SLURM_VERSION", ""), partitions, has_tools, umask, most_in_array)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name.strip(), value.strip()


def _partitions(lines: Sequence[str]) -> Iterator[Partition]:
    for line in lines:
        fields = line.split("|")
        if len(fields) < 6 or not is_name(fields[0]):
            continue
        name, up, limit, cpus, memory, counts = fields[:6]
        idle = counts.split("/")[1:2]
        yield Partition(
            name, up == "up", seconds(limit), _number(cpus), _number(memory) * 2**20 / 1e6, _number("".join(idle))
        )


def _number(text: str) -> int:
    """A number as Slurm prints it; a `+` says that some have more."""
    return whole(text.rstrip("+")) or 0


def seconds(text: str) -> float | None:
    """A time as Slurm writes it, `[days-]hours:minutes:seconds` or `minutes:seconds`; None for `infinite`."""
    days, dash, rest = text.rpartition("-")
    parts = rest.split(":")
    if not all(part.isascii() and part.isdigit() for part in (*parts, days or "0")) or len(parts) > 3:
        return None
    total = 0
    for part in parts if not dash else (*parts, "0", "0")[:3]:
        total = total * 60 + int(part)
    return float(total + int(days or 0) * 86400)
