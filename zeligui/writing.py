"""Settings and experiment files written down: the user's comments, order and own keys stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, MutableMapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from zeligui.errors import UsageError
from zeligui.units import Dimension, quantity_text

PRIVATE, COMMON = 0o600, 0o644


def write_settings(file: Path, settings: Any, before: Any) -> None:
    """Write the settings down, readable by their owner alone. `before` is how they were when the file was read.

    Only what has changed since is written, so that what was edited in the file meanwhile stays. UsageError says why
    it cannot be.
    """
    _write(file, settings, before, PRIVATE)


def write_experiment(file: Path, experiment: Any, before: Any, *, anew: bool = False) -> None:
    """Write an experiment file: what differs from `before`, which is what the settings give by themselves.

    Of a file that is there all else stays, or, `anew`, nothing.
    """
    _write(file, experiment, before, COMMON, anew=anew)


def write_whole(file: Path, content: bytes) -> None:
    """Put a file in place whole or not at all. UsageError says why it cannot be."""
    try:
        _replace(file, content, COMMON)
    except OSError as error:
        raise UsageError(f"The file {file} cannot be written: {error.strerror}.", hint="Check its rights.") from error


def table_of(value: Any, before: Any) -> dict[str, Any]:
    """The keys of a dataclass of options whose values differ from `before`, as TOML has them."""
    found: dict[str, Any] = {}
    for one in fields(value):
        now, then = getattr(value, one.name), getattr(before, one.name)
        if is_dataclass(now):
            if below := table_of(now, then):
                found[one.metadata.get("key", one.name)] = below
        elif now != then:
            found[one.metadata.get("key", one.name)] = written(now, one.metadata)
    return found


def written(value: Any, details: Mapping[str, Any]) -> Any:
    """A value as TOML has it: a quantity with its unit, a path as text."""
    unit: Dimension | None = details.get("unit")
    if unit is not None:
        return quantity_text(value, unit)
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): dict(one) if isinstance(one, Mapping) else one for key, one in value.items()}
    return value


def _write(file: Path, value: Any, before: Any, mode: int, *, anew: bool = False) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        there = not anew and file.exists()
        document = tomlkit.parse(file.read_bytes().decode("utf-8-sig")) if there else tomlkit.document()
        _merge(document, table_of(value, before), file)
        _replace(file, tomlkit.dumps(document).encode(), mode)
    except OSError as error:
        raise UsageError(f"The file {file} cannot be written: {error.strerror}.", hint="Check its rights.") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The file {file} is not UTF-8 text (byte {error.start}).", hint="Correct it first."
        ) from error
    except UnicodeEncodeError as error:
        raise UsageError(f"The text {error.object!r} cannot be written into {file}: it is not Unicode.") from error
    except TOMLKitError as error:
        raise UsageError(f"The file {file} is not valid TOML: {error}.", hint="Correct it first.") from error


def _merge(table: Any, changes: Mapping[str, Any], file: Path) -> None:
    """Set keys in a document, those of sections one by one."""
    import tomlkit

    for key, value in changes.items():
        if _is_section(key) and isinstance(value, dict):
            if key not in table:
                table[key] = tomlkit.table()
            if not isinstance(table[key], Mapping):
                raise UsageError(f"In {file}, {key} is no table.", hint="Correct it first.")
            _merge(table[key], value, file)
        else:
            _set(table, key, value)


def _set(table: Any, key: str, value: Any) -> None:
    """Set a key; in texts by name only what differs, so that comments beside the others stay."""
    there = table.get(key)
    if isinstance(value, dict) and isinstance(there, MutableMapping):
        for name in [name for name in there if name not in value]:
            del there[name]
        for name, one in value.items():
            if there.get(name) != one:
                _set(there, name, one)
    elif key in table or isinstance(value, dict):
        table[key] = value
    else:
        _add(table, key, value)


def _add(table: Any, key: str, value: Any) -> None:
    """Add a key below the last one, where tomlkit has it below the comment above the next section."""
    from tomlkit.container import Container
    from tomlkit.items import AbstractTable, InlineTable, Table

    body = table.value if isinstance(table, Table) else table
    last = None
    for name, item in body.body if isinstance(body, Container) else ():
        if isinstance(item, AbstractTable) and not isinstance(item, InlineTable):
            break
        last = name or last
    if last is None:
        table[key] = value
    else:
        body._insert_after(last, key, value)


def _is_section(key: str) -> bool:
    return key in {"job", "reconfiguration", "directories", "home_calling"}


def _replace(file: Path, content: bytes, mode: int) -> None:
    """Put the file in place whole or not at all; a link stays a link."""
    target = file.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.chmod(target.stat().st_mode & 0o777 if target.exists() else mode)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
