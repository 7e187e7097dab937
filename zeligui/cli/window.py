"""`zeligrid` alone, or with files: the desktop window, or the one that is open already."""

from __future__ import annotations

import argparse

from zeligui.cli.common import home, path, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zeligui.settings import Home

HAND_OVER_S = 10.0

SUFFIXES = (".contract", ".toml", ".experiment")
"""What the names of contracts and experiments end in: such a word opens the window, it is no command."""


def files_in(words: Sequence[str]) -> bool:
    """Whether the command line is for the window: it has a file to open, as a double click gives it."""
    return any(word.endswith(SUFFIXES) or word.startswith("file://") for word in words[:1])


def open_window(options: argparse.Namespace, files: Sequence[str] = (), *, demo: bool = False, nodes: int = 4) -> int:
    """Open the window, or have the one that is open come forward; both open the files."""
    from zeligui.display import show
    from zeligui.errors import ZeliGridError

    try:
        return _open(home(options), [_local(one) for one in files], demo=demo, nodes=nodes)
    except ZeliGridError as error:
        show(f"{error}\n{error.hint}".strip())  # who double-clicked sees no terminal
        raise


def _open(places: Home, files: Sequence[Path], *, demo: bool, nodes: int) -> int:
    from zeligui.display import why_no_display
    from zeligui.errors import UsageError

    if _hand_over(places.folder, files, demo=demo):
        say("ZeliGrid is open already; it has come forward.")
        return 0
    if why := why_no_display():
        raise UsageError(
            f"The window cannot be opened: {why}", hint="`zeligrid --help` lists what can be done without one."
        )
    from zeligui.app import main

    return main(places, files, demo=demo, nodes=nodes)


def _hand_over(folder: Path, files: Sequence[Path], *, demo: bool) -> bool:
    """Have the window that is open for this home come forward and open the files; False where none is open."""
    import os

    from zeligui.desk import NobodyThere, address, ask

    token = os.environ.get("XDG_ACTIVATION_TOKEN") or os.environ.get("DESKTOP_STARTUP_ID", "")
    request = {"do": "open", "files": [str(file) for file in files], "demo": demo, "token": token}
    try:
        ask(address("window", folder), request, limit_s=HAND_OVER_S)
    except NobodyThere:
        return False
    return True


def _local(word: str) -> Path:
    """A path, or the path in a file:// URL as a desktop gives it."""
    from urllib.parse import unquote, urlsplit

    return path(unquote(urlsplit(word).path) if word.startswith("file://") else word).absolute()
