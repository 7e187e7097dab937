"""Open contracts and experiments, and what becomes of them when their files change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zeligui.errors import UsageError
from zeligui.session.shelf import Shelf
from zeligui.settings import JobDefaults, Settings

SETTINGS = Settings()
EXPERIMENT = 'name = "{name}"\ncontract = "{contract}"\n[job]\nexecutable = "true"\n'


def write(file: Path, text: str) -> Path:
    file.write_text(text)
    os.utime(file, ns=(file.stat().st_mtime_ns + 10**9,) * 2)  # a coarse clock of files does not hide the change
    return file


def contract(folder: Path, name: str = "c.contract") -> Path:
    return write(folder / name, "[a]\ncpuAvail > 0\n")


async def test_experiments_beside_a_contract_that_name_it_are_shown_with_it(tmp_path: Path) -> None:
    file = contract(tmp_path)
    contract(tmp_path, "other.contract")
    write(tmp_path / "one.toml", EXPERIMENT.format(name="one", contract="c.contract"))
    write(tmp_path / "two.toml", EXPERIMENT.format(name="two", contract="./sub/../c.contract"))
    write(tmp_path / "three.toml", EXPERIMENT.format(name="three", contract="other.contract"))
    write(tmp_path / "broken.toml", "name = ")
    shelf = Shelf()
    assert await shelf.open(file, SETTINGS) == file
    (shown,) = shelf.shown
    assert [one.name for one in shown.experiments] == ["one", "two"]
    assert shown.contract


async def test_an_experiment_opens_its_contract(tmp_path: Path) -> None:
    file = contract(tmp_path)
    experiment = write(tmp_path / "e.toml", EXPERIMENT.format(name="e", contract="c.contract"))
    shelf = Shelf()
    assert await shelf.open(experiment, SETTINGS) == file
    assert [one.file for one in shelf.shown] == [file]
    shelf.close(file)
    assert shelf.shown == ()
    assert shelf.files == ()


async def test_a_change_is_read_and_what_did_not_change_stays_the_same_object(tmp_path: Path) -> None:
    file, other = contract(tmp_path), contract(tmp_path, "other.contract")
    shelf = Shelf()
    await shelf.open(file, SETTINGS)
    await shelf.open(other, SETTINGS)
    before = shelf.shown
    await shelf.refresh(SETTINGS)
    assert shelf.shown == before
    write(file, "[a]\ncpuAvail >\n")
    await shelf.refresh(SETTINGS)
    assert shelf.shown[0].reading
    assert shelf.shown[0].reading.errors
    assert shelf.shown[1] is before[1]


async def test_a_file_that_vanishes_says_so_and_is_read_again_when_it_comes_back(tmp_path: Path) -> None:
    file = contract(tmp_path)
    shelf = Shelf()
    await shelf.open(file, SETTINGS)
    file.unlink()
    await shelf.refresh(SETTINGS)
    assert "cannot be read" in shelf.shown[0].trouble
    contract(tmp_path)
    await shelf.refresh(SETTINGS)
    assert shelf.shown[0].contract


async def test_what_an_experiment_lacks_is_said_until_it_is_there(tmp_path: Path) -> None:
    contract(tmp_path)
    text = EXPERIMENT.format(name="e", contract="c.contract") + 'input = ["data.txt"]\n'
    experiment = write(tmp_path / "e.toml", text)
    shelf = Shelf()
    await shelf.open(experiment, SETTINGS)
    (shown,) = shelf.shown[0].experiments
    assert "data.txt" in shown.trouble
    (tmp_path / "data.txt").write_text("here")
    await shelf.refresh(SETTINGS)
    assert shelf.shown[0].experiments[0].experiment


async def test_new_settings_are_those_of_its_experiments_too(tmp_path: Path) -> None:
    experiment = write(tmp_path / "e.toml", 'name = "e"\ncontract = "c.contract"\n')
    contract(tmp_path)
    shelf = Shelf()
    await shelf.open(experiment, SETTINGS)
    assert "executable is missing" in shelf.shown[0].experiments[0].trouble
    shelf.forget()
    await shelf.refresh(Settings(job=JobDefaults(executable="true")))
    assert shelf.shown[0].experiments[0].experiment


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.contract", None, "cannot be read"),
        ("pyproject.toml", "[project]\n", "is no experiment"),
        ("broken.toml", "name = ", "not valid TOML"),
        ("binary.toml", b"\xff\xfe", "not UTF-8"),
    ],
)
async def test_what_cannot_be_opened_is_refused_in_words(
    name: str, content: str | bytes | None, words: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    shelf = Shelf()
    with pytest.raises(UsageError, match=words):
        await shelf.open(tmp_path / name, SETTINGS)
    assert shelf.shown == ()


async def test_a_folder_is_no_contract(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        await Shelf().open(tmp_path, SETTINGS)
