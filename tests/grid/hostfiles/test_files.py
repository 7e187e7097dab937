"""Files of hosts in JSON and CSV, how formats are told apart, and what is wrong with a file."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import UsageError
from zeligui.grid import hostfiles
from zeligui.grid.hostfiles import HostFile, objects, read, rows
from zeligui.grid.hosts import Value
from zeligui.grid.table import Table


def written(folder: Path, content: str | bytes, name: str = "hosts.json") -> HostFile:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(file)


def values(folder: Path, content: str | bytes, name: str = "hosts.json") -> dict[str, Value]:
    (host,) = written(folder, content, name).hosts
    return dict(host.values)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2400", 2400.0),
        ('"2400"', 2400.0),
        ('" 2.4e3 "', 2400.0),
        ("null", None),
        ("true", None),
        ('"fast"', None),
        ('"NaN"', None),
        ('"1_000"', None),
        ('"२४००"', None),
        ("NaN", None),
        ("1e999", None),
        ("[2400]", None),
        ('{"a": 1}', None),
        ("999999999", None),
    ],
)
def test_a_numeric_attribute_is_a_number_or_missing(tmp_path: Path, raw: str, value: Value | None) -> None:
    assert values(tmp_path, f'[{{"hostName": "a", "cpuSpeed": {raw}}}]').get("cpuSpeed") == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [("true", "true"), ("false", "false"), ('"x"', "x"), ('""', ""), ("5", 5.0), ("null", None), ("[]", None)],
)
def test_an_attribute_of_ones_own_keeps_what_is_written(tmp_path: Path, raw: str, value: Value | None) -> None:
    assert values(tmp_path, f'[{{"hostName": "a", "GPUs": {raw}}}]').get("GPUs") == value


def test_lists_are_left_out_with_a_warning(tmp_path: Path) -> None:
    file = written(tmp_path, '[{"hostName": "a"}, {"hostName": "b", "tags": [1]}]')
    assert file.warnings == ("Entry 2: tags is unknown: a list or an object is no value.",)


def test_names_of_attributes_are_read_in_any_case(tmp_path: Path) -> None:
    assert values(tmp_path, '[{"HOSTNAME": "a", "CPUSPEED": 1, "osname": "AIX", "Gpus": 2}]') == {
        "cpuSpeed": 1.0,
        "osName": "AIX",
        "Gpus": 2.0,
    }


def test_a_host_name_may_be_a_number(tmp_path: Path) -> None:
    names = [host.name for host in written(tmp_path, '[{"hostName": 17}, {"hostName": 12345678901}]').hosts]
    assert names == ["17", "12345678901"]


def test_a_number_in_a_text_attribute_is_the_text_of_all_its_digits(tmp_path: Path) -> None:
    host = '[{"hostName": "a", "osRelease": 20240101, "site": 22.04, "": 5}]'
    assert values(tmp_path, host) == {"osRelease": "20240101", "site": "22.04"}


def test_a_quote_that_is_never_closed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no CSV"):
        written(tmp_path, 'hostName,osName\n"a,Linux\nb,Linux\n', "a.csv")


def test_what_hosts_prints_can_be_read_again(tmp_path: Path) -> None:
    listed = {"hostName": "a", "cpuSpeed": 1, "age_s": {"cpuSpeed": 3}, "source": "x:", "status": "up", "detail": ""}
    assert values(tmp_path, json.dumps([listed])) == {"cpuSpeed": 1.0}
    del listed["age_s"]
    assert "status" in values(tmp_path, json.dumps([listed]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"hostName": "a"}, {"osName": "Linux"}]', "entry 2 has no hostName"),
        ('[{"hostName": null}]', "entry 1 has no hostName"),
        ('[{"hostName": "  "}]', "entry 1 has no hostName"),
        ('[{"hostName": ["a"]}]', "entry 1 has no hostName"),
        ('[{"hostName": "a"}, {"hostName": "b"}, {"hostName": "A"}]', "entry 3 has the hostName 'A' of entry 1"),
        ('[{"hostName": "a"}, 5]', "entry 2 is no object"),
        ('{"hostName": "a"}', "no list of hosts"),
        ('[{"hostName": "a"},\n]', "line 2, column 1"),
        ("[" * 100_000, "nested too deeply"),
        ('["hostName', "no JSON"),
        ("", "is empty"),
        (" \n ", "is empty"),
        (b'[{"hostName": "\xff"}]', "not UTF-8 at byte 15"),
        (b'[{"hostName": "a\0"}]', "NUL"),
        ("nothing\nof this", "no JSON"),
    ],
)
def test_what_is_wrong_is_said_with_the_entry(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        written(tmp_path, content)
    assert "hosts.json" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        "hostName,osName,cpuSpeed\na,Linux,2400\n",
        "hostName;osName;cpuSpeed\r\na;Linux;2400\r\n",
        "hostName\tosName\tcpuSpeed\na\tLinux\t2400",
        "\ufeffhostName,osName,cpuSpeed\n\n\na,Linux,2400\n,,\n",
        '"hostName", "osName", "cpuSpeed"\n"a", "Linux", "2400"\n',
    ],
)
@pytest.mark.parametrize("name", ["hosts.csv", "hosts"])
def test_csv_is_read_with_any_sign_between_its_cells(tmp_path: Path, content: str, name: str) -> None:
    assert values(tmp_path, content, name) == {"osName": "Linux", "cpuSpeed": 2400.0}


def test_cells_are_missing_numbers_or_texts(tmp_path: Path) -> None:
    content = "hostName,cpuSpeed,osRelease,gpus,label,up\na,,22.10,0,007,true\n"
    assert values(tmp_path, content, "a.csv") == {"osRelease": "22.10", "gpus": 0.0, "label": "007", "up": "true"}


def test_a_quoted_cell_may_hold_anything(tmp_path: Path) -> None:
    assert values(tmp_path, 'hostName,note\na,"x, ""y""\nz"\n', "a.csv") == {"note": 'x, "y"\nz'}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("osName,cpuSpeed\nLinux,5\n", "no column hostName"),
        ("hostName,x,X\na,1,2\n", "the column 'x' twice"),
        ("hostName,x\na,1\n,2\n", "entry 2 has no hostName"),
        ("hostName,x\na,1\na,2\n", "entry 2 has the hostName 'a' of entry 1"),
        ("hostName,x\na,1,2\n", "entry 1 has more cells"),
        ("hostName,x\na,\xe9", "not UTF-8"),
    ],
)
def test_what_is_wrong_in_csv_is_said_with_the_entry(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        written(tmp_path, content.encode("latin-1"), "a.csv")


@pytest.mark.parametrize("name", ["x.csv", "x.ldif", "x"])
def test_json_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    assert values(tmp_path, ' [{"hostName": "a", "x": 1}]', name) == {"x": 1.0}


def test_a_file_of_no_format_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="format cannot be told") as caught:
        written(tmp_path, "hello\n", "x")
    assert "LDIF" in caught.value.hint


def test_ldif_without_any_entry_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="begins with dn"):
        written(tmp_path, "Mds-Os-name: Linux\n", "a.ldif")


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for missing in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read") as caught:
            read(missing)
        assert str(missing) in str(caught.value)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.json", "[" + " " * 100 + "]"), ("a.ldif", "dn: o=grid\n" * 20)):
        (tmp_path / name).write_text(content)
        with pytest.raises(UsageError, match="larger than 50 bytes"):
            read(tmp_path / name, limit=50)


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'[{"hostName": "a"}]')
    os.close(writer)
    assert read(Path(f"/dev/fd/{reader}")).hosts[0].name == "a"
    os.close(reader)


def test_no_hosts_are_no_error(tmp_path: Path) -> None:
    assert written(tmp_path, "[]").hosts == ()
    assert written(tmp_path, "hostName,x\n", "a.csv").hosts == ()
    assert written(tmp_path, "version: 1\n\n# nothing found\n", "a.ldif").hosts == ()


OWN = st.from_regex(r"own[A-Za-z]{1,6}", fullmatch=True)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: math.isnan(number_of(text)))
HOSTS = st.dictionaries(
    st.text(st.characters(categories=["L", "N"]), min_size=1),
    st.dictionaries(OWN, NUMBERS | TEXTS, max_size=5).filter(lambda own: len(own) == len({n.casefold() for n in own})),
    max_size=5,
).filter(lambda hosts: len(hosts) == len({name.casefold() for name in hosts}))


def number_of(text: str) -> float:
    return float(Table.of([("a", {"x": text})]).numbers("x")[0])


@given(HOSTS)
def test_json_comes_back_from_the_table_as_it_was(hosts: dict[str, dict[str, Value]]) -> None:
    document = json.dumps([{"hostName": name, **own} for name, own in hosts.items()])
    rows = [(host.name, host.values) for host in objects.read(document).hosts.values()]
    table = Table.of(rows)
    assert list(table.names) == list(hosts)
    for index, own in enumerate(hosts.values()):
        for name, value in own.items():
            if isinstance(value, str):
                column = table.texts(name)
                assert column.vocabulary[column.codes[index]] == value
            else:
                assert table.numbers(name)[index] == value


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_line_end_is_one(tmp_path: Path, ends: str) -> None:
    assert values(tmp_path, ends.join(["hostName,cpuSpeed", "a,2400", ""]), "a.csv") == {"cpuSpeed": 2400.0}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hostName,x\na,1\n" + b"b,\xff" * 10_000, "is not UTF-8 after line"),
        (b"hostName,x\na,1\0\n", "NUL"),
        (b"hostName,x\na," + b"1" * 2_000_000, "its line 2 has more than 1,048,576 signs"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        written(tmp_path, content, "a.csv")


def test_a_large_file_is_taken_in_parts_or_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostfiles, "JSON_LIMIT", 100)
    monkeypatch.setattr(rows, "MOST_HOSTS", 2)
    with pytest.raises(UsageError, match=r"is larger than 100 bytes\."):
        written(tmp_path, json.dumps([{"hostName": f"h{number}"} for number in range(20)]))
    file = written(tmp_path, "hostName,x\n" + "".join(f"h{number},1\n" for number in range(20)), "a.csv")
    assert [host.name for host in file.hosts] == ["h0", "h1"]
    assert file.warnings == ("It has more than 2 hosts: the last 18 are left out. Cut it into parts.",)


def test_warnings_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_TOLD", 2)
    file = written(tmp_path, json.dumps([{"hostName": f"h{number}", "x": []} for number in range(5)]))
    assert len(file.warnings) == 3
    assert file.warnings[2] == "3 more warnings are not told."
