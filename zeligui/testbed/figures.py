"""What a node says of itself in place of /proc: the figures of its own processes against its declared hardware."""

from __future__ import annotations

import math
import os
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zeligui.testbed.processes import Process, thread_states

KIB = 1024
COUNTERS_S = 0.5  # replacing a file costs half a millisecond on ext4, most of what a quiet grid uses


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a node declares: processors, their clock in MHz, memory in MB (10^6 bytes)."""

    processors: int
    mhz: int
    memory_mb: int

    @property
    def memory_kb(self) -> int:
        return self.memory_mb * 1_000_000 // KIB


@dataclass(frozen=True, slots=True)
class Activity:
    """What a node's processes do at one moment; `runnable` and `blocked` count threads."""

    processes: int
    runnable: int
    blocked: int
    resident_kb: int


class Pulse:
    """Tells what the processes of a node do, from one look to the next."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[int, bool]] = {}

    def look(self, processes: Iterable[Process], *, hidden: int) -> Activity:
        """Sum up all but the process `hidden`.

        A thread is runnable when it runs or waits for a processor, and its process, seen at the last look, has used a
        tick of one since then or was runnable then as well: neither the start of the sensor counts, nor its waking
        for a millisecond, nor a poll.
        """
        before, self._before = self._before, {}
        count = runnable = blocked = resident_kb = 0
        for process in processes:
            if process.pid == hidden:
                continue
            states = Counter(thread_states(process))
            ticks, ran = before.get(process.pid, (process.ticks, False))
            self._before[process.pid] = (process.ticks, states["R"] > 0)
            count += 1
            runnable += states["R"] if ran or process.ticks > ticks else 0
            blocked += states["D"]
            resident_kb += process.resident_kb
        return Activity(count, runnable, blocked, resident_kb)


class Figures:
    """The folder that a node's `$ZELIGRID_PROC` names. Each file is replaced whole, so that none is read half."""

    def __init__(self, folder: Path, hardware: Hardware) -> None:
        self._folder = folder
        self._hardware = hardware
        self._written: dict[str, str] = {}

    def power_on(self, name: str, *, now: float, wall: float) -> None:
        """Begin anew: another boot id, counters at zero. `now` in seconds on any clock, `wall` since 1970."""
        self._since = self._now = now
        self._booted = int(wall)
        self._busy_s = 0.0
        self._loads = [0.0, 0.0, 0.0]
        self._active = 0
        self._due = now
        self._shown = (0, 0)
        self._written.clear()
        for file, text in self._constants(name).items():
            self._put(file, text)
        self.update(Activity(0, 0, 0, 0), now=now)

    def update(self, seen: Activity, *, now: float) -> None:
        """Account for the time since the last call; write a change of what runs at once, the rest now and then."""
        passed = now - self._now
        self._now = now
        self._busy_s += min(self._active, self._hardware.processors) * passed
        self._active = seen.runnable
        # The kernel's damped averages over 1, 5 and 15 minutes (kernel/sched/loadavg.c), in continuous form.
        fading = [math.exp(-passed / (60 * minutes)) for minutes in (1, 5, 15)]
        waiting = seen.runnable + seen.blocked
        self._loads = [load * part + waiting * (1 - part) for load, part in zip(self._loads, fading, strict=True)]
        if self._shown != (seen.runnable, seen.blocked) or now >= self._due:
            self._shown, self._due = (seen.runnable, seen.blocked), now + COUNTERS_S
            for file, text in self._variables(seen).items():
                self._put(file, text)

    def _constants(self, name: str) -> Mapping[str, str]:
        real = Path("/proc")
        return {
            "cpuinfo": self._cpuinfo(),
            "version": (real / "version").read_text(),
            "sys/kernel/osrelease": (real / "sys/kernel/osrelease").read_text(),
            "sys/kernel/ostype": (real / "sys/kernel/ostype").read_text(),
            "sys/kernel/hostname": f"{name}\n",
            "sys/kernel/random/boot_id": f"{uuid.uuid4()}\n",
        }

    def _cpuinfo(self) -> str:
        ghz = self._hardware.mhz / 1000
        return "".join(
            f"processor\t: {number}\n"
            f"model name\t: ZeliGrid embedded processor @ {ghz:.2f}GHz\n"
            f"cpu MHz\t\t: {self._hardware.mhz:.3f}\n"
            f"cpu cores\t: {self._hardware.processors}\n\n"
            for number in range(self._hardware.processors)
        )

    def _variables(self, seen: Activity) -> Mapping[str, str]:
        processors = self._hardware.processors
        idle_s = (self._now - self._since) * processors - self._busy_s
        # procs_running counts the reader, as the kernel's does: who reads it runs.
        lines = [_processor("cpu ", self._busy_s, idle_s)]
        lines += [_processor(f"cpu{n}", self._busy_s / processors, idle_s / processors) for n in range(processors)]
        lines += [f"btime {self._booted}", f"processes {seen.processes}"]
        lines += [f"procs_running {seen.runnable + 1}", f"procs_blocked {seen.blocked}"]
        loads = " ".join(f"{load:.2f}" for load in self._loads)
        return {
            "stat": "\n".join(lines) + "\n",
            "loadavg": f"{loads} {seen.runnable + 1}/{seen.processes} {seen.processes}\n",
            "meminfo": self._meminfo(seen.resident_kb),
        }

    def _meminfo(self, resident_kb: int) -> str:
        total = self._hardware.memory_kb
        free = max(0, total - resident_kb)
        entries = {"MemTotal": total, "MemFree": free, "MemAvailable": free, "Buffers": 0, "Cached": 0}
        entries |= {"SwapTotal": 0, "SwapFree": 0}
        return "".join(f"{name + ':':16}{value:8} kB\n" for name, value in entries.items())

    def _put(self, name: str, text: str) -> None:
        if self._written.get(name) == text:
            return
        file = self._folder / name
        if name not in self._written:
            file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text)
        fresh.replace(file)
        self._written[name] = text


_TICKS = os.sysconf("SC_CLK_TCK")


def _processor(name: str, busy_s: float, idle_s: float) -> str:
    return f"{name} {int(busy_s * _TICKS)} 0 0 {int(idle_s * _TICKS)} 0 0 0 0 0 0"
