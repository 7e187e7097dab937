"""What share of a processor a process gets: by counting who wants one, corrected by a child that spins for a moment."""

# time.monotonic, not a Clock: this runs where nothing of ours is.

import os
import time

from zeligui.sensor.quotas import QUOTA_PERIOD_S, Quota
from zeligui.sensor.reading import OWN_FIGURES, figures

ENOUGH_S, LONGEST_SPIN_S = 0.05, 2.0
"""A spin ends at the first multiple of the usual period of a quota by which it was on a processor so long."""

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 90.0, 720.0
SPINS_SAVED = 3.0  # so many may follow one another at once; in the long run, one comes in each shortest pause
TAME, WILD = 0.05, 0.15
STEADY = 0.1


class Processors:
    """Counts between two measurements; `spins`: whether a child may spin, which measures the whole real machine."""

    def __init__(self, spins: bool = not OWN_FIGURES) -> None:
        self.spin = Spin()
        self._spins = spins
        self._quota = Quota() if spins else None
        self._correction = Correction(time.monotonic())
        self._samples = self._runnable = 0
        self._before = -1.0
        self._begun = -1.0

    def sample(self) -> None:
        """Count what wants a processor now, this process and its spinning child left out."""
        self.spin.look()
        self._samples += 1
        self._runnable += max(0, runnable_now() - self.spin.running)

    def values(self) -> "dict[str, float]":
        """What the samples since the last measurement say."""
        runnable = self._runnable / max(1, self._samples)
        self._samples = self._runnable = 0
        host = Contention(processor_count(), runnable)
        if self._quota is not None:
            self._quota.look(time.monotonic())
            host.quota, host.throttled = self._quota.processors, self._quota.throttled
        if self._spins:
            self._hybrid(host, time.monotonic())
        return host.values(self._correction.offset)

    def _hybrid(self, host: "Contention", now: float) -> None:
        """Learn from a spin that has ended, and begin one where it is time and the load is steady."""
        passive = host.available()
        got = self.spin.taken()
        if got > 0 and abs(passive - self._begun) <= STEADY:
            self._correction.learn(host, got)
        steady = abs(passive - self._before) <= STEADY
        self._before = passive
        if self._correction.due(passive, now) and steady and not self.spin.running:
            self._correction.begin(passive, now)
            self._begun = passive
            self.spin.start()


class Contention:
    """Who competes for how many processors; `throttled`: the part of the time in which a quota is used up."""

    def __init__(self, count: int, runnable: float, quota: float = 0.0, throttled: float = 0.0) -> None:
        self.count, self.runnable, self.quota, self.throttled = count, runnable, quota, throttled

    def available(self, offset: float = 0.0) -> float:
        """The share of a processor that one more process gets: min(1, n / (r + 1)), and no more than the quota leaves.

        n / (r + 1) is NWS's, for r runnable processes; a quota that is used up is shared with one process at least.
        """
        share = min(1.0, self.count / (max(0.0, self.runnable + offset) + 1))
        if self.quota:
            share = min(share, self.quota / (self.throttled * max(1.0, self.quota) + 1))
        return share

    def current(self, offset: float = 0.0) -> float:
        """The share that a process which already runs gets: NWS's min(1, n / r)."""
        share = min(1.0, self.count / max(1.0, self.runnable + offset))
        return min(share, self.quota) if self.quota else share

    def bounds(self, got: float) -> "tuple[float, float]":
        """What a process gets in the long run where it got `got` for a moment, on the least busy processor.

        At least that; at most what it would get if all processors were as little busy: 1/got - 1 competitors on each.
        What a quota took is shared by all.
        """
        if self.throttled > 0.5:
            return got, got
        return got, min(1.0, self.count / (self.count * (1 / got - 1) + 1))

    def offset(self, got: float) -> float:
        """What to add to the runnable ones so that they explain what a process got for a moment; 0 where they do."""
        low, high = self.bounds(got)
        if self.available() < low - TAME:
            return self.count * (1 / got - 1) - self.runnable
        return self.count / low - 1 - self.runnable if self.available() > high + TAME else 0.0

    def values(self, offset: float) -> "dict[str, float]":
        """The figures of the contract language; min(1, n / (runnable + 1)) is cpuAvail, n no more than cpuLimit."""
        available, limit = self.available(offset), min(float(self.count), self.quota or float(self.count))
        runnable = max(0.0, self.runnable + offset)
        if self.quota:
            runnable = limit / available - 1 if available < 1 else min(runnable, limit - 1)
        found = {
            "cpuCount": self.count,
            "runnable": round(runnable, 3),
            "cpuFree": round(max(0.0, limit - runnable), 3),
            "cpuAvail": round(available, 4),
            "cpuCurrent": round(self.current(offset), 4),
        }
        if limit < self.count:
            found["cpuLimit"] = round(limit, 3)
        return found


