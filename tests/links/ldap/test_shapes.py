"""Entries that are cut all at once are cut as each by itself is, and what is of another shape is left alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.links.ldap.test_decoding import Attributes, as_sent
from zeligui.links.ldap.decoding import entry, read
from zeligui.links.ldap.shapes import Heap, Shape

NAMES = st.sampled_from([b"a", b"Mds-Cpu-speedMHz", b"x" * 100, b"y\0", b""])
VALUES = st.binary(max_size=20) | st.sampled_from(
    [b"7", b"0", b"007", b"999999999999999", b"1234567890123456", b"x" * 130]
)
Entries = list[tuple[bytes, Attributes]]

ENTRIES = st.tuples(st.binary(max_size=20), st.lists(st.tuples(NAMES, st.lists(VALUES, max_size=3)), max_size=3))


@settings(max_examples=300, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=8))
def test_entries_of_one_shape_are_cut_as_one_by_one(entries: Entries) -> None:
    contents = [as_sent(dn, attributes) for dn, attributes in entries]
    shape = Shape.of(contents[0])
    if shape is None:
        return
    cut = shape.cut(Heap(contents), np.arange(len(contents)))
    assert 0 in cut.rows
    for place, row in enumerate(cut.rows.tolist()):
        found = entry(contents[row])
        assert cut.dns()[place] == found.dn
        single = [
            values[0]
            for (name, values), piece in zip(map(read, found.pieces), found.pieces, strict=True)
            if piece not in shape.fixed
        ]
        assert [cut.texts(number)[place] for number in range(len(shape.names))] == single
        assert tuple(piece for piece in found.pieces if piece in shape.fixed) == shape.fixed


@given(st.lists(st.text("0123456789", max_size=17) | st.just("1.5"), min_size=1, max_size=6))
def test_integers_are_read_if_all_are_plain(texts: list[str]) -> None:
    contents = [as_sent(b"cn=x", [(b"a", [text.encode()])]) for text in texts]
    shape = Shape.of(contents[0])
    assert shape is not None
    found = shape.cut(Heap(contents), np.arange(len(contents))).integers(0)
    plain = all(text.isdecimal() and len(text) <= 15 and str(int(text)) == text for text in texts)
    assert (None if found is None else found.tolist()) == ([float(text) for text in texts] if plain else None)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=120), min_size=1, max_size=5), st.integers(0, 10_000))
def test_no_bytes_are_taken_for_entries_that_are_none(contents: list[bytes], spoilt: int) -> None:
    good = as_sent(b"cn=host", [(b"a", [b"12"]), (b"b", [b"x", b"y"])])
    bad = bytearray(good)
    bad[spoilt % len(good)] ^= 1 + spoilt % 255
    shape = Shape.of(good)
    assert shape is not None
    everything = [good, bytes(bad), *contents]
    cut = shape.cut(Heap(everything), np.arange(len(everything)))
    for row, dn, value in zip(cut.rows.tolist(), cut.dns(), cut.texts(0), strict=True):
        found = entry(everything[row])
        assert (found.dn, read(found.pieces[0])) == (dn, (b"a", [value]))
