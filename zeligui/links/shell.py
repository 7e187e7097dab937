"""The shell protocol: scripts one after another through one long-living `/bin/sh`, replies framed by a nonce.

The shell is started by the fixed command `exec /bin/sh`; scripts and data reach it through its standard input only.
What a login shell, its profile or a banner prints stands before the first frame and is ignored.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links.link import Reply, Script

COMMAND = "exec /bin/sh"
"""The only command string that is ever sent to a machine."""

MOST_BYTES = 16 * 1024 * 1024
"""The longest reply; a script that prints more is cut off, and its shell with it."""

LONGEST_LINE = 1024 * 1024
"""The longest line of a stream."""


class Pipe(Protocol):
    """The standard streams of a started shell. Used by one thread at a time; `close` from any."""

    @property
    def ended(self) -> bool:
        """Whether it is known that the shell, or the way to it, is gone."""
        ...

    def send(self, data: bytes, deadline: float) -> None:
        """Write all. TimeoutError at the deadline (monotonic seconds), EOFError when the shell has ended."""
        ...

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        """What came on standard output and standard error; both empty when the shell has ended.

        TimeoutError at the deadline, another OSError when the way to the shell broke.
        """
        ...

    def close(self) -> None:
        """Let go of the shell, safe to call twice."""
        ...


class Shell:
    """A control shell: runs one script at a time, each in a subshell of its own.

    `where` names the machine in errors. Once a script has failed to answer, the shell is broken for good.
    """

    def __init__(self, pipe: Pipe, where: str) -> None:
        self._pipe = pipe
        self._where = where
        self._one_at_a_time = threading.Lock()
        self._greeted = False
        self._closed = False
        self._libraries: set[str] = set()

    @property
    def broken(self) -> bool:
        """Whether it takes no more scripts."""
        return self._closed or self._pipe.ended

    def run(self, script: str | Script, data: str, deadline: float) -> Reply:
        """Run a script to its end. A `LinkError` when it does not end in time, or the shell ends before it."""
        if not self._one_at_a_time.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Unreachable(f"{self._where} is still busy with an earlier command.")
        try:
            return self._exchange(script, data, deadline)
        except BaseException:
            self.close()
            raise
        finally:
            self._one_at_a_time.release()

    def _exchange(self, script: str | Script, data: str, deadline: float) -> Reply:
        if self._closed:
            raise Unreachable(f"The shell on {self._where} was closed.")
        if not self._greeted:
            greet(self._pipe, self._where, deadline)
            self._greeted = True
        nonce = secrets.token_hex(16)
        output, errors = Frame(nonce), Frame(nonce)
        try:
            self._pipe.send(self._defined(script) + envelope(script, data, nonce), deadline)
            while not (output.whole and errors.whole):
                out, err = self._pipe.receive(deadline)
                if not out and not err:
                    raise EOFError
                output.add(out)
                errors.add(err)
                if len(output) + len(errors) > MOST_BYTES:
                    raise LinkError(f"A command on {self._where} printed more than {MOST_BYTES >> 20} MiB.")
        except TimeoutError as error:
            raise Unreachable(f"{self._where} did not answer a command in time.") from error
        except (EOFError, OSError) as error:
            raise Unreachable(f"The connection to {self._where} broke in the middle of a command.") from error
        return Reply(output.status, output.content, errors.content)

    def _defined(self, script: str | Script) -> bytes:
        """What makes its library a function of this shell, where it is none yet."""
        if isinstance(script, str) or script.library.name in self._libraries:
            return b""
        self._libraries.add(script.library.name)
        return f"{script.library.name}() {{\n{script.library.text}\n}}\n".encode()

    def close(self) -> None:
        """Let go of the shell; a script that runs in it gets no answer."""
        self._closed = True
        self._pipe.close()


class Lines:
    """A script on a shell of its own whose output lines are read as they come."""

    def __init__(self, pipe: Pipe, where: str) -> None:
        self._pipe = pipe
        self._where = where
        self._output = self._errors = Frame("")

    def start(self, script: str, data: str, deadline: float) -> None:
        """Send the script; a `LinkError` when it cannot be sent in time."""
        greet(self._pipe, self._where, deadline)
        nonce = secrets.token_hex(16)
        self._output, self._errors = Frame(nonce), Frame(nonce)
        try:
            self._pipe.send(envelope(script, data, nonce), deadline)
        except (EOFError, OSError) as error:  # TimeoutError is an OSError
            raise Unreachable(f"{self._where} did not take a command in time.") from error

    def read(self, deadline: float) -> Sequence[bytes] | None:
        """The next lines, at least one, without their ends; None when the script has ended with status 0.

        TimeoutError when there are none yet; a `LinkError` when the script failed or the connection broke.
        """
        while True:
            if lines := self._output.take_lines():
                return lines
            if self._output.whole and self._errors.whole:
                self._check_status()
                return None
            if len(self._output) > LONGEST_LINE:
                raise Refused(f"A line from {self._where} is longer than {LONGEST_LINE >> 20} MiB.")
            try:
                out, err = self._pipe.receive(deadline)
            except TimeoutError:
                raise
            except (EOFError, OSError) as error:
                raise Unreachable(f"The connection to {self._where} broke.") from error
            if not out and not err:
                raise Unreachable(f"The connection to {self._where} broke.")
            self._output.add(out)
            self._errors.add(err)
            self._errors.keep_last(4096)

    def _check_status(self) -> None:
        if self._output.status == 0:
            return
        last = self._errors.content.decode("utf-8", "replace").strip().rpartition("\n")[2]
        said = f": {printable(last)}" if last else ""
        raise Refused(f"A command on {self._where} ended with status {self._output.status}{said}.")

    def close(self) -> None:
        self._pipe.close()


class Frame:
    """One of a script's two output streams, between its begin and its end mark."""

    def __init__(self, nonce: str) -> None:
        self._begin = f"{nonce} begin\n".encode()
        self._end = f"{nonce} end ".encode()
        self._buffer = bytearray()
        self._searched = 0
        self.begun = False
        self.whole = False
        self.status = -1

    def __len__(self) -> int:
        return len(self._buffer)

    @property
    def content(self) -> bytes:
        """What came between the marks, so far."""
        return bytes(self._buffer) if self.begun else b""

    @property
    def noise(self) -> bytes:
        """The end of what came before the begin mark, while that has not come."""
        return b"" if self.begun else bytes(self._buffer[-400:])

    def add(self, piece: bytes) -> None:
        """Append what came, and look for the marks."""
        if self.whole or not piece:
            return
        self._buffer += piece
        if not self.begun:
            at = self._buffer.find(self._begin)
            if at < 0:
                self.keep_last(4096)
                return
            del self._buffer[: at + len(self._begin)]
            self.begun = True
        self._find_end()

    def _find_end(self) -> None:
        at = self._buffer.find(self._end, self._searched)
        if at < 0:
            self._searched = max(0, len(self._buffer) - len(self._end))
            return
        self._searched = at
        stop = self._buffer.find(b"\n", at)
        if stop < 0:
            return
        self.status = int(self._buffer[at + len(self._end) : stop])
        self.whole = True
        del self._buffer[at:]

    def take_lines(self) -> list[bytes]:
        """Remove and give the whole lines; at the end, also a last one without its line end."""
        if not self.begun:
            return []
        stop = len(self._buffer) if self.whole else self._buffer.rfind(b"\n") + 1
        lines = bytes(self._buffer[:stop]).split(b"\n")
        del self._buffer[:stop]
        self._searched = max(0, self._searched - stop)
        return lines if lines[-1] else lines[:-1]

    def keep_last(self, most: int) -> None:
        """Forget all but the last bytes."""
        surplus = len(self._buffer) - most
        if surplus > 0:
            del self._buffer[:surplus]
            self._searched = max(0, self._searched - surplus)


