"""Reads the files of /proc, and those that $ZELIGRID_PROC has in their place."""

# pathlib would double the time and memory that the sensor takes.
# ruff: noqa: PTH123

import os

PROC = "/proc"
OWN_PROC = os.environ.get("ZELIGRID_PROC") or PROC
OWN_FIGURES = OWN_PROC != PROC  # a node of an embedded grid, which shares a real machine with others
TICKS = float(os.sysconf("SC_CLK_TCK"))


def content(path: str) -> str:
    """A file's text, empty where it cannot be read."""
    try:
        with open(path, "rb", 0) as file:  # unbuffered, undecoded: half the time of a text file
            return file.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def figures(name: str) -> str:
    """A file of $ZELIGRID_PROC, of the real /proc where it is absent there."""
    own = content(OWN_PROC + "/" + name)
    return own or (content(PROC + "/" + name) if OWN_FIGURES else "")


def stat_of(path: object) -> "tuple[list[str], str]":
    """The fields of /proc/PID/stat after the command's name, and the name; no fields where it has ended."""
    head, _, rest = content(f"{PROC}/{path}/stat").rpartition(")")
    return rest.split(), head.partition("(")[2]


def json_text(value: object) -> str:
    """JSON as the json module writes it, which takes 1.4 MB; a number that is not finite becomes null."""
    if isinstance(value, dict):
        return "{" + ", ".join(json_text(name) + ": " + json_text(value[name]) for name in value) + "}"
    if isinstance(value, str):
        return '"' + "".join(map(_sign, value)) + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    finite = isinstance(value, (int, float)) and abs(value) < float("inf")
    return repr(value) if finite else "null"


def _sign(sign: str) -> str:
    if " " <= sign <= "~" and sign not in '"\\':
        return sign
    pairs = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join("\\u" + pairs[at : at + 4] for at in range(0, len(pairs), 4))
