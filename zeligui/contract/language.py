"""Reading a contract: every error of the file at once, each with its line and column."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice, pairwise

from zeligui.contract.checking import Checker, Known
from zeligui.contract.grammar import Parsed, parse
from zeligui.contract.lexing import Line, Sign, shown
from zeligui.contract.model import Constraint, Contract, Edge, Preference, Problem, Profile, Reading
from zeligui.contract.syntax import ConstraintLine, EdgeLine, PreferenceLine

__all__ = ["LARGEST", "Constraint", "Contract", "Edge", "Preference", "Problem", "Profile", "Reading", "read"]

LARGEST = 2**20
"""The largest contract, in bytes."""

_Checked = tuple[Constraint | Preference | None, list[tuple[int, str]], list[tuple[int, str]]]

MOST_NAMED = 20
"""How many profiles a message lists."""

HOLD, NEGOTIATION = "hold", "negotiation"


def read(source: bytes | str, *, published: Collection[str] = ()) -> Reading:
    """Read a contract. It never raises: what is wrong stands in the reading's errors.

    `published` are attributes that hosts are known to publish, of which no one is warned.
    """
    text = _decoded(source)
    if isinstance(text, Problem):
        return Reading(None, errors=(text,))
    return _Reader(Known(published)).read(text)


def _decoded(source: bytes | str) -> str | Problem:
    """The file as text without a byte-order mark, or the error of the whole file."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > LARGEST:
        return Problem(1, 1, f"the file is larger than 1 MiB; expected a contract of at most {LARGEST} bytes")
    if b"\0" in data:
        return Problem(1, 1, "there is a NUL byte in the file; expected a contract as UTF-8 text")
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return Problem(1, 1, f"the file is not UTF-8 (at byte {error.start + 1}); expected a contract as UTF-8 text")


