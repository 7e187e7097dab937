"""What directories write for "unknown" and "no limit", line by line of what real ones publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.grid.directories import Entry, describe
from zeligui.grid.directories.values import known, known_each

GLUE2 = "glue2executionenvironment"


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        *[
            (name, "999999999")
            for name in (
                "gluecepolicymaxcputime",
                "gluecepolicymaxwallclocktime",
                "gluecepolicymaxtotaljobs",
                "gluecepolicymaxslotsperjob",
                "glue2computingsharemaxcputime",
                GLUE2 + "mainmemorysize",
                "gluehostprocessorclockspeed",
                "glueceinfototalcpus",
                "mds-cpu-speedmhz",
            )
        ],
        *[
            (name, text)
            for text in ("999999", "99999")
            for name in (
                "gluehostmainmemoryramsize",
                GLUE2 + "mainmemorysize",
                "gluecepolicypriority",
                "gluecestatefreejobslots",
                "gluecepolicymaxwaitingjobs",
                "gluecepolicymaxtotaljobs",
            )
        ],
        *[
            (name, "444444")
            for name in (
                "gluecestatewaitingjobs",
                "glue2computingsharewaitingjobs",
                "glue2computingsharemaxmainmemory",
                "glue2computingsharemaxslotsperjob",
            )
        ],
        *[
            (name, text)
            for text in ("2146660842", "2146660841", "2146660000")
            for name in (
                "gluecestateestimatedresponsetime",
                "gluecestateworstresponsetime",
                "glue2computingshareestimatedaveragewaitingtime",
                "glue2computingshareestimatedworstwaitingtime",
            )
        ],
        *[
            (name, "0")
            for name in (
                "gluehostprocessorclockspeed",
                "gluehostmainmemoryramsize",
                "gluesubclusterphysicalcpus",
                "gluehostoperatingsystemname",
                "gluehostoperatingsystemrelease",
                "gluehostoperatingsystemversion",
            )
        ],
        *[
            ("gluehostoperatingsystemname", text)
            for text in (
                "UNDEFINEDVALUE",
                "UNDEFINED",
                "UNKNOWN",
                "UNAVAILABLE",
                "n/a",
                "not defined",
                "unset",
                "None",
                "NULL",
                "_UNDEF_",
                "unavailable at time of install",
                " Unavailable At Time Of Install ",
                "",
            )
        ],
        ("mds-memory-ram-total-freemb", "-1"),
        ("gluecestatefreejobslots", "-1"),
        ("gluehostprocessorclockspeed", "99"),
        ("gluehostprocessorclockspeed", "10001"),
    ],
)
def test_a_placeholder_is_unknown(attribute: str, text: str) -> None:
    assert known(attribute, text) is None


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        *[
            (name, "0")
            for name in (
                "gluecestatefreejobslots",
                "gluecestaterunningjobs",
                "gluecestatewaitingjobs",
                "glue2computingsharefreeslots",
                "mds-memory-ram-total-freemb",
                "mds-cpu-total-free-1minx100",
            )
        ],
        ("gluecestateestimatedresponsetime", "2146659999"),
        ("gluesitelatitude", "-22.9"),
        ("glue2locationlongitude", "-43"),
        ("gluehostprocessorclockspeed", "100"),
        ("gluehostprocessorclockspeed", "10000"),
        ("gluesitename", "444444"),
    ],
)
def test_a_number_that_only_looks_like_one_is_a_number(attribute: str, text: str) -> None:
    assert known(attribute, text) == float(text)


PLAIN = st.sampled_from(["node1.grid", "10.1.2.3", "x86", "a.b.c", "1.2.3-4", ".."])
OTHER = (
    st.sampled_from(["", "unknown", "n/a", "1.5", "1e5", "Linux", " x1", "x1 ", "x1\n", "\nx1", "999999999"])
    | st.text()
)


@given(st.lists(PLAIN, max_size=4), st.lists(OTHER, max_size=2))
def test_many_values_are_known_as_each_by_itself(plain: list[str], other: list[str]) -> None:
    texts = (*plain, *other)
    assert known_each("mds-host-hn", texts) == tuple(known("mds-host-hn", text) for text in texts)


def test_one_odd_name_behind_thousands_takes_no_longer() -> None:
    texts = ("node1.cluster.org",) * 5000 + ("_",)
    assert known_each("mds-host-hn", texts) == texts


def sub_cluster(**values: str) -> dict[str, object]:
    named = {f"GlueHost{name}": [value] for name, value in values.items()}
    entry = Entry.of("GlueSubClusterUniqueID=a,o=grid", {"objectClass": ["GlueSubCluster"], **named})
    (one,) = describe([entry]).hosts
    return dict(one.values)


def test_the_old_installers_default_was_never_measured() -> None:
    default = {"ProcessorClockSpeed": "1000", "MainMemoryRAMSize": "512", "MainMemoryVirtualSize": "1024"}
    assert not {"cpuSpeed", "totalMemory"} & sub_cluster(**default, BenchmarkSI00="400").keys()
    assert not {"cpuSpeed", "totalMemory"} & sub_cluster(**default).keys()
    real = sub_cluster(**default | {"MainMemoryRAMSize": "2048"}, BenchmarkSI00="1500")
    assert (real["cpuSpeed"], real["totalMemory"]) == (1000.0, 2048.0)


def test_what_the_htcondor_ce_prints_of_every_machine_is_unknown() -> None:
    def environment(**values: str) -> dict[str, object]:
        named = {f"GLUE2ExecutionEnvironment{name}": [value] for name, value in values.items()}
        entry = Entry.of("GLUE2ResourceID=a,o=glue", {"objectClass": ["GLUE2ExecutionEnvironment"], **named})
        (one,) = describe([entry]).hosts
        return dict(one.values)

    constant = {"CPUClockSpeed": "2800", "MainMemorySize": "2000", "CPUModel": "Xeon", "CPUVersion": "Nehalem"}
    assert not {"cpuSpeed", "totalMemory", "cpuModel"} & environment(**constant).keys()
    assert environment(**constant | {"MainMemorySize": "64000"})["cpuSpeed"] == 2800.0


def test_free_slots_of_zero_are_none_only_where_the_provider_has_run() -> None:
    def queue(**values: str) -> object:
        named = {f"GlueCE{name}": [value] for name, value in values.items()}
        entries = [
            Entry.of("GlueClusterUniqueID=c,o=grid", {"objectClass": ["GlueCluster"], "GlueClusterUniqueID": ["c"]}),
            Entry.of("GlueSubClusterUniqueID=s,GlueClusterUniqueID=c,o=grid", {"objectClass": ["GlueSubCluster"]}),
            Entry.of(
                "GlueCEUniqueID=ce,o=grid",
                {"objectClass": ["GlueCE"], "GlueForeignKey": ["GlueClusterUniqueID=c"], **named},
            ),
        ]
        (one,) = describe(entries).hosts
        return one.values.get("freeSlots")

    assert queue(StateFreeJobSlots="0", InfoTotalCPUs="8") == 0.0
    assert queue(StateFreeJobSlots="0", InfoTotalCPUs="0") is None
    assert queue(StateFreeJobSlots="0", InfoTotalCPUs="8", StateWaitingJobs="444444") is None
    assert queue(StateFreeJobSlots="999999", InfoTotalCPUs="8") is None
