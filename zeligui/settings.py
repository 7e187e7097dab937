"""Settings and experiment files: TOML read into frozen dataclasses, every key checked, units understood."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from zeligui.errors import UsageError, WrongValue
from zeligui.units import Dimension, quantity

DAY = 86400.0
LONGEST_SHOWN = 100

_T = TypeVar("_T")


def option(default: Any, label: str, words: str, **details: Any) -> Any:
    """A dataclass field with what a dialog needs: label, help, and `key` (in TOML), `unit`, `low`, `high`.

    `default` is the value, or a type without arguments that makes it.
    """
    metadata = {"label": label, "help": words, **details}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class JobDefaults:
    """What to run: the `[job]` section of an experiment file and of the settings."""

    executable: str = option("", "Program", "A path on the machines, or the name of an input file.")
    arguments: tuple[str, ...] = option((), "Arguments", "Passed as they are, one by one; no shell reads them.")
    instances: int = option(1, "Instances", "On how many machines the same job runs.", low=1, high=10_000)
    cpus: float = option(
        1.0, "Processors", "What one instance takes; lowers its machine until it is measured.", low=0.0, high=1e5
    )
    memory_mb: float = option(
        0.0, "Memory", "What one instance takes.", key="memory", unit=Dimension.MEMORY, low=0.0, high=1e9
    )
    environment: Mapping[str, str] = option(
        dict,
        "Environment",
        "Variables; keyring:NAME takes a secret from the keyring, where `keyring set zeligrid NAME` puts it.",
    )
    input: tuple[str, ...] = option((), "Input files", "Copied to the job's directory before it starts.")
    output: tuple[str, ...] = option((), "Output files", "Patterns; copied back when it ends.")
    checkpoint: tuple[str, ...] = option((), "Checkpoint files", "Carried to the next machine when the job is moved.")
    interactive: bool = option(False, "Takes standard input", "It reads what is sent to it while it runs.")


@dataclass(frozen=True, slots=True)
class Reconfiguration:
    """When and how an application is kept in its contract: the `[reconfiguration]` section."""

    interval_s: float = option(
        10.0,
        "Time between reconfiguration attempts",
        "How often another machine, or a better profile, is looked for.",
        key="interval",
        unit=Dimension.TIME,
        low=0.1,
        high=DAY,
    )
    host_check_s: float = option(
        5.0,
        "Time between host verifications",
        "How often it is verified that a machine in use and its job are alive.",
        key="host_check",
        unit=Dimension.TIME,
        low=0.1,
        high=DAY,
    )
    measurement_expiry_s: float = option(
        60.0,
        "Measurement expiration time",
        "An older value is unknown, and unknown is not yes.",
        key="measurement_expiry",
        unit=Dimension.TIME,
        low=0.1,
        high=30 * DAY,
    )
    tolerance_s: float = option(
        0.0,
        "Tolerance",
        "How long a constraint may be violated before the job is moved.",
        key="tolerance",
        unit=Dimension.TIME,
        low=0.0,
        high=DAY,
    )
    grace_s: float = option(
        20.0,
        "Grace",
        "How long a machine in use may be silent before it is given up.",
        key="grace",
        unit=Dimension.TIME,
        low=0.0,
        high=DAY,
    )
    restart_finished: bool = option(False, "Restart finished jobs", "A job that has ended begins anew.")
    on_hold: Literal["stop", "leave"] = option(
        "stop", "On hold", "What becomes of a job when no machine is apt: stop it, or leave it where it is."
    )
    start: Literal["all", "grow"] = option(
        "all", "Start", "All instances at once, or as many as there are machines, and more as there are more."
    )
    gang: bool = option(False, "Gang", "What happens to one instance happens to all.")


@dataclass(frozen=True, slots=True)
class Directories:
    """Which directories know machines: the `[directories]` section. An empty text is none."""

    mds: str = option(
        "",
        "MDS or GIIS directory",
        "What knows the machines; write for example ldap://giis.example.org:2135/Mds-Vo-name=site,o=grid where it is.",
    )
    nws: str = option(
        "",
        "NWS directory",
        "What knows measurements of the Network Weather Service; write for example ldap://nws.example.org/o=nws here.",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's `settings.toml`."""

    sources: tuple[str, ...] = option(
        (), "Sources", "Machines and what measures them, as URLs: ssh://[user@]host[:port], local://, file:///path."
    )
    period_s: float = option(
        2.0,
        "Sensor period",
        "Between two measurements of a machine.",
        key="period",
        unit=Dimension.TIME,
        low=0.1,
        high=3600.0,
    )
    known_hosts: tuple[Path, ...] = option((), "Known hosts", "Further files of accepted host keys.")
    identities: tuple[Path, ...] = option((), "Identities", "Further private key files for ssh.")
    directories: Directories = field(default_factory=Directories)
    job: JobDefaults = field(default_factory=JobDefaults)
    reconfiguration: Reconfiguration = field(default_factory=Reconfiguration)
    labels: Mapping[str, Mapping[str, str]] = option(dict, "Labels", "Texts of your own for a machine, by its name.")

    @property
    def measured(self) -> tuple[str, ...]:
        """The URLs of all that measures machines: the sources, then the directories."""
        directories = (url for url in (self.directories.mds, self.directories.nws) if url)
        return tuple(dict.fromkeys((*self.sources, *directories)))