class _Section:
    """A profile while it is read; `name` None where its header could not be read."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.constraints: list[Constraint] = []
        self.preferences: list[Preference] = []

    def profile(self) -> Profile:
        return Profile(self.name or "", tuple(self.constraints), tuple(self.preferences))


class _Reader:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.sections: list[_Section] = []
        self.names: dict[str, None] = {}
        self.section: _Section | None = None
        self.negotiating = False
        self.negotiated = False
        self.misplaced = False
        self.edges: list[tuple[int, EdgeLine, float]] = []
        self.line = 0
        self.folded: dict[str, str] = {}
        self.parses: dict[tuple[str, Line], Parsed] = {}
        self.checked: dict[str, _Checked] = {}
        """What was found in a line: the same line again, in another profile, says the same."""

    def read(self, text: str) -> Reading:
        for number, line in enumerate(text.split("\n"), 1):
            self.line = number
            self.statement(line.removesuffix("\r"))
        if not self.sections and not self.misplaced:
            self.errors.append(Problem(1, 1, "there is no profile; expected at least one, as [name]"))
        edges = self.edges_in_force()
        profiles = tuple(section.profile() for section in self.sections if section.name)
        errors = tuple(sorted(self.errors))
        contract = None if errors else Contract(profiles, edges)
        return Reading(contract, profiles, edges, errors, tuple(sorted(self.warnings)))

    def statement(self, line: str) -> None:
        start = line.lstrip(" \t")
        if not start or start[0] in "#;":
            return
        if start[0] == "[":
            self.header(self.parsed(line, Line.HEADER))
        elif self.negotiating:
            self.edge(self.parsed(line, Line.EDGE))
        elif self.section is None:
            self.misplaced = True
            column = len(line) - len(start) + 1
            first = shown(start.partition(" ")[0].partition("\t")[0])
            self.error(column, f"{first} stands before any profile; expected a header such as [name]")
        else:
            self.constraint(self.section, line)

    def parsed(self, line: str, kind: Line) -> Parsed:
        if (line, kind) not in self.parses:
            self.parses[line, kind] = parse(line, kind, self.known.suggestions)
        return self.parses[line, kind]

    def error(self, column: int, message: str) -> None:
        self.errors.append(Problem(self.line, column, message))

    def flawed(self, parsed: Parsed) -> bool:
        for flaw in parsed.flaws:
            self.error(flaw.column, flaw.message)
        return bool(parsed.flaws)

    def header(self, parsed: Parsed) -> None:
        self.flawed(parsed)
        sign = _header_name(parsed)
        name = sign.value if sign else None
        if sign and name and name != NEGOTIATION and name.casefold() in {NEGOTIATION, HOLD}:
            right = name.casefold()
            self.error(sign.column, _reserved(name, right))
            name = right if right == NEGOTIATION else None
        self.negotiating = name == NEGOTIATION
        self.negotiated |= self.negotiating
        if self.negotiating:
            return
        if sign and name in self.names:
            self.error(sign.column, f"there is another profile {shown(sign.value)}; expected a name of its own")
        if name:
            self.names[name] = None
        self.section = _Section(name)
        self.sections.append(self.section)

    def constraint(self, section: _Section, line: str) -> None:
        if line not in self.checked:
            self.checked[line] = _checked(line, self.known)
        made, errors, warnings = self.checked[line]
        for column, message in errors:
            self.error(column, message)
        self.warnings += [Problem(self.line, column, message) for column, message in warnings]
        if isinstance(made, Constraint):
            section.constraints.append(made)
        elif isinstance(made, Preference):
            section.preferences.append(made)

    def edge(self, parsed: Parsed) -> None:
        if self.flawed(parsed) or not isinstance(parsed.statement, EdgeLine):
            return
        checker = Checker(self.known)
        after = checker.duration(parsed.statement.duration)
        for column, message in checker.errors:
            self.error(column, message)
        self.edges.append((self.line, parsed.statement, after or 0.0))

    def edges_in_force(self) -> tuple[Edge, ...]:
        if not self.negotiated:
            return tuple(Edge(source, target) for source, target in pairwise([*self.names, HOLD]))
        written: dict[tuple[str, str], Edge] = {}
        for line, edge, after in self.edges:
            self.line = line
            source, target = edge.source.value, edge.target.value
            fine = self.known_end(edge.source, start=True) & self.known_end(edge.target, start=False)
            if fine and source == target:
                self.error(edge.target.column, f"{shown(target)} is where this edge begins; expected another profile")
            elif fine and (source, target) in written:
                self.error(
                    edge.target.column, f"there is another edge from {shown(source)} to {shown(target)}; expected one"
                )
            elif fine:
                written[source, target] = Edge(source, target, after)
        return tuple(written.values())

    def known_end(self, sign: Sign, *, start: bool) -> bool:
        """Whether an edge may begin (or end) at this name; an error where it may not."""
        name = sign.value
        if name in self.names or (name == HOLD and not start):
            return True
        if name == HOLD:
            self.error(
                sign.column, "no edge begins at 'hold'; expected a profile (from hold the search begins at the first)"
            )
            return False
        ends = [*islice(self.names, MOST_NAMED)] + ([] if start else [HOLD])
        right = self.other_case(name, start=start) or self.known.suggestions.nearest(name, tuple(ends))
        hint = f"; did you mean {right!r}?" if right else ""
        self.error(sign.column, f"{shown(name)} is no profile; expected {', '.join(ends) or 'one'}{hint}")
        return False

    def other_case(self, name: str, *, start: bool) -> str | None:
        """The profile (or, where an edge ends, `hold`) that differs from `name` in its case alone."""
        if not self.folded:
            self.folded = {end.casefold(): end for end in [*self.names, HOLD]}
        right = self.folded.get(name.casefold())
        return None if start and right == HOLD else right


def _checked(line: str, known: Known) -> _Checked:
    """A constraint or preference, None where it has an error, with its errors and warnings."""
    parsed = parse(line, Line.STATEMENT, known.suggestions)
    checker = Checker(known)
    for piece in parsed.pieces:
        checker.piece(piece)
    made = _made(parsed, checker)
    flaws = {flaw.column: flaw.message for flaw in parsed.flaws}
    errors = [*flaws.items(), *(error for error in checker.errors if error[0] not in flaws)]
    return None if errors else made, errors, checker.warnings


def _made(parsed: Parsed, checker: Checker) -> Constraint | Preference | None:
    statement, text = parsed.statement, parsed.line.text
    if isinstance(statement, ConstraintLine):
        condition = checker.condition(statement.condition)
        for_s = checker.duration(statement.duration)
        left = None if checker.errors else checker.left(statement.condition)
        return Constraint(text, for_s, frozenset(checker.attributes), condition, left) if condition else None
    if isinstance(statement, PreferenceLine):
        value = checker.value(statement.value)
        ranked = statement.largest_first
        return Preference(text, ranked, value, frozenset(checker.attributes)) if value else None
    return None


def _header_name(parsed: Parsed) -> Sign | None:
    """The name in a header, also in one that lacks its `]` or does not stand alone on its line."""
    types = [sign.type for sign in parsed.line.signs[:3]]
    return parsed.line.signs[1] if types in (["_LSQB", "NAME", "_RSQB"], ["_LSQB", "NAME"]) else None


def _reserved(name: str, right: str) -> str:
    if name != right:
        return f"{shown(name)} is written {right!r}, which is reserved; expected {right!r} or another name"
    return f"{right!r} is reserved; expected another name"
