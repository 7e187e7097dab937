"""Random conditions that print themselves and are judged slowly, host by host, without any of the program's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

Host = Mapping[str, float | str]
UNITS = {
    "cpuAvail": {"": Fraction(1), "%": Fraction(1, 100)},
    "cpuSpeed": {"": Fraction(1), "MHz": Fraction(1), "GHz": Fraction(1000)},
    "freeMemory": {"": Fraction(1), "MB": Fraction(1), "GB": Fraction(1000), "kB": Fraction(1, 1000)},
    "latency": {"": Fraction(1), "ms": Fraction(1), "s": Fraction(1000), "us": Fraction(1, 1000)},
}
TEXTS = ("Linux", "AIX", "Darwin", "a.b", "22.04")
OPERATORS = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True)
class Numbers:
    """`factor * attribute + number unit  OP  number unit`, the latter two in the attribute's own unit by `UNITS`."""

    attribute: str
    factor: int
    added: int
    operator: str
    limit: int
    unit: str

    def __str__(self) -> str:
        left = self.attribute if self.factor == 1 else f"{self.factor} * {self.attribute}"
        left += f" + {self.added}" if self.added else ""
        return f"{left} {self.operator} {self.limit} {self.unit}".rstrip()

    def judge(self, host: Host) -> bool | None:
        if self.attribute not in host:
            return None
        left = self.factor * Fraction(host[self.attribute]) + self.added
        return OPERATORS[self.operator](left, self.limit * UNITS[self.attribute][self.unit])


@dataclass(frozen=True)
class Texts:
    """`osName OP text` or `osName in (texts)`."""

    operator: str
    texts: tuple[str, ...]

    def __str__(self) -> str:
        listed = ", ".join(f'"{text}"' if text[0].isdigit() else text for text in self.texts)
        return (
            f"osName {self.operator} ({listed})" if "in" in self.operator else f"osName {self.operator} {self.texts[0]}"
        )

    def judge(self, host: Host) -> bool | None:
        if "osName" not in host:
            return None
        found = str(host["osName"]).lower() in {text.lower() for text in self.texts}
        return found is (self.operator not in {"!=", "not in", "!~"})


@dataclass(frozen=True)
class Joined:
    """Conditions joined by `and` or `or`, or one after `not`; printed with all their parentheses."""

    operator: str
    parts: tuple[Tree, ...]

    def __str__(self) -> str:
        if self.operator == "not":
            return f"not ({self.parts[0]})"
        return f" {self.operator} ".join(f"({part})" for part in self.parts)

    def judge(self, host: Host) -> bool | None:
        judged = [part.judge(host) for part in self.parts]
        if self.operator == "not":
            return None if judged[0] is None else not judged[0]
        decisive = self.operator == "or"
        return decisive if decisive in judged else None if None in judged else not decisive


Tree = Numbers | Texts | Joined


@st.composite
def numbers(draw: st.DrawFn) -> Numbers:
    attribute = draw(st.sampled_from(sorted(UNITS)))
    small = st.integers(0, 9)
    return Numbers(
        attribute,
        draw(st.integers(1, 3)),
        draw(small),
        draw(st.sampled_from(sorted(OPERATORS))),
        draw(small),
        draw(st.sampled_from(sorted(UNITS[attribute]))),
    )


listed = st.builds(Texts, st.sampled_from(["in", "not in"]), st.lists(st.sampled_from(TEXTS), min_size=1).map(tuple))
beside = st.builds(Texts, st.sampled_from(["=", "!=", "~", "!~"]), st.sampled_from(TEXTS).map(lambda text: (text,)))
trees: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(numbers(), listed, beside),
    lambda inner: st.one_of(
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(Joined, st.just("not"), inner.map(lambda part: (part,))),
    ),
    max_leaves=12,
)
hosts = st.lists(
    st.fixed_dictionaries(
        {},
        optional={name: st.integers(0, 9) for name in UNITS}
        | {"osName": st.sampled_from([*TEXTS, *(text.upper() for text in TEXTS), "other", ""])},
    ),
    min_size=1,
    max_size=6,
)
