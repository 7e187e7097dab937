"""GLUE 1 in the words of the contract language."""

from __future__ import annotations

import pytest

from zeligui.grid.directories import Described, Directory, Entry, describe

BASE = "Mds-Vo-name=SITE-X,Mds-Vo-name=local,o=grid"
CLUSTER = f"GlueClusterUniqueID=ce.x.org,{BASE}"
GROUP = f"GlueSubClusterUniqueID=wn.x.org,{CLUSTER}"
MACHINES = {
    "GlueSubClusterUniqueID": "wn.x.org",
    "GlueSubClusterPhysicalCPUs": "40",
    "GlueHostArchitectureSMPSize": "4",
    "GlueHostArchitecturePlatformType": "x86_64",
    "GlueHostOperatingSystemName": "ScientificSL",
    "GlueHostOperatingSystemRelease": "6.4",
    "GlueHostProcessorModel": "Xeon",
    "GlueHostProcessorClockSpeed": "2400",
    "GlueHostMainMemoryRAMSize": "16000",
    "GlueHostMainMemoryRAMAvailable": "9000",
    "GlueHostProcessorLoadLast1Min": "3",
    "GlueHostProcessorLoadLast5Min": "2.5",
    "GlueHostProcessorLoadLast15Min": "2",
    "GlueChunkKey": "GlueClusterUniqueID=ce.x.org",
}


def entry(dn: str, values: dict[str, str], **more: str) -> Entry:
    return Entry.of(dn, {name: [value] for name, value in (values | more).items()})


def group(**more: str) -> Entry:
    return entry(GROUP, MACHINES, **more)


def queue(name: str, **more: str) -> Entry:
    own = f"ce.x.org:8443/cream-pbs-{name}"
    return entry(
        f"GlueCEUniqueID={own},{BASE}",
        {"GlueCEUniqueID": own, "GlueCEName": name, "GlueForeignKey": "GlueClusterUniqueID=ce.x.org"},
        **({"GlueCEStateFreeJobSlots": "10", "GlueCEStateEstimatedResponseTime": "60"} | more),
    )


def view(of: str, organisation: str, **more: str) -> Entry:
    own = f"ce.x.org:8443/cream-pbs-{of}"
    return entry(
        f"GlueVOViewLocalID={organisation},GlueCEUniqueID={own},{BASE}",
        {"GlueVOViewLocalID": organisation, "GlueChunkKey": f"GlueCEUniqueID={own}", "GlueCEStateFreeJobSlots": "10"},
        **more,
    )


def only(directory: Directory) -> Described:
    (host,) = directory.hosts
    return host


def test_every_attribute_of_the_language_that_glue_1_has() -> None:
    host = only(describe([group(), queue("long")]))
    assert host.name == "wn.x.org"
    assert {name: value for name, value in host.values.items() if not name.startswith("Glue")} == {
        "osName": "Linux",
        "osDistribution": "ScientificSL",
        "osRelease": "6.4",
        "arch": "x86_64",
        "cpuModel": "Xeon",
        "cpuCount": 4.0,
        "machines": 10.0,
        "cpuSpeed": 2400.0,
        "cpuAvail": 1.0,
        "load1": 3.0,
        "load5": 2.5,
        "load15": 2.0,
        "totalMemory": 16000.0,
        "freeMemory": 9000.0,
        "freeSlots": 10.0,
        "queueWait": 60.0,
        "site": "SITE-X",
    }


def test_what_a_new_process_gets_follows_from_the_load() -> None:
    assert only(describe([group(GlueHostProcessorLoadLast1Min="7")])).values["cpuAvail"] == 0.5


@pytest.mark.parametrize(
    ("published", "family"),
    [
        ("ScientificSL", "Linux"),
        ("ScientificCERNSLC", "Linux"),
        ("RedHatEnterpriseAS", "Linux"),
        ("CentOS", "Linux"),
        ("Debian", "Linux"),
        ("SLES", "Linux"),
        ("Linux", "Linux"),
        ("macosx", "Darwin"),
        ("Windows Server 2003", "Windows"),
        ("Solaris", "SunOS"),
        ("AIX", "AIX"),
        ("BeOS", None),
        ("0", None),
        ("UNDEFINED", None),
    ],
)
def test_the_family_follows_from_the_distribution(published: str, family: str | None) -> None:
    assert only(describe([group(GlueHostOperatingSystemName=published)])).values.get("osName") == family


@pytest.mark.parametrize(
    ("attribute", "value", "missing"),
    [
        ("GlueHostProcessorClockSpeed", "999999999", "cpuSpeed"),
        ("GlueHostProcessorClockSpeed", "0", "cpuSpeed"),
        ("GlueHostProcessorClockSpeed", "2400000000", "cpuSpeed"),
        ("GlueHostMainMemoryRAMSize", "0", "totalMemory"),
        ("GlueHostMainMemoryRAMAvailable", "0", "freeMemory"),
        ("GlueHostMainMemoryRAMSize", "999999", "totalMemory"),
        ("GlueHostMainMemoryRAMSize", "444444", "totalMemory"),
        ("GlueHostProcessorLoadLast1Min", "999999", "cpuAvail"),
        ("GlueHostArchitectureSMPSize", "0", "cpuCount"),
        ("GlueHostOperatingSystemRelease", "0", "osRelease"),
        ("GlueHostProcessorModel", "unset", "cpuModel"),
        ("GlueHostArchitecturePlatformType", "UNDEFINEDVALUE", "arch"),
    ],
)
def test_a_value_that_means_unknown_is_missing(attribute: str, value: str, missing: str) -> None:
    values = only(describe([group(**{attribute: value})])).values
    assert missing not in values
    assert attribute not in values


