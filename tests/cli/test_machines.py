"""`zeligrid hosts` and `zeligrid match`, as scripts and people call them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zeligui.cli import main
from zeligui.cli.machine_tables import host_table
from zeligui.grid.hosts import Host

CONTRACT = """[profile1]
osName=Linux
bandWidth>78
cpuAvail>0.6
cpuSpeed>2000
freeMemory>200
[profile2]
osName=Linux
bandWidth>50
cpuAvail>0.5   # half
cpuSpeed>1800
freeMemory>100
"""
GOOD = {"osName": "Linux", "bandWidth": 94, "cpuAvail": 0.9, "cpuSpeed": 2400, "freeMemory": 1000}
HOSTS = [
    {"hostName": "n1", **GOOD},
    {"hostName": "n2", **GOOD, "bandWidth": 60},
    {"hostName": "n3", **GOOD, "osName": "AIX", "freeMemory": None},
    {"hostName": "n4", **GOOD, "bandWidth": 40.5, "cpuAvail": None},
]


DUMP = """# extended LDIF
#
# filter: (objectclass=*)

# peyote.aei.mpg.de, local, Grid
dn: Mds-Host-hn=peyote.aei.mpg.de, Mds-Vo-name=local,o=Grid
Mds-Cpu-speedMHz: 2799
Mds-Cpu-Total-count: 4
Mds-validto: 20040503202836Z
Mds-Cpu-features: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cm
ov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe cid
Mds-Os-name:Linux
Mds-Cpu-Total-Free-1minX100: 393

dn: Mds-Device-Group-name=memory, Mds-Host-hn=peyote.aei.mpg.de, Mds-Vo-name=l
 ocal,o=Grid
Mds-Memory-Ram-Total-freeMB: 3749

# search result
search: 2
result: 0 Success
"""


class Zeligrid:
    """Runs commands in a folder that has a contract and a file of hosts."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.contract, self.hosts = folder / "slides.contract", folder / "hosts.json"
        self.contract.write_text(CONTRACT)
        self.hosts.write_text(json.dumps(HOSTS))

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        status = main([*map(str, arguments)])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def json(self, *arguments: object) -> tuple[int, Any]:
        status, out, _ = self(*arguments, "--json")
        return status, json.loads(out)

    def match(self, *arguments: object) -> tuple[int, Any]:
        return self.json("match", self.contract, "--hosts", self.hosts, *arguments)


@pytest.fixture
def zeligrid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Zeligrid:
    return Zeligrid(tmp_path, capsys)


def test_hosts_lists_every_attribute(zeligrid: Zeligrid) -> None:
    status, listed = zeligrid.json("hosts", "--hosts", zeligrid.hosts)
    assert status == 0
    fixed = {"age_s": {}, "source": zeligrid.hosts.as_uri(), "status": "up", "detail": ""}
    assert listed[0] == {"hostName": "n1", **GOOD, **fixed}
    assert "freeMemory" not in listed[2]


def test_hosts_says_units_and_states_to_people(zeligrid: Zeligrid) -> None:
    _, out, _ = zeligrid("hosts", "--hosts", zeligrid.hosts)
    header, first, *_ = out.splitlines()
    assert "cpuSpeed MHz" in header
    assert first.split()[:2] == ["n1", "up"]


def test_an_empty_list_says_what_to_do(zeligrid: Zeligrid) -> None:
    zeligrid.hosts.write_text("[]")
    status, out, _ = zeligrid("hosts", "--hosts", zeligrid.hosts)
    assert (status, "--source" in out) == (0, True)
    assert zeligrid.json("hosts", "--hosts", zeligrid.hosts) == (0, [])


def test_no_value_reaches_the_terminal_as_a_command(zeligrid: Zeligrid) -> None:
    zeligrid.hosts.write_text(json.dumps([{"hostName": "a\x1b[2J", "osName": "x\ny\x07", "z\x1b": []}]))
    for command in (("hosts",), ("match", zeligrid.contract), ("match", zeligrid.contract, "--explain")):
        _, out, err = zeligrid(*command, "--hosts", zeligrid.hosts)
        assert not set("\x1b\x07") & set(out + err)
    assert zeligrid.json("hosts", "--hosts", zeligrid.hosts)[1][0]["osName"] == "x\ny\x07"


def test_match_gives_the_apt_set(zeligrid: Zeligrid) -> None:
    assert zeligrid.match() == (
        0,
        {
            "profile": "profile1",
            "apt": ["n1"],
            "profiles": {"profile1": {"apt": ["n1"]}, "profile2": {"apt": ["n1", "n2"]}},
            "nearest": [],
        },
    )


