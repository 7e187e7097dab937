"""The attributes that every source is mapped to, and the native names of MDS, GLUE and NWS."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from zeligui.units import UNITS, Dimension


@dataclass(frozen=True, slots=True)
class Kind:
    """What an attribute's values are: texts, or numbers of a dimension in the attribute's own unit."""

    dimension: Dimension | None
    unit: str = ""

    @property
    def text(self) -> bool:
        return self.dimension is None

    @property
    def scale(self) -> Fraction:
        """The own unit as a multiple of the dimension's."""
        return factor(self.unit) if self.unit else Fraction(1)


@cache
def factor(unit: str) -> Fraction:
    """A unit as an exact multiple of its dimension's own unit: 57 % is 0.57, not 0.5700000000000001."""
    return Fraction(repr(UNITS[unit][1]))


_TEXT, _PLAIN = Kind(None), Kind(Dimension.PLAIN)
_MEMORY, _FREQUENCY, _RATE = Kind(Dimension.MEMORY), Kind(Dimension.FREQUENCY), Kind(Dimension.RATE)
_SECONDS, _MILLISECONDS = Kind(Dimension.TIME), Kind(Dimension.TIME, "ms")


def _named(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


ATTRIBUTES: dict[str, Kind] = (
    _named(_TEXT, "hostName osName osDistribution osRelease arch cpuModel site wayMeasured")
    | _named(_PLAIN, "cpuCount cpuLimit machines cpuFree cpuAvail cpuCurrent load1 load5 load15 freeSlots")
    | _named(_PLAIN, "users ownerActive gpuCount probeCost")
    | _named(_FREQUENCY, "cpuSpeed")
    | _named(_MEMORY, "totalMemory freeMemory totalSwap freeSwap totalDisk freeDisk gpuFreeMemory")
    | _named(_RATE, "bandWidth")
    | _named(_MILLISECONDS, "latency")
    | _named(_SECONDS, "queueWait")
)
"""The names of the language, spelt as it does, with what their values are."""

_UNTYPED = """
    host resource hostType ipAddress owner port started skillName option controlName memory label unitLabel target
    Mds-Vo-name Mds-Vo-Op-name Mds-Host-hn Mds-Os-name Mds-Os-release Mds-Os-version Mds-Cpu-vendor Mds-Cpu-model
    Mds-Cpu-version Mds-Cpu-features Mds-Computer-isa Mds-Computer-platform Mds-Device-name Mds-Device-Group-name
    Mds-Software-deployment Mds-Fs-mount Mds-Net-name Mds-Net-addr Mds-Net-netaddr Mds-Net-mtub Mds-validfrom
    Mds-validto Mds-keepto Mds-Service-type Mds-Service-protocol Mds-Service-port Mds-Service-hn Mds-Service-url
    Mds-Service-Ldap-suffix Mds-Service-Ldap-timeout Mds-Service-Ldap-sizelimit Mds-Service-Ldap-cachettl
    Mds-Service-Ldap-ttl Mds-Reg-status Mds-Bind-Method-servers
"""

NATIVE: dict[str, Kind | None] = {
    **_named(_PLAIN, "availableCpu currentCpu"),
    **_named(_RATE, "bandwidthTcp"),
    **_named(_MILLISECONDS, "latencyTcp connectTimeTcp"),
    **_named(_MEMORY, "freeMemory freeDisk"),
    **_named(_FREQUENCY, "Mds-Cpu-speedMHz"),
    **_named(
        _MEMORY,
        """Mds-Memory-Ram-sizeMB Mds-Memory-Ram-freeMB Mds-Memory-Ram-Total-sizeMB Mds-Memory-Ram-Total-freeMB
        Mds-Memory-Vm-sizeMB Mds-Memory-Vm-freeMB Mds-Memory-Vm-Total-sizeMB Mds-Memory-Vm-Total-freeMB
        Mds-Fs-sizeMB Mds-Fs-freeMB Mds-Fs-Total-sizeMB Mds-Fs-Total-freeMB""",
    ),
    **_named(
        Kind(Dimension.MEMORY, "kB"), "Mds-Cpu-Cache-l1kB Mds-Cpu-Cache-l1ikB Mds-Cpu-Cache-l1dkB Mds-Cpu-Cache-l2kB"
    ),
    **_named(
        _PLAIN,
        """Mds-Cpu-Total-count Mds-Cpu-Smp-size Mds-Computer-Total-nodeCount Mds-Fs-Total-count Mds-Net-Total-count
        Mds-Cpu-Free-1minX100 Mds-Cpu-Free-5minX100 Mds-Cpu-Free-15minX100
        Mds-Cpu-Total-Free-1minX100 Mds-Cpu-Total-Free-5minX100 Mds-Cpu-Total-Free-15minX100""",
    ),
    **dict.fromkeys(_UNTYPED.split()),
}
"""Names of MDS 2 and NWS, known in backquotes. None: nothing is known of the values."""

# The GLUE schemas have some six hundred names; each begins with its object class.
_GLUE = re.compile(
    r"""Glue(Host|CE|SubCluster|Cluster|Site|Service|SE|SA|SL|VOView|Location|InformationService|Schema|Chunk|Foreign)[A-Za-z0-9]+
    |GLUE2(Entity|Extension|Location|Contact|Domain|AdminDomain|UserDomain|Service|Endpoint|Share|Manager|Resource|Activity
    |Policy|AccessPolicy|MappingPolicy|Computing|Benchmark|ExecutionEnvironment|Application|ToStorage|Storage|DataStore|Group)
    [A-Za-z0-9]+""",
    re.IGNORECASE | re.VERBOSE,
)

_BY_FOLDED = {name.casefold(): name for name in ATTRIBUTES}
_NATIVE_BY_FOLDED = {name.casefold(): name for name in NATIVE}


def canonical(name: str) -> str | None:
    """The language's own spelling of an attribute, None where it knows none of that name."""
    return _BY_FOLDED.get(name.casefold())


def native(name: str) -> bool:
    """Whether MDS 2, GLUE 1, GLUE 2 or NWS publish an attribute of that name."""
    return name.casefold() in _NATIVE_BY_FOLDED or _GLUE.fullmatch(name) is not None


def kind(name: str) -> Kind | None:
    """What the values of an attribute are; None where only the comparison can tell."""
    known = canonical(name)
    if known:
        return ATTRIBUTES[known]
    folded = _NATIVE_BY_FOLDED.get(name.casefold())
    return NATIVE[folded] if folded else None


class Suggestions:
    """Finds the right spelling of misspelt words, of the first `MOST` of a file: a search takes 0.2 ms."""

    MOST = 500

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[str, ...]], str | None] = {}

    def nearest(self, word: str, known: tuple[str, ...], *, cutoff: float = 0.7) -> str | None:
        """The name of `known` that `word` most resembles without regard to case, None where it resembles none.

        A word is searched once; after `MOST` others it is not.
        """
        # difflib compares every pair of signs: a name of a thousand letters resembles none of these.
        key = (word[:64].casefold(), known)
        if key not in self._found and len(self._found) < self.MOST:
            by_folded = {name.casefold(): name for name in known}
            close = difflib.get_close_matches(key[0], list(by_folded), n=1, cutoff=cutoff)
            self._found[key] = by_folded[close[0]] if close else None
        return self._found.get(key)
