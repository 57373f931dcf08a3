"""Observed readings: what a probe learned of a real service, in a file, and how it is used.

Rule 1: of default, observed, scenario and a value set by hand the later one counts.
Rule 2: files that disagree are refused, and so is a file of which a part cannot be used.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mock_server.domain.call.calls import OWN_PATHS, Operation
from mock_server.domain.readings import DEFAULT_READINGS, ReadingError, with_readings
from mock_server.domain.records import dataclass
from mock_server.domain.suggestions import unknown
from mock_server.domain.urls import is_path
from mock_server.settings import SettingsError, read_toml

PATH_OF = "the path of "
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
    paths_of(content, path)
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


def paths_of(content: Mapping[str, Any], path: Path) -> dict[Operation, str]:
    """Return the paths of the operations in a file. Raises SettingsError."""
    found: dict[Operation, str] = {}
    for name, value in content.get("paths", {}).items():
        if name not in tuple(OWN_PATHS):
            raise SettingsError(f"{path}: [paths]: {unknown('operation', name, OWN_PATHS)}")
        operation = Operation(name)
        if not isinstance(value, str) or not is_path(value):
            raise SettingsError(
                f"{path}: [paths] {name} is no path: write one such as {OWN_PATHS[operation]}"
            )
        found[operation] = value
    if len(set({**OWN_PATHS, **found}.values())) < len(OWN_PATHS):
        raise SettingsError(f"{path}: [paths]: two operations have the same path")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What files of observed readings say: readings `{id: value}`, and paths of operations."""

    readings: dict[str, str]
    paths: dict[Operation, str]


def load(paths: Iterable[str | Path]) -> Observed:
    """Return what was observed, from files that agree. Raises SettingsError."""
    found: dict[str, tuple[str, str | Path]] = {}
    for path in paths:
        content = read_file(Path(path))
        values = values_of(content, Path(path))
        places = {
            PATH_OF + str(name): place for name, place in paths_of(content, Path(path)).items()
        }
        for name, value in {**values, **places}.items():
            earlier, first = found.setdefault(name, (value, path))
            if earlier != value:
                raise SettingsError(
                    f"{first} and {path} disagree: {name} is {earlier} and {value}; leave one "
                    "file out, or probe again"
                )
    said = {name: value for name, (value, _) in found.items()}
    return Observed(
        readings={name: value for name, value in said.items() if not name.startswith(PATH_OF)},
        paths={Operation(name.removeprefix(PATH_OF)): value for name, value in said.items()
               if name.startswith(PATH_OF)},
    )  # fmt: skip


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
