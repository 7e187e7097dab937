"""MDS 2 in the words of the contract language."""

from __future__ import annotations

import pytest

from zeligui.grid.directories import Described, Entry, describe

DN = "Mds-Host-hn=peyote.aei.mpg.de, Mds-Vo-name=local,o=Grid"
HOST = {
    "Mds-Host-hn": ["peyote.aei.mpg.de"],
    "Mds-Os-name": ["Linux"],
    "Mds-Os-release": ["2.4.25"],
    "Mds-Computer-isa": ["IA32"],
    "Mds-Computer-platform": ["i686"],
    "Mds-Cpu-model": ["Intel(R) Xeon(TM) CPU 2"],
    "Mds-Cpu-Total-count": ["4"],
    "Mds-Cpu-speedMHz": ["2799"],
    "Mds-Cpu-Total-Free-1minX100": ["393"],
    "Mds-Memory-Ram-Total-sizeMB": ["4038"],
    "Mds-Memory-Ram-Total-freeMB": ["3749"],
    "Mds-Memory-Vm-Total-freeMB": ["551"],
    "Mds-Fs-freeMB": ["1021", "1502", "42387"],
    "Mds-Fs-Total-freeMB": ["53637"],
    "Mds-validfrom": ["20040503202836Z"],
    "Mds-validto": ["200405032028.60Z"],
}


def described(*entries: Entry) -> Described:
    (host,) = describe(entries).hosts
    return host


def with_values(**values: str) -> Described:
    named = {name.replace("_", "-"): [value] for name, value in values.items()}
    return described(Entry.of(DN, HOST | named))


def test_every_attribute_of_the_language_that_mds_has() -> None:
    host = described(Entry.of(DN, HOST))
    assert host.name == "peyote.aei.mpg.de"
    assert {name: value for name, value in host.values.items() if not name.startswith("Mds")} == {
        "osName": "Linux",
        "osRelease": "2.4.25",
        "arch": "IA32",
        "cpuModel": "Intel(R) Xeon(TM) CPU 2",
        "cpuCount": 4.0,
        "machines": 1.0,
        "cpuSpeed": 2799.0,
        "cpuFree": 3.93,
        "cpuAvail": 1.0,
        "totalMemory": 4038.0,
        "freeMemory": 3749.0,
        "freeSwap": 551.0,
        "freeDisk": 53637.0,
        "site": "local",
    }
    assert (host.stamp, host.expires) == (1083616116.0, 1083616116.0)


def test_native_attributes_of_one_value_are_kept_as_published() -> None:
    values = described(Entry.of(DN, HOST)).values
    assert values["Mds-Cpu-Total-Free-1minX100"] == 393.0
    assert values["Mds-Os-release"] == "2.4.25"
    assert "Mds-Fs-freeMB" not in values


def test_free_disk_is_never_the_sum_of_file_systems() -> None:
    without_total = {name: values for name, values in HOST.items() if name != "Mds-Fs-Total-freeMB"}
    assert "freeDisk" not in described(Entry.of(DN, without_total)).values


def test_values_of_entries_below_join_their_host() -> None:
    below = "Mds-Device-Group-name=memory, "
    host = described(
        Entry.of("mds-vo-name=local,o=grid", {"objectclass": ["MdsVo"]}),
        Entry.of(below + DN, {"Mds-Memory-Ram-Total-freeMB": ["100"], "Mds-Os-name": ["AIX"]}, 1),
        Entry.of("Mds-Device-name=cpu 0, " + below + DN.upper(), {"mds-cpu-speedmhz": ["2000"]}, 2),
        Entry.of("Mds-Device-name=cpu 1, " + below + DN, {"MDS-CPU-SPEEDMHZ": ["1000"]}, 3),
        Entry.of(DN, {"objectClass": ["MdsHost"], "Mds-Os-name": ["Linux"]}, 4),
    )
    assert host.values["freeMemory"] == 100.0
    assert host.values["osName"] == "Linux"
    assert host.values["cpuSpeed"] == 1000.0
    assert "mds-cpu-speedmhz" not in host.values


def test_entries_below_a_host_that_is_not_there_make_it() -> None:
    host = described(Entry.of("Mds-Software-deployment=operating system, " + DN, {"Mds-Os-name": ["Linux"]}))
    assert (host.name, host.values["osName"]) == ("peyote.aei.mpg.de", "Linux")


@pytest.mark.parametrize(
    ("hundredths", "free", "share"), [("393", 3.93, 1.0), ("40", 0.4, 0.4), ("0", 0.0, 0.0), ("100", 1.0, 1.0)]
)
def test_a_new_process_gets_at_most_one_processor(hundredths: str, free: float, share: float) -> None:
    host = with_values(Mds_Cpu_Total_Free_1minX100=hundredths)
    assert (host.values["cpuFree"], host.values["cpuAvail"]) == (free, share)


@pytest.mark.parametrize("unknown", ["0", "unavailable at time of install", "NULL", "n/a", "999999999", "-1", ""])
def test_a_clock_that_means_unknown_is_missing(unknown: str) -> None:
    assert "cpuSpeed" not in with_values(Mds_Cpu_speedMHz=unknown).values


@pytest.mark.parametrize("unknown", ["99999", "444444", "999999", "999999999"])
def test_free_processors_that_mean_unknown_are_missing(unknown: str) -> None:
    assert not {"cpuFree", "cpuAvail"} & with_values(Mds_Cpu_Total_Free_1minX100=unknown).values.keys()


def test_no_free_memory_is_a_number() -> None:
    assert with_values(Mds_Memory_Ram_Total_freeMB="0").values["freeMemory"] == 0.0


def test_the_site_is_the_nearest_name_that_says_something() -> None:
    host = described(Entry.of("Mds-Host-hn=h.org, Mds-Vo-name=local, Mds-Vo-name=Site-A, o=grid", {}))
    assert host.values["site"] == "Site-A"
