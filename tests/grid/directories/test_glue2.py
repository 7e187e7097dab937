"""GLUE 2 in the words of the contract language."""

from __future__ import annotations

import pytest

from zeligui.grid.directories import Described, Directory, Entry, describe

SERVICE = "GLUE2ServiceID=ce.x.org_CE,GLUE2GroupID=resource,GLUE2DomainID=SITE-X,GLUE2GroupID=grid,o=glue"
MACHINES = {
    "GLUE2ResourceID": "wn.x.org",
    "GLUE2ExecutionEnvironmentPlatform": "amd64",
    "GLUE2ExecutionEnvironmentOSFamily": "linux",
    "GLUE2ExecutionEnvironmentOSName": "ScientificSL",
    "GLUE2ExecutionEnvironmentOSVersion": "6.4",
    "GLUE2ExecutionEnvironmentCPUModel": "Opteron",
    "GLUE2ExecutionEnvironmentLogicalCPUs": "8",
    "GLUE2ExecutionEnvironmentTotalInstances": "12",
    "GLUE2ExecutionEnvironmentCPUClockSpeed": "2600",
    "GLUE2ExecutionEnvironmentMainMemorySize": "24000",
    "GLUE2EntityCreationTime": "2013-05-10T12:00:00Z",
    "GLUE2EntityValidity": "3600",
}


def entry(dn: str, values: dict[str, str], **more: str) -> Entry:
    return Entry.of(dn, {name: [value] for name, value in (values | more).items()})


def machines(**more: str) -> Entry:
    return entry(f"GLUE2ResourceID=wn.x.org,{SERVICE}", MACHINES, **more)


def share(organisation: str, queue: str = "long", **more: str) -> Entry:
    own = f"{queue}_{organisation}_ce.x.org_CE"
    values = {
        "GLUE2ShareID": own,
        "GLUE2ComputingShareMappingQueue": queue,
        "GLUE2ComputingShareExecutionEnvironmentForeignKey": "wn.x.org",
        "GLUE2ComputingShareFreeSlots": "10",
        "GLUE2ComputingShareEstimatedAverageWaitingTime": "90",
    }
    return entry(f"GLUE2ShareID={own},{SERVICE}", values, **more)


def only(directory: Directory) -> Described:
    (host,) = directory.hosts
    return host


def test_every_attribute_of_the_language_that_glue_2_has() -> None:
    host = only(describe([machines(), share("atlas")]))
    assert host.name == "wn.x.org"
    assert {name: value for name, value in host.values.items() if not name.startswith("GLUE2")} == {
        "osName": "Linux",
        "osDistribution": "ScientificSL",
        "osRelease": "6.4",
        "arch": "amd64",
        "cpuModel": "Opteron",
        "cpuCount": 8.0,
        "machines": 12.0,
        "cpuSpeed": 2600.0,
        "totalMemory": 24000.0,
        "freeSlots": 10.0,
        "queueWait": 90.0,
        "site": "SITE-X",
    }
    assert (host.stamp, host.expires) == (1368187200.0, 1368190800.0)


def test_free_slots_count_once_a_queue_and_not_once_an_organisation() -> None:
    shares = [share(vo, queue) for queue in ("long", "short") for vo in ("atlas", "cms", "ops", "lhcb")]
    assert only(describe([machines(), *shares])).values["freeSlots"] == 20.0


def test_a_share_that_names_no_environment_is_its_services() -> None:
    nameless = share("atlas", GLUE2ComputingShareExecutionEnvironmentForeignKey="gone")
    assert only(describe([nameless, machines()])).values["freeSlots"] == 10.0


def test_an_environment_may_know_its_service_by_its_manager_only() -> None:
    far = entry("GLUE2ResourceID=wn.x.org,o=glue", MACHINES, GLUE2ResourceManagerForeignKey="m1")
    manager = entry("GLUE2ManagerID=m1,o=glue", {}, GLUE2ManagerServiceForeignKey="ce.x.org_CE")
    nameless = share("atlas", GLUE2ComputingShareExecutionEnvironmentForeignKey="gone")
    service = entry("GLUE2ServiceID=ce.x.org_CE,o=glue", {}, GLUE2ServiceAdminDomainForeignKey="SITE-Q")
    values = only(describe([far, manager, nameless, service])).values
    assert (values["freeSlots"], values["site"]) == (10.0, "SITE-Q")


