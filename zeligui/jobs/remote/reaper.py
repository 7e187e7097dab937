"""Runs one job on its machine and records what becomes of it. Python 3.6 and newer, standard library only.

Called as `reaper.py FOLDER`, with the order on standard input: lines of a word and its values, texts in hexadecimal,
`end` last. Prints `ready`, or `refused` and why; the wrapper that stays behind has a session of its own. State files
hold one line that ends in the word `end`; decisions are renames of files that were made with the claim, so that they
work on a full disk. Called as `reaper.py FOLDER stay`, for a batch system, it stays in the foreground and ends as the
job did.
"""

# pathlib would cost as much as the rest of the start.
# ruff: noqa: PTH104, PTH108, PTH110, PTH116, PTH118, PTH120, PTH123, PTH208, S606, SIM115

import contextlib
import errno
import os
import select
import signal
import sys
import time

BOOT_CLOCK = 7  # CLOCK_BOOTTIME, which Python names since 3.7; it goes on while the machine sleeps
FEED = 0.05
"""Seconds between two looks for more standard input."""


class Order:
    """What is to be run; None for a text that was cut."""

    def __init__(self) -> None:
        self.executable = b""
        self.arguments = []  # type: list[bytes]
        self.environment = {}  # type: dict[bytes, bytes]
        self.numbers = {}  # type: dict[str, float]
        self.umask = 0o077

    def add(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "executable":
            self.executable = bytes.fromhex(rest)
        elif word == "argument":
            self.arguments.append(bytes.fromhex(rest))
        elif word == "environment":
            name, value = rest.split(" ")
            self.environment[bytes.fromhex(name)] = bytes.fromhex(value)
        elif word:
            self.numbers[word] = float(rest or 0)


def main() -> None:
    order = Order()
    for line in sys.stdin.buffer.read().decode("ascii").split("\n"):
        order.add(line)
    if "end" not in order.numbers:
        sys.stdout.write("refused the order was cut\n")
        return
    if len(sys.argv) > 2:
        stay(order)
    said, say = os.pipe()
    if os.fork():
        os.close(say)
        with os.fdopen(said, "rb") as heard:
            sys.stdout.write(heard.read().decode("utf-8", "replace") or "refused the wrapper ended at its start\n")
        sys.stdout.flush()
        os._exit(0)
    status = 1
    try:
        os.chdir(sys.argv[1])
        order.umask = detach(say)
        if claim(say) and may_go(order.numbers["limit"]):
            run(order)
        status = 0
    finally:
        os._exit(status)


def stay(order: Order) -> None:
    """Be what a batch system started: TERM from it ends a job that is to be canceled in order, and no other.

    USR1 halts the job or lets it go on: what the system stops by itself may be no more than this wrapper.
    """
    os.chdir(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda number, frame: obey())
    signal.signal(signal.SIGUSR1, lambda number, frame: kill_all("settle"))
    order.umask = os.umask(0o077)
    if claim(os.dup(1)) and may_go(order.numbers["limit"]):
        run(order)
    if not os.path.exists("told"):
        with contextlib.suppress(OSError):
            record("go", "")  # the order, which has secrets, lay in it
    ends = [name[5:] for name in os.listdir(".") if name.startswith("exit.") and name != "exit.pending"]
    if ends and ends[0].startswith("sig"):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = getattr(signal, ends[0].upper(), None) or int(ends[0][3:])
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(int(ends[0]) if ends and ends[0].isdigit() else 0 if os.path.exists("go.late") else 127)


def obey() -> None:
    """End the job in order, with the grace that its cancel was given. Else it may be that it is to begin anew."""
    if os.path.exists("cancel"):
        with open("grace") as file:
            kill_all(file.read().split()[0])
    else:
        with contextlib.suppress(OSError):
            record("told", "")


def detach(say: int) -> int:
    """Leave the session and the files of whoever started us; the umask that was in force comes back."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for other in os.listdir("/proc/self/fd"):
        if int(other) > 2 and int(other) != say:
            with contextlib.suppress(OSError):
                os.close(int(other))
    return os.umask(0o077)


def claim(say: int) -> bool:
    """Become the wrapper of this directory, the only one: a private file, hard-linked to the name, read back."""
    mine = f"{os.getpid()} {start_time(os.getpid())}"
    try:
        private = f".wrapper.{os.getpid()}"
        record(private, mine)
        with contextlib.suppress(OSError):
            os.link(private, "wrapper")
        os.unlink(private)
        with open("wrapper") as file:
            answer = "ready" if file.read() == mine + " end\n" else "refused another wrapper was first"
    except OSError as error:
        answer = f"refused the wrapper could not be recorded: {error.strerror}"
    os.write(say, (answer + "\n").encode())
    os.close(say)
    return answer == "ready"


def may_go(limit: float) -> bool:
    """Wait for `go`. At the limit nobody may start this job any more, and what was staged is removed."""
    begun = now()
    while not os.path.exists("go"):
        waited = now() - begun
        if waited > limit:
            decide("go.pending", "go.late")
        if not os.path.exists("go.pending"):
            break
        time.sleep(0.01 if waited < 10 else 0.1)
    if os.path.exists("go"):
        return True
    if os.path.exists("go.late"):
        import shutil

        shutil.rmtree("work", ignore_errors=True)
    return False


def run(order: Order) -> None:
    """Start the job, stay until it has ended, record how."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    try:
        job, feed = start(order)
    except OSError as error:
        fail(str(error.strerror))
        return
    if job:
        if os.path.exists("suspended"):  # while it was about to start
            kill_all("settle")
        fence = order.numbers["fence"]
        watch(job, Spool(feed) if feed else None, Fence(fence) if fence else None, woken)


def start(order: Order) -> "tuple[int, int]":
    """Fork the job; it runs once its process is recorded. (0, 0) where it could not be executed."""
    out, err = (os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for name in ("stdout", "stderr"))
    stdin, feed = os.pipe() if order.numbers["interactive"] else (os.open(os.devnull, os.O_RDONLY), 0)
    gate, open_gate = os.pipe()
    failed, fail_with = os.pipe()
    job = os.fork()
    if not job:
        try:
            os.close(open_gate)
            os.setsid()
            if os.read(gate, 1):
                become(order, (stdin, out, err))
        except OSError as error:
            os.write(fail_with, os.strerror(error.errno or 0).encode())
        finally:
            os._exit(127)
    for theirs in (out, err, stdin, gate, fail_with):
        os.close(theirs)
    try:
        record("pid", f"{job} {start_time(job)} {time.time():.3f}")
        canceled = os.path.exists("cancel")
        if canceled:
            decide("exit.pending", "exit.killed")
        else:
            os.write(open_gate, b"!")
    finally:
        os.close(open_gate)
    with os.fdopen(failed, "rb") as heard:
        reason = heard.read()
    if not reason:
        return job, feed
    os.waitpid(job, 0)
    fail(f"{os.fsdecode(order.executable)}: {reason.decode()}")
    return 0, 0


def become(order: Order, streams: "tuple[int, int, int]") -> None:
    """In the child: turn into the job, with signals, umask, directory and streams as a job expects them."""
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(order.umask)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir("work")
    name = order.executable
    environment = dict(os.environb)
    environment.update(order.environment)
    arguments = [name, *order.arguments]
    folders = environment.get(b"PATH", b"/usr/local/bin:/usr/bin:/bin").split(b":")
    reason = errno.ENOENT
    for path in [name] if b"/" in name else [os.path.join(folder or b".", name) for folder in folders]:
        try:
            os.execve(path, arguments, environment)
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execve(b"/bin/sh", [b"sh", path, *arguments[1:]], environment)
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                reason = error.errno or 0
    raise OSError(reason, "")


def watch(job: int, spool: "Spool | None", fence: "Fence | None", woken: int) -> None:
    """Until the job has ended: feed its standard input, and end it when the fence runs out."""
    while True:
        end = ended(job)
        if end:
            verdict(*end)
            return
        if spool and not spool.feed():
            spool = None
        if fence and fence.ran_out():
            fence = None
            decide("fenced.pending", "fenced")
            kill_all()
        pause = FEED if spool else fence.pause if fence else None
        if select.select([woken], [], [], pause)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)


