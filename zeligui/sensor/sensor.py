"""Measures the machine it runs on: one JSON line a period on standard output, until that is gone.

    sensor.py [PERIOD [COUNT]]

A line is {"stamp": unix time, "identity": "boot id:pid namespace", "named": whether $ZELIGRID_HOSTNAME gave the name,
"values": {attribute: value}, "jobs": {id: {"cpu_s", "memory_mb", "runnable"}}}, in the contract language's own units.
Machine-wide figures are read in $ZELIGRID_PROC (/proc, also for files that are absent there), processes in /proc.
Python 3.6 and its standard library are all it needs: this file is sent to the watched machine as it is.
"""

# pathlib would double the time and memory that the sensor takes; zip(strict=) needs Python 3.10.
# ruff: noqa: B905, PTH111, PTH115, PTH116, PTH123, PTH208

import json
import os
import select
import sys
import time

STEP_S = 0.23  # between samples; no divisor of a second, so that work done every second is not always met or missed
FIRST_S = 0.5
MOST_THREADS = 32  # of a process, read at each sample; the count of more is estimated from as many

PROC = "/proc"
OWN_PROC = os.environ.get("ZELIGRID_PROC") or PROC
NAMED = bool(os.environ.get("ZELIGRID_HOSTNAME"))
TICKS = float(os.sysconf("SC_CLK_TCK"))
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
ENDED = "ZX"  # a zombie is dead, whoever has not yet waited for it
KERNEL_THREAD = 0x200000  # PF_KTHREAD of the kernel's sched.h
NULL = b"\0"


def main(arguments: "list[str]") -> int:
    """Measure until nobody listens, or COUNT times."""
    period = float(arguments[0]) if arguments else 2.0
    left = int(arguments[1]) if len(arguments) > 1 else -1
    listener = Listener(1)
    sensor = Sensor()
    end = time.monotonic() + min(FIRST_S, period)
    while left:
        sensor.sample()
        now = time.monotonic()
        if now + STEP_S / 2 < end:
            if listener.gone(min(STEP_S, end - now)):
                break
            continue
        if listener.gone(max(0.0, end - now)) or not listener.tell(sensor.measurement()):
            break
        left -= 1
        end = max(end, time.monotonic() - period) + period
    return 0


class Listener:
    """Who reads the lines."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, 0)  # errors and hang-ups alone, which are always told

    def gone(self, seconds: float) -> bool:
        """Wait; True at once when nobody can read any more."""
        return bool(self._poll.poll(seconds * 1000))

    def tell(self, measurement: "dict[str, object]") -> bool:
        """Write one line whole; False when nobody can read it."""
        data = (json.dumps(measurement, allow_nan=False) + "\n").encode("ascii")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except BrokenPipeError:
            return False
        return True


class Sensor:
    """Samples of the current period, and what does not change."""

    def __init__(self) -> None:
        self.jobs = Jobs(os.environ.get("ZELIGRID_PROC", ""))
        self._constant = constant_values()
        self._identity = identity()
        self._samples = 0
        self._runnable = 0

    def sample(self) -> None:
        """Count what wants a processor now, this process left out."""
        self._samples += 1
        self._runnable += runnable_now()
        self.jobs.sample()

    def measurement(self) -> "dict[str, object]":
        """What the samples since the last measurement say."""
        samples = max(1, self._samples)
        runnable = self._runnable / samples
        self._samples = self._runnable = 0
        values = dict(self._constant)
        for figures_of in (loads(), memory(), disk(), processors(runnable)):
            values.update(figures_of)
        measurement = {"stamp": round(time.time(), 3), "identity": self._identity, "named": NAMED, "values": values}
        measurement["jobs"] = self.jobs.report(samples)
        return measurement


def content(path: str) -> str:
    """A file's text, empty where it cannot be read."""
    try:
        with open(path, "rb", 0) as file:  # unbuffered, undecoded: half the time of a text file
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def figures(name: str) -> str:
    """A file of $ZELIGRID_PROC, of the real /proc where it is absent there."""
    own = content(OWN_PROC + "/" + name)
    return own or (content(PROC + "/" + name) if OWN_PROC != PROC else "")


def runnable_now() -> int:
    """Processes that run or wait for a processor, but for this very one, which reads the figure and so runs."""
    _, _, rest = figures("stat").partition("\nprocs_running ")
    return max(0, int(rest.split(None, 1)[0]) - 1) if rest else 0


def processors(runnable: float) -> "dict[str, float]":
    """cpuAvail = min(1, n / (r + 1)): the share of a processor that one more process gets beside r runnable ones."""
    count = figures("stat").count("\ncpu") or os.cpu_count() or 1
    return {
        "cpuCount": count,
        "runnable": round(runnable, 3),
        "cpuFree": round(max(0.0, count - runnable), 3),
        "cpuAvail": round(min(1.0, count / (runnable + 1)), 4),
    }


def loads() -> "dict[str, float]":
    words = figures("loadavg").split()
    return {name: float(word) for name, word in zip(("load1", "load5", "load15"), words)}


