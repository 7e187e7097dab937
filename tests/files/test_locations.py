"""Places as users write them: paths and URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeligui.errors import UsageError
from zeligui.files.locations import is_url, locate


@pytest.mark.parametrize(
    ("text", "root", "path"),
    [
        ("file:///a/b", "file://", "/a/b"),
        ("file://localhost/a", "file://", "/a"),
        ("sftp://lab1/a", "sftp://lab1", "/a"),
        ("sftp://me@lab1:2222//a//b/", "sftp://me@lab1:2222", "/a/b"),
        ("gsiftp://site.test:2811/a%20b", "gsiftp://site.test:2811", "/a b"),
        ("gsiftp://[::1]:2811/x", "gsiftp://[::1]:2811", "/x"),
        ("sftp://lab1", "sftp://lab1", "/"),
        ("/abs/./path", "file://", "/abs/path"),
    ],
)
def test_a_place_is_a_machine_and_a_path(text: str, root: str, path: str) -> None:
    place = locate(text)
    assert (place.root, place.plain) == (root, path)


def test_a_plain_path_starts_from_the_folder_given_or_from_home(tmp_path: Path) -> None:
    assert locate("a/../b", folder=str(tmp_path)).plain == f"{tmp_path}/b"
    assert locate("~/x").plain == str(Path.home() / "x")


def test_a_path_that_is_there_means_itself_whatever_signs_it_has(tmp_path: Path) -> None:
    (tmp_path / "a*[b]").touch()
    (tmp_path / "axb").touch()
    assert locate("a*[b]", folder=str(tmp_path)).plain == f"{tmp_path}/a*[b]"
    assert locate("a*", folder=str(tmp_path)).magic


def test_a_star_by_its_number_is_no_star() -> None:
    assert locate("sftp://lab1/a%2A").plain == "/a*"
    assert locate("sftp://lab1/a*").magic


def test_a_slash_at_the_end_is_remembered() -> None:
    assert locate("sftp://lab1/a/").folder
    assert not locate("sftp://lab1/a").folder


@pytest.mark.parametrize(
    "text",
    [
        "file://lab1/x",
        "sftp:///x",
        "sftp://-oProxyCommand=x/y",
        "sftp://me:secret@lab1/x",
        "sftp://lab1:0/x",
        "sftp://lab1/a/../../etc",
        "gsiftp://site.test/a%0D%0ADELE%20b",
        "sftp://lab1/%00",
        "sftp://lab1/" + "x" * 5000,
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        locate(text)
    assert str(caught.value).isprintable()


def test_a_target_with_stars_is_no_place() -> None:
    with pytest.raises(UsageError, match="stars"):
        _ = locate("sftp://lab1/a*").plain


@pytest.mark.parametrize(
    ("text", "answer"), [("gsiftp://a/b", True), ("a://b", True), ("a/b://c", False), ("x", False)]
)
def test_a_url_is_told_from_a_path(text: str, *, answer: bool) -> None:
    assert is_url(text) is answer