def test_match_takes_the_first_profile_with_n_hosts(zeligrid: Zeligrid) -> None:
    status, found = zeligrid.match("-n", "2")
    assert (status, found["profile"], found["apt"]) == (0, "profile2", ["n1", "n2"])


def test_too_few_hosts_are_no_match_but_misses(zeligrid: Zeligrid) -> None:
    status, found = zeligrid.match("-n", "3")
    assert (status, found["profile"], found["apt"]) == (1, None, [])
    assert found["profiles"]["profile2"] == {"apt": ["n1", "n2"]}
    assert found["nearest"][2:] == [
        {"hostName": "n3", "profile": "profile1", "fails": ["osName=Linux", "freeMemory>200"]},
        {"hostName": "n4", "profile": "profile1", "fails": ["bandWidth>78", "cpuAvail>0.6"]},
    ]


def test_misses_are_sentences_to_people(zeligrid: Zeligrid) -> None:
    status, out, _ = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts, "-n", "3")
    assert status == 1
    assert "No profile has 3 hosts apt; the best has 2 of 4." in out
    assert (
        "n4 would be apt for profile1 but for bandWidth>78, which is 40.5 Mbit/s; cpuAvail>0.6, which is unknown" in out
    )


def test_explain_gives_each_constraint_on_each_host(zeligrid: Zeligrid) -> None:
    _, found = zeligrid.match("--explain")
    assert list(found["explain"]) == ["n1", "n2", "n3", "n4"]
    assert found["explain"]["n4"]["profile2"][:3] == [
        {"constraint": "osName=Linux", "value": "Linux", "result": "true"},
        {"constraint": "bandWidth>50", "value": 40.5, "result": "false"},
        {"constraint": "cpuAvail>0.5", "value": None, "result": "unknown"},
    ]


def test_explain_says_it_with_words_and_units(zeligrid: Zeligrid) -> None:
    _, out, _ = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts, "--explain")
    lines = [line.split() for line in out.splitlines()]
    assert ["profile1:", "not", "apt"] in lines
    assert ["✗", "false", "bandWidth>78", "40.5", "Mbit/s"] in lines
    assert ["?", "unknown", "cpuAvail>0.6"] in lines


def test_an_invalid_contract_gives_its_errors(zeligrid: Zeligrid) -> None:
    zeligrid.contract.write_text("[p]\ncpuSpeed > \nosName < 5\n")
    status, found = zeligrid.match()
    assert status == 1
    assert {**found, "errors": []} == {"profile": None, "apt": [], "profiles": {}, "errors": []}
    assert [error["line"] for error in found["errors"]] == [2, 3]
    status, out, err = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts)
    assert (status, out) == (1, "")
    assert f"{zeligrid.contract}:2:" in err


@pytest.mark.parametrize("n", ["0", "-1", "x", "1.5", "²", ""])
def test_n_is_a_number_from_one_up(zeligrid: Zeligrid, n: str) -> None:
    status, out, _ = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts, f"-n={n}")
    assert (status, out) == (2, "")


def test_what_cannot_be_read_is_wrong_usage(zeligrid: Zeligrid) -> None:
    nowhere = zeligrid.folder / "nowhere"
    for command in (("match", nowhere, "--hosts", zeligrid.hosts), ("match", zeligrid.contract, "--hosts", nowhere)):
        status, out, err = zeligrid(*command, "--json")
        assert (status, out) == (2, "")
        assert str(nowhere) in err


def test_an_entry_that_is_wrong_is_named(zeligrid: Zeligrid) -> None:
    zeligrid.hosts.write_text(json.dumps([HOSTS[0], {"osName": "Linux"}]))
    status, out, err = zeligrid("hosts", "--hosts", zeligrid.hosts, "--json")
    assert (status, out) == (2, "")
    assert "hosts.json" in err
    assert "entry 2" in err


def test_a_dump_is_taken_as_of_its_own_moment_and_its_age_is_said(zeligrid: Zeligrid) -> None:
    """Two entries of a real MDS 2, one folded badly, and what ldapsearch prints around them."""
    (zeligrid.folder / "dump.ldif").write_text(DUMP)
    zeligrid.contract.write_text("[p]\nosName=Linux\ncpuAvail>0.6\ncpuSpeed>2000\n`Mds-Cpu-Total-count` = 4\n")
    status, out, err = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.folder / "dump.ldif", "--json")
    assert (status, json.loads(out)["apt"]) == (0, ["peyote.aei.mpg.de"])
    assert "1 of 1 hosts were valid until 2004-05-03 20:28 UTC" in err


