"""Which processes belong to which job of ZeliGrid, and what the jobs use."""

# ruff: noqa: B905, PTH116, PTH123, PTH208

import os

from zeligui.sensor.reading import PROC, TICKS, stat_of

MOST_THREADS = 32  # of a process, read at each sample; the count of more is estimated from as many

PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
ENDED = "ZX"  # a zombie is dead, whoever has not yet waited for it
KERNEL_THREAD = 0x200000  # PF_KTHREAD of the kernel's sched.h
NULL = b"\0"
LOOKS = 3  # at the environment of a new process
SETTLED_LOOKS = 5  # one report in so many looks at what is nobody's job: reading all each time is most of the cost


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
        self._samples = self._reports = 0
        self._led = {}  # type: dict[int, str]
        self._runnable = {}  # type: dict[str, float]
        self._gone = {}  # type: dict[str, int]

    def sample(self) -> None:
        """Find new processes and count the jobs' runnable ones."""
        self._samples += 1
        if self._samples % 2:  # listing all processes is most of the cost
            for name in os.listdir(PROC):
                if name.isdigit() and int(name) not in self._known:
                    self._look(int(name))
            self._spread()
        for pid, process in self._members():
            self._runnable[process.job] = self._runnable.get(process.job, 0) + runnable_threads(pid, process)

    def report(self, samples: int) -> "dict[str, dict[str, float]]":
        """What each job used; one that ended since the last report comes once more."""
        before = dict(self._known)
        self._reports += 1
        for pid in list(self._known):
            if not self._settled(pid) or (pid + self._reports) % SETTLED_LOOKS == 0:
                self._look(pid)
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

    def _settled(self, pid: int) -> bool:
        """Whether a process is nobody's job and will hardly become one: those of new jobs are new ones."""
        process = self._known[pid]
        return process is None or (not process.job and process.looks >= LOOKS)

    def _members(self) -> "list[tuple[int, Process]]":
        return [(pid, process) for pid, process in self._known.items() if process is not None and process.job]

    def _look(self, pid: int) -> None:
        """Read a process anew; it leaves the table when it has ended, and stays as None where it is not ours."""
        user = owner(pid)
        fields, command = stat_of(pid) if user == self._user else ([], "")
        if not fields or self._self in (pid, int(fields[1])) or int(fields[6]) & KERNEL_THREAD:
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
        if process.looks < LOOKS or process.command != command:
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