class Correction:
    """The bias of the hybrid sensor of NWS (Wolski, Spring, Hayes 1999), and when it is looked for anew.

    `offset` is what to add to the number of runnable processes: less than none for niced ones, which stand back; more
    for what is not seen, such as a quota from outside. It stays 0 where the count explains what the spin got.
    """

    def __init__(self, now: float) -> None:
        self.offset = 0.0
        self._doubted = None  # type: float | None
        self._pause = SHORTEST_PAUSE_S
        self._saved, self._counted = SPINS_SAVED, now
        self._last = float("-inf")
        self._passive = -1.0
        self._restless = 0

    def due(self, passive: float, now: float) -> bool:
        """Whether to spin: at first, after the pause, in doubt, and when the count has been another for two lines."""
        self._saved = min(SPINS_SAVED, self._saved + (now - self._counted) / SHORTEST_PAUSE_S)
        self._counted = now
        self._restless = self._restless + 1 if abs(passive - self._passive) >= WILD else 0
        wanted = self._doubted is not None or self._restless > 1 or now - self._last >= self._pause
        return wanted and self._saved >= 1

    def begin(self, passive: float, now: float) -> None:
        self._saved -= 1
        self._last, self._passive = now, passive

    def learn(self, host: Contention, got: float) -> None:
        """Take over what a spin got; the pause doubles where that was expected, and halves where it was not.

        What was not expected is believed when a second spin at once confirms it, and as far as it does: for a tenth of
        a second, anything may have been in the way.
        """
        expected, offset = host.available(self.offset), host.offset(got)
        if self._doubted is None and abs(host.available(offset) - expected) > TAME:
            self._doubted = offset
            return
        if self._doubted is not None:
            offset = min(offset, self._doubted, key=abs)
        self.offset, self._doubted = offset, None
        surprise = abs(host.available(offset) - expected)
        if surprise <= TAME:
            self._pause = min(LONGEST_PAUSE_S, self._pause * 2)
        elif surprise >= WILD:
            self._pause = max(SHORTEST_PAUSE_S, self._pause / 2)


class Spin:
    """A child that spins, as a job would, and tells what share of a processor it got; `cost_s`: of all so far."""

    def __init__(self) -> None:
        self.cost_s = 0.0
        self.child = 0
        self._reader = -1
        self._got = 0.0

    @property
    def running(self) -> bool:
        return self.child > 0

    def start(self) -> None:
        reader, writer = os.pipe()
        try:
            child = os.fork()
        except OSError:  # no more processes are allowed: then it is not found out
            os.close(reader)
            os.close(writer)
            return
        if child:
            os.close(writer)
            self._reader, self.child = reader, child
            return
        try:
            for descriptor in range(3):  # who reads the lines need not wait for this
                os.close(descriptor)
            os.write(writer, repr(spun()).encode())
        finally:
            os._exit(0)

    def look(self) -> None:
        """Take the result of a child that has ended."""
        if not self.child:
            return
        ended, used_s = reaped(self.child)
        if not ended:
            return
        self.child = 0
        self.cost_s += used_s
        said = os.read(self._reader, 64).decode()
        os.close(self._reader)
        self._got = float(said or 0)

    def taken(self) -> float:
        """What the last child got, once; 0 where none has ended since."""
        self.look()
        got, self._got = self._got, 0.0
        return min(1.0, got)


def reaped(child: int) -> "tuple[bool, float]":
    """Whether a child has ended, and the processor time that it took."""
    try:
        ended, _, used = os.wait4(child, os.WNOHANG)
    except ChildProcessError:  # SIGCHLD is ignored here: the system has reaped it
        return True, ENOUGH_S
    return bool(ended), used.ru_utime + used.ru_stime


def spun() -> float:
    """Spin, and give the share of a processor that this process got."""
    begun, used, end = time.monotonic(), time.process_time(), QUOTA_PERIOD_S
    while True:
        passed, own = time.monotonic() - begun, time.process_time() - used
        if passed >= end:
            if own >= ENOUGH_S or passed >= LONGEST_SPIN_S:
                return own / passed
            end += QUOTA_PERIOD_S


def runnable_now() -> int:
    """Processes that run or wait for a processor, but for this very one, which reads the figure and so runs."""
    words = figures("loadavg").split()  # a tenth of the time that the kernel takes for stat, which has it too
    return max(0, int(words[3].partition("/")[0]) - 1) if len(words) > 3 else 0


def processor_count() -> int:
    return figures("stat").count("\ncpu") or os.cpu_count() or 1
