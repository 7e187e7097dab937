"""Entries taken apart: as ldap3's own decoder reads them, whatever is in them, and never more than is there."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.asn1 import decode_sequence

from zeligui.links.ldap.decoding import Found, entry, only_value, read
from zeligui.links.ldap.messages import written

OCTETS, SEQUENCE, SET = 0x04, 0x30, 0x31

Attributes = list[tuple[bytes, list[bytes]]]

NAMES = st.binary(max_size=140)
VALUES = st.lists(st.binary(max_size=300), max_size=3)
ATTRIBUTES = st.lists(st.tuples(NAMES, VALUES), max_size=6)


def as_sent(dn: bytes, attributes: Attributes) -> bytes:
    pieces = [
        written(SEQUENCE, written(OCTETS, name) + written(SET, b"".join(written(OCTETS, value) for value in values)))
        for name, values in attributes
    ]
    return written(OCTETS, dn) + written(SEQUENCE, b"".join(pieces))


def by_ldap3(content: bytes) -> tuple[bytes, Attributes]:
    (_, _, _, dn), (_, _, _, attributes) = decode_sequence(content, 0, len(content))
    return dn, [(name[3], [value[3] for value in values[3]]) for _, _, _, (name, values) in attributes]


@given(st.binary(max_size=200), ATTRIBUTES)
def test_an_entry_is_read_as_ldap3_reads_it(dn: bytes, attributes: Attributes) -> None:
    content = as_sent(dn, attributes)
    found = entry(content)
    assert by_ldap3(content) == (dn, attributes)
    assert (found.dn, [read(piece) for piece in found.pieces]) == (dn, attributes)


@given(NAMES, st.binary(max_size=300))
def test_an_only_value_begins_where_it_is_said_to(name: bytes, value: bytes) -> None:
    (piece,) = entry(as_sent(b"", [(name, [value])])).pieces
    if len(piece) < 0x82:
        assert piece[only_value(piece) :] == value


@given(st.data())
def test_damaged_entries_are_refused_or_read_as_ldap3_reads_them(data: st.DataObject) -> None:
    content = bytearray(as_sent(b"cn=a", data.draw(ATTRIBUTES)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = entry(damaged)
        attributes = [read(piece) for piece in found.pieces]
    except ValueError:
        return
    assert by_ldap3(damaged) == (found.dn, attributes)


@given(st.binary(max_size=80))
def test_anything_else_is_refused(junk: bytes) -> None:
    for how in (entry, read, only_value):
        with contextlib.suppress(ValueError):
            how(junk)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x04",
        b"\x04\x05cn",
        b"\x04\x00",
        b"\x04\x00\x30\x80\x00\x00",  # an indefinite length
        b"\x04\x00\x30\x85\x00\x00\x00\x00\x00",  # a length of five bytes
        b"\x04\x00\x30\x84\xff\xff\xff\xff",
        b"\x04\x00\x30\x03\x30\x05\x04",
        b"\x04\x00\x30\x00\x04\x00",  # something after the end
        b"\x30\x00\x30\x00",
    ],
)
def test_what_is_no_entry_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        entry(content)


def test_lengths_may_be_longer_than_they_need_to_be() -> None:
    """Active Directory writes all lengths of what is nested in four bytes."""
    value = b"\x04\x84\x00\x00\x00\x01x"
    values = b"\x31\x84" + len(value).to_bytes(4, "big") + value
    inside = b"\x04\x02cn" + values
    attribute = b"\x30\x84" + len(inside).to_bytes(4, "big") + inside
    found = entry(b"\x04\x03dn=\x30\x84" + len(attribute).to_bytes(4, "big") + attribute)
    assert (found.dn, found.attributes) == (b"dn=", {"cn": [b"x"]})


def test_an_attribute_that_comes_twice_has_all_its_values() -> None:
    pieces = entry(as_sent(b"", [(b"cn", [b"a"]), (b"cn", [b"b", b"c"]), (b"\xff", [])])).pieces
    assert Found(b"", pieces).attributes == {"cn": [b"a", b"b", b"c"], "\N{REPLACEMENT CHARACTER}": []}
