"""What comes out of reading: profiles as written, edges in force, warnings once per place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from zeligui.contract.language import Edge, read

CONTRACTS = Path(__file__).parents[2] / "contracts"
SLIDES = """[profile1]
osName=Linux
bandWidth>78
cpuAvail>0.6
cpuSpeed>2000
freeMemory>200
[profile2]
osName=Linux
bandWidth>50
cpuAvail>0.5
cpuSpeed>1800
freeMemory>100
"""


def test_the_slides_own_contract_parses_unchanged() -> None:
    reading = read(SLIDES)
    assert reading.contract
    assert reading.warnings == ()
    assert [profile.name for profile in reading.profiles] == ["profile1", "profile2"]
    assert [constraint.text for constraint in reading.profiles[1].constraints] == SLIDES.split()[7:]
    assert reading.edges == (Edge("profile1", "profile2"), Edge("profile2", "hold"))
    assert (CONTRACTS / "two-profiles.contract").read_text() == SLIDES


@pytest.mark.parametrize("file", sorted(CONTRACTS.glob("*.contract")), ids=lambda file: file.name)
def test_every_shipped_contract_is_valid_without_a_warning(file: Path) -> None:
    reading = read(file.read_bytes())
    assert reading.contract
    assert reading.warnings == ()
    assert file.with_suffix(".toml").is_file()


def test_line_ends_and_a_byte_order_mark_count_as_nothing() -> None:
    plain = read("[p]\nosName=Linux\nmaximize cpuSpeed")
    assert read(b"\xef\xbb\xbf[p]\r\nosName=Linux\r\nmaximize cpuSpeed\r\n") == plain
    (problem,) = read("\ufeff[p").errors
    assert (problem.line, problem.column) == (1, 3)
    (problem,) = read("[p]\r\nosName =\r\n").errors
    assert (problem.line, problem.column) == (2, 9)


def test_columns_count_code_points() -> None:
    (problem,) = read('[p]\nosName = "é😀" and cpuAvail >').errors
    assert problem.column == 29


def test_constraints_are_kept_as_written_without_the_comment() -> None:
    (profile,) = read(
        '[p]\n \tosName  =  "a#b;c"\t; comment\n  cpuAvail>0.5 for 1.5 min# x\nmaximize  cpuSpeed;'
    ).profiles
    assert [constraint.text for constraint in profile.constraints] == ['osName  =  "a#b;c"', "cpuAvail>0.5 for 1.5 min"]
    assert [constraint.for_s for constraint in profile.constraints] == [None, 90.0]
    assert [preference.text for preference in profile.preferences] == ["maximize  cpuSpeed"]


def test_names_are_letters_of_any_script() -> None:
    reading = read("[ größe_1 ]\n[négotiation]\n[_x]\n[negotiation]\ngröße_1 -> _x")
    assert reading.errors == ()
    assert [profile.name for profile in reading.profiles] == ["größe_1", "négotiation", "_x"]


def test_profile_names_may_be_words_of_the_language() -> None:
    reading = read("[after]\n[for]\n[negotiation]\nafter -> for after 5 s\nfor -> after\n")
    assert reading.errors == ()
    assert reading.edges == (Edge("after", "for", 5.0), Edge("for", "after"))


NEGOTIATIONS = [
    ("", (Edge("p", "q"), Edge("q", "hold"))),
    ("[negotiation]", ()),
    ("[negotiation]\np->q after 1.5 h\nq -> p after 500 ms", (Edge("p", "q", 5400.0), Edge("q", "p", 0.5))),
    (
        "[negotiation]\np -> q\n[r]\n[negotiation] # more\nq -> r\nr -> hold",
        (Edge("p", "q"), Edge("q", "r"), Edge("r", "hold")),
    ),
    ("[negotiation]\np -> zz\nq -> hold", (Edge("q", "hold"),)),
    ("[q]\n[r]", (Edge("p", "q"), Edge("q", "r"), Edge("r", "hold"))),
]


@pytest.mark.parametrize(("text", "edges"), NEGOTIATIONS)
def test_edges_in_force(text: str, edges: tuple[Edge, ...]) -> None:
    assert read("[p]\n[q]\n" + text).edges == edges


def test_profiles_are_given_as_far_as_they_could_be_read() -> None:
    reading = read("[a b]\nload1 < 1\n[p]\nload1 < 1\nload1 <\nload1 < 5 MB\n[q\nload5 < 2")
    assert [(profile.name, len(profile.constraints)) for profile in reading.profiles] == [("p", 1), ("q", 1)]


WARNINGS = [
    ("bandwith > 5", [1], "did you mean 'bandWidth'"),
    ("CPUAVAIL > 0.5", [], ""),
    ("gpus > 1 and gpus < 5", [1, 14], "no one knows"),
    ("avg(gpus, 5 min) > 1", [5], "no one knows"),
    ("`my-own` = x", [1], "no one knows"),
    ("maximize gpus", [10], "no one knows"),
    ("gpuMemory > 5 GB", [1], "taken as MB"),
    ("gpuClock > 5 GHz", [1], "taken as MHz"),
    ("wan > 5 kbit/s", [1], "taken as Mbit/s"),
    ("lag < 5 ms", [1], "taken as s"),
    ("avg(gpuMemory, 5 min) > 5 GB", [5], "taken as MB"),
    ("`Mds-Cpu-vendor` = x", [], ""),
    ("`mds-cpu-VENDOR` = x", [], ""),
    ("`GlueHostProcessorVendor` = x", [], ""),
    ("`GLUE2ExecutionEnvironmentCPUVendor` = x", [], ""),
    ("`availableCpu` > 0.5 and `latencyTcp` < 1 s", [], ""),
    ("`Mds-Cpu-vendro` = x", [1], "no one knows"),
    ("published > 5", [], ""),
    ("PUBLISHED > 5", [], ""),
    ("publishd > 5", [1], "did you mean 'published'"),
    ("age(load1, 5 s) > 1", [12], "no duration"),
]


@pytest.mark.parametrize(("line", "columns", "said"), WARNINGS)
def test_warnings_once_per_place(line: str, columns: list[int], said: str) -> None:
    reading = read("[p]\n" + line, published=["published"])
    assert reading.errors == ()
    assert [(warning.line, warning.column) for warning in reading.warnings] == [(2, column) for column in columns]
    assert all(said in warning.message for warning in reading.warnings)


def test_attributes_are_spelt_as_the_language_does() -> None:
    (profile,) = read("[p]\nCPUAVAIL > avg(LOAD1, 5 min) * GPUs or osname = x", published=["gpus"]).profiles
    assert profile.constraints[0].attributes == {"cpuAvail", "load1", "gpus", "osName"}


def test_reading_does_not_need_numpy() -> None:
    script = "import sys; from zeligui.contract.language import read; read('[p]'); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
