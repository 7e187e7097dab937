"""What a job may do when it calls home, and that all else is refused."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from zeligui.errors import UsageError, ZeliGridError
from zeligui.experiment.calling import answering
from zeligui.experiment.calling.answering import answer
from zeligui.experiment.calling.grants import Grant, Grants, NotAllowed

ID = "0123456789abcdef" * 2
Ask = Callable[..., bytes]


class Home:
    """A home with one grant: the file `data.txt`, the folder `set`, the outputs `*.png`, `run` and `plots/**/*.pdf`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results"
        self.said: list[tuple[str, float | None]] = []
        self.grants = Grants(folder / "home")
        (folder / "set" / "deep").mkdir(parents=True)
        (folder / "set" / "deep" / "one.txt").write_text("one")
        (folder / "data.txt").write_text("some data")
        (folder / "secret.txt").write_text("secret")
        files = {"data.txt": str(folder / "data.txt"), "set": str(folder / "set")}
        self.grant = Grant(
            ID,
            "pi",
            1,
            "lab1",
            None,
            str(self.results),
            str(folder / "keys"),
            time.time() + 60,
            100,
            files,
            ["*.png", "run", "plots/**/*.pdf"],
        )
        self.grants.write(self.grant)

    def ask(self, order: str, given: bytes = b"") -> bytes:
        out = io.BytesIO()
        answer(self.grants, ID, order, (io.BytesIO(given), out), lambda _, text, part: self.said.append((text, part)))
        return out.getvalue()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_it_lists_and_fetches_what_is_declared(home: Home) -> None:
    assert home.ask("list") == b"data.txt\nset/deep/one.txt\n"
    assert home.ask("fetch data.txt") == b"some data"
    assert home.ask(" 'fetch' 'set/deep/one.txt'") == b"one"


@pytest.mark.parametrize(
    "order",
    [
        *("", "sh", "fetch", "fetch secret.txt", "fetch set", "fetch set/../secret.txt", "fetch /etc/passwd"),
        *("fetch data.txt secret.txt", "list; id", "fetch 'data.txt", "put", "put x.txt", "put ../x.png", "put /x.png"),
        *("put runs/x", "put .a.png", "put plots/a.txt", "report", "progress", "progress 2", "progress nan"),
        *("scp -f data.txt", "internal-sftp"),
    ],
)
def test_all_else_is_refused(home: Home, order: str) -> None:
    with pytest.raises(NotAllowed):
        home.ask(order, b"x")
    assert not home.results.exists()
    assert home.said == []


def test_a_link_in_a_folder_leads_nowhere_else(home: Home) -> None:
    (home.folder / "set" / "out").symlink_to(home.folder)
    (home.folder / "set" / "in.txt").symlink_to(home.folder / "set" / "deep" / "one.txt")
    with pytest.raises(NotAllowed):
        home.ask("fetch set/out/secret.txt")
    assert home.ask("fetch set/in.txt") == b"one"


def test_it_puts_outputs_into_its_results(home: Home) -> None:
    home.ask("put a.png", b"picture")
    home.ask("put run/1/log", b"line")
    home.ask("put plots/deep/er/a.pdf", b"page")
    home.ask("put a.png", b"another")
    assert (home.results / "a.png").read_bytes() == b"another"
    assert (home.results / "run" / "1" / "log").read_bytes() == b"line"
    assert (home.results / "plots" / "deep" / "er" / "a.pdf").read_bytes() == b"page"
    assert sorted(one.name for one in home.results.iterdir()) == ["a.png", "plots", "run"]


def test_more_than_there_is_room_for_is_refused_and_not_kept(home: Home) -> None:
    home.ask("put a.png", b"x" * 60)
    with pytest.raises(NotAllowed, match="this is more"):
        home.ask("put b.png", b"x" * 60)
    assert [one.name for one in home.results.iterdir()] == ["a.png"]
    with pytest.raises(NotAllowed):
        home.ask("put c.png", b"x")


def test_results_that_lead_elsewhere_are_not_written_to(home: Home) -> None:
    (home.folder / "elsewhere").mkdir()
    home.results.mkdir()
    (home.results / "run").symlink_to(home.folder / "elsewhere")
    with pytest.raises(NotAllowed, match="has no place"):
        home.ask("put run/x", b"x")
    (home.results / ".a.png.part").symlink_to(home.folder / "secret.txt")
    with pytest.raises(UsageError):
        home.ask("put a.png", b"x")
    (home.results / "b.png").symlink_to(home.folder / "secret.txt")
    home.ask("put b.png", b"x")
    assert (home.folder / "secret.txt").read_text() == "secret"
    assert list((home.folder / "elsewhere").iterdir()) == []


def test_a_report_is_one_line_that_can_be_shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.ask("report half 'way\x1b[2J\nthere'")
    home.ask("progress 0.5")
    assert home.said == [("half way [2J there", None), ("", 0.5)]
    monkeypatch.setattr(answering, "MOST_REPORTS", 2)
    with pytest.raises(NotAllowed, match="2 times"):
        home.ask("report again")


def test_what_is_over_or_was_taken_back_may_nothing(home: Home) -> None:
    home.grants.write(replace(home.grant, until=time.time() - 1))
    with pytest.raises(NotAllowed, match="no more"):
        home.ask("list")
    home.grants.forget(ID)
    with pytest.raises(NotAllowed, match="no more"), home.grants.using(ID, "reports"):
        pass
    with pytest.raises(NotAllowed, match="no more"):
        home.ask("list")
    with pytest.raises(UsageError):
        answer(home.grants, "../x", "list", (io.BytesIO(), io.BytesIO()), lambda *_: None)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=some.one_of(some.text(), some.builds("{} {}".format, some.sampled_from(["fetch", "put"]), some.text())))
def test_no_order_gives_what_is_not_declared(home: Home, order: str) -> None:
    try:
        said = home.ask(order, b"x")
    except ZeliGridError:
        return
    assert b"secret" not in said


def test_a_grant_is_for_its_user_alone(home: Home) -> None:
    assert home.grants.of(ID).stat().st_mode & 0o077 == 0
    assert home.grants.attempts() == [ID]
