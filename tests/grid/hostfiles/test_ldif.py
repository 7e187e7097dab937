"""LDIF as RFC 2849 has it, and as directories and ldapsearch really print it."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import UsageError
from zeligui.grid.directories import Entry
from zeligui.grid.hostfiles import ldif as ldif_module
from zeligui.grid.hostfiles import read, records
from zeligui.grid.hostfiles.ldif import Ldif

DN = "Mds-Host-hn=h1.org,Mds-Vo-name=local,o=grid"
HOST = f"dn: {DN}\nMds-Host-hn: h1.org\n"


def parsed(text: str | bytes) -> Ldif:
    raw = text.encode() if isinstance(text, str) else text
    return Ldif.read(io.TextIOWrapper(io.BytesIO(raw), "latin-1", newline=None))


def entries(text: str | bytes) -> list[Entry]:
    return list(parsed(text).entries.values())


def only(text: str | bytes) -> Entry:
    (entry,) = entries(text)
    return entry


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Mds-Os-name: Linux", "Linux"),
        ("Mds-Os-name:Linux", "Linux"),
        ("Mds-Os-name:   Linux  ", "Linux"),
        ("MDS-OS-NAME: Linux", "Linux"),
        ("Mds-Os-name;lang-en: Linux", "Linux"),
        ("Mds-Os-name: Lin\n ux", "Linux"),
        ("Mds-Os-name: Lin\r\n ux\r", "Linux"),
        ("Mds-Os-name: Lin\n\tux", "Linux"),
        ("Mds-Os-name:\n  Linux", "Linux"),
        ("Mds-Os-name:: TGludXg=", "Linux"),
        ("Mds-Os-name::TGlu\n dXg=", "Linux"),
        ("Mds-Os-name:: " + base64.b64encode("Zürich".encode()).decode(), "Zürich"),
        ("Mds-Os-name:: " + base64.b64encode("Zürich".encode("latin-1")).decode(), "Zürich"),
        ("Mds-Os-name: a: b:: c", "a: b:: c"),
    ],
)
def test_a_value_is_read_however_it_is_written(written: str, value: str) -> None:
    assert only(HOST + written + "\n").values["mds-os-name"] == (value,)


def test_raw_bytes_are_utf_8_or_else_latin_1() -> None:
    assert only(HOST.encode() + "Mds-Os-name: Zü\n rich\n".encode()).values["mds-os-name"] == ("Zürich",)
    assert only(HOST.encode() + b"Mds-Os-name: Z\xfcrich\n").values["mds-os-name"] == ("Zürich",)


def test_a_character_cut_by_a_fold_is_whole_again() -> None:
    raw = "ü".encode()
    assert only(HOST.encode() + b"Mds-Os-name: " + raw[:1] + b"\n " + raw[1:] + b"\n").values["mds-os-name"] == ("ü",)


@pytest.mark.parametrize("width", [2, 7, 12, 40])
def test_lines_are_folded_at_any_width_within_names_too(width: int) -> None:
    lines = (HOST + "Mds-Os-name: Linux\n").splitlines()
    folded = "".join("\n ".join(re.findall(f".{{1,{width}}}", line)) + "\n" for line in lines)
    assert parsed(folded).warnings == ()
    assert only(folded).values["mds-os-name"] == ("Linux",)


def test_a_fold_that_lost_its_blank_is_mended_and_told() -> None:
    ldif = parsed(HOST + "Mds-Cpu-features: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cm\nov pat\n")
    (entry,) = ldif.entries.values()
    assert entry.values["mds-cpu-features"][0].endswith("mca cmov pat")
    assert "Line 4" in ldif.warnings[0]


def test_a_fold_that_lost_its_blank_within_a_url_is_mended() -> None:
    long = "GlueCEInfoContactString: " + "x" * 51 + "h\nttps://ce.org:8443/cream\n"
    entry = only("dn: GlueCEUniqueID=ce.org:8443/cream-pbs-long,o=grid\n" + long)
    assert entry.values["glueceinfocontactstring"][0].endswith("https://ce.org:8443/cream")
    cut = "GlueCEInfoContactString: https://" + "x" * 60 + ".\norg:8443/cream\n"
    entry = only("dn: GlueCEUniqueID=ce.org:8443/cream-pbs-long,o=grid\n" + cut)
    assert entry.values["glueceinfocontactstring"][0].endswith(".org:8443/cream")


def test_a_folded_comment_hides_its_folds() -> None:
    assert only("# dn: x\n  Mds: y\n" + HOST + "# Mds-Os-name: AIX\n").values.keys() == {"mds-host-hn"}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_any_line_end_is_one(ends: str) -> None:
    assert only((HOST + "Mds-Os-name: Linux\n").replace("\n", ends)).values["mds-os-name"] == ("Linux",)


def test_a_dn_in_base64_is_a_dn() -> None:
    name = base64.b64encode("Mds-Host-hn=zürich.org,o=grid".encode()).decode()
    assert only(f"dn:: {name}\nMds-Os-name: Linux\n").dn.value("mds-host-hn") == "zürich.org"


def test_version_lines_and_trailers_are_no_entries() -> None:
    reference = "# search reference\nref: ldap://other/\n"
    text = f"version: 1\n\n{HOST}\n{reference}\nversion:1\n{HOST}\nsearch: 2\nresult: 0 Success\n"
    ldif = parsed(text)
    assert len(ldif.entries) == 1
    assert not ldif.warnings


def test_a_search_that_was_cut_short_is_told() -> None:
    assert "4 Size limit exceeded" in parsed(f"{HOST}\nsearch: 2\nresult: 4 Size limit exceeded\n").warnings[0]


def test_the_later_of_two_records_of_one_name_wins_whole() -> None:
    later = HOST.replace(",Mds-Vo-name=local,o=grid", ", MDS-VO-NAME = Local , O=Grid")
    entry = only(f"{HOST}Mds-Os-name: AIX\n\n{later}Mds-Cpu-speedMHz: 1000\n")
    assert entry.values.keys() == {"mds-host-hn", "mds-cpu-speedmhz"}


def test_a_dn_begins_an_entry_without_a_blank_line() -> None:
    assert len(entries(HOST + HOST.replace("h1", "h2"))) == 2


CHANGES = f"""{HOST}Mds-Os-name: AIX
Mds-Net-addr: 1.1.1.1
Mds-Net-addr: 2.2.2.2
Mds-Cpu-model: Old

