"""What the numbers of GRAM mean, in words that say what to do."""

from __future__ import annotations

from zeligui.errors import Refused

PENDING, ACTIVE, FAILED, DONE, SUSPENDED, UNSUBMITTED, STAGE_IN, STAGE_OUT = (2**power for power in range(8))
STATES = {
    PENDING: "PENDING",
    ACTIVE: "ACTIVE",
    FAILED: "FAILED",
    DONE: "DONE",
    SUSPENDED: "SUSPENDED",
    UNSUBMITTED: "UNSUBMITTED",
    STAGE_IN: "STAGE_IN",
    STAGE_OUT: "STAGE_OUT",
}

AUTHORIZATION, CANCELED, CONNECTION_FAILED, CONTACTING_MANAGER = 7, 8, 12, 79
UNIMPLEMENTED, SERVICE_NOT_FOUND, DENIED_QUERY, UNKNOWN_SIGNAL, WAITING_FOR_COMMIT, COMMIT_TIMED_OUT = (
    27,
    93,
    94,
    108,
    110,
    111,
)
NO_STATE_FILE, READING_STATE_FILE, OLD_MANAGER_ALIVE, MANAGER_STOPPED = 121, 122, 124, 130
PROXY_EXPIRED, UNKNOWN_JOB = 131, 156

_PROXY = "`zeligrid proxy init` makes a new one; it is sent to the site by itself."
_SITE = "Ask who runs the site: its logs say more."
_HOME = "The user that it maps you to may have no home there. " + _SITE
_FAULT = "That is a fault of ZeliGrid: please report it."
_LIMITS = "Look at what the URL asks of the scheduler: ?queue=, ?project=, ?max_wall_time=, ?max_memory=."

WORDS: dict[int, tuple[str, str]] = {
    1: ("the site does not take an attribute of the job", _LIMITS),
    2: ("the site did not understand the request", "It may be no GRAM5 service."),
    3: ("its job manager ended at once", _HOME),
    4: ("the folder of the job is not there", _HOME),
    5: ("the program is not there", "Give its path at the site, or name it among the job's input."),
    6: ("your project has no means left there", "Take another one by ?project= in the URL."),
    7: (
        "it does not authorize you",
        "Ask the site to add your certificate's name to its grid-mapfile; `zeligrid proxy info` shows it.",
    ),
    8: ("it was canceled", ""),
    9: ("the site canceled it", _SITE),
    10: ("the answer broke the protocol", "Try again. " + _SITE),
    11: ("the file of the standard input is not there", _SITE),
    12: ("a connection from or to the site failed", "Try again."),
    13: ("the limit of time is not one that the scheduler takes", _LIMITS),
    17: ("the site's scheduler refused the job: no such queue, or over its limits", _LIMITS),
    27: ("its scheduler cannot do that", "Cancel the job, or move it to a site that can."),
    28: ("the site could not write a file of its own", "Its disk may be full. " + _SITE),
    29: ("it did not find the proxy that was sent", _SITE),
    30: ("it could not read the proxy that was sent", _SITE),
    31: ("the scheduler did not cancel it", "It may have ended just now: ask how it is."),
    37: ("the scheduler knows no such queue", _LIMITS),
    38: ("the scheduler knows no such project", _LIMITS),
    39: ("the description of the job could not be evaluated", _FAULT),
    43: ("the program could not be brought to the site", "Look whether the file is there, and GridFTP answers."),
    44: ("the standard input could not be brought to the site", "Look whether GridFTP answers."),
    47: ("the gatekeeper is not set up right", _SITE),
    48: ("the description of the job is not right", _FAULT),
    49: ("it talks another version of GRAM", "Version 2 (GRAM5) is understood here."),
    69: ("the file for the standard output could not be made", _HOME),
    70: ("the file for the standard error could not be made", _HOME),
    71: ("the program could not be started", _SITE),
    72: ("the program may not be executed", "Make it executable there (chmod +x)."),
    73: ("the standard output could not be opened", _HOME),
    74: ("the standard error could not be opened", _HOME),
    75: ("it could not keep the proxy that was sent", _HOME),
    76: ("it could not open its store of files", _HOME),
    79: ("its job manager cannot be reached", "The job goes on; it is asked again."),
    80: ("the contact of the job is not right", ""),
    92: ("the site does not know this request", "It may run another version of GRAM."),
    93: ("it has no such service", "Look at the name after the host in the URL: jobmanager-fork, jobmanager-slurm, …"),
    94: ("that cannot be done with the job as it is", "Ask how it is: it may be over."),
    102: ("the limit of time is not one that the scheduler takes", _LIMITS),
    105: ("it has no program for this scheduler", _SITE),
    107: ("the job could not be sent the signal", "It may have ended just now: ask how it is."),
    108: ("its scheduler cannot do that", "Cancel the job, or move it to a site that can."),
    110: ("the job waits for its commit", ""),
    111: ("the job was not committed in time", "Start it again."),
    121: ("the site has no record of the job any more", ""),
    122: ("the site's record of the job cannot be read", _SITE),
    123: ("the site could not write its record of the job", "Its disk may be full. " + _SITE),
    124: ("another job manager has the job", ""),
    130: ("its job manager was stopped; the job goes on", "It is taken up again."),
    131: ("the proxy it has of you has ended, or ends within ten minutes; the job goes on", _PROXY),
    135: ("files could not be brought to the site", "Look whether they are there, and GridFTP answers."),
    136: ("the folder for the job could not be made", _HOME),
    148: ("the description of the job has a variable that the site does not set", _HOME),
    155: ("files could not be brought from the site", "Look whether GridFTP answers."),
    156: ("the job is not known there any more", ""),
    157: ("the proxy could not be passed on", "Try again. " + _SITE),
    162: ("it does not authorize you for that", "Ask the site what your certificate may do."),
    163: ("its check of what you may do has failed", _SITE),
}


class Denied(Refused):
    """A GRAM service answered, and said no by a number."""

    def __init__(self, message: str, *, hint: str = "", number: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.number = number


def meaning(number: int) -> str:
    """What went wrong, without a full stop."""
    words, _ = WORDS.get(number, ("it failed for a reason that has no words here", ""))
    return f"{words} (GRAM error {number})"


def advice(number: int) -> str:
    """What to do next."""
    return WORDS.get(number, ("", _SITE))[1]


def denied(who: str, number: int, said: str = "") -> Denied:
    """The error of an answer with a number; `said` is what the site says besides."""
    more = f": {printable(said)}" if said else ""
    return Denied(f"{who} says no: {meaning(number)}{more}.", hint=advice(number), number=number)


def printable(text: str, *, most: int = 300) -> str:
    """What a site said, in one line that shows only itself."""
    line = " ".join(text.replace("\\n", " ").split()).rstrip(". ")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line)[:most]
