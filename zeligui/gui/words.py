"""Figures and times as people read them, and texts of others made fit to be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from textwrap import fill

from zeligui.contract.attributes import kind
from zeligui.grid.hosts import Value

LONGEST_TEXT = 300
LONGEST_LINE = 100
"""Signs of a tooltip's line."""
_CONTROL_PICTURES = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "\u2421"


def visible(text: str, longest: int = LONGEST_TEXT) -> str:
    """One line that means only itself: signs that would be obeyed are pictured, what is too long is cut."""
    shown = "".join(map(picture, text[: longest + 1]))
    return shown if len(text) <= longest else f"{shown[:longest]}…"


def picture(sign: str) -> str:
    """The sign itself, or a picture of one that is not to be seen: ␛ for an escape."""
    if sign.isprintable():
        return sign
    code = ord(sign)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return _DELETE_PICTURE if code == _DELETE else "\N{REPLACEMENT CHARACTER}"


def tip(text: str) -> str:
    """A tooltip that means only itself, in lines that fit a screen: Qt takes for markup what has a tag in it."""
    lines = "\n".join(fill(line, LONGEST_LINE) for line in text.split("\n"))
    return f"<p>{escape(lines)}</p>".replace("\n", "<br>") if "<" in lines else lines


class Letters:
    """Gives each label a letter of its own to be reached by, as long as there are any."""

    def __init__(self, taken: str = "") -> None:
        """Those in `taken` are others'."""
        self._taken = set(taken.casefold())

    def marked(self, label: str) -> str:
        """The label with its letter marked."""
        for place, letter in enumerate(label):
            if letter.isalpha() and letter.casefold() not in self._taken:
                self._taken.add(letter.casefold())
                return f"{label[:place]}&{label[place:]}"
        return label


def value_text(value: Value | None) -> str:
    """A measured value in the attribute's own unit: whole from a hundred on, else four digits that count."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return visible(value)
    return f"{value:,.0f}" if abs(value) >= 100 and abs(value) < 1e15 else f"{value:.4g}"


def error_text(error: float) -> str:
    """How much a value may be off, in two digits that count."""
    return f"{error:,.0f}" if 100 <= error < 1e15 else f"{error:.2g}"


def unit_of(attribute: str) -> str:
    """The own unit of an attribute, empty where it has none or is not known."""
    known = kind(attribute)
    if known is None or known.dimension is None:
        return ""
    unit = known.unit or known.dimension.value
    return "" if unit == "1" else unit


def duration(seconds: float) -> str:
    """A length of time in its largest fitting unit: 4 s, 3 min, 5 h, 2 d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit != "min"):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 9.5 or seconds.is_integer() else f"{seconds:.1f} s"


def ago(seconds: float) -> str:
    """How long since."""
    return "now" if seconds < 1 else f"{duration(float(int(seconds)))} ago"


def local_time(time: datetime | None) -> str:
    """The time of day where the user is; the date where it was another day."""
    if time is None:
        return ""
    here = time.astimezone()
    return f"{here:%H:%M:%S}" if here.date() == datetime.now(UTC).astimezone().date() else f"{here:%Y-%m-%d %H:%M}"


def full_time(time: datetime | None) -> str:
    """The whole stamp, with the zone."""
    return f"{time.astimezone():%A %Y-%m-%d %H:%M:%S %Z}" if time else ""


def memory(megabytes: float | None) -> str:
    """An amount of memory: 12 MB, 3.4 GB."""
    if megabytes is None:
        return ""
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def size(count: int) -> str:
    """A number of bytes: 512 bytes, 3.4 kB, 100 MB."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"


def count_of(number: int, what: str) -> str:
    """A number and what is counted: 1 host, 4 hosts."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
