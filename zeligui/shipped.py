"""What comes with the program besides its code: contracts to start from, icons, texts."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

from zeligui.errors import UsageError

DEMO = ("demo.toml", "demo.contract", "steps.py")
"""The demo's files, its experiment first."""


def shipped(name: str) -> Path:
    """The folder `contracts` or `resources` that came with the program, in a wheel or in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(f"The folder {name} is missing from this installation.", hint="Install ZeliGrid again.")


def copy_of_demo(folder: Path) -> Path:
    """Copy the demo's files into a folder of the user's, where its results go too; the experiment file there.

    A file that is as it should be is left alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in DEMO:
        original, copy = shipped("contracts") / name, folder / name
        if not copy.is_file() or copy.read_bytes() != original.read_bytes():
            copyfile(original, copy)
    return folder / DEMO[0]
