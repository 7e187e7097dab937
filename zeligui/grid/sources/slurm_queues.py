"""What Slurm says of its partitions and of who waits there, read as if an enemy had written it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zeligui.grid.hosts import Value
from zeligui.links.slurm import COMMANDS, is_name, moment, whole

_NODES = "%R|%a|%C|%D|%c|%m"
_JOBS = "%P|%t|%r|%S|%e|%V|%C"

ASK = f"""{COMMANDS}
ready_or out || exit 0
up || {{ printf '%s\\n' "$said" >&2; exit 1; }}
export SLURM_TIME_FORMAT=%s
config=$(slurm scontrol show config) || exit 1
printf '%s\\n' "$config" | while read -r name sign value; do [ "$name" != ClusterName ] || echo "cluster $value"; done
echo "now $(date +%s)"
nodes=$(slurm sinfo -h -o '{_NODES}') && printf '%s\\n' "$nodes" | sed 's/^/nodes /' || exit 1
jobs=$(slurm squeue -h -t PENDING,RUNNING -o '{_JOBS}') && printf '%s\\n' "$jobs" | sed 's/^/job /' || exit 1
echo end
"""

ASK_KINDS = f"""{COMMANDS}
ready_or out || exit 0
nodes=$(slurm scontrol -o show node) || exit 1
printf '%s\\n' "$nodes" |
    sed -n 's/.* Arch=\\([^ ]*\\) .* OS=\\([^ ]*\\) .* Partitions=\\([^ ]*\\) .*/\\1 \\2 \\3/p' | sort -u
"""

Kinds = Mapping[str, Mapping[str, Value]]
"""By partition, what its nodes have in common."""

_OWN_FAULT = tuple("Dependency BeginTime JobHeld Assoc QOS Invalid Reservation Licenses Bad Partition".split())
"""Reasons that begin so keep one job back, and say nothing of how long another would wait."""
MOST_LINES = 200_000
LONGEST_WAIT_S = 366 * 86400.0


@dataclass(slots=True)
class Queue:
    """A partition as of one moment. Of its kinds of nodes, the most frequent one counts."""

    up: bool = False
    free: int = 0
    machines: int = 0
    freest: float = 0.0
    sizes: dict[tuple[int, float], int] = field(default_factory=dict)
    waiting: int = 0
    starts: list[float] = field(default_factory=list)
    since: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def values(self, now: float) -> dict[str, Value]:
        """In the names and units of the contract language."""
        cpus, memory_mb = max(self.sizes, key=lambda size: self.sizes[size])
        values: dict[str, Value] = {
            "cpuCount": cpus,
            "cpuFree": round(self.freest, 2) if self.up else 0,
            "cpuAvail": 1.0 if self.free else 0.0,
            "machines": self.machines,
            "totalMemory": round(memory_mb, 1),
            "freeSlots": self.free,
        }
        wait_s = self.wait_s(now)
        if wait_s is not None:
            values["queueWait"] = round(wait_s, 1)
        return values

    def wait_s(self, now: float) -> float | None:
        """How long one more small job would wait; None where nothing tells.

        Nothing where there is a free slot and nobody waits. Behind others: until the last of them is expected to
        start, as Slurm's own backfill plans it, and where it plans nothing, as long as the first of them waits by now.
        Where all slots are taken and nobody waits, until the first job reaches its time limit.
        """
        if not self.up:
            return None
        if not self.waiting:
            return 0.0 if self.free else _until(min(self.ends, default=None), now)
        planned = _until(max(self.starts, default=None), now)
        waited = now - min(self.since) if self.since else None
        known = [wait for wait in (planned, waited) if wait is not None]
        return min(max(known), LONGEST_WAIT_S) if known else None


def _until(time: float | None, now: float) -> float | None:
    return None if time is None or time - now > LONGEST_WAIT_S else max(0.0, time - now)


@dataclass(slots=True)
class Look:
    """All partitions at one moment, seconds since 1970 by the clock there; `note` says what could not be read."""

    cluster: str = ""
    now: float = 0.0
    queues: dict[str, Queue] = field(default_factory=dict)
    wrong: int = 0
    whole: bool = False

    @property
    def note(self) -> str:
        lines = "1 line" if self.wrong == 1 else f"{self.wrong} lines"
        return f"{lines} of what Slurm said could not be read." if self.wrong else ""


def read(output: str) -> Look:
    """Read what `ASK` printed. ValueError where it is not whole; a garbled line is left out and counted."""
    look = Look()
    for line in output.splitlines()[:MOST_LINES]:
        word, _, rest = line.partition(" ")
        if word == "cluster" and is_name(rest):
            look.cluster = rest
        elif word == "now":
            look.now = moment(rest) or 0.0
        elif word == "nodes":
            _add_nodes(look, rest)
        elif word == "job" and rest:
            _add_job(look, rest)
        elif word == "end":
            look.whole = True
    if not (look.whole and look.cluster and look.now and look.queues):
        raise ValueError("the answer is not whole")
    return look


def _add_nodes(look: Look, line: str) -> None:
    """Nodes of one kind: partition, whether it is up, processors by use, nodes, processors and MiB of each."""
    name, up, counts, nodes, cpus, memory = (*line.split("|"), *[""] * 6)[:6]
    used = [whole(part) for part in counts.split("/")]
    machines, size, memory_mib = whole(nodes), whole(cpus.rstrip("+")), whole(memory.rstrip("+"))
    if not is_name(name) or len(used) != 4 or None in used or machines is None or size is None or memory_mib is None:
        look.wrong += 1
        return
    queue = look.queues.setdefault(name, Queue())
    queue.up = up == "up"
    idle = (used[1] or 0) if queue.up else 0
    queue.free += idle
    queue.machines += machines
    queue.freest = max(queue.freest, min(size, idle / machines) if machines else 0.0)
    kind = size, memory_mib * 2**20 / 1e6
    queue.sizes[kind] = queue.sizes.get(kind, 0) + machines


def _add_job(look: Look, line: str) -> None:
    """A job: its partitions, state, reason, expected or real start, end by its limit, submission, processors."""
    fields = line.split("|")
    if len(fields) != 7:
        look.wrong += 1
        return
    names, state, reason, start, end, since, _ = fields
    for name in names.split(","):
        queue = look.queues.get(name)
        if queue is None:
            continue
        if state == "R":
            queue.ends += _known(end)
        elif not reason.startswith(_OWN_FAULT):
            queue.waiting += 1
            queue.starts += _known(start)
            queue.since += _known(since)


def kinds(output: str) -> dict[str, dict[str, Value]]:
    """Read what `ASK_KINDS` printed: of each partition whose nodes all have one, the system and the processor."""
    found: dict[str, set[tuple[str, str]]] = {}
    for line in output.splitlines()[:MOST_LINES]:
        words = line.split(" ")
        if len(words) == 3 and is_name(words[0]) and is_name(words[1]):
            for name in words[2].split(","):
                found.setdefault(name, set()).add((words[0], words[1]))
    return {name: _common(pairs) for name, pairs in found.items()}


def _common(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    arches, systems = ({pair[place] for pair in pairs} for place in (0, 1))
    values: dict[str, Value] = {}
    if len(arches) == 1:
        values["arch"] = arches.pop()
    if len(systems) == 1:
        values["osName"] = systems.pop()
    return values


def _known(text: str) -> list[float]:
    time = moment(text)
    return [] if time is None else [time]
