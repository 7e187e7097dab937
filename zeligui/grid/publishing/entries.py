"""A host as entries of MDS 2 and of NWS, as the readers of directories take them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from zeligui.contract.attributes import ATTRIBUTES
from zeligui.grid.hosts import Value
from zeligui.links.ldap.writing import Entry, escaped

KEPT_S = 3600.0
"""So long after its values have expired, an entry may be removed."""

LONGEST_TEXT = 256

HOST_CLASSES = (
    "MdsHost",
    "MdsOs",
    "MdsComputer",
    "MdsCpu",
    "MdsCpuTotal",
    "MdsCpuTotalFree",
    "MdsMemoryRamTotal",
    "MdsMemoryVmTotal",
    "MdsFsTotal",
    "MdsNet",
    "zeligridHost",
)

TEXTS = {
    "osName": "Mds-Os-name",
    "osRelease": "Mds-Os-release",
    "arch": "Mds-Computer-isa",
    "cpuModel": "Mds-Cpu-model",
}
NUMBERS: Mapping[str, tuple[str, float]] = {
    "cpuCount": ("Mds-Cpu-Total-count", 1),
    "cpuSpeed": ("Mds-Cpu-speedMHz", 1),
    "cpuFree": ("Mds-Cpu-Total-Free-1minX100", 100),
    "totalMemory": ("Mds-Memory-Ram-Total-sizeMB", 1),
    "freeMemory": ("Mds-Memory-Ram-Total-freeMB", 1),
    "totalSwap": ("Mds-Memory-Vm-Total-sizeMB", 1),
    "freeSwap": ("Mds-Memory-Vm-Total-freeMB", 1),
    "totalDisk": ("Mds-Fs-Total-sizeMB", 1),
    "freeDisk": ("Mds-Fs-Total-freeMB", 1),
}
"""What MDS 2 has a whole number for, and how many of its units make one of the contract language's."""

SERIES: Mapping[str, tuple[str, str]] = {
    "cpuAvail": ("availableCpu", "CPU Fraction"),
    "cpuCurrent": ("currentCpu", "CPU Fraction"),
    "freeMemory": ("freeMemory", "Megabytes"),
    "freeDisk": ("freeDisk", "Megabytes"),
    "latency": ("latencyTcp", "Milliseconds"),
    "bandWidth": ("bandwidthTcp", "Megabits/second"),
}
"""What NWS has a series for: its resource and its unit."""

WAYS = frozenset({"latency", "bandWidth"})
"""Between a machine and its master: they stand in series alone, which have an end and a time of their own."""

NWS = "ou=nws"
"""Where the entries of NWS are, below the base."""


@dataclass(slots=True)
class Measured:
    """A machine as this master measures it: by attribute the value, and when, in seconds since 1970."""

    host: str
    values: dict[str, tuple[Value, float]] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()

    def since(self, time: float) -> Measured:
        """Without what is older."""
        kept = {name: (value, when) for name, (value, when) in self.values.items() if when >= time}
        return Measured(self.host, kept, self.addresses)


def host_entry(measured: Measured, base: str, *, expiry_s: float) -> Iterator[Entry]:
    """The entry of MDS 2, none where nothing but ways was measured."""
    own = {name: pair for name, pair in measured.values.items() if name not in WAYS and name != "hostName"}
    if not own:
        return
    when = max(time for _, time in own.values())
    written: dict[str, tuple[str, ...]] = {
        "Mds-Host-hn": (measured.host,),
        "Mds-validfrom": (_moment(when),),
        "Mds-validto": (_moment(when + expiry_s),),
        "Mds-keepto": (_moment(when + expiry_s + KEPT_S),),
        "Mds-Net-addr": measured.addresses,
    }
    for name, (value, _) in own.items():
        if name in TEXTS and isinstance(value, str):
            written[TEXTS[name]] = _texts(value)
        if name in NUMBERS and not isinstance(value, str):
            attribute, units = NUMBERS[name]
            written[attribute] = (str(round(value * units)),)
        if name in ATTRIBUTES:
            written[name] = _texts(value)
    dn = f"Mds-Host-hn={escaped(measured.host)},{base}"
    yield Entry(dn, HOST_CLASSES, {name: values for name, values in written.items() if values})


def series_entries(measured: Measured, base: str, *, master: str) -> Iterator[Entry]:
    """The entries of NWS: the sensor of the machine, and its series. Ways end at `master`, the name of this machine."""
    host = measured.host
    sensor = {"name": (host,), "hostType": ("sensor",), "ipAddress": measured.addresses}
    yield Entry(
        f"name={escaped(host)},{NWS},{base}", ("nwsHost",), {key: value for key, value in sensor.items() if value}
    )
    for name, (resource, label) in SERIES.items():
        value, time = measured.values.get(name, ("", 0.0))
        if isinstance(value, str) or (name in WAYS and host.casefold() == master.casefold()):
            continue
        series = f"{host}.{resource}" + (f".{master}" if name in WAYS else "")
        written = {
            "name": (series,),
            "host": (host,),
            "resource": (resource,),
            "label": (label,),
            "measurement": (_number(value),),
            "timeStamp": (f"{time:.3f}",),
        }
        target = {"target": (master,)} if name in WAYS else {}
        yield Entry(f"name={escaped(series)},{NWS},{base}", ("nwsSeries",), written | target)


def _texts(value: Value) -> tuple[str, ...]:
    """As a directory may hold it: nothing that cannot be printed, and not too long; none where nothing is left."""
    if not isinstance(value, str):
        return (_number(value),)
    text = "".join(sign for sign in value if sign.isprintable()).strip()[:LONGEST_TEXT]
    return (text,) if text else ()


def _number(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _moment(time: float) -> str:
    """A GeneralizedTime, with a fraction, so that two of one second are told apart."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y%m%d%H%M%S}.{moment.microsecond // 1000:03d}Z"
