"""What all commands share: options, where files are, and how answers and messages are printed."""

from __future__ import annotations

import argparse
import sys

TYPE_CHECKING = False  # typing itself costs 4 ms, a quarter of a bare Python's start
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from zeligui.errors import ZeliGridError
    from zeligui.grid.hosts import Host
    from zeligui.links import Links
    from zeligui.settings import Home, Settings


ROOM_BYTES = 1 << 20
CHECK = "Check its name and its rights."


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


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    words: str,
    examples: str,
    *,
    description: str = "",
) -> argparse.ArgumentParser:
    """Add a command with the common options: `words` in the list of commands, then what it does, then examples."""
    return commands.add_parser(
        name,
        help=words,
        description=description or f"{words[0].upper()}{words[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common_options()],
    )


def add_key_options(group: argparse._ArgumentGroup) -> None:
    """Add `known_hosts` and `identity`, lists of files that can be read, and what `proved` takes."""
    keys = {"--known-hosts": "more host keys to accept, besides those of ~/.ssh", "--identity": "a private key to try"}
    for name, words in keys.items():
        group.add_argument(
            name, metavar="FILE", type=readable_file, action="append", default=[], help=f"{words}; repeatable"
        )

    group.add_argument(
        "--context",
        metavar="CONTEXT",
        action="append",
        default=[],
        help="what proves who you are: key:FILE, agent, proxy, proxy:FILE, password:USER@HOST; repeatable",
    )
    group.add_argument(
        "--only-contexts",
        action="store_true",
        help="try nothing but what is named here: no agent, default key, proxy, or what the settings name",
    )


def proved(settings: Settings, options: argparse.Namespace) -> Settings:
    """The settings with the contexts of the command line."""
    return settings.proved_by(options.context, only=options.only_contexts)


def links_for(
    options: argparse.Namespace,
    settings: Settings,
    *,
    known_hosts: Iterable[Path] = (),
    identities: Iterable[Path] = (),
) -> Links:
    """Links by the host keys and contexts of the command line, the settings, and these; nothing is opened yet."""
    from zeligui.links import Contexts, open_links

    return open_links(
        known_hosts=[home(options).known_hosts_file, *options.known_hosts, *settings.known_hosts, *known_hosts],
        contexts=Contexts.of_settings(settings, keys=[*options.identity, *identities]),
        directories=settings.directories,
    )


def add_authority_option(group: argparse._ActionsContainer) -> None:
    """Add `ca`, a list of files that can be read, for `Settings.trusting`."""
    group.add_argument(
        "--ca",
        metavar="FILE",
        type=readable_file,
        action="append",
        default=[],
        help="the certificate of an authority to trust for directories, besides the system's; repeatable",
    )


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add `source` (texts), `known_hosts`, `identity`, `ca` (paths) and `wait` (seconds) to a command."""
    group = parser.add_argument_group("sources")
    group.add_argument(
        "--source",
        metavar="URL",
        action="append",
        default=[],
        help="a source of measurements: local://, ssh://[user@]host[:port], ldap[s]://host[:port]/base, file:///path, "
        "slurm://[/partition], slurm+ssh://[user@]host[:port][/partition], gram://host[:port]/jobmanager-NAME; "
        "repeatable",
    )
    add_key_options(group)
    add_authority_option(group)
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


def readable_file(text: str) -> Path:
    """An argument that names a file to read. UsageError: it cannot be read."""
    from zeligui.errors import UsageError

    file = path(text)
    try:
        file.open("rb").close()
    except OSError as error:
        raise UsageError(f"The file {file} cannot be read: {error.strerror}.", hint=CHECK) from error
    return file


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


def writable(folder: Path) -> Path:
    """The folder, made where it is missing. UsageError: nothing can be written into it."""
    from tempfile import TemporaryFile

    from zeligui.errors import UsageError

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(bytes(ROOM_BYTES))
    except OSError as error:
        hint = "Make room there, or keep files elsewhere with --home DIR."
        raise UsageError(f"Nothing can be written into {folder}: {error.strerror}.", hint=hint) from error
    return folder


def contract_source(file: Path) -> bytes:
    """The bytes of a contract file, one more than is allowed of a longer one. UsageError: it cannot be read."""
    from zeligui.contract.language import LARGEST
    from zeligui.errors import UsageError

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"The contract {file} cannot be read: {error.strerror}.", hint=CHECK) from error


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


def clean(text: str) -> str:
    """The text without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def told(text: str) -> str:
    """The text, which may have several lines, without signs that a terminal would obey."""
    return "\n".join(clean(line) for line in text.split("\n"))


def tell_of_silence(hosts: Iterable[Host]) -> None:
    """Say which machines do not answer, and why: a choice among fewer than were named is not to be relied on."""
    for host in hosts:
        if host.status not in {"up", "stale"}:
            say(f"zeligrid: {told(f'{host.source} is {host.status}: {host.detail}')}")


def tell_of_trouble(error: ZeliGridError) -> None:
    """Say what went wrong beside what was asked for, which goes on."""
    say(f"zeligrid: warning: {told(f'{error} {error.hint}'.strip())}")


def say(text: str) -> None:
    """Tell the user something, on standard error."""
    print(text, file=sys.stderr, flush=True)


def discard_output() -> None:
    """Nobody can read our output any more: what is still to be flushed at exit goes nowhere."""
    import os

    output = sys.__stdout__
    if output is not None and output is sys.stdout:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)
