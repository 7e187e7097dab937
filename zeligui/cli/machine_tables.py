"""What `hosts` and `match` show to people: plain text, whatever signs a publisher put into its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from zeligui.cli.common import clean, told
from zeligui.contract.attributes import ATTRIBUTES, canonical
from zeligui.contract.conditions import Statistic
from zeligui.grid.hosts import Host, Value

if TYPE_CHECKING:
    from zeligui.contract.language import Contract
    from zeligui.grid.matching import Finding, Match, Miss

    Found = Mapping[str, Mapping[str, Sequence[Finding]]]

_SHOWN = (
    *("osName", "cpuCount", "cpuSpeed", "cpuAvail", "load1", "freeMemory", "totalMemory", "freeDisk", "bandWidth"),
    *("latency", "machines", "freeSlots", "queueWait", "site"),
)
_STATUS = {
    "up": "up",
    "stale": "stale: no news",
    "unreachable": "unreachable",
    "refused": "refused us",
    "unknown-key": "unknown host key",
    "changed-key": "CHANGED HOST KEY",
}
_EMPTY = "No hosts. Name a source that answers, such as --source local://, or a file that lists some."
_NAMED = 3
_GLYPHS = {"true": "✓", "false": "✗", "unknown": "?"}


def host_table(hosts: Sequence[Host]) -> str:
    """A line a host: its status in words, the language's attributes with units, and how old the newest value is."""
    if not hosts:
        return _EMPTY
    shown = [name for name in _SHOWN if any(name in host.values for host in hosts)]
    header = ["HOST", "STATUS", *(_headed(name) for name in shown), "AGE"]
    rows = [[host.name, _status(host), *(_cell(host, name) for name in shown), _age(host)] for host in hosts]
    details = list(_details(hosts))
    return "\n".join([*aligned([header, *rows]), *([""] if details else []), *details])


def _details(hosts: Sequence[Host]) -> Iterator[str]:
    """What is said of hosts; what a directory says of all that it knows is said once."""
    of: dict[str, list[str]] = {}
    for host in hosts:
        of.setdefault(host.detail, []).append(host.name)
    for detail, names in of.items():
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        if detail:
            yield told(f"{', '.join(names[:_NAMED])}{more}: {detail}")


def explanation(contract: Contract, found: Found, *, unicode: bool) -> str:
    """For every host and profile each constraint: does it hold, and what is the value."""
    blocks = []
    for host, profiles in found.items():
        blocks.append(clean(host))
        for profile in contract.profiles:
            findings = profiles[profile.name]
            apt = all(finding["result"] == "true" for finding in findings)
            blocks.append(f"  {profile.name}: {'apt' if apt else 'not apt'}")
            blocks += [f"    {line}" for line in aligned(_finding(each, contract, unicode) for each in findings)]
    return "\n".join(blocks) or _EMPTY


def summary(matched: Match, found: Found, contract: Contract, *, wanted: int, known: int, most: int) -> str:
    """Which profile is in force and its hosts, best first; or what the nearest hosts lack."""
    counts = ", ".join(f"{name} {len(apt)}" for name, apt in matched.profiles.items())
    if matched.profile is None:
        return "\n".join(_nothing_found(matched, found, contract, wanted=wanted, known=known, most=most))
    head = f"{matched.profile}: {_hosts(len(matched.apt))} of {known} apt, best first. By profile: {counts}."
    ranked = [f"{place:>4}  {clean(host)}" for place, host in enumerate(matched.apt, 1)]
    return "\n".join([head, *ranked])


def quantity(value: Value, attribute: str) -> str:
    """A value with the attribute's own unit."""
    unit = _unit(attribute)
    if isinstance(value, str):
        return clean(value)
    return f"{value:.4g} {unit}".rstrip() if abs(value) < 10_000 else f"{value:.0f} {unit}".rstrip()


def _nothing_found(
    matched: Match, found: Found, contract: Contract, *, wanted: int, known: int, most: int
) -> Iterable[str]:
    if not known:
        yield _EMPTY
        return
    best = max(map(len, matched.profiles.values()), default=0)
    yield f"No profile has {_hosts(wanted)} apt; the best has {best} of {known}. The nearest:"
    for miss in matched.nearest[:most]:
        yield f"  {_miss(miss, found[miss.host][miss.profile], contract)}"
    if len(matched.nearest) > most:
        yield f"  … and {len(matched.nearest) - most} more; --json lists them all."


def _miss(miss: Miss, findings: Sequence[Finding], contract: Contract) -> str:
    failing = [finding for finding in findings if finding["result"] != "true"]
    if not failing:
        return f"{clean(miss.host)} is apt for {miss.profile}."
    reasons = "; ".join(_reason(finding, contract) for finding in failing)
    return f"{clean(miss.host)} would be apt for {miss.profile} but for {reasons}."


def _reason(finding: Finding, contract: Contract) -> str:
    value = finding["value"]
    if finding["result"] == "unknown":
        return f"{finding['constraint']}, which is unknown here"
    if value is None:
        return f"{finding['constraint']}, which is false"
    return f"{finding['constraint']}, which is {_measured(finding, contract)}"


def _finding(finding: Finding, contract: Contract, unicode: bool) -> list[str]:
    glyph = [_GLYPHS[finding["result"]]] if unicode else []
    return [" ".join([*glyph, finding["result"]]), clean(finding["constraint"]), _measured(finding, contract)]


def _measured(finding: Finding, contract: Contract) -> str:
    """The left side with its unit, where the constraint is about one attribute."""
    if finding["value"] is None:
        return ""
    constraints = (each for profile in contract.profiles for each in profile.constraints)
    constraint = next(each for each in constraints if each.text == finding["constraint"])
    if isinstance(constraint.left, Statistic) and constraint.left.function == "age":
        return f"{finding['value']:.4g} s"
    attributes = constraint.attributes
    return quantity(finding["value"], next(iter(attributes)) if len(attributes) == 1 else "")


def _headed(attribute: str) -> str:
    unit = _unit(attribute)
    return f"{attribute} {unit}" if unit else attribute


def _unit(attribute: str) -> str:
    kind = ATTRIBUTES.get(canonical(attribute) or "")
    if kind is None or kind.dimension is None:
        return ""
    unit = kind.unit or kind.dimension.value
    return "" if unit == "1" else unit


def _status(host: Host) -> str:
    return _STATUS.get(host.status, host.status)


def _cell(host: Host, attribute: str) -> str:
    value = host.values.get(attribute)
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"


def _age(host: Host) -> str:
    return f"{min(host.ages.values()):.0f} s" if host.ages else "-"


def _hosts(count: int) -> str:
    return f"{count} host" if count == 1 else f"{count} hosts"


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, each column as wide as it needs."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cleaned]