dn: Mds-Host-hn=h1.org,Mds-Vo-name=local,o=grid
changetype: modify
replace: Mds-Os-name
Mds-Os-name: Linux
-
delete: Mds-Net-addr
Mds-Net-addr: 1.1.1.1
-
delete: Mds-Cpu-model
-
add: Mds-Cpu-speedMHz
Mds-Cpu-speedMHz: 2000
-
"""


def test_change_records_change_their_entry() -> None:
    values = only(CHANGES).values
    assert values["mds-os-name"] == ("Linux",)
    assert values["mds-net-addr"] == ("2.2.2.2",)
    assert values["mds-cpu-speedmhz"] == ("2000",)
    assert "mds-cpu-model" not in values


def test_change_records_add_and_delete_entries() -> None:
    dn, attribute = HOST.splitlines()
    assert only(f"{dn}\ncontrol: 1.2.3 true\nchangetype: add\n{attribute}\n").values["mds-host-hn"] == ("h1.org",)
    assert entries(f"{HOST}\n{dn}\nchangetype: delete\n") == []
    assert "change of name" in parsed(f"{HOST}\n{dn}\nchangetype: modrdn\nnewrdn: x=y\n").warnings[0]


def test_a_modified_entry_that_the_file_does_not_show_is_what_is_told_of_it() -> None:
    dn = HOST.splitlines()[0]
    text = f"{dn}\nchangetype: modify\nreplace: Mds-Os-name\nMds-Os-name: Linux\n-\n"
    assert only(text).values == {"mds-os-name": ("Linux",)}


def test_a_value_that_lies_elsewhere_is_never_fetched() -> None:
    ldif = parsed(HOST + "Mds-Os-name:< file:///etc/passwd\n")
    assert "not fetched" in ldif.warnings[0]
    assert "root" not in str(ldif.entries)


def test_broken_base64_is_unknown_and_in_a_name_leaves_its_entry_out() -> None:
    ldif = parsed(f"{HOST}Mds-Os-name:: a!b\nMds-Cpu-model: x\n\ndn:: a!b\nx: y\n\n{HOST.replace('h1', 'h2')}")
    assert ldif.warnings == (
        f"Entry 1, line 1 ({DN}): the value of Mds-Os-name is no base64; it is unknown.",
        "Entry 2, line 6: its name is no base64; the entry is left out.",
    )
    first, second = ldif.entries.values()
    assert first.values["mds-cpu-model"] == ("x",)
    assert second.dn.value("mds-host-hn") == "h2.org"


@pytest.mark.parametrize(
    "cut", ["Mds-Memory-Ram-Total-freeMB: 51", "Mds-Os-name: Lin\n u", "Mds-Os-na", "Mds-Cpu-model:: TGl"]
)
def test_the_last_line_of_a_file_that_was_cut_off_is_not_believed(cut: str) -> None:
    ldif = parsed(f"{HOST}Mds-Cpu-Total-count: 4\n{cut}")
    (entry,) = ldif.entries.values()
    assert entry.values.keys() == {"mds-host-hn", "mds-cpu-total-count"}
    assert "is cut off by the end of the file; it is unknown" in ldif.warnings[0]


def test_a_name_that_was_cut_off_is_no_other_host() -> None:
    ldif = parsed(f"{HOST}Mds-Cpu-Total-count: 4\n\ndn: Mds-Host-hn=h1.org,Mds-Vo-name=local,o=grid")
    (entry,) = ldif.entries.values()
    assert "mds-cpu-total-count" in entry.values
    assert ldif.warnings == ("Entry 2, line 5: its name is cut off by the end of the file; the entry is left out.",)


def test_what_is_damaged_is_left_out_with_its_entry_and_line() -> None:
    ldif = parsed(HOST.encode() + b"Mds-Os-name: Li\0nux\nMds-Cpu-model:: AA==\nMds-Cpu-Total-count: 4\n")
    (entry,) = ldif.entries.values()
    assert entry.values.keys() == {"mds-host-hn", "mds-cpu-total-count"}
    assert [warning.partition("): ")[2] for warning in ldif.warnings] == [
        "the value of Mds-Os-name has NUL signs; it is unknown.",
        "the value of Mds-Cpu-model has NUL signs; it is unknown.",
    ]


@pytest.mark.parametrize("fold", ["", "\n "])
def test_lines_and_values_have_a_longest_length(fold: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_LINE", 5000)
    pieces = fold.join(["x" * 990] * 8)
    text = f"{HOST}Mds-Os-name: {pieces}\nMds-Cpu-model: {'y' * 1025}\nMds-Cpu-Total-count: 4\n"
    ldif = parsed(text)
    (entry,) = ldif.entries.values()
    assert entry.values.keys() == {"mds-host-hn", "mds-cpu-total-count"}
    assert [warning.partition("): ")[2] for warning in ldif.warnings] == [
        "the value of Mds-Os-name is longer than a value can be; it is unknown.",
        "the value of Mds-Cpu-model is longer than 1024 signs; it is unknown.",
    ]


def test_an_entry_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_RECORD", 300)
    ldif = parsed(
        f"{HOST}{'Mds-Net-addr: 10.0.0.1' + chr(10):s}" * 1
        + "Mds-Net-addr: 10.0.0.2\n" * 50
        + f"\n{HOST.replace('h1', 'h2')}"
    )
    first, _ = ldif.entries.values()
    assert 2 < len(first.values["mds-net-addr"]) < 20
    assert len(ldif.warnings) == 1
    assert "the rest is left out" in ldif.warnings[0]


def test_warnings_and_entries_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldif_module, "MOST_TOLD", 3)
    monkeypatch.setattr(ldif_module, "MOST_ENTRIES", 2)
    text = "".join(f"{HOST.replace('h1', f'h{number}')}Mds-Os-name:: !\n\n" for number in range(5)) + HOST.replace(
        "h1", "h0"
    )
    ldif = parsed(text)
    assert [entry.dn.value("mds-host-hn") for entry in ldif.entries.values()] == ["h1.org", "h0.org"]
    third = f"entry 3, line 9 ({DN.replace('h1', 'h2')})"
    assert ldif.warnings[3:] == (
        "2 more warnings are not told.",
        f"More than 2 entries describe machines: 3 are left out, the first of them {third}. Cut the file into parts.",
    )


def test_entries_of_no_known_schema_are_told_once() -> None:
    people = "".join(f"\ndn: cn=p{n},o=grid\nobjectClass: person\ncn: p{n}\n" for n in range(3))
    ldif = parsed(HOST + people + "\ndn: o=grid\nobjectClass: organization\no: grid\n")
    assert len(ldif.entries) == 1
    (warning,) = ldif.warnings
    assert warning.startswith("3 entries are of no schema that is known here")
    assert "entry 2, line 4 (cn=p0,o=grid)" in warning


def test_a_record_without_a_name_is_told() -> None:
    assert "without a dn" in parsed(f"{HOST}\nMds-Os-name: Linux\n").warnings[0]


NAMES = st.from_regex(r"Mds-[A-Za-z]{1,8}-[A-Za-z]{1,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
    lambda text: text == text.rstrip()
)


@given(st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=4), st.integers(30, 90))
def test_what_is_written_by_the_standard_is_read_back(attributes: dict[str, list[str]], width: int) -> None:
    folded = {name.casefold(): values for name, values in attributes.items()}
    lines = [HOST.splitlines()[0]] + [_line(name, value) for name, values in folded.items() for value in values]
    text = "".join(f"{_fold(line, width)}\n" for line in lines)
    assert dict(only(text).values) == {name: tuple(values) for name, values in folded.items()}


def _line(name: str, value: str) -> str:
    """RFC 2849: only a SAFE-STRING stands as it is."""
    if value.isascii() and value.isprintable() and value[0] not in " :<":
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


def _fold(line: str, width: int) -> str:
    return "\n ".join(line[start : start + width] for start in range(0, len(line), width))


@given(st.binary(max_size=400))
def test_no_bytes_end_in_anything_but_a_sentence(junk: bytes) -> None:
    with contextlib.suppress(UsageError):
        parsed(HOST.encode() + junk)


def test_an_ldif_file_is_a_file_of_hosts(tmp_path: Path) -> None:
    file = tmp_path / "grid.txt"
    file.write_bytes(b"\xef\xbb\xbf# ldapsearch\n  folded\n\n" + HOST.encode())
    assert [host.name for host in read(file).hosts] == ["h1.org"]


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """Here 16 MB, in the benchmark 500: people, a line without an end, an entry without an end, and two hosts."""
    file = tmp_path / "grid.ldif"
    with file.open("w") as out:
        out.write(f"{HOST}\n")
        for number in range(40_000):
            out.write(f"dn: cn=p{number},o=grid\nobjectClass: person\ndescription: {'x' * 100}\n\n")
        out.write(f"dn: cn=line,o=grid\nobjectClass: person\ndescription: {'x' * 5_000_000}\n\n")
        out.write("dn: cn=entry,o=grid\nobjectClass: person\n" + "member: cn=p,o=grid\n" * 250_000 + "\n")
        out.write(HOST.replace("h1", "h2"))
    code = "import sys, resource; from pathlib import Path; from zeligui.grid.hostfiles import read; "
    code += "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; file = read(Path(sys.argv[1])); "
    code += "print(len(file.hosts), len(file.warnings), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    done = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    hosts, warnings, grown_kb = map(int, done.stdout.split())
    assert (hosts, warnings) == (2, 3)
    assert file.stat().st_size > 15e6
    assert grown_kb < 60_000
