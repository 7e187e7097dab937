"""What can go wrong, in words for the user.

* ZeliGridError             exit status 1
  + UsageError              wrong usage or unreadable input: 2
    - WrongValue            a key of a file has a value that it cannot have
  + JournalError            the journal cannot be read, written or locked: 2
  + HistoryError            the history of measurements cannot be read or written: 2
    - HistoryDamaged        it is no database, or a damaged one
  + LinkError               a machine or service did not answer: 3
    - Unreachable           no route, a time-out, a connection that broke
    - Refused               it answered and said no: user, key, password, port closed
    - UnknownHostKey        its host key has not been seen before
    - ChangedHostKey        its host key is not the one that was seen before
  + SubmissionRefused       certainly not started; the reason is final for this host
  + InDoubt                 a submission was sent and no answer came: it may have been started
"""

from __future__ import annotations


class ZeliGridError(Exception):
    """An expected failure. `str(error)` is one sentence for the user; `hint` says what to do next."""

    exit_status = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ZeliGridError):
    """Wrong usage, or input that cannot be read."""

    exit_status = 2


class WrongValue(UsageError):
    """A key of a file has a value that it cannot have; `expected` says what it could have."""

    def __init__(self, message: str, *, expected: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.expected = expected
        self.keys = keys
        """Those of the tables it is in, then its own."""


class JournalError(ZeliGridError):
    """The journal cannot be read, written or locked."""

    exit_status = 2


class HistoryError(ZeliGridError):
    """The history of measurements cannot be read or written."""

    exit_status = 2


class HistoryDamaged(HistoryError):
    """The history's file is no database, or a damaged one."""


class LinkError(ZeliGridError):
    """A machine or service could not be used. `status` is the word shown in lists of hosts."""

    exit_status = 3
    status = "unreachable"


class Unreachable(LinkError):
    """No route, a time-out, or a connection that broke."""


class Refused(LinkError):
    """It answered and said no: a closed port, a wrong user, key or password."""

    status = "refused"


class UnknownHostKey(LinkError):
    """The host key was never seen; the message gives its fingerprint, `line` accepts it in a known_hosts file."""

    status = "unknown-key"

    def __init__(self, message: str, *, hint: str = "", line: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line


class ChangedHostKey(LinkError):
    """The host key is not the one that was seen before."""

    status = "changed-key"


class SubmissionRefused(ZeliGridError):
    """A job was certainly not started."""


class InDoubt(ZeliGridError):
    """A submission was sent and no answer came: only `find` can tell whether the job runs."""