def envelope(script: str | Script, data: str, nonce: str) -> bytes:
    """The text that makes a shell run `script` in a subshell, with `data` as its standard input, framed by `nonce`.

    `eval` keeps a syntax error from ending the shell. Data goes through a pipe, not a here-document: those end in a
    line end and need a temporary file. The login's own LC_ALL is left in the variable `login_lc_all`.
    ValueError for a NUL, which no shell can carry.
    """
    if isinstance(script, Script):
        script = f"library() {{ {script.library.name}; }}\n{script.text}"
    if "\0" in script or "\0" in data:
        raise ValueError("a script and its data cannot hold a NUL")
    feed, drain = (f"printf %s {quote(data)} 2>/dev/null | ", "") if data else ("", " </dev/null")
    text = f"""{feed}(
printf '%s\\n' '{nonce} begin'; printf '%s\\n' '{nonce} begin' >&2
login_lc_all=${{LC_ALL-}}; LC_ALL=C; export LC_ALL
eval {quote(script)}
){drain}
zeligrid_status=$?; printf '%s\\n' "{nonce} end $zeligrid_status"; printf '%s\\n' '{nonce} end 0' >&2
"""
    return text.encode("utf-8", "surrogateescape")


def quote(text: str) -> str:
    """`text` as one word of a shell, whatever signs it holds."""
    return "'" + text.replace("'", "'\\''") + "'"


def printable(text: str) -> str:
    """`text` without control signs, for a message."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def greet(pipe: Pipe, where: str, deadline: float) -> None:
    """Wait until a new shell answers, so that no script is sent to an account without one.

    Refused where it ends instead, which a forced command or `nologin` does; Unreachable at the deadline.
    """
    nonce = secrets.token_hex(16)
    frame = Frame(nonce)
    noise = b""
    try:
        _ask(pipe, f"printf '%s\\n' '{nonce} begin'\n".encode(), deadline)
        while not frame.begun:
            out, err = pipe.receive(deadline)
            if not out and not err:
                raise EOFError
            frame.add(out)
            noise = (noise + err)[-400:]
    except TimeoutError as error:
        raise Unreachable(f"{where} did not start a shell in time.") from error
    except OSError as error:
        raise Unreachable(f"The connection to {where} broke.") from error
    except EOFError as error:
        said = printable((frame.noise + noise).decode("utf-8", "replace"))
        words = f", it says: {said!r}" if said else ""
        hint = "The account needs a login shell and no forced command."
        raise Refused(f"{where} does not give a shell{words}.", hint=hint) from error


def _ask(pipe: Pipe, question: bytes, deadline: float) -> None:
    """Send to what may have ended at once; what it said before, and whether it ended, is told where that is read."""
    try:
        pipe.send(question, deadline)
    except TimeoutError:
        raise
    except (OSError, EOFError):
        return
