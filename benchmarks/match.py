"""Matching the slides' contract over many hosts, against HTCondor's ClassAds on the same hosts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import classad2
import numpy as np

from zeligui.contract.columns import Texts
from zeligui.contract.language import read
from zeligui.contract.model import Contract
from zeligui.grid.matching import match
from zeligui.grid.table import Table
from zeligui.shipped import shipped

REQUIREMENTS = (
    'osName == "Linux" && bandWidth > 78 && cpuAvail > 0.6 && cpuSpeed > 2000 && freeMemory > 200',
    'osName == "Linux" && bandWidth > 50 && cpuAvail > 0.5 && cpuSpeed > 1800 && freeMemory > 100',
)
RANGES = {"bandWidth": (10, 200), "cpuAvail": (0, 1), "cpuSpeed": (1000, 4000), "freeMemory": (0, 4000)}
MOSTLY_APT = {"bandWidth": (60, 200), "cpuAvail": (0.5, 1), "cpuSpeed": (1900, 4000), "freeMemory": (150, 4000)}
SYSTEMS = ("Linux", "AIX", "SunOS")
SAMPLE = 10_000
RUNS = 5


def main() -> None:
    """Print the best time of some runs for 10,000 and 1,000,000 hosts, and the ratio to ClassAds in the same run.

    Ours judges every host for both profiles and ranks what is apt; theirs judges, and leaves the rest.
    """
    contract = read((shipped("contracts") / "two-profiles.contract").read_bytes()).contract
    assert contract is not None
    hosts = table(SAMPLE)
    ours, theirs = _best(lambda: match(contract, hosts).profiles), _classads(contract, hosts)
    shares = " and ".join(f"{len(apt) / SAMPLE:.0%}" for apt in match(contract, hosts).profiles.values())
    print(f"match   hosts apt for the two profiles: {shares}; the time to rank them grows with that")
    print(
        f"match   10,000 hosts, 2 profiles: {ours * 1e3:.2f} ms; ClassAds {theirs * 1e3:.0f} ms; "
        f"1/{theirs / ours:.0f} of ClassAds' time (wanted: at most 1/20)"
    )
    many = table(1_000_000)
    ours = _best(lambda: match(contract, many).profiles)
    crowd = table(1_000_000, MOSTLY_APT, systems=1)
    most = _best(lambda: match(contract, crowd).profiles)
    shares = " and ".join(f"{len(apt) / 1e6:.0%}" for apt in match(contract, crowd).profiles.values())
    print(
        f"match   1,000,000 hosts, 2 profiles: {ours:.3f} s on one core (wanted: under 0.2 s); ClassAds "
        f"{theirs * 100:.1f} s, scaled from 10,000; 1/{theirs * 100 / ours:.0f} of ClassAds' time"
    )
    print(f"match   1,000,000 hosts of which {shares} are apt: {most:.3f} s")


def table(hosts: int, ranges: Mapping[str, tuple[float, float]] = RANGES, *, systems: int = len(SYSTEMS)) -> Table:
    """Hosts with the attributes of the contract, evenly spread over `ranges` and systems. The same at each call."""
    random = np.random.default_rng(1)
    numbers = {name: random.uniform(low, high, hosts) for name, (low, high) in ranges.items()}
    codes = random.integers(0, systems, hosts).astype(np.int32)
    return Table([f"node{number:07}.grid" for number in range(hosts)], numbers, {"osName": Texts(codes, SYSTEMS)})


def advertised(hosts: Table) -> list[classad2.ClassAd]:
    """The same hosts, each as a ClassAd."""
    columns = {name: hosts.numbers(name).tolist() for name in RANGES}
    systems = hosts.texts("osName")
    columns["osName"] = [systems.vocabulary[code] for code in systems.codes]
    return [classad2.ClassAd(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def accepted(ads: Sequence[classad2.ClassAd]) -> list[list[int]]:
    """Which ads each requirement accepts: every host is evaluated for both profiles."""
    expressions = [classad2.ExprTree(requirement) for requirement in REQUIREMENTS]
    return [[number for number, ad in enumerate(ads) if expression.eval(ad) is True] for expression in expressions]


def _classads(contract: Contract, hosts: Table) -> float:
    ads = advertised(hosts)
    found = [sorted(hosts.names[number] for number in numbers) for numbers in accepted(ads)]
    if found != [sorted(apt) for apt in match(contract, hosts).profiles.values()]:
        raise RuntimeError("ClassAds and the contract accept different hosts: the comparison says nothing.")
    return _best(lambda: accepted(ads))


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    main()
