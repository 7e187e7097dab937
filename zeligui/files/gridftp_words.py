"""What GridFTP servers and `globus-url-copy` say when something fails, in words for the user."""

from __future__ import annotations

import re

from zeligui.errors import Refused, Unreachable, UsageError, ZeliGridError
from zeligui.files.service import NoSuchFile
from zeligui.links.shell import printable

_MARK = re.compile(r"^(?:\d{3}[ -]|error: |globus_xio: |A system call failed: |GridFTP-Error-String: )*")

_FILE = re.compile(r"Unable to open file ([^\r\n]*)")

HERE = "this machine"
INIT = "`zeligrid proxy init` makes a proxy."

_SAYINGS: tuple[tuple[str, type[ZeliGridError], str, str], ...] = (
    (
        "valid credentials could not be found|could not find a valid proxy|not a valid file",
        UsageError,
        "no usable proxy was found for {where}",
        INIT,
    ),
    ("credential.*expired|certificate has expired|proxy.*expired", UsageError, "the proxy for {where} has ended", INIT),
    (
        "target name|names? do(es)? not match|expected (target )?(subject|name)|name mismatch|authorization denied",
        Refused,
        "{where} shows a certificate that bears another name",
        "Write the name that its certificate bears; an address is not enough.",
    ),
    (
        "unknown ca|unable to get local issuer|untrusted|can't get the local trusted|self.signed",
        Refused,
        "one side does not trust the authority that signed the other, at {where}",
        "Put the authority's certificate into your folder of authorities, or ask the site to trust yours.",
    ),
    (
        "gridmap|grid-mapfile|mapping|login incorrect|could not map|530",
        Refused,
        "{where} does not let you in",
        "Ask its administrator to map your certificate to an account (grid-mapfile).",
    ),
    ("no space left|disk full|quota", Refused, "the disk of {where} is full", "Make room there, then copy again."),
    ("no such file", NoSuchFile, "there is no {where}", ""),
    ("permission denied|operation not permitted", Refused, "{where} does not permit it", ""),
    (
        "not a directory|is a directory|file exists",
        Refused,
        "at {where}, a folder stands where a file should, or the other way round",
        "",
    ),
    (
        "connection refused",
        Refused,
        "{where} refused the connection",
        "Is a GridFTP server running there, on that port?",
    ),
    (
        "connection reset|broken pipe|end.of.file|eof|timed out|timeout|no route|unreachable|name or service|not known",
        Unreachable,
        "the connection to {where} broke, or it did not answer",
        "",
    ),
)


def in_words(where: str, said: str) -> ZeliGridError:
    """What a server's words mean, its last and most telling ones kept; Refused where they are not known."""
    flat = re.sub(r"\s+", " ", _FILE.sub(" ", said))  # a file's name may sound like any of them
    if found := _FILE.search(said):
        where = printable(f"{where if where != HERE else ''}{found[1]}")[:300]
    for pattern, kind, words, hint in _SAYINGS:
        if re.search(pattern, flat, re.IGNORECASE):
            sentence = words.format(where=where)
            if not sentence.startswith(where):
                sentence = sentence[0].upper() + sentence[1:]
            return kind(f"{sentence}: {_telling(said)}.", hint=hint)
    return Refused(f"{where} said no: {_telling(said)}.")


def _telling(said: str) -> str:
    """The last line that is no mark of the end, without what stands before its words."""
    lines = [_MARK.sub("", line.strip()) for line in re.split(r"[\r\n]+", said)]
    kept = [line for line in lines if line not in {"", "End.", "nothing"}]
    return printable(kept[-1] if kept else "nothing")[:300].rstrip(".")