def ended(job: int) -> "tuple[int, float, float] | None":
    """The wait status, processor seconds and most MB of memory of the job once it has ended; reaps others too."""
    while True:
        pid, status, usage = os.wait4(-1, os.WNOHANG)
        if pid == job:
            return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1.024e-3
        if pid == 0:
            return None


def verdict(status: int, cpu_s: float, memory_mb: float) -> None:
    with contextlib.suppress(OSError):
        record("usage", f"{time.time():.3f} {cpu_s:.3f} {memory_mb:.3f}")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        known = [name for name in signal.Signals if name == number]
        decide("exit.pending", "exit." + (known[0].name.replace("SIG", "sig", 1) if known else f"sig{number}"))
    else:
        decide("exit.pending", f"exit.{os.WEXITSTATUS(status)}")


def kill_all(grace: str = "1000") -> None:
    """Start the killer, which takes all processes of the job, in a session of its own; `grace` is 1/100 s or settle."""
    if os.fork():
        return
    os.setsid()
    if os.path.exists("killer"):
        os.execv("/bin/sh", ["sh", "killer", grace])
    with open(os.path.join(os.path.dirname(sys.argv[0]), "killer")) as file:
        os.execv("/bin/sh", ["sh", "-c", file.read(), "./killer", grace])


class Fence:
    """The time without a poll after which the job ends, on this machine's own clock. Polls touch the file."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.pause = min(limit / 4, 1.0)
        self.seen = None  # type: int | None
        self.since = now()

    def ran_out(self) -> bool:
        touched = os.stat("fence").st_mtime_ns if os.path.exists("fence") else None
        if touched != self.seen:
            self.seen, self.since = touched, now()
        return now() - self.since > self.limit


class Spool:
    """Standard input: what is appended to the file `stdin` goes to the job, up to the mark `stdin.end`."""

    def __init__(self, feed: int) -> None:
        self.pipe = feed
        self.rest = b""
        self.file = open("stdin", "rb")
        os.set_blocking(feed, False)

    def feed(self) -> bool:
        """Hand over what there is; False once all was, or the job reads no more."""
        last = os.path.exists("stdin.end")  # asked before reading: what was sent stands before the mark
        try:
            while self.rest or self.fill():
                self.rest = self.rest[os.write(self.pipe, self.rest) :]
        except BlockingIOError:
            return True
        except OSError:
            last = True
        if last:
            os.close(self.pipe)
            self.file.close()
        return not last

    def fill(self) -> bytes:
        self.rest = self.file.read(65536)
        return self.rest


def fail(reason: str) -> None:
    """The job could not be started, and why."""
    with contextlib.suppress(OSError):
        record("reason", " ".join(reason.split()))
    decide("exit.pending", "exit.error")


def record(name: str, text: str) -> None:
    """Write a state file, seen under its name only when it is whole."""
    private = f".{name}.{os.getpid()}"
    with open(private, "wb") as file:
        file.write(os.fsencode(text) + b" end\n")
    os.rename(private, name)


def decide(pending: str, decision: str) -> None:
    """Rename the file that was made with the claim; whoever is first decides."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(pending, decision)


def start_time(pid: int) -> str:
    """When a process started, in ticks since boot: with its id it is what tells it from all others."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b") ")[2].split()[19].decode()


def now() -> float:
    return time.clock_gettime(BOOT_CLOCK)


main()
