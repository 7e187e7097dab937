"""The frame of the command line: help, wrong usage, errors, interruption."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zeligui import __version__, cli
from zeligui.cli import common
from zeligui.errors import Unreachable, ZeliGridError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command `try` beside the real ones, that raises what the test puts into this list."""
    raised: list[BaseException] = []

    def run(options: argparse.Namespace) -> int:
        for error in raised:
            raise error
        common.print_json(vars(options)["json"])
        return 0

    def parser(real=cli.parser) -> argparse.ArgumentParser:
        whole = real()
        commands = next(one for one in whole._actions if isinstance(one, argparse._SubParsersAction))
        commands.add_parser("try", parents=[common.common_options()]).set_defaults(run=run)
        return whole

    monkeypatch.setattr(cli, "parser", parser)
    return raised


def test_help_lists_every_command(capsys):
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in commands():
        assert re.search(rf"^    {name}\s", text, re.MULTILINE), name


def test_every_command_has_help_with_an_example():
    for parser in (cli.parser(), *below(cli.parser()), *leaves(cli.parser())):
        assert "\n  zeligrid " in parser.format_help(), parser.prog


def test_help_fits_a_wide_terminal():
    for parser in leaves(cli.parser()):
        assert max(map(len, parser.format_help().splitlines())) <= 120, parser.prog


@pytest.mark.parametrize("words", [[], ["some.contract"], ["--home", "somewhere", "file:///tmp/e.toml"]])
def test_without_a_command_it_is_the_window_which_needs_a_display(words, capsys, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("zeligrid: The window cannot be opened: there is no display")
    assert "`zeligrid --help`" in printed.err


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"zeligrid {__version__}\n"


@pytest.mark.parametrize("words", [["nonsense"], ["--nonsense"], ["hosts", "--wait", "-1"], ["hosts", "--wait", "inf"]])
def test_wrong_usage_is_2_and_says_why_on_standard_error(words, capsys):
    assert cli.main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "zeligrid" in printed.err


@pytest.mark.parametrize("command_line", [["hosts", "--source", "local://"], ["jobs"]])
@pytest.mark.parametrize("option", ["--known-hosts", "--identity"])
def test_a_key_file_that_is_not_there_is_said(command_line, option, capsys):
    assert cli.main([*command_line, option, "/nowhere/key"]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[0] == "zeligrid: The file /nowhere/key cannot be read: No such file or directory."


@pytest.mark.parametrize("words", [["try", "--json"], ["--json", "try"]])
def test_common_options_stand_before_or_after_the_command(words, command, capsys):
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out) is True


@pytest.mark.parametrize("error", [ZeliGridError("No host is apt."), Unreachable("node1 is silent.", hint="Wait.")])
def test_an_expected_error_is_a_sentence_a_hint_and_its_status(error, command, capsys):
    command.append(error)
    assert cli.main(["try"]) == error.exit_status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [f"zeligrid: {error}", *([error.hint] if error.hint else [])]


def test_a_traceback_goes_to_the_log_and_not_to_the_user(command, capsys, own_home):
    command.append(KeyError("colour"))
    assert cli.main(["try"]) == cli.UNEXPECTED
    told = capsys.readouterr().err
    log = own_home / "zeligrid" / "zeligrid.log"
    assert "KeyError: 'colour'" in told
    assert str(log) in told
    assert "Traceback" not in told
    assert "Traceback" in log.read_text()


def test_the_log_is_in_the_home_that_was_asked_for(command, tmp_path, capsys):
    command.append(KeyError("colour"))
    cli.main(["try", "--home", str(tmp_path / "other")])
    assert (tmp_path / "other" / "zeligrid.log").exists()


def test_a_log_that_cannot_be_written_is_said(command, tmp_path, capsys):
    command.append(KeyError("colour"))
    (tmp_path / "file").touch()
    assert cli.main(["try", "--home", str(tmp_path / "file")]) == cli.UNEXPECTED
    assert "could not be written" in capsys.readouterr().err


def test_debug_shows_the_traceback(command, capsys):
    command.append(ZeliGridError("No host is apt."))
    assert cli.main(["try", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_130(command, capsys):
    command.append(KeyboardInterrupt())
    assert cli.main(["try"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_who_goes_away_is_no_error():
    ours, theirs = os.pipe()
    os.close(ours)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "zeligui.cli", "--help"],
            cwd=ROOT,
            env=buffered(),
            stdout=theirs,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(theirs)
    assert ended.returncode == 128 + signal.SIGPIPE
    assert ended.stderr == b""


def test_a_full_disk_is_a_sentence(own_home):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "zeligui.cli", "--help"],
            cwd=ROOT,
            env=buffered(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == cli.UNEXPECTED
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_output_that_is_no_text_goes_out_as_it_came():
    words = "from zeligui import cli; cli.main(['--version']); print(b'caf\\xe9'.decode(errors='surrogateescape'))"
    ended = subprocess.run([sys.executable, "-X", "utf8", "-c", words], cwd=ROOT, capture_output=True, check=True)
    assert ended.stdout.splitlines()[-1] == b"caf\xe9"


@pytest.mark.parametrize("start", [["main.py"], ["-m", "zeligui.cli"]])
def test_it_starts_from_a_checkout(start):
    ended = subprocess.run(
        [sys.executable, *start, "--version"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout == f"zeligrid {__version__}\n"


def test_reading_the_command_line_loads_nothing_heavy():
    heavy = {"numpy", "lark", "sqlalchemy", "paramiko", "keyring", "rich", "asyncio", "PySide6", "dataclasses"}
    words = f"import sys; from zeligui.cli import parser; parser(); print({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": float("nan"), "b": [float("inf"), 1.5]}, '{"a": null, "b": [null, 1.5]}'), ("\udcff", '"\\udcff"')],
)
def test_json_has_no_infinity_and_takes_every_text(value, text, capsys):
    common.print_json(value)
    assert capsys.readouterr().out == text + "\n"


@pytest.mark.parametrize("words", [["testbed", "up"], ["demo", "--headless"]])
def test_a_home_that_takes_no_files_is_said_before_anything_starts(words, tmp_path, capsys):
    (tmp_path / "taken").write_text("a file where a folder is to be")
    assert cli.main([*words, "--home", str(tmp_path / "taken")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"zeligrid: Nothing can be written into {tmp_path / 'taken'}")
    assert "--home DIR" in printed.err


def buffered() -> dict[str, str]:
    """The environment of a user whose output is written in blocks."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def commands() -> list[str]:
    return [parser.prog.split()[1] for parser in below(cli.parser())]


def below(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of a parser's commands."""
    groups = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return [inner for group in groups for inner in group.choices.values()]


def leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of the commands that do something: `testbed up`, not `testbed`."""
    return [leaf for inner in below(parser) for leaf in (leaves(inner) or [inner])]