def test_the_installers_default_is_no_measurement() -> None:
    default = {
        "GlueHostProcessorClockSpeed": "1000",
        "GlueHostMainMemoryRAMSize": "512",
        "GlueHostMainMemoryVirtualSize": "1024",
        "GlueHostBenchmarkSI00": "400",
    }
    assert not {"cpuSpeed", "totalMemory"} & only(describe([group(**default)])).values.keys()
    measured = only(describe([group(**default | {"GlueHostMainMemoryRAMSize": "2048"})])).values
    assert (measured["cpuSpeed"], measured["totalMemory"]) == (1000.0, 2048.0)


def test_unknown_processors_are_one_machine() -> None:
    assert only(describe([group(GlueSubClusterPhysicalCPUs="0")])).values["machines"] == 1.0


def test_free_slots_count_once_a_queue_and_not_once_an_organisation() -> None:
    views = [view(name, vo) for name in ("long", "short") for vo in ("atlas", "cms", "ops")]
    assert only(describe([group(), queue("long"), queue("short"), *views])).values["freeSlots"] == 20.0


def test_two_servers_before_one_cluster_tell_of_one_queue() -> None:
    other = queue("long", GlueCEUniqueID="ce2.x.org:8443/cream-pbs-long")
    other = entry("GlueCEUniqueID=ce2.x.org:8443/cream-pbs-long,o=grid", {k: v[0] for k, v in other.values.items()})
    assert only(describe([group(), queue("long"), other])).values["freeSlots"] == 10.0


def test_the_views_tell_where_the_queue_says_nothing() -> None:
    silent = queue("long", GlueCEStateFreeJobSlots="999999999")
    found = only(describe([group(), silent, view("long", "a"), view("long", "b", GlueCEStateFreeJobSlots="7")]))
    assert found.values["freeSlots"] == 10.0


@pytest.mark.parametrize("total", ["0", "8"])
def test_no_free_slot_is_a_number_unless_there_are_no_processors_either(total: str) -> None:
    full = queue("long", GlueCEStateFreeJobSlots="0", GlueCEInfoTotalCPUs=total)
    assert only(describe([group(), full])).values.get("freeSlots") == (None if total == "0" else 0.0)


def test_a_provider_that_has_not_run_tells_nothing() -> None:
    unborn = queue(
        "long",
        GlueCEStateFreeJobSlots="0",
        GlueCEStateWaitingJobs="444444",
        GlueCEStateEstimatedResponseTime="2146660842",
    )
    assert not {"freeSlots", "queueWait"} & only(describe([group(), unborn])).values.keys()


def test_a_host_inherits_from_its_sub_cluster_which_then_is_no_host_itself() -> None:
    """As the clusters of Rocks print it, with names of their own in the DNs."""
    cluster = entry(
        "cl=datatag-CNAF, mds-vo-name=local, o=grid", {"GlueClusterUniqueID": "c1"}, objectclass="GlueCluster"
    )
    sub = entry(
        "scl=sub1, cl=datatag-CNAF, mds-vo-name=local, o=grid",
        {"GlueSubClusterUniqueID": "i686-linux", "GlueHostOperatingSystemName": "Linux"},
        objectclass="GlueSubCluster",
    )
    single = entry(
        "host=compute-0-0, scl=sub1, cl=datatag-CNAF, mds-vo-name=local, o=grid",
        {"GlueHostName": "compute-0-0", "GlueHostUniqueID": "c1-compute-0-0", "GlueHostArchitectureSMPSize": "2"},
        objectclass="GlueHost",
        GlueHostProcessorLoadLast1Min="0.53",
    )
    host = only(describe([cluster, sub, single]))
    assert host.name == "compute-0-0"
    assert (host.values["osName"], host.values["machines"]) == ("Linux", 1.0)
    assert host.values["cpuAvail"] == 1.0


def test_the_site_is_that_of_the_cluster() -> None:
    cluster = entry(CLUSTER, {"GlueClusterUniqueID": "CE.X.ORG", "GlueForeignKey": "gluesiteuniqueid=Site Y"})
    assert only(describe([group(), cluster])).values["site"] == "Site Y"


def test_without_a_key_the_site_is_that_of_the_branch_it_stands_in() -> None:
    site = entry("GlueSiteUniqueID=SITE-X-LCG2,Mds-Vo-name=SITE-X,o=grid", {}, objectclass="GlueSite")
    inside = entry("GlueSubClusterUniqueID=a,Mds-Vo-name=SITE-X,o=grid", {}, objectclass="GlueSubCluster")
    elsewhere = entry("GlueSubClusterUniqueID=b,Mds-Vo-name=SITE-Z,o=grid", {}, objectclass="GlueSubCluster")
    nowhere = entry("GlueSubClusterUniqueID=c,Mds-Vo-name=resource,o=grid", {}, objectclass="GlueSubCluster")
    sites = [host.values.get("site") for host in describe([site, inside, elsewhere, nowhere]).hosts]
    assert sites == ["SITE-X-LCG2", "SITE-Z", "SITE-X-LCG2"]


def test_names_are_compared_without_case() -> None:
    shouted = Entry.of(GROUP.upper(), {name.upper(): [value] for name, value in MACHINES.items()})
    host = only(describe([shouted, queue("long")]))
    assert host.values["freeSlots"] == 10.0


def test_an_id_that_names_two_groups_is_told_apart() -> None:
    other = entry(GROUP.replace("SITE-X", "SITE-Z"), MACHINES, GlueHostProcessorClockSpeed="1500")
    directory = describe([group(), other])
    assert [host.name for host in directory.hosts] == ["wn.x.org", "wn.x.org#2"]
    assert "wn.x.org" in directory.warnings[0]


def test_a_queue_without_machines_is_told() -> None:
    assert "cream-pbs-long names no machines" in describe([queue("long")]).warnings[0]