@dataclass(frozen=True, slots=True)
class Home:
    """Where this user's files are. Nothing is made here: who writes, makes the folder."""

    folder: Path
    settings_file: Path
    journal_file: Path
    history_file: Path
    known_hosts_file: Path
    testbed_folder: Path
    log_file: Path
    leases_folder: Path

    @classmethod
    def find(cls, folder: Path | None = None) -> Home:
        """The home in `folder`, else in $ZELIGRID_HOME, else the user's own."""
        given = os.environ.get("ZELIGRID_HOME")
        return cls.of(folder or (Path(given).expanduser() if given else None))

    @classmethod
    def of(cls, folder: Path | None = None) -> Home:
        """All under `folder`; without one, the configuration and data folders of the XDG base directories."""
        config = folder.absolute() if folder else _xdg("XDG_CONFIG_HOME", ".config")
        data = folder.absolute() if folder else _xdg("XDG_DATA_HOME", ".local/share")
        return cls(
            folder=data,
            settings_file=config / "settings.toml",
            journal_file=data / "journal.sqlite",
            history_file=data / "history.sqlite",
            known_hosts_file=config / "known_hosts",
            testbed_folder=data / "testbed",
            log_file=data / "zeligrid.log",
            leases_folder=data / "leases",
        )


def load(home: Home) -> Settings:
    """The settings of this home, the defaults where there is no file. UsageError names file, key and expectation."""
    if not _there(home.settings_file):
        return Settings()
    place = Place(home.settings_file)
    settings = read_table(read_toml(home.settings_file), Settings(), place)
    check(settings, place)
    return settings


def check(settings: Settings, place: Place) -> None:
    """UsageError where a value that can be read is not right."""
    check_urls(settings.sources, place.at("sources"), "the URL of a source")
    for one in fields(settings.directories):
        check_directory(getattr(settings.directories, one.name), place.at("directories").at(one.name))


def _there(file: Path) -> bool:
    """Whether there is such a file, also one that may not be looked at."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _xdg(variable: str, default: str) -> Path:
    # The specification has a relative path ignored.
    given = Path(os.environ.get(variable, ""))
    return (given if given.is_absolute() else Path.home() / default) / "zeligrid"


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a TOML file, for errors."""

    file: Path
    keys: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        return replace(self, keys=(*self.keys, key))

    def __str__(self) -> str:
        return ".".join(key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"' for key in self.keys)

    def wrong(self, value: Any, expected: str) -> WrongValue:
        """The error that says what stands there and what was expected."""
        written = str(value).lower() if isinstance(value, bool) else repr(value)
        shown = written if len(written) <= LONGEST_SHOWN else f"{written[:LONGEST_SHOWN]}…"
        sentence = f"In {self.file}, {self} is {shown}, where {expected} was expected."
        return WrongValue(sentence, expected=expected.rstrip(","), keys=self.keys)


def read_toml(file: Path) -> dict[str, Any]:
    """The tables of a TOML file; UsageError says why it cannot be read, with the line of a syntax error."""
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"The file {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The file {file} is not UTF-8 text (byte {error.start}).") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The file {file} is not valid TOML: {error}.") from error


def read_table(table: Mapping[str, Any], default: _T, place: Place) -> _T:
    """`default`, a dataclass of options, with what `table` says instead. UsageError names a key that is not right."""
    known = {one.metadata.get("key", one.name): one for one in fields(default)}  # type: ignore[arg-type]
    kinds = get_type_hints(type(default))
    changes = {}
    for key, value in table.items():
        if key not in known:
            raise _unknown(key, default, place)
        one = known[key]
        kind, now = kinds[one.name], getattr(default, one.name)
        changes[one.name] = _read(kind, value, now, one.metadata, place.at(key))
    return replace(default, **changes)  # type: ignore[type-var]


