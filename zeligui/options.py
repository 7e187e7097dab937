"""Options: fields of dataclasses with their words, read from the tables of TOML files with every key checked."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from zeligui.errors import UsageError, WrongValue
from zeligui.units import Dimension, quantity

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
