"""The shell scripts that a job service sends: texts of `remote/`, and calls with every word quoted."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from zeligui.errors import SubmissionRefused
from zeligui.jobs.job import JobDescription
from zeligui.links.link import Library, Script

REAPERS = ("python3", "perl", "sh")
"""What can watch over a job, best first."""

RESTORE_LOCALE = 'if [ -n "${login_lc_all-}" ]; then LC_ALL=$login_lc_all; else unset LC_ALL; fi'
_PYTHON_SETSID = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
_PERL_SETSID = "use POSIX; POSIX::setsid(); exec @ARGV"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has to run jobs with; empty where it is missing. `leave` is `no`, `scope` or `refused`."""

    python: str
    perl: str
    setsid: str
    leave: str
    ticks: float
    page: float

    def reaper(self) -> str:
        """The best reaper that works there."""
        return "python3" if self.python else "perl" if self.perl else "sh"

    def detach(self) -> list[str]:
        """The words that start a command in a session of its own, and outside of what logout ends."""
        scope = ["systemd-run", "--user", "--scope", "--quiet"] if self.leave == "scope" else []
        if self.setsid:
            return [*scope, self.setsid]
        if self.python:
            return [*scope, self.python, "-I", "-S", "-c", _PYTHON_SETSID]
        return [*scope, "perl", "-e", _PERL_SETSID] if self.perl else [*scope, "nohup"]


@cache
def text(*names: str) -> str:
    """Files of `remote/`, one after another."""
    folder = files("zeligui.jobs") / "remote"
    return "\n".join((folder / name).read_text("utf-8") for name in names)


@cache
def library(*names: str) -> Library:
    """The same, for the scripts that share them."""
    return Library(text(*names))


def probe() -> str:
    """Prints what `machine` reads."""
    return text("common.sh", "probe.sh")


def machine(output: str) -> Machine:
    """The answer to `probe`. KeyError or ValueError where it is not whole."""
    said = {word: rest for word, _, rest in (line.partition(" ") for line in output.splitlines())}
    numbers = float(said["ticks"]), float(said["page"])
    return Machine(said["python"], said["perl"], said["setsid"], said["leave"], *numbers)


def call(name: str, *words: str, of: str = "steer.sh") -> Script:
    """A script that calls one of the functions of `of`."""
    return Script(library("common.sh", "processes.sh", of), f"library\n{shlex.join([name, *words])}\n")


def claim(attempt: str, nonce: str, job: JobDescription) -> Script:
    """Claim an attempt and make its directory; prints `claimed DIRECTORY`."""
    return _prepare(_claim(attempt, nonce, job), 'echo "claimed $J"')


def _prepare(*lines: str) -> Script:
    whole = "\n".join(("mask=$(umask); umask 077", "library", *lines, ""))
    return Script(library("common.sh", "prepare.sh"), whole)


def _claim(attempt: str, nonce: str, job: JobDescription) -> str:
    fence, interactive = "1" if job.fence_s > 0 else "", "1" if job.interactive else ""
    return shlex.join(["claim", attempt, nonce, fence, interactive])


def start(attempt: str, nonce: str, job: JobDescription, on: Machine, reaper: str) -> Script:
    """Claim an attempt, put its wrapper beside it and start that; the order is its data."""
    killer = text("common.sh", "processes.sh", "killer.sh")
    program = {"python3": ("reaper.py",), "perl": ("reaper.pl",), "sh": ("common.sh", "reaper.sh")}[reaper]
    lines = [_claim(attempt, nonce, job)]
    for name, content in (("killer", killer), (_reaper(nonce), text(*program))):
        lines.append(shlex.join(["install", name, content]))
    lines.append(f"umask $mask; {RESTORE_LOCALE}")
    lines.append(_start(on, reaper, _reaper(nonce)))
    return _prepare(*lines)


def _reaper(nonce: str) -> str:
    """The name of a wrapper's program: where two prepare one attempt at once, neither runs what the other writes."""
    return f"reaper.{nonce}"


def _start(on: Machine, reaper: str, file: str) -> str:
    if reaper == "sh":
        session = shlex.quote(shlex.join(on.detach()) if on.setsid else "")
        return f'start start_sh {shlex.join(on.detach())} sh "$J/{file}" "$J" "$mask" {session}'
    scope = "systemd-run --user --scope --quiet " if on.leave == "scope" else ""
    program = [on.python, "-I", "-S"] if reaper == "python3" else ["perl"]
    return f'start {scope}{shlex.join(program)} "$J/{file}" "$J"'


def order(attempt: str, job: JobDescription, *, limit_s: float, reaper: str) -> str:
    """What a wrapper is told on its standard input: it stays in memory, nothing of it is written or an argument.

    SubmissionRefused where an argument, a name or a value is none that a process can get.
    """
    environment = {**job.environment, "ZELIGRID_JOB": attempt}
    check_words(job, environment)
    executable = place(job)
    if reaper == "sh":
        return _order_sh(job, executable, environment, limit_s)
    lines = [f"limit {limit_s}", f"fence {job.fence_s}", f"interactive {int(job.interactive)}"]
    lines.append(f"executable {_hex(executable)}")
    lines += [f"argument {_hex(argument)}" for argument in job.arguments]
    lines += [f"environment {_hex(name)} {_hex(value)}" for name, value in environment.items()]
    return "\n".join([*lines, "end\n"])


def _order_sh(job: JobDescription, executable: str, environment: Mapping[str, str], limit_s: float) -> str:
    for name in environment:
        if not (name.isidentifier() and name.isascii()):
            raise SubmissionRefused(
                f"The environment name {name!r} cannot be passed by sh alone.",
                hint="The machine has neither python3 nor perl; use letters, digits and _ in the name.",
            )
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines = [
        f"limit={limit_s:.0f} fence={job.fence_s:.0f} interactive={int(job.interactive)}",
        f"executable={shlex.quote(executable)}",
        "arrange() {",
        *exports,
        "}",
        shlex.join(["set", "--", *job.arguments]),
    ]
    return "\n".join([*lines, "end\n"])


def check_words(job: JobDescription, environment: Mapping[str, str]) -> None:
    """SubmissionRefused where an argument, a name or a value is none that a process can get."""
    for name in environment:
        if not name or "=" in name:
            raise SubmissionRefused(f"{name!r} is not a name for the environment.")
    for word in (job.executable, *job.arguments, *environment, *environment.values()):
        if "\0" in word:
            raise SubmissionRefused("An argument or a value of the environment holds a NUL, which no process can get.")
        try:
            word.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise SubmissionRefused(f"{word!r} cannot be passed to a process.") from error


def place(job: JobDescription) -> str:
    """The executable as the wrapper takes it: from the work directory where it is relative with a slash or an input."""
    name = job.executable
    if not name:
        raise SubmissionRefused("The job names no executable.")
    if name.startswith("/") or ("/" not in name and name not in job.input):
        return name
    return name if name.startswith("./") else f"./{name}"


def escaped(data: bytes, *, width: int = 1000) -> str:
    """Bytes as lines for the `%b` of printf."""
    pieces = (data[at : at + width] for at in range(0, len(data), width))
    return "".join("".join(f"\\0{byte:03o}" for byte in piece) + "\n" for piece in pieces)


def names(output: bytes) -> Sequence[str]:
    """Names that are each ended by a NUL, each once, in their order."""
    return list(dict.fromkeys(name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name))


def _hex(word: str) -> str:
    return word.encode("utf-8", "surrogateescape").hex()
