"""What is asked of a directory is written as ldap3 writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3 import DEREF_NEVER, MODIFY_REPLACE
from ldap3.operation.add import add_operation
from ldap3.operation.modify import modify_operation
from ldap3.operation.search import search_operation
from ldap3.protocol.rfc2696 import paged_search_control
from ldap3.protocol.rfc4511 import Control
from pyasn1.codec.ber.decoder import decode
from pyasn1.codec.ber.encoder import encode

from zeligui.grid.sources.directory import CONDITION
from zeligui.links.ldap import asking
from zeligui.links.ldap.asking import SEARCH
from zeligui.links.ldap.messages import written
from zeligui.links.ldap.place import Scope
from zeligui.links.ldap.writing import Entry, addition, modification

SCOPES: dict[Scope, str] = {"base": "BASE", "one": "LEVEL", "sub": "SUBTREE"}
CONDITIONS = (CONDITION, "(objectClass=*)", "(a=b)", "(&(a=b)(|(c=d e)(!(f=*)))(g=h))")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("limit_s", [0, 60, 127, 128, 300, 70_000])
def test_a_search_is_written_as_ldap3_writes_it(condition: str, scope: Scope, limit_s: int) -> None:
    theirs = search_operation(
        "o=grid",
        condition,
        SCOPES[scope],
        DEREF_NEVER,
        ["*", "x"],
        0,
        limit_s,
        False,
        auto_escape=True,
        auto_encode=True,
    )
    assert written(SEARCH, asking.search("o=grid", condition, scope, ["*", "x"], limit_s)) == encode(theirs)


@pytest.mark.parametrize("cookie", [b"", b"\x01" * 300])
def test_a_control_is_written_as_ldap3_writes_it(cookie: bytes) -> None:
    page = written(0x30, asking.integer(500) + written(0x04, cookie))
    for needed in (False, True):
        ours = asking.control("1.2.840.113556.1.4.319", page, needed=needed)
        read, theirs = decode(ours, asn1Spec=Control())[0], paged_search_control(needed, 500, cookie)
        assert all(bytes(read[name]) == bytes(theirs[name]) for name in ("controlType", "controlValue"))
        assert bool(read["criticality"]) == needed


@pytest.mark.parametrize("condition", ["", "(a=b", "a=b", "(a=b)(c=d)", "(&)", "(a=*b)", "(a>=b)", "(a=\\2a)", "(!"])
def test_a_condition_that_is_not_known_here_is_not_sent(condition: str) -> None:
    with pytest.raises(ValueError, match=r"condition|end"):
        asking.search("", condition, "sub", [])


@given(TEXTS, st.dictionaries(st.sampled_from(["a", "b-c", "d"]), st.lists(TEXTS, max_size=3), min_size=1))
def test_what_is_changed_is_written_as_ldap3_writes_it(dn: str, values: dict[str, list[str]]) -> None:
    theirs = modify_operation(dn, {name: [(MODIFY_REPLACE, list(each))] for name, each in values.items()}, None)
    assert written(*modification(dn, values)) == encode(theirs)


@given(TEXTS, st.dictionaries(st.sampled_from(["a", "b-c"]), st.lists(TEXTS, min_size=1, max_size=3), min_size=1))
def test_what_is_added_is_written_as_ldap3_writes_it(dn: str, values: dict[str, list[str]]) -> None:
    entry = Entry(dn, ("top", "x"), {name: tuple(each) for name, each in values.items()})
    theirs = add_operation(dn, {"objectClass": ["top", "x"]} | values, None)
    assert written(*addition(entry)) == encode(theirs)
