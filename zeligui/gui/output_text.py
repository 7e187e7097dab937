"""What a job prints as text that means only itself: decoded as it comes, signs pictured, long lines folded."""

from __future__ import annotations

import codecs
import re
import unicodedata

from zeligui.gui.words import picture

LONGEST_LINE = 4000
"""Signs of a line that stand on one line; the rest follows below."""
FOLDED = "\N{LEFTWARDS ARROW WITH HOOK}"
"""At the end of a line that goes on below."""
KEPT_SIGNS = frozenset("\t\n\r\u200c\u200d")
"""Not printable by Python's book, and shown: both joiners are letters' shapes, and turn nothing round."""
MOST_LEARNT = 10_000

_RETURNS = re.compile(r"\r{2,}")


class OutputText:
    """Turns a stream of bytes into text; however the stream is cut into pieces, the text is the same.

    Bytes that are not UTF-8 appear as `\\xff`. A line ends at LF, CR LF or CR; a CR on an empty line ends nothing, so
    that a progress bar is a line a step.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        # Bytes that are no UTF-8 come as surrogates, and are written out below: "backslashreplace" takes 9 ms of them.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held = ""
        self.column = 0
        """How many signs stand on the line that is being written."""

    def take(self, data: bytes, *, last: bool = False) -> str:
        """The text of the next piece; with `last`, also what waited for bytes that do not come."""
        text = self._held + self._decoder.decode(data, last)
        whole = text.rstrip("\r")
        # Whether a CR ends its line or is half of a CR LF is told by what follows.
        self._held = "\r" if len(whole) < len(text) else ""
        return self._folded(self._ended(whole).translate(_SHOWN))

    def _ended(self, text: str) -> str:
        """Every line ended by LF alone."""
        if "\r" not in text:
            return text
        text = _RETURNS.sub("\r", text).replace("\r\n", "\n").replace("\n\r", "\n")
        return (text if self.column else text.removeprefix("\r")).replace("\r", "\n")

    def _folded(self, text: str) -> str:
        lines = text.split("\n")
        if self.column + max(map(len, lines)) <= LONGEST_LINE:
            self.column = len(lines[-1]) + (self.column if len(lines) == 1 else 0)
            return text
        for place, line in enumerate(lines):
            if place:
                self.column = 0
            if self.column + len(line) > LONGEST_LINE:
                lines[place] = self._pieces(line)
            else:
                self.column += len(line)
        return "\n".join(lines)

    def _pieces(self, line: str) -> str:
        first = LONGEST_LINE - self.column
        pieces = [line[:first], *(line[at : at + LONGEST_LINE] for at in range(first, len(line), LONGEST_LINE))]
        self.column = len(pieces[-1])
        return f"{FOLDED}\n".join(pieces)


class _Shown(dict[int, str]):
    """What each sign is shown as, learnt as signs come: 64 KiB take 2 ms, asking of every sign anew takes 12."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        shown = sign if sign in KEPT_SIGNS or unicodedata.category(sign) == "Zs" else picture(sign)
        if len(self) < MOST_LEARNT:
            self[code] = shown
        return shown


_SHOWN = _Shown({0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)})
"""With the surrogates that stand for bytes which are no UTF-8."""
