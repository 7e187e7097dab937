"""Files that were opened: offered again, forgotten when they are gone, open again at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from tests.gui.driving import User, run
from zeligui.gui.experiment_deeds import _names
from zeligui.gui.file_deeds import LONGEST_PATH, MOST_RECENT, _path_text
from zeligui.session.snapshot import OpenExperiment


def recent(user: User) -> list[QAction]:
    return user.window.recent.actions()


def written(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text("[a]\ncpuAvail > 0\n")
    return file


def titles(user: User) -> list[str]:
    return [row[0] for row in user.rows(user.window.contracts.view) if row[0].endswith(".contract")]


def test_a_file_is_offered_again_the_latest_first(qapp: QApplication, tmp_path: Path) -> None:
    files = [written(tmp_path, f"{number:02} & more.contract") for number in range(MOST_RECENT + 2)]

    async def sitting() -> None:
        async with User.sits_down() as user:
            for file in [*files, *files[:2]]:
                user.shell.open_later(file)
                shown = f"&1 {str(file).replace('&', '&&')}"
                await user.sees(lambda: recent(user) and recent(user)[0].text() == shown)  # noqa: B023
            assert len(recent(user)) == MOST_RECENT
            recent(user)[1].trigger()
            await user.sees(lambda: "00 & more" in recent(user)[0].toolTip())
            assert [action.text()[:2] for action in recent(user)] == [f"&{n % 10}" for n in range(1, 11)]

    run(qapp, sitting())


def test_one_that_has_gone_is_said_with_retry_and_offered_no_longer(qapp: QApplication, tmp_path: Path) -> None:
    file = written(tmp_path, "a.contract")

    async def sitting() -> None:
        async with User.sits_down(file) as user:
            await user.sees(lambda: titles(user))
            user.does("Close")
            await user.sees(lambda: not titles(user))
            file.unlink()
            recent(user)[0].trigger()
            await user.sees(lambda: user.window.messages.texts)
            assert "a.contract" in user.window.messages.texts[0]
            assert recent(user) == []
            assert not user.window.recent.isEnabled()
            written(tmp_path, "a.contract")
            user.click("Retry")
            await user.sees(lambda: titles(user))
            assert user.window.messages.texts == []
            assert len(recent(user)) == 1

    run(qapp, sitting())


def test_what_was_open_is_open_again_what_has_gone_is_said(qapp: QApplication, tmp_path: Path) -> None:
    files = [written(tmp_path, f"{name}.contract") for name in "ab"]

    async def opened() -> None:
        async with User.sits_down(*files) as user:
            await user.sees(lambda: len(titles(user)) == 2)

    async def again() -> None:
        async with User.sits_down() as user:
            await user.sees(lambda: titles(user) == ["b.contract"])
            assert any("a.contract" in text for text in user.window.messages.texts)

    run(qapp, opened())
    files[0].unlink()
    run(qapp, again())


@pytest.mark.parametrize("name", ["/" + "long/" * 100 + "end.toml", "/a & b/<b>.toml", "/two\nlines.toml"])
def test_a_long_path_keeps_its_end_and_its_signs(name: str) -> None:
    shown = _path_text(name).replace("&&", "&")
    assert len(shown) <= LONGEST_PATH
    assert shown.endswith(".toml")
    assert shown.isprintable()


def test_experiments_of_one_name_are_told_apart_by_their_files() -> None:
    named = {"a": "pi", "b": "pi", "c": "x"}
    listed = [OpenExperiment(Path(f"/{folder}/pi.toml"), name) for folder, name in named.items()]
    assert _names(listed) == ["pi (/a/pi.toml)", "pi (/b/pi.toml)", "x"]
