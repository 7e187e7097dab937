"""Publishers whose clocks are off: it is noticed and said, and what counts is when their values change here."""

from __future__ import annotations

from collections.abc import Sequence

from zeligui.grid.directories import Described, Directory
from zeligui.grid.hosts import Bulletin, Measurement
from zeligui.grid.sources.directory_news import News
from zeligui.grid.survey import Piece

NOW = 1_800_000_000.0


def host(name: str, stamp: float, valid_s: float = 60.0, *, kept: float | None = None, load: float = 1.0) -> Described:
    return Described(name, {"load1": load}, stamp, stamp + valid_s, kept=kept)


def look(news: News, now: float, *hosts: Described) -> tuple[dict[str, Measurement], str]:
    return sorted_out(news.whole(Directory(hosts, ()), now))


def sorted_out(pieces: Sequence[Piece]) -> tuple[dict[str, Measurement], str]:
    *measurements, bulletin = pieces
    assert isinstance(bulletin, Bulletin)
    return {one.host: one for one in measurements if isinstance(one, Measurement)}, bulletin.note


def test_values_count_as_long_as_their_publisher_answers_for_them() -> None:
    told, note = look(News("ldap://h", 60.0), NOW, host("n1", NOW - 20), host("n2", NOW - 61))
    assert (told.keys(), told["n1"].valid_s) == ({"n1"}, 40.0)
    assert note.startswith("The values of 1 host were valid until 2027-01-15 07:59 UTC at most.")


def test_a_clock_that_is_ahead_is_said_and_not_believed() -> None:
    news = News("ldap://h", 60.0)
    told, note = look(news, NOW, host("n1", NOW + 7200), host("n2", NOW - 5))
    assert told["n1"].valid_s == 60.0, "not for two hours and a minute"
    assert note == (
        "The clock of the publisher of 1 host is ahead of ours by 2 h at most. "
        "What counts of these is when their values change here."
    )
    told, note = look(news, NOW + 10, host("n1", NOW + 7200), host("n2", NOW - 5))
    assert told == {}
    told, note = look(news, NOW + 20, host("n1", NOW + 20), host("n2", NOW - 5))
    assert (told["n1"].valid_s, note) == (60.0, ""), "it was set right"


def test_a_clock_that_is_behind_shows_when_something_changes() -> None:
    news = News("ldap://h", 60.0)
    behind = 3600.0
    told, note = look(news, NOW, *(host(f"n{number}", NOW - behind - number) for number in range(3)))
    assert told == {}
    assert "They ended together: their publisher stopped then, or its clock is behind ours." in note
    fresh = [host(f"n{number}", NOW + 10 - behind - number) for number in range(2)]
    told, note = look(news, NOW + 10, *fresh, host("n2", NOW - behind - 2))
    assert {name: one.valid_s for name, one in told.items()} == {"n0": 60.0, "n1": 60.0}
    assert (
        "The clocks of the publishers of 2 hosts are behind ours by 60 min at most, or their news come so late." in note
    )
    assert "The values of 1 host were valid until" in note


def test_hosts_that_ended_at_different_times_are_not_said_to_have_ended_together() -> None:
    _, note = look(News("ldap://h", 60.0), NOW, *(host(f"n{number}", NOW - 1000 * (number + 1)) for number in range(4)))
    assert "4 hosts were valid" in note
    assert "together" not in note


def test_a_change_that_is_pushed_with_an_old_stamp_shows_a_clock_that_is_behind() -> None:
    news = News("ldap://h", 60.0)
    news.whole(Directory((host("n1", NOW - 5, 600),), ()), NOW)
    pieces = news.change([host("n1", NOW - 4, 600, load=2.0)], [], NOW + 100, warnings=(), note="")
    told, note = sorted_out(pieces)
    assert told["n1"].valid_s == 496.0
    assert note == "", "a hundred seconds after it was looked at last, it may be of any time between"
    pieces = news.change([host("n1", NOW - 3, 600, load=3.0)], [], NOW + 101, warnings=(), note="")
    told, note = sorted_out(pieces)
    assert told["n1"].valid_s == 600.0
    assert "is behind ours by 104 s at most" in note


def test_a_host_that_its_directory_was_to_forget_is_not_told() -> None:
    news = News("ldap://h", 60.0)
    told, _ = look(news, NOW, host("n1", NOW - 5, kept=NOW - 1), host("n2", NOW - 5, kept=NOW + 5))
    assert told.keys() == {"n2"}


def test_a_host_leaves_after_some_answers_and_some_time_without_it() -> None:
    news = News("ldap://h", 60.0)
    lasting = [Described(name, {"load1": 1.0}) for name in ("n1", "n2")]
    look(news, NOW, *lasting)
    *_, bulletin = news.whole(Directory((lasting[0],), ()), NOW + 10)
    assert bulletin == Bulletin("1 hosts are not in its last answer.", missing=("n2",))
    told, _ = look(news, NOW + 20, *lasting)
    assert told.keys() == {"n2"}, "it is back, and told again"
    for step in range(3, 63):
        *_, bulletin = news.whole(Directory((lasting[0],), ()), NOW + 10 * step)
        assert isinstance(bulletin, Bulletin)
        assert (bulletin.missing, bulletin.gone) == (("n2",), ())
    *_, bulletin = news.whole(Directory((lasting[0],), ()), NOW + 640)
    assert isinstance(bulletin, Bulletin)
    assert (bulletin.missing, bulletin.gone) == ((), ("n2",))
    told, _ = look(news, NOW + 650, *lasting)
    assert told.keys() == {"n2"}


def test_a_part_of_an_answer_says_nothing_of_the_rest() -> None:
    news = News("ldap://h", 60.0)
    lasting = [Described(name, {"load1": 1.0}) for name in ("n1", "n2")]
    look(news, NOW, *lasting)
    *_, bulletin = news.whole(Directory((lasting[0],), ()), NOW + 10, note="It broke off.", complete=False)
    assert bulletin == Bulletin("It broke off.")