def test_no_machines_are_named_by_nobody(zeligrid: Zeligrid) -> None:
    status, out, err = zeligrid("hosts", "--home", zeligrid.folder)
    assert (status, out) == (2, "")
    assert "--source" in err


def test_the_settings_name_sources_and_labels(zeligrid: Zeligrid) -> None:
    labels = '[labels.N1]\nsite = "lab"\n'
    (zeligrid.folder / "settings.toml").write_text(f'sources = ["{zeligrid.hosts.as_uri()}"]\n{labels}')
    status, listed = zeligrid.json("hosts", "--home", zeligrid.folder)
    assert (status, [host["hostName"] for host in listed]) == (0, ["n1", "n2", "n3", "n4"])
    assert listed[0]["site"] == "lab"
    assert zeligrid.json("hosts", "--home", zeligrid.folder, "--hosts", zeligrid.hosts)[1][0]["site"] == "lab"


def test_a_file_may_be_a_source(zeligrid: Zeligrid) -> None:
    status, found = zeligrid.json("match", zeligrid.contract, "--source", zeligrid.hosts.as_uri())
    assert (status, found["apt"]) == (0, ["n1"])


def test_sources_and_a_file_add_up_and_the_source_comes_first(zeligrid: Zeligrid) -> None:
    live = zeligrid.folder / "live.json"
    live.write_text(json.dumps([{"hostName": "N2", **GOOD}, {"hostName": "n5", **GOOD}]))
    status, found = zeligrid.match("--source", live.as_uri())
    assert (status, found["apt"]) == (0, ["N2", "n1", "n5"])
    _, listed = zeligrid.json("hosts", "--source", live.as_uri(), "--hosts", zeligrid.hosts)
    assert [host["hostName"] for host in listed] == ["N2", "n1", "n3", "n4", "n5"]


def test_no_source_that_answers_is_exit_3(zeligrid: Zeligrid) -> None:
    dead = "ssh://127.0.0.1:1"
    status, listed = zeligrid.json("hosts", "--source", dead)
    assert (status, listed[0]["status"]) == (3, "refused")
    status, found = zeligrid.json("match", zeligrid.contract, "--source", dead)
    assert (status, found["apt"]) == (3, [])
    assert zeligrid.match("--source", dead)[0] == 0


def test_a_line_to_be_copied_stands_alone() -> None:
    host = Host("n1", "ssh://n1", "unknown-key", "Add this line:\nn1 ssh-ed25519 AAAA\x1b", {}, {})
    assert host_table([host]).endswith("n1: Add this line:\nn1 ssh-ed25519 AAAA\N{REPLACEMENT CHARACTER}")


def test_an_age_is_told_in_seconds(zeligrid: Zeligrid) -> None:
    zeligrid.contract.write_text("[a]\nage(bandWidth) < 1 min\n")
    _, out, _ = zeligrid("match", zeligrid.contract, "--source", zeligrid.hosts.as_uri(), "--explain")
    assert re.search(r"age\(bandWidth\) < 1 min +\S+ s\n", out)


def test_an_attribute_that_a_host_publishes_needs_no_warning(zeligrid: Zeligrid) -> None:
    zeligrid.contract.write_text("[p]\ngpus >= 2\n")
    zeligrid.hosts.write_text(json.dumps([{"hostName": "a", "gpus": 4}]))
    status, _, err = zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts)
    assert (status, err) == (0, "")
    zeligrid.hosts.write_text(json.dumps([{"hostName": "a"}]))
    assert "gpus" in zeligrid("match", zeligrid.contract, "--hosts", zeligrid.hosts)[2]


def test_what_is_said_of_many_hosts_is_said_once() -> None:
    hosts = [Host(f"n{number}", "ldap://x/o=grid", "up", "It has a limit.", {}) for number in range(1200)]
    shown = host_table([*hosts, Host("m", "ssh://m", "refused", "No key fits.", {})])
    assert shown.splitlines()[-2:] == ["n0, n1, n2 and 1,197 more: It has a limit.", "m: No key fits."]


def test_a_directory_is_read_only_with_the_authority_that_vouches_for_it(
    openldap: Any, authority: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, key = authority.certificate("127.0.0.1")
    server = openldap(certificate=certificate, key=key)
    server.add_host("n1")
    command = ["hosts", "--source", server.url, "--home", str(tmp_path)]
    assert main(command) == 3
    assert "is not to be trusted" in (said := capsys.readouterr().out)
    assert "--ca FILE" in said
    assert main([*command, "--ca", str(authority.file)]) == 0
    assert "n1" in capsys.readouterr().out
