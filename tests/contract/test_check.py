"""`zeligrid contract check`, as it is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zeligui.cli import main


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["contract", "check", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    return tmp_path / "my.contract"


def test_a_valid_contract_as_json(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    contract.write_text("[p]\nosName = Linux # x\nmaximize cpuSpeed\n[q]\nfoo = 1\n[negotiation]\nq -> p after 2 min\n")
    status, printed, said = check(capsys, "--json", str(contract))
    assert (status, said) == (0, "")
    answer = json.loads(printed)
    warning = answer["warnings"].pop()
    assert (warning["line"], warning["column"]) == (5, 1)
    assert answer == {
        "ok": True,
        "profiles": [
            {"name": "p", "constraints": ["osName = Linux"], "preferences": ["maximize cpuSpeed"]},
            {"name": "q", "constraints": ["foo = 1"], "preferences": []},
        ],
        "negotiation": [{"from": "q", "to": "p", "after_s": 120}],
        "errors": [],
        "warnings": [],
    }


def test_an_invalid_contract_as_json(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    contract.write_bytes(b"\xef\xbb\xbf[p]\r\ncpuAvail >\r\nload1 < 5 MB\r\n")
    status, printed, said = check(capsys, "--json", str(contract))
    assert (status, said) == (1, "")
    answer = json.loads(printed)
    assert not answer["ok"]
    assert answer["profiles"] == [{"name": "p", "constraints": [], "preferences": []}]
    assert answer["negotiation"] == [{"from": "p", "to": "hold", "after_s": 0}]
    assert [(error["line"], error["column"]) for error in answer["errors"]] == [(2, 11), (3, 11)]


def test_people_see_the_line_and_a_caret_below_the_column(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    contract.write_text("[p]\n\tload1 < 5 MB\n")
    status, _, said = check(capsys, str(contract))
    assert status == 1
    first, line, caret, last = said.splitlines()
    assert first.startswith(f"{contract}:2:12: 'MB' ")
    assert (line, caret) == ("    \tload1 < 5 MB", "    \t          ^")
    assert last.endswith("1 error")


def test_signs_that_a_terminal_obeys_are_not_printed(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    contract.write_text("[p]\nosName = \x1b[2J" + "x" * 5000)
    _, _, said = check(capsys, str(contract))
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) < 300


def test_people_see_a_summary_where_all_is_well(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    contract.write_text("[p]\nload1 < 5\n")
    status, printed, said = check(capsys, str(contract))
    assert (status, said) == (0, "")
    assert "valid" in printed


def test_what_cannot_be_opened_is_wrong_usage(capsys: pytest.CaptureFixture[str], contract: Path) -> None:
    for file in (contract, contract.parent):
        status, printed, said = check(capsys, str(file))
        assert (status, printed) == (2, "")
        assert "cannot be read" in said


@pytest.mark.parametrize("contents", [b"[p]\n" + b"#" * 2**20, b"\xff", b"[p]\0", b""])
def test_a_file_that_is_no_contract_is_invalid(
    capsys: pytest.CaptureFixture[str], contract: Path, contents: bytes
) -> None:
    contract.write_bytes(contents)
    status, printed, _ = check(capsys, "--json", str(contract))
    (error,) = json.loads(printed)["errors"]
    assert (status, error["line"], error["column"]) == (1, 1, 1)
    assert check(capsys, str(contract))[0] == 1