def memory() -> "dict[str, float]":
    """In MB of 1e6 bytes; before Linux 3.14, which has no MemAvailable, the NWS formula."""
    lines = [line.replace(":", " ").split() for line in figures("meminfo").splitlines()]
    kib = {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}
    if "MemAvailable" not in kib and "MemFree" in kib:
        kib["MemAvailable"] = kib["MemFree"] + kib.get("Buffers", 0) + kib.get("Cached", 0)
    names = (("totalMemory", "MemTotal"), ("freeMemory", "MemAvailable"), ("freeSwap", "SwapFree"))
    return {name: round(kib[of] * 1024 / 1e6, 1) for name, of in names if of in kib}


def disk() -> "dict[str, float]":
    try:
        home = os.statvfs(os.path.expanduser("~"))
    except OSError:
        return {}
    return {"freeDisk": round(home.f_bavail * home.f_frsize / 1e6, 1)}


def constant_values() -> "dict[str, object]":
    system = os.uname()
    release = distribution()
    found = {
        "hostName": os.environ.get("ZELIGRID_HOSTNAME") or full_name(system.nodename),
        "osName": system.sysname,
        "osDistribution": release.get("NAME", "").replace(" GNU/Linux", ""),
        "osRelease": release.get("VERSION_ID") or system.release,
        "arch": system.machine,
        "machines": 1,
    }
    found.update(processor())
    return {name: value for name, value in found.items() if value}


def full_name(name: str) -> str:
    """The node's name with its domain where /etc/hosts gives it one; a name server might take a minute to say no."""
    for line in content("/etc/hosts").splitlines():
        words = line.partition("#")[0].split()[1:]
        if name in words:
            full = [word for word in words if word.startswith(name + ".")]
            if full:
                return full[0]
    return name


def distribution() -> "dict[str, str]":
    lines = (content("/etc/os-release") or content("/usr/lib/os-release")).splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip().strip("\"'") for name, _, value in pairs if value}


def processor() -> "dict[str, object]":
    """Model and clock: the highest the processor may take where it says so, not what it saves power at."""
    models, clocks = [], []
    for line in figures("cpuinfo").splitlines():
        name, _, value = line.partition(":")
        name = name.strip().lower()
        if name in ("model name", "cpu model", "cpu", "hardware"):
            models.append(value.strip())
        elif name in ("cpu mhz", "clock"):
            clocks.append(value.replace("MHz", "").strip())
    if OWN_PROC == PROC or not content(OWN_PROC + "/cpuinfo"):
        khz = content("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq").strip()
        clocks.append(khz[:-3])
    mhz = [float(clock) for clock in clocks if clock.replace(".", "", 1).isdigit()]
    return {"cpuModel": models[0] if models else "", "cpuSpeed": round(max(mhz or [0.0]), 1)}


def identity() -> str:
    """Which machine this is: its boot and its pid namespace."""
    boot = figures("sys/kernel/random/boot_id").strip()
    try:
        space = os.readlink(PROC + "/self/ns/pid").strip("pid:[]")
    except OSError:
        space = ""
    return boot + ":" + space if boot else ""


class Process:
    """What was last seen of a process of this user."""

    __slots__ = ("command", "group", "job", "looks", "pages", "parent", "session", "start", "ticks")

    def __init__(self, fields: "list[str]") -> None:
        self.job = ""
        self.looks = 0
        self.command = ""
        self.start = fields[19]
        self.update(fields)

    def update(self, fields: "list[str]") -> None:
        """Take over the fields of /proc/PID/stat that come after the command's name."""
        self.parent, self.group, self.session = int(fields[1]), int(fields[2]), int(fields[3])
        self.ticks = sum(int(field) for field in fields[11:15])
        self.pages = int(fields[21])


