"""Settings and experiment files written down: the user's comments, order and own keys stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zeligui.errors import UsageError
from zeligui.units import Dimension

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

PRIVATE, COMMON = 0o600, 0o644


def write_settings(file: Path, settings: Any, before: Any) -> None:
    """Write the settings down, readable by their owner alone. `before` is how they were when the file was read.

    Only what has changed since is written, so that what was edited in the file meanwhile stays. UsageError says why
    it cannot be.
    """
    _write(file, settings, before, PRIVATE)


def write_experiment(file: Path, experiment: Any, before: Any) -> None:
    """Write an experiment file: what differs from `before`, which is what the settings give by themselves."""
    _write(file, experiment, before, COMMON)


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
        return f"{value:.15g} {unit.value}"
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): dict(one) if isinstance(one, Mapping) else one for key, one in value.items()}
    return value


def _write(file: Path, value: Any, before: Any, mode: int) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(file.read_text("utf-8-sig")) if file.exists() else tomlkit.document()
        _merge(document, table_of(value, before))
        _replace(file, document, mode)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"The file {file} cannot be written: {reason}.", hint="Check its rights.") from error
    except TOMLKitError as error:
        raise UsageError(f"The file {file} is not valid TOML: {error}.", hint="Correct it first.") from error


def _merge(table: Any, changes: Mapping[str, Any]) -> None:
    """Set keys in a document; a mapping of texts is replaced as a whole, a section key by key."""
    import tomlkit

    for key, value in changes.items():
        if isinstance(value, dict) and _is_section(key):
            if key not in table:
                table[key] = tomlkit.table()
            _merge(table[key], value)
        else:
            table[key] = value


def _is_section(key: str) -> bool:
    return key in {"job", "reconfiguration", "directories"}


def _replace(file: Path, document: TOMLDocument, mode: int) -> None:
    """Put the file in place whole or not at all; a link stays a link."""
    import tomlkit

    target = file.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(tomlkit.dumps(document))
            opened.flush()
            os.fsync(opened.fileno())
        fresh.chmod(target.stat().st_mode & 0o777 if target.exists() else mode)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
