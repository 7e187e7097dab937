"""NWS in the words of the contract language."""

from __future__ import annotations

import pytest

from zeligui.grid.directories import Described, Entry, describe, matters


def sensor(host: str, **values: str) -> Entry:
    named = {name: [value] for name, value in values.items()}
    return Entry.of(f"name={host}:8060,o=nws", {"objectClass": ["nwsHost"], "name": [f"{host}:8060"], **named})


def series(host: str, resource: str, value: str, *, target: str = "", when: str = "", **values: str) -> Entry:
    named = {"host": f"{host}:8060", "resource": resource, "measurement": value, **values}
    named |= {"target": f"{target}:8060"} if target else {}
    named |= {"timeStamp": when} if when else {}
    name = ".".join(filter(None, [f"{host}:8060", resource, target, *values.values()]))
    return Entry.of(
        f"name={name},o=nws", {"objectClass": ["nwsSeries"], **{key: [text] for key, text in named.items()}}
    )


def described(*entries: Entry, here: str = "") -> Described:
    (host,) = describe(entries, here={here}).hosts
    return host


def test_every_resource_has_its_attribute() -> None:
    host = described(
        sensor("lab1.org", hostType="sensor", ipAddress="10.0.0.1", port="8060"),
        series("lab1.org", "availableCpu", "0.85", when="1000"),
        series("lab1.org", "currentCpu", "0.9", when="1000"),
        series("lab1.org", "freeMemory", "512.5", when="990"),
        series("lab1.org", "freeDisk", "20000", when="980"),
        series("lab1.org", "bandwidthTcp", "78.4", target="master.org", when="900"),
        series("lab1.org", "latencyTcp", "1.5", target="master.org", when="900"),
        series("lab1.org", "connectTimeTcp", "2.5", target="master.org"),
    )
    assert host.name == "lab1.org"
    assert host.values == {
        "machines": 1.0,
        "hostType": "sensor",
        "ipAddress": "10.0.0.1",
        "port": 8060.0,
        "availableCpu": 0.85,
        "currentCpu": 0.9,
        "freeMemory": 512.5,
        "freeDisk": 20000.0,
        "bandwidthTcp": 78.4,
        "latencyTcp": 1.5,
        "connectTimeTcp": 2.5,
        "cpuAvail": 0.85,
        "cpuCurrent": 0.9,
        "bandWidth": 78.4,
        "latency": 1.5,
    }
    assert (host.times["freeMemory"], host.times["bandWidth"], host.times["cpuAvail"]) == (990.0, 900.0, 1000.0)
    assert not {"connectTimeTcp", "machines"} & host.times.keys()
    assert (host.stamp, host.expires) == (None, 4600.0)


def test_a_new_process_gets_at_most_one_processor() -> None:
    host = described(series("h", "availableCpu", "3.7"))
    assert (host.values["cpuAvail"], host.values["availableCpu"]) == (1.0, 3.7)


@pytest.mark.parametrize("unknown", ["-1", "999999999", "UNDEFINEDVALUE", "", "n/a", "nan", "lots"])
@pytest.mark.parametrize("resource", ["availableCpu", "bandwidthTcp", "freeMemory"])
def test_what_means_unknown_is_missing(resource: str, unknown: str) -> None:
    assert described(sensor("h"), series("h", resource, unknown)).values.keys() <= {"machines"}


@pytest.mark.parametrize("unknown", ["444444", "99999"])
def test_free_memory_that_means_unknown_is_missing(unknown: str) -> None:
    assert described(sensor("h"), series("h", "freeMemory", unknown)).values == {"machines": 1.0}


def test_of_several_ways_the_worst_is_promised() -> None:
    host = described(
        series("h", "bandwidthTcp", "90", target="a"),
        series("h", "bandwidthTcp", "60", target="b"),
        series("h", "latencyTcp", "1", target="a"),
        series("h", "latencyTcp", "9", target="b"),
    )
    assert (host.values["bandWidth"], host.values["latency"]) == (60.0, 9.0)


def test_the_way_to_this_machine_counts_before_others() -> None:
    host = described(
        series("h", "bandwidthTcp", "90", target="Master"), series("h", "bandwidthTcp", "5", target="b"), here="master"
    )
    assert host.values["bandWidth"] == 90.0


def test_a_way_from_this_machine_is_its_ends_too() -> None:
    hosts = {host.name: host for host in describe([series("m", "latencyTcp", "7", target="far")], here={"m"}).hosts}
    assert hosts["far"].values["latency"] == 7.0
    assert describe([series("m", "latencyTcp", "7", target="far")]).hosts[0].name == "m"


def test_the_disk_with_least_room_counts() -> None:
    host = described(series("h", "freeDisk", "500", path="/"), series("h", "freeDisk", "100", path="/tmp"))
    assert host.values["freeDisk"] == 100.0


def test_a_host_may_have_its_values_itself() -> None:
    host = described(sensor("h", availableCpu="0.5", freeMemory="100.50", timeStamp="77"))
    assert (host.values["cpuAvail"], host.values["freeMemory"]) == (0.5, 100.5)
    assert host.times["cpuAvail"] == 77.0


def test_only_a_sensor_is_a_machine_that_is_measured() -> None:
    memory = sensor("m", hostType="memory")
    assert matters(memory)
    assert [host.name for host in describe([memory, sensor("h", hostType="sensor")]).hosts] == ["h"]


@pytest.mark.parametrize(
    ("process", "host"), [("a.org:8060", "a.org"), ("a.org", "a.org"), ("[::1]:8060", "::1"), ("::1", "::1")]
)
def test_a_host_is_named_without_the_port_of_its_process(process: str, host: str) -> None:
    entry = Entry.of(
        "cn=x,o=nws", {"objectClass": ["nwsSeries"], "host": [process], "resource": ["freeDisk"], "measurement": ["1"]}
    )
    assert described(entry).name == host


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1083616116", 1083616116.0), ("1083616116.5", 1083616116.5), ("20040503202836Z", 1083616116.0)],
)
def test_a_time_is_in_seconds_or_generalized(written: str, seconds: float) -> None:
    assert described(series("h", "freeDisk", "1", when=written)).times == {"freeDisk": seconds}


def test_what_mds_says_of_a_host_counts_before_what_nws_measured() -> None:
    mds = Entry.of(
        "Mds-Host-hn=H.org,o=grid", {"Mds-Cpu-Total-Free-1minX100": ["40"], "Mds-validfrom": ["20040503202836Z"]}
    )
    host = described(
        mds, series("h.org", "availableCpu", "0.9", when="5"), series("h.org", "latencyTcp", "3", when="4")
    )
    assert (host.name, host.values["cpuAvail"], host.values["latency"]) == ("H.org", 0.4, 3.0)
    assert host.stamp == 1083616116.0
    assert host.times == {"availableCpu": 5.0, "latencyTcp": 4.0, "latency": 4.0}