class Jobs:
    """Which processes belong to which job, and what they use.

    A process belongs to the job that $ZELIGRID_JOB in its environment names, else to that of its parent, of its
    session's leader or of its group's leader, and for good. `proc` tells the nodes of an embedded grid apart: only
    processes with the same $ZELIGRID_PROC count.
    """

    def __init__(self, proc: str) -> None:
        self._proc = os.fsencode(proc)
        self._user = os.getuid()
        self._self = os.getpid()
        self._known = {}  # type: dict[int, Process | None]
        self._led = {}  # type: dict[int, str]
        self._runnable = {}  # type: dict[str, float]
        self._gone = {}  # type: dict[str, int]

    def sample(self) -> None:
        """Find new processes and count the jobs' runnable ones."""
        for name in os.listdir(PROC):
            if name.isdigit() and int(name) not in self._known:
                self._look(int(name))
        self._spread()
        for pid, process in self._members():
            self._runnable[process.job] = self._runnable.get(process.job, 0) + runnable_threads(pid, process)

    def report(self, samples: int) -> "dict[str, dict[str, float]]":
        """What each job used; one that ended since the last report comes once more."""
        before = dict(self._known)
        for name in list(self._known):
            self._look(name)
        self._spread()
        self._bury(before)
        totals = {job: [ticks, 0] for job, ticks in self._gone.items()}
        for _, process in self._members():
            total = totals.setdefault(process.job, [0, 0])
            total[0] += process.ticks
            total[1] += process.pages
        report = {}
        for job, (ticks, pages) in totals.items():
            use = round(ticks / TICKS, 2), round(pages * PAGE_MB, 1), round(self._runnable.get(job, 0) / samples, 3)
            report[job] = dict(zip(("cpu_s", "memory_mb", "runnable"), use))
        self._forget()
        return report

    def _members(self) -> "list[tuple[int, Process]]":
        return [(pid, process) for pid, process in self._known.items() if process is not None and process.job]

    def _look(self, pid: int) -> None:
        """Read a process anew; it leaves the table when it has ended, and stays as None where it is not ours."""
        user = owner(pid)
        fields, command = stat_of(pid) if user == self._user else ([], "")
        if not fields or pid == self._self or int(fields[6]) & KERNEL_THREAD:
            self._known[pid] = None
            if user < 0:
                del self._known[pid]
            return
        process = self._known.get(pid)
        if process is None or process.start != fields[19]:
            process = self._known[pid] = Process(fields)
        process.update(fields)
        if fields[0] in ENDED and not self._awaited(process):
            self._known[pid] = None
            return
        # A process forked a moment ago still shows its parent's environment: read again, and when it has a new name.
        if process.looks < 3 or process.command != command:
            process.looks += 1
            process.command = command
            process.job = self._mark(pid) or process.job

    def _awaited(self, process: Process) -> bool:
        """Whether its parent belongs to its job, so that its time goes to the parent's account when it is reaped."""
        parent = self._known.get(process.parent)
        return parent is not None and bool(parent.job) and parent.job == process.job

    def _mark(self, pid: int) -> str:
        """The job that a process's environment names."""
        try:
            with open(f"{PROC}/{pid}/environ", "rb") as file:
                environment = NULL + file.read()
        except OSError:
            return ""
        if variable(environment, b"ZELIGRID_PROC") != self._proc:
            return ""
        job = variable(environment, b"ZELIGRID_JOB").decode("ascii", "replace")
        return job if job.replace("-", "").replace("_", "").isalnum() and len(job) <= 64 else ""

    def _spread(self) -> None:
        """Give the unmarked processes the jobs of their parents, sessions and groups, until nothing changes."""
        unmarked = [process for process in self._known.values() if process is not None and not process.job]
        found = True
        while found:
            self._led.update((pid, one.job) for pid, one in self._members() if pid in (one.session, one.group))
            found = False
            for process in unmarked:
                if not process.job:
                    process.job = self._inherited(process)
                    found = found or bool(process.job)

    def _inherited(self, process: Process) -> str:
        parent = self._known.get(process.parent)
        of_parent = parent.job if parent is not None else ""
        return of_parent or self._led.get(process.session, "") or self._led.get(process.group, "")

    def _bury(self, before: "dict[int, Process | None]") -> None:
        """Keep the time of those that ended, except where a living parent in the job has it in its own account."""
        for pid, process in before.items():
            ended = process is not None and bool(process.job) and self._known.get(pid) is not process
            if process is not None and ended and not self._awaited(process):
                self._gone[process.job] = self._gone.get(process.job, 0) + process.ticks

    def _forget(self) -> None:
        """Drop the jobs and leaders that have no process any more."""
        ours = [process for process in self._known.values() if process is not None]
        jobs = {process.job for process in ours}
        alive = {process.session for process in ours} | {process.group for process in ours}
        self._gone = {job: ticks for job, ticks in self._gone.items() if job in jobs}
        self._led = {leader: job for leader, job in self._led.items() if leader in alive}
        self._runnable = {}


def variable(environment: bytes, name: bytes) -> bytes:
    """The value of a variable in an environment that starts with a NUL; empty where it has none."""
    _, _, rest = environment.partition(NULL + name + b"=")
    return rest.partition(NULL)[0]


def owner(pid: int) -> int:
    try:
        return os.stat(f"{PROC}/{pid}").st_uid
    except OSError:
        return -1


def stat_of(path: object) -> "tuple[list[str], str]":
    """The fields of /proc/PID/stat after the command's name, and the name; no fields where it has ended."""
    head, _, rest = content(f"{PROC}/{path}/stat").rpartition(")")
    return rest.split(), head.partition("(")[2]


def runnable_threads(pid: int, process: Process) -> float:
    """How many threads of a process run or wait for a processor."""
    fields, _ = stat_of(pid)
    if not fields or fields[19] != process.start:
        return 0
    if int(fields[17]) == 1:
        return int(fields[0] == "R")
    try:
        threads = os.listdir(f"{PROC}/{pid}/task")
    except OSError:
        return 0
    some = threads[:: 1 + len(threads) // MOST_THREADS]
    states = [stat_of(f"{pid}/task/{thread}")[0][:1] for thread in some]
    return states.count(["R"]) * len(threads) / max(1, len(some))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
