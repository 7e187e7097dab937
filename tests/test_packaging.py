"""What an installed wheel has that a checkout has."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel, as it comes to lie in site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "content")
    return folder / "content"


@pytest.mark.parametrize("name", ["contracts", "resources"])
def test_a_wheel_ships_what_the_checkout_ships(name, installed):
    here = {one for one in files(ROOT / name) if one.parts[0] != "screenshots"}  # they are the README's
    assert here
    assert files(installed / "zeligui" / name) == here


def test_a_wheel_has_every_module_and_the_scripts_beside_them(installed):
    assert files(ROOT / "zeligui") <= files(installed / "zeligui")


def test_a_wheel_has_the_program_and_nothing_of_the_tests(installed):
    top = {one.name for one in installed.iterdir()}
    assert {one for one in top if not one.endswith(".dist-info")} == {"zeligui"}
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))


def test_an_installed_program_finds_what_it_ships(installed):
    words = "from zeligui.shipped import shipped; print(shipped('contracts'))"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", words],
        cwd=installed.parent, env={"PYTHONPATH": str(installed)}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert not ended.stderr
    assert ended.stdout.strip() == str(installed / "zeligui" / "contracts")


def files(folder: Path) -> set[Path]:
    """The files below a folder, without what Python and trials leave there."""
    made = {"__pycache__", "results"}
    return {
        one.relative_to(folder)
        for one in folder.rglob("*")
        if one.is_file() and not made & set(one.relative_to(folder).parts)
    }
