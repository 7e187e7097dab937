#!/usr/bin/env python3
"""ZeliGrid, started from a checkout by a double click or `python3 main.py …`: the same as the command `zeligrid`."""

import os
import sys
from pathlib import Path
from shlex import quote

HERE = Path(__file__).resolve().parent
OWN_PYTHON = HERE / ".venv" / "bin" / "python"
AGAIN = "ZELIGRID_IN_OWN_ENVIRONMENT"
NEEDED = (
    "PySide6", "cryptography", "keyring", "lark", "ldap3", "numpy", "paramiko", "pyqtgraph", "qasync", "rich",
    "sqlalchemy", "tomlkit",
)  # fmt: skip


def main() -> int:
    """Run in the project's own environment where there is one, else in this one if it has all that is needed."""
    if os.access(OWN_PYTHON, os.X_OK) and os.environ.pop(AGAIN, None) is None:
        os.environ[AGAIN] = "1"
        os.execv(OWN_PYTHON, [str(OWN_PYTHON), __file__, *sys.argv[1:]])  # noqa: S606 - no shell is wanted
    lacking = what_is_lacking()
    if lacking:
        return fail(f"This Python lacks {lacking}. Type this once in a terminal:  make -C {quote(str(HERE))} run")
    from zeligui.cli import main as command

    return command()


def what_is_lacking() -> str:
    """What this interpreter cannot give; empty where ZeliGrid can run in it. Imports nothing."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is also started by older ones
        return "version 3.11 or newer"
    from importlib.util import find_spec

    return ", ".join(name for name in NEEDED if find_spec(name) is None)


def fail(words: str) -> int:
    """Say why it cannot start: on standard error, and on the screen where that is not read, as after a double click."""
    print(f"zeligrid: {words}", file=sys.stderr, flush=True)
    try:
        from zeligui.display import show
    except (ImportError, SyntaxError):  # an older Python does not even read it
        return 1
    show(words)
    return 1


if __name__ == "__main__":
    sys.exit(main())
