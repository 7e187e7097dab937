"""What all commands share: options, where files are, and how answers and messages are printed."""

from __future__ import annotations

import argparse
import sys

TYPE_CHECKING = False  # typing itself costs 4 ms, a quarter of a bare Python's start
if TYPE_CHECKING:
    from pathlib import Path

    from zeligui.settings import Home


def common_options() -> argparse.ArgumentParser:
    """The options of every command, for `parents=[common_options()]`; `cli.parser` gives them their defaults."""
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("common options")
    group.add_argument(
        "--home", metavar="DIR", type=path, help="keep settings, journal, logs and the embedded grid in DIR"
    )
    group.add_argument("--json", action="store_true", help="print JSON on standard output and nothing else")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return options


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add `source` (texts), `known_hosts`, `identity` (paths) and `wait` (seconds) to a command."""
    group = parser.add_argument_group("sources")
    group.add_argument(
        "--source",
        metavar="URL",
        action="append",
        default=[],
        help="a source of measurements: local://, ssh://[user@]host[:port], file:///path; repeatable",
    )
    group.add_argument(
        "--known-hosts",
        metavar="FILE",
        type=path,
        action="append",
        default=[],
        help="more host keys to accept, besides those of ~/.ssh/known_hosts; repeatable",
    )
    group.add_argument(
        "--identity", metavar="FILE", type=path, action="append", default=[], help="a private key to try; repeatable"
    )
    group.add_argument(
        "--wait",
        metavar="S",
        type=seconds,
        default=10.0,
        help="wait at most S seconds for a full measurement of each source (default: 10)",
    )


def path(text: str) -> Path:
    """An argument that names a file or folder; `~` is the user's own folder."""
    from pathlib import Path

    return Path(text).expanduser()


def seconds(text: str) -> float:
    """An argument that is a length of time: a number of seconds, not negative."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return number


def home(options: argparse.Namespace) -> Home:
    """Where the user's files are: --home, else $ZELIGRID_HOME, else the user's own folders."""
    from zeligui.settings import Home

    return Home.find(getattr(options, "home", None))


def shipped(name: str) -> Path:
    """The folder `contracts` or `resources` that came with the program, in a wheel or in a checkout."""
    from pathlib import Path

    from zeligui.errors import UsageError

    package = Path(__file__).resolve().parent.parent
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(f"The folder {name} is missing from this installation.", hint="Install ZeliGrid again.")


def print_json(value: object) -> None:
    """Print one JSON document on a line of its own, indented for a person at a terminal; NaN and Infinity are null."""
    import json

    indent = 2 if sys.stdout.isatty() else None
    try:
        text = json.dumps(value, allow_nan=False, indent=indent)
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False, indent=indent)
    print(text, flush=True)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value


def say(text: str) -> None:
    """Tell the user something, on standard error."""
    print(text, file=sys.stderr, flush=True)