@pytest.mark.parametrize(
    ("attribute", "value", "missing"),
    [
        ("MainMemorySize", "999999999", "totalMemory"),
        ("MainMemorySize", "0", "totalMemory"),
        ("CPUClockSpeed", "999999999", "cpuSpeed"),
        ("LogicalCPUs", "999999999", "cpuCount"),
        ("Platform", "UNDEFINEDVALUE", "arch"),
        ("CPUModel", "not defined", "cpuModel"),
    ],
)
def test_a_value_that_means_unknown_is_missing(attribute: str, value: str, missing: str) -> None:
    assert missing not in only(describe([machines(**{"GLUE2ExecutionEnvironment" + attribute: value})])).values


def test_constant_text_of_a_publisher_is_no_measurement() -> None:
    constant = {"CPUClockSpeed": "2800", "MainMemorySize": "2000", "CPUModel": "Xeon"}
    named = {"GLUE2ExecutionEnvironment" + name: value for name, value in constant.items()}
    values = only(describe([machines(**named, GLUE2ExecutionEnvironmentCPUVersion="Nehalem Class Core i7")])).values
    assert not {"cpuSpeed", "totalMemory", "cpuModel"} & values.keys()
    assert values["osName"] == "Linux"


def test_a_provider_that_has_not_run_tells_nothing() -> None:
    unborn = share(
        "atlas",
        GLUE2ComputingShareFreeSlots="0",
        GLUE2ComputingShareWaitingJobs="444444",
        GLUE2ComputingShareEstimatedAverageWaitingTime="2146660842",
    )
    assert not {"freeSlots", "queueWait"} & only(describe([machines(), unborn])).values.keys()


def test_a_platform_that_names_a_processor_is_its_model() -> None:
    arc = machines(GLUE2ExecutionEnvironmentPlatform="Intel(R) Xeon(R)", GLUE2ExecutionEnvironmentCPUModel="")
    values = only(describe([arc])).values
    assert "arch" not in values
    assert values["cpuModel"] == "Intel(R) Xeon(R)"


def test_a_service_without_machines_is_told_and_makes_no_host() -> None:
    directory = describe([share("atlas")])
    assert not directory.hosts
    assert "names no machines" in directory.warnings[0]


def test_one_id_of_two_services_is_two_groups_each_with_its_own_queue() -> None:
    other = entry(f"GLUE2ResourceID=wn.x.org,{SERVICE.replace('ce.x', 'ce.y')}", MACHINES, GLUE2EntityName="second")
    other_share = share("cms", GLUE2ComputingShareFreeSlots="3")
    moved = entry(
        other_share.dn.text.replace("ce.x.org_CE,", "ce.y.org_CE,"), {k: v[0] for k, v in other_share.values.items()}
    )
    first, second = describe([machines(GLUE2EntityName="first"), other, share("atlas"), moved]).hosts
    assert (first.values["freeSlots"], second.values["freeSlots"]) == (10.0, 3.0)
    assert second.name == "wn.x.org#2"


def test_classes_decide_and_their_case_does_not_matter() -> None:
    bare = entry("cn=x,o=glue", MACHINES, objectClass="glue2executionenvironment")
    assert only(describe([bare])).name == "wn.x.org"


def test_chosen_attributes_are_enough_to_know_an_entry() -> None:
    for name in ("GLUE2ResourceID=a,o=glue", "GLUE2ExecutionEnvironmentID=a,o=glue"):
        assert only(describe([Entry.of(name, {"GLUE2ExecutionEnvironmentOSFamily": ["linux"]})])).name == "a"


def test_storage_is_no_machine() -> None:
    disk = entry(f"GLUE2ResourceID=disk1,{SERVICE}", {"GLUE2DataStoreTotalSize": "5"}, objectClass="GLUE2DataStore")
    assert not describe([disk]).hosts