def _unknown(key: str, default: object, place: Place) -> UsageError:
    import difflib

    paths = _paths(default)
    nearest = max(paths, key=lambda path: difflib.SequenceMatcher(None, key.lower(), path.rpartition(".")[2]).ratio())
    written = ".".join((*map(str, place.keys), nearest))
    return UsageError(
        f"In {place.file}, the key {place.at(key)} is unknown; the nearest known key is {written}.",
        hint=f"Known here: {', '.join(path for path in paths if '.' not in path)}.",
    )


def _paths(default: object) -> list[str]:
    """All keys of a dataclass of options, those of its tables with the table's name before."""
    paths = []
    for one in fields(default):  # type: ignore[arg-type]
        key = one.metadata.get("key", one.name)
        below = getattr(default, one.name)
        paths += [key, *(f"{key}.{path}" for path in (_paths(below) if is_dataclass(below) else ()))]
    return paths


def _read(kind: Any, value: Any, now: Any, details: Mapping[str, Any], place: Place) -> Any:
    if is_dataclass(kind):
        return read_table(_table(value, place), now, place)
    if get_origin(kind) is Literal:
        return _choice(value, get_args(kind), place)
    return _READERS[kind](value, details, place)


def _choice(value: Any, choices: tuple[str, ...], place: Place) -> Any:
    if value in choices:
        return value
    raise place.wrong(value, " or ".join(f'"{choice}"' for choice in choices))


def check_urls(urls: tuple[str, ...], place: Place, what: str) -> None:
    """UsageError where one of them is no URL."""
    for url in urls:
        if "://" not in url:
            raise place.wrong(url, f"{what}, such as ssh://lab1,")


def check_directory(url: str, place: Place) -> None:
    """UsageError where it is neither empty nor the address of a directory."""
    scheme, _, rest = url.partition("://")
    if url and (scheme not in {"ldap", "ldaps"} or rest[:1] in {"", "/"}):
        raise place.wrong(url, "an ldap:// or ldaps:// URL, such as ldap://giis.example.org:2135/o=grid,")


def _table(value: Any, place: Place) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise place.wrong(value, "a table of keys and values")


def _boolean(value: Any, _details: Mapping[str, Any], place: Place) -> bool:
    if isinstance(value, bool):
        return value
    raise place.wrong(value, "true or false")


def _whole(value: Any, details: Mapping[str, Any], place: Place) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and details["low"] <= value <= details["high"]:
        return value
    raise place.wrong(value, f"a whole number from {details['low']} to {details['high']}")


def _number(value: Any, details: Mapping[str, Any], place: Place) -> float:
    unit: Dimension = details.get("unit", Dimension.PLAIN)
    expected = f"a number from {details['low']:g} to {details['high']:g}"
    if unit is not Dimension.PLAIN:
        expected += f' {unit.value}, or a text with a unit such as "5 {unit.value}",'
    try:
        number = quantity(value, unit) if isinstance(value, str) and unit is not Dimension.PLAIN else value
    except ValueError as error:
        raise place.wrong(value, expected) from error
    if isinstance(number, int | float) and not isinstance(number, bool) and details["low"] <= number <= details["high"]:
        return float(number)
    raise place.wrong(value, expected)


def _text(value: Any, _details: Mapping[str, Any], place: Place) -> str:
    if isinstance(value, str) and "\0" not in value:
        return value
    raise place.wrong(value, "a text in quotes without NUL")


def _texts(value: Any, details: Mapping[str, Any], place: Place) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(one, details, place) for one in value)
    raise place.wrong(value, "a list of texts")


def _files(value: Any, details: Mapping[str, Any], place: Place) -> tuple[Path, ...]:
    try:
        return tuple(place.file.parent / Path(one).expanduser() for one in _texts(value, details, place))
    except RuntimeError as error:  # ~NAME of a user that does not exist
        raise place.wrong(value, "a list of files") from error


def _text_table(value: Any, details: Mapping[str, Any], place: Place) -> dict[str, str]:
    return {key: _text(one, details, place.at(key)) for key, one in _table(value, place).items()}


def _text_tables(value: Any, details: Mapping[str, Any], place: Place) -> dict[str, dict[str, str]]:
    return {key: _text_table(one, details, place.at(key)) for key, one in _table(value, place).items()}


_READERS: Mapping[Any, Callable[[Any, Mapping[str, Any], Place], Any]] = {
    bool: _boolean,
    int: _whole,
    float: _number,
    str: _text,
    tuple[str, ...]: _texts,
    tuple[Path, ...]: _files,
    Mapping[str, str]: _text_table,
    Mapping[str, Mapping[str, str]]: _text_tables,
}
"""A reader for each type that an option may have."""
