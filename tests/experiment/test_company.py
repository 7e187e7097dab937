"""For which time the answers of other machines show that the master itself was not cut off."""

import pytest

from zeligui.experiment.company import Company


def heard(*times: float, who: str = "b.grid", company: Company | None = None) -> Company:
    company = company or Company()
    for time in times:
        company.answered(who, time)
    return company


def stretch(company: Company, but: str = "a.grid") -> tuple[float, float] | None:
    return company.vouched(but={but})


def test_nobody_vouches_for_itself() -> None:
    assert stretch(heard(0, 5, who="a.grid")) is None


def test_a_first_answer_vouches_for_its_moment() -> None:
    assert stretch(heard(7)) == (7, 7)


def test_an_answer_vouches_since_the_one_before() -> None:
    assert stretch(heard(0, 5, 10)) == (5, 10)


def test_the_second_answer_is_the_first_to_show_what_is_usual() -> None:
    assert stretch(heard(0, 60)) == (60, 60)


def test_one_that_rarely_answers_vouches_for_long() -> None:
    assert stretch(heard(0, 300, 600)) == (300, 600)


def test_an_answer_after_a_silence_vouches_for_its_usual_time_alone() -> None:
    assert stretch(heard(0, 5, 10, 70)) == (65, 70)


def test_a_silence_is_soon_no_measure_of_what_is_usual() -> None:
    company = heard(0, 5, 10, 70, *range(75, 100, 5))
    heard(200, company=company)
    since, until = stretch(company) or (0, 0)
    assert (until, 200 - since) == (200, pytest.approx(5))


def test_answers_in_quick_succession_do_not_shorten_what_is_usual() -> None:
    times = [start + more for start in range(0, 50, 5) for more in (0.0, 0.01)]
    since, until = stretch(heard(*times, 50)) or (0, 0)
    assert (until, since) == (50, pytest.approx(45, abs=1.1))


def test_what_is_heard_again_is_no_new_answer() -> None:
    assert stretch(heard(0, 5, 10, 10, 10)) == (5, 10)


def test_the_newest_answer_of_all_counts() -> None:
    company = heard(0, 300, 600)
    heard(590, 595, 601, who="c.grid", company=company)
    assert stretch(company) == (pytest.approx(596), 601)
    assert stretch(company, but="c.grid") == (300, 600)
