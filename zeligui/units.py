"""Quantities with units: the dimensions that contracts, settings and experiment files know."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum


class Dimension(Enum):
    """What a number measures; the value is the name of the dimension's own unit."""

    PLAIN = "1"
    MEMORY = "MB"
    FREQUENCY = "MHz"
    RATE = "Mbit/s"
    TIME = "s"


UNITS: dict[str, tuple[Dimension, float]] = {
    "%": (Dimension.PLAIN, 0.01),
    "MHz": (Dimension.FREQUENCY, 1.0),
    "GHz": (Dimension.FREQUENCY, 1e3),
    "kB": (Dimension.MEMORY, 1e-3),
    "MB": (Dimension.MEMORY, 1.0),
    "GB": (Dimension.MEMORY, 1e3),
    "TB": (Dimension.MEMORY, 1e6),
    "KiB": (Dimension.MEMORY, 2**10 / 1e6),
    "MiB": (Dimension.MEMORY, 2**20 / 1e6),
    "GiB": (Dimension.MEMORY, 2**30 / 1e6),
    "TiB": (Dimension.MEMORY, 2**40 / 1e6),
    "kbit/s": (Dimension.RATE, 1e-3),
    "Mbit/s": (Dimension.RATE, 1.0),
    "Gbit/s": (Dimension.RATE, 1e3),
    "us": (Dimension.TIME, 1e-6),
    "ms": (Dimension.TIME, 1e-3),
    "s": (Dimension.TIME, 1.0),
    "min": (Dimension.TIME, 60.0),
    "h": (Dimension.TIME, 3600.0),
    "d": (Dimension.TIME, 86400.0),
}
"""Unit to (dimension, factor): a number in the unit times the factor is a number in the dimension's own unit."""

_QUANTITY = re.compile(r"\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*([A-Za-z/%]+)?\s*")


def quantity(text: str, dimension: Dimension) -> float:
    """Read `text` ("10 s", "1.5 GB") as a number in the own unit of `dimension`; ValueError says what was expected."""
    matched = _QUANTITY.fullmatch(text)
    known = [unit for unit, (of, _) in UNITS.items() if of is dimension]
    if not matched or (matched[2] and matched[2] not in known):
        raise ValueError(f"{text!r} is not a number with one of the units {', '.join(known)}")
    return float(matched[1]) * (UNITS[matched[2]][1] if matched[2] else 1.0)


def quantity_text(number: float, dimension: Dimension) -> str:
    """A number in the own unit of `dimension` as a text that `quantity` reads as the same number: "10 s", "0.5"."""
    text = f"{Decimal(repr(float(number))):f}"  # no exponent, all digits that count
    whole = text.removesuffix(".0")
    return whole if dimension is Dimension.PLAIN else f"{whole} {dimension.value}"
