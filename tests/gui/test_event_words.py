"""Every kind of event has its words."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.happenings import event
from zeligui.events import PUBLIC_KINDS
from zeligui.gui.event_words import GROUPS, KINDS, of_kind, reason, said
from zeligui.gui.icons import icon


def test_every_public_kind_has_words_and_no_other() -> None:
    assert KINDS.keys() == PUBLIC_KINDS
    assert {about.group for about in KINDS.values()} <= set(GROUPS)
    assert all(about.words and about.picture for about in KINDS.values())


@pytest.mark.parametrize("kind", sorted(PUBLIC_KINDS))
def test_every_kind_has_a_picture(kind: str, qapp: QApplication) -> None:
    assert not icon(of_kind(kind).picture).isNull()


def test_the_host_stands_where_it_belongs() -> None:
    assert said(event("relocated", host="node2.grid")) == "moved to node2.grid"
    assert said(event("relocated", host=None)) == "moved"
    assert said(event("held", host="node2.grid")) == "held"


def test_a_kind_of_a_newer_release_has_its_own_name() -> None:
    assert said(event("thawed_out")) == "thawed out"


def test_of_what_was_printed_the_end_is_told() -> None:
    assert reason(event("output", data={"text": "a" * 500 + "\nlast\x1b\n"})) == "a" * 294 + "␊last␛"


def test_hostile_names_are_text() -> None:
    words = said(event("placed", host="{host} <b>\u202e" + "n" * 400))
    assert words.startswith("started on {host} <b>�nn")
    assert len(words) < 320
