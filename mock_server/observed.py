"""Observed readings: what a probe learned of a real service, in a file, and how it is used.

Rule 1: of default, observed, scenario and a value set by hand the later one counts.
Rule 2: files that disagree are refused, and so is a file of which a part cannot be used.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mock_server.domain.readings import DEFAULT_READINGS, ReadingError, with_readings
from mock_server.settings import SettingsError, read_toml

TABLES = {"probe": dict, "paths": dict, "observed": list, "open": list, "new_shape": list}


def read_file(path: Path) -> dict[str, Any]:
    """Return an observed.toml. Raises SettingsError, which names the file and the entry."""
    content = read_toml(path)
    for name, value in content.items():
        kind = TABLES.get(name)
        if kind is None or not isinstance(value, kind):
            tables = ", ".join(TABLES)
            raise SettingsError(f"{path}: {name[:64]!r} is no table of observed readings: {tables}")
    values = values_of(content, path)
    try:
        with_readings(DEFAULT_READINGS, values)
    except ReadingError as error:
        raise SettingsError(f"{path}: {error}") from None
    return content


def values_of(content: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the observed values `{id: value}` in a file. Raises SettingsError."""
    found: dict[str, str] = {}
    for number, row in enumerate(content.get("observed", []), 1):
        reading, value = (row.get("reading"), row.get("value")) if isinstance(row, dict) else (0, 0)
        if not isinstance(reading, str) or not isinstance(value, str):
            raise SettingsError(
                f"{path}: entry {number} of [[observed]] has no reading and value: write both as "
                "texts"
            )
        if found.setdefault(reading, value) != value:
            raise SettingsError(f"{path}: {reading} is {found[reading]} and {value}: keep one")
    return found


def load(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the observed values of files that agree. Raises SettingsError."""
    found: dict[str, tuple[str, str | Path]] = {}
    for path in paths:
        for reading, value in values_of(read_file(Path(path)), Path(path)).items():
            earlier, first = found.setdefault(reading, (value, path))
            if earlier != value:
                raise SettingsError(
                    f"{first} and {path} disagree: {reading} is {earlier} and {value}; leave one "
                    "file out, or probe again"
                )
    return {reading: value for reading, (value, _) in found.items()}


def toml(tables: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Return tables as TOML; a name that ends in [] is an entry of a list of tables."""
    parts = []
    for name, values in tables:
        head = f"[[{name[:-2]}]]" if name.endswith("[]") else f"[{name}]"
        lines = [f"{key} = {_value(value)}" for key, value in values.items()]
        parts.append("\n".join([head, *lines]))
    return "\n\n".join(parts) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool | int):
        return str(value).lower()
    # A text of JSON is one of TOML, but for the one control character that JSON does not escape.
    return json.dumps(str(value).encode("utf-8", "replace").decode(), ensure_ascii=False).replace(
        "\x7f", "\\u007f"
    )
