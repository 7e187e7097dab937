"""Distinguished names, times and systems as directories write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.grid.directories import Dn, Entry
from zeligui.grid.directories.values import family, known, seconds


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mds-Host-hn=h, Mds-Vo-name=local,o=Grid", (("mds-host-hn", "h"), ("mds-vo-name", "local"), ("o", "Grid"))),
        ("Mds-Host-hn = h ; o = Grid", (("mds-host-hn", "h"), ("o", "Grid"))),
        (r"cn=a\,b\=c,o=x", (("cn", "a,b=c"), ("o", "x"))),
        (r"cn=Z\C3\BCrich,o=x", (("cn", "Zürich"), ("o", "x"))),
        ('cn="a,b",o=x', (("cn", "a,b"), ("o", "x"))),
        ("GlueCEUniqueID=ce:8443/cream-pbs-a,b,o=x", (("glueceuniqueid", "ce:8443/cream-pbs-a,b"), ("o", "x"))),
        ("cn=a+ou=b,o=x", (("cn", "a"), ("ou", "b"), ("o", "x"))),
        ("cn=a=b,o=x", (("cn", "a=b"), ("o", "x"))),
        ("cn=a,b;c=d,o=x", (("cn", "a,b"), ("c", "d"), ("o", "x"))),
        ("cn=a,b+c=d,o=x", (("cn", "a,b"), ("c", "d"), ("o", "x"))),
        ("cn=a,c=d,e,o=x", (("cn", "a"), ("c", "d,e"), ("o", "x"))),
        ("", ()),
    ],
)
def test_a_name_is_read_however_it_is_written(text: str, parts: tuple[tuple[str, str], ...]) -> None:
    assert Dn.of(text).parts == parts


def test_names_are_equal_without_case_and_blanks() -> None:
    assert Dn.of("CN=Mr  Big, O=Grid").key == Dn.of("cn=mr big,o=grid").key


@given(st.text())
def test_any_text_is_some_name(text: str) -> None:
    assert isinstance(Dn.of(text).key, tuple)


def test_a_key_is_found_in_any_case() -> None:
    entry = Entry.of("o=x", {"GLUEFOREIGNKEY": ["GlueSiteUniqueID=S", "glueclusteruniqueid = C "]})
    assert (entry.keyed("glueclusteruniqueid"), entry.keyed("glueceuniqueid")) == ("C", None)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("20040503202836Z", 1083616116.0),
        ("20040503202836.5Z", 1083616116.5),
        ("200405032028.6Z", 1083616116.0),
        ("2004050320Z", 1083614400.0),
        ("20040503222836+0200", 1083616116.0),
        ("20040503155836-0430", 1083616116.0),
        ("2004-05-03T20:28:36Z", 1083616116.0),
        ("2004-05-03T20:28:36", 1083616116.0),
        ("20041399000000Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_is_read_in_either_way(text: str, time: float | None) -> None:
    assert seconds([text]) == time


@pytest.mark.parametrize("text", ["UNDEFINEDVALUE", " unknown ", "N/A", "Not Defined", "_UNDEF_", "None", "null", ""])
def test_a_text_that_means_unknown_is_missing(text: str) -> None:
    assert known("gluehostprocessormodel", text) is None


@pytest.mark.parametrize(("text", "value"), [("393", 393.0), ("0.5", 0.5), ("2.4.25", "2.4.25"), ("007", "007")])
def test_what_is_written_as_a_number_is_one(text: str, value: float | str) -> None:
    assert known("mds-x", text) == value


@pytest.mark.parametrize(
    ("attribute", "text"),
    [("gluesitelatitude", "-34.9"), ("mds-fs-total-freemb", "99999"), ("gluecestatewaitingjobs", "0")],
)
def test_a_number_is_unknown_only_where_it_means_that(attribute: str, text: str) -> None:
    assert known(attribute, text) == float(text)


def test_a_system_is_named_as_uname_names_it() -> None:
    names = ("SL", "scientific linux", "SLC6", "Oracle Solaris", "macosx", "Windows", "FreeBSD", "Slackers")
    found = [family(name) for name in names]
    assert found == ["Linux", "Linux", "Linux", "SunOS", "Darwin", "Windows", "FreeBSD", None]
