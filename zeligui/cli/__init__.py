"""The command line: `zeligrid COMMAND`, one module a family of commands."""

from __future__ import annotations

import argparse
import importlib
import sys

from zeligui import __version__
from zeligui.cli.common import common_options, discard_output, home, say
from zeligui.errors import ZeliGridError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

COMMANDS = (
    *("contract", "machines", "forecast", "run", "jobs", "demo", "testbed", "sensor", "directory", "proxy", "copy"),
    *("adaptors", "contexts", "doctor", "calls"),
)
"""The modules of this package that add commands, in the order of the help."""

INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell says of a program that SIGPIPE ended
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h, so that a fault of ours is never read as the answer "no"

EPILOG = """\
examples:
  zeligrid                              open the window
  zeligrid my.contract                  open a contract or an experiment in it
  zeligrid demo                         open it on four machines made for a trial
  zeligrid hosts --source local://

exit status:
  0 done; 1 the answer is no (contract invalid, no apt host, job failed); 2 wrong usage or unreadable input;
  3 no source or service could be reached; 70 a fault of ZeliGrid itself; 130 interrupted

`zeligrid COMMAND --help` shows the options of a command and examples.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command (of `sys.argv` without `argv`); the exit status comes back."""
    for stream in (sys.stdout, sys.stderr):
        _print_anything(stream)
    options = argparse.Namespace(home=None, json=False, debug=False)
    try:
        status = _obey(argv, options)
        sys.stdout.flush()
    except ZeliGridError as error:
        status = _tell(error, options)
    except KeyboardInterrupt:
        say("zeligrid: interrupted")
        status = INTERRUPTED
    except BrokenPipeError:
        discard_output()
        status = PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the outermost edge: nobody is shown a traceback unasked
        status = _tell_unexpected(error, options)
    return status


def parser() -> argparse.ArgumentParser:
    """The whole command line. `run` of what it reads is the function to call, absent where no command was given."""
    whole = argparse.ArgumentParser(
        prog="zeligrid",
        description="Keeps your jobs on machines that honour a contract. Without a command, or with the file of a\n"
        "contract or an experiment in its place, it opens its window.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common_options()],
    )
    whole.add_argument("--version", action="version", version=f"zeligrid {__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"zeligui.cli.{name}").add_parsers(commands)
    return whole


def _obey(argv: Sequence[str] | None, options: argparse.Namespace) -> int:
    words = sys.argv[1:] if argv is None else list(argv)
    common, rest = _window_words(words)
    if common is not None:
        return _open_window(common, rest, options)
    whole = parser()
    try:
        whole.parse_args(words, options)
    except SystemExit as end:  # --help, --version and wrong usage have been printed
        return int(end.code or 0)
    return int(options.run(options))


def _window_words(words: Sequence[str]) -> tuple[list[str] | None, list[str]]:
    """The common options and the files where the command line is for the window; None where it names a command."""
    common, rest = [], list(words)
    while (rest and rest[0] in {"--debug", "--home"}) or (rest and rest[0].startswith("--home=")):
        common.append(rest.pop(0))
        if common[-1] == "--home" and rest:
            common.append(rest.pop(0))
    from zeligui.cli.window import files_in

    return (common, rest) if not rest or files_in(rest) else (None, rest)


def _open_window(common: list[str], files: list[str], options: argparse.Namespace) -> int:
    from zeligui.cli.window import open_window

    common_options().parse_args(common, options)
    return open_window(options, files)


def _tell(error: ZeliGridError, options: argparse.Namespace) -> int:
    if options.debug:
        _show_traceback(error)
    say(f"zeligrid: {error}")
    if error.hint:
        say(error.hint)
    return error.exit_status


def _tell_unexpected(error: Exception, options: argparse.Namespace) -> int:
    if options.debug:
        _show_traceback(error)
    if isinstance(error, OSError):
        discard_output()  # it may be what failed, on a full disk
        say(f"zeligrid: The system refused: {error.strerror or error} {error.filename or ''}".rstrip())
    else:
        say(f"zeligrid: ZeliGrid itself failed ({type(error).__name__}: {error}).")
    try:
        say(f"The details are in {_log(error, options)}; --debug shows them.")
    except (OSError, ZeliGridError) as why:
        say(f"The details could not be written to the log ({why}); --debug shows them.")
    return UNEXPECTED


def _log(error: Exception, options: argparse.Namespace) -> str:
    from datetime import UTC, datetime
    from traceback import format_exception

    file = home(options).log_file
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"{datetime.now(UTC).isoformat()} zeligrid {__version__} {' '.join(sys.argv[1:2])}\n")
        log.writelines(format_exception(error))
    return str(file)


def _show_traceback(error: Exception) -> None:
    import traceback

    traceback.print_exception(error)


def _print_anything(stream: TextIO) -> None:
    """Bytes of other machines that are no UTF-8 go out as they came; a sign that a terminal lacks is spelt out."""
    from io import TextIOWrapper

    if isinstance(stream, TextIOWrapper):
        utf8 = stream.encoding.lower().replace("-", "") == "utf8"
        stream.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
