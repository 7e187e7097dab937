"""Names that are taken and names that are not, and what patterns with stars mean."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeligui.errors import Refused, UsageError
from zeligui.files import names
from zeligui.files.locations import escaped, literal, locate
from zeligui.files.names import below, fixed, found, safe
from zeligui.files.service import Entry, Kind, NoSuchFile

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."}
)
PLAIN = NAMES.filter(str.isprintable)


class Tree:
    """A tree of files in memory; a folder ends with a slash. What is asked for is counted."""

    url = "sftp://tree"

    def __init__(self, *paths: str) -> None:
        self.folders: dict[str, dict[str, Kind]] = {"/": {}}
        for path in paths:
            self.add("/" + path)
        self.asked: list[str] = []

    def add(self, path: str) -> None:
        folder, name = posixpath.split(path.rstrip("/"))
        if folder not in self.folders:
            self.add(folder + "/")
        self.folders[folder][name] = Kind.FOLDER if path.endswith("/") else Kind.FILE
        if path.endswith("/"):
            self.folders.setdefault(path.rstrip("/"), {})

    async def entries(self, folder: str) -> Sequence[Entry]:
        self.asked.append(folder)
        if folder not in self.folders:
            raise NoSuchFile(folder)
        return [Entry(name, kind) for name, kind in self.folders[folder].items()]


async def matches(tree: Tree, pattern: str) -> list[str]:
    return [path async for path, _ in found(tree, "/", pattern)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["a", "b.dat", "c"]),
        ("*.dat", ["b.dat"]),
        ("**/*.dat", ["a/x.dat", "b.dat", "c/d/y.dat"]),
        ("**", ["a", "b.dat", "c"]),
        ("c/**", ["c/d", "c/e"]),
        ("c/**/y.dat", ["c/d/y.dat"]),
        ("**/d", ["c/d"]),
        ("**/d/**", ["c/d/y.dat"]),
        ("?/x.dat", ["a/x.dat"]),
        ("[bc]*", ["b.dat", "c"]),
        ("c/e", ["c/e"]),
        (".*", [".hidden"]),
        (".hidden/*", [".hidden/z.dat"]),
        ("nothing/*", []),
    ],
)
async def test_a_pattern_means_what_a_shell_takes_it_for(pattern: str, expected: list[str]) -> None:
    tree = Tree("a/x.dat", "b.dat", "c/d/y.dat", "c/e", ".hidden/z.dat")
    assert await matches(tree, pattern) == expected


async def test_only_folders_that_can_hold_a_match_are_looked_into() -> None:
    tree = Tree("a/b/c", "x/y/z", "w/b/c")
    await matches(tree, "a/*/c")
    assert tree.asked == ["/", "/a", "/a/b"]


@given(st.lists(st.sampled_from(["a", "b", "ab", ".a", "a/b", "b/a", "a/b/a", "b/a/b", ".a/b"]), max_size=6), st.data())
async def test_a_name_is_met_once_and_never_below_another(paths: list[str], data: st.DataObject) -> None:
    parts = st.sampled_from(["**", "*", "a", "b", "?", "a*", ".a"])
    pattern = "/".join(data.draw(st.lists(parts, min_size=1, max_size=4)))
    tree = Tree(*(path + "/" for path in paths))
    met = await matches(tree, pattern)
    assert len(met) == len(set(met))
    assert not any(one.startswith(f"{other}/") for one, other in product(met, met))
    for path in met:
        assert means(pattern.split("/"), path.split("/"))
    for path in (posixpath.join(folder, name)[1:] for folder, inside in tree.folders.items() for name in inside):
        assert names.means(pattern, path) == any(f"{path}/".startswith(f"{one}/") for one in met)


def means(pattern: list[str], parts: list[str]) -> bool:
    """The plain definition."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        if len(pattern) == 1 and parts and not parts[0].startswith("."):
            return True
        return means(pattern[1:], parts) or bool(parts and not parts[0].startswith(".") and means(pattern, parts[1:]))
    if not parts or (parts[0].startswith(".") and not pattern[0].startswith(".")):
        return False
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and means(pattern[1:], parts[1:])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "a\0b", "x" * 256])
def test_a_name_that_leads_elsewhere_is_never_taken(name: str) -> None:
    assert not safe(name)
    assert not safe(name, own=True)


@pytest.mark.parametrize("name", ["new\nline", "\x1b[2J", "tab\t", "\x7f", "\u202eevil"])
def test_a_name_with_control_signs_is_taken_only_of_our_own(name: str) -> None:
    assert not safe(name)
    assert safe(name, own=True)


@given(NAMES)
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    if safe(name, own=True):
        assert posixpath.dirname(posixpath.normpath(f"/folder/{name}")) == "/folder"


@pytest.mark.parametrize("path", ["", "/", "/etc/passwd", "..", "a/../../b", ".", "a/..", "./", "a\0"])
def test_a_path_that_leaves_its_folder_is_wrong_usage(path: str) -> None:
    with pytest.raises(UsageError, match="not a path inside"):
        below(path)


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_the_url_of_a_path_names_that_path(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    place = locate(f"sftp://me@host:2222{escaped(path).replace('%', '%25')}")
    assert place.plain == path
    assert locate(place.url).plain == path
    assert not set(place.url) & set(" \n\"'$`\\*?[]")


@given(PLAIN)
def test_a_sign_that_is_escaped_is_no_star(name: str) -> None:
    assert literal(escaped(name)) == name
    assert literal(f"{escaped(name)}*") is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/a/b/*.dat", ("/a/b", "*.dat")),
        ("/a/**/c", ("/a", "**/c")),
        ("/*", ("/", "*")),
        ("/a/b", ("/a/b", "")),
        ("/a[*]/b?", ("/a*", "b?")),
    ],
)
def test_what_stands_before_the_first_star_is_fixed(pattern: str, expected: tuple[str, str]) -> None:
    assert fixed(pattern) == expected


async def test_a_folder_without_end_is_not_looked_through_for_ever() -> None:
    class Endless(Tree):
        async def entries(self, folder: str) -> Sequence[Entry]:
            return [Entry("again", Kind.FOLDER)]

    with pytest.raises(Refused, match="too deep"):
        await matches(Endless(), "**/nothing")
