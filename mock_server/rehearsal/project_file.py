"""The settings of a rehearsal in `[tool.artqr-mock.rehearse]` of a pyproject.toml, or in another
table of ours.

Rule 1: a setting is named like its flag, and has its unit: `time-limit = "60s"`.
Rule 2: the nearest pyproject.toml upwards that has the table counts, and no other.
Rule 3: paths are relative to its folder, and a command in it runs there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.domain.durations import parse_duration
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.order import CHECKS
from mock_server.settings import SettingsError, read_toml

FILE = "pyproject.toml"
TOOL = ("tool", "artqr-mock")
# The fields of RehearsalOrder, and `report`, by the name of their flag.
FIELDS = {
    "command": "command", "only": "only", "skip": "skip", "scenario": "scenarios",
    "jobs": "jobs", "repeat": "repeat",
    "restartable": "restartable", "fail-fast": "fail_fast", "time-limit": "time_limit_s",
    "client-timeout": "client_timeout_s", "copies": "copies", "env": "env", "cwd": "cwd",
    "setup": "setup", "teardown": "teardown", "waive": "waived", "server": "server",
    "report": "report", "baseline": "baseline", "observed": "observed",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsTable:
    """A table of settings: its name, its fields by the name of their flag, and their checks."""

    name: str
    fields: Mapping[str, str]
    checks: Mapping[str, Callable[[str, Any], None]]


REHEARSE = SettingsTable(name="rehearse", fields=FIELDS, checks=CHECKS)


def project_settings(
    folder: Path, *, has_command: bool, table: SettingsTable = REHEARSE
) -> dict[str, Any]:
    """Return the settings for a rehearsal in a folder, by the names of their fields.

    `has_command`: there is another command than that of the file.
    Raises UsageError, which names the setting and the file.
    """
    for place in (folder, *folder.parents):
        file = place / FILE
        if file.is_file() and (found := _found(table, file)) is not None:
            settings = _settings(table, found, file)
            if has_command:
                settings.pop("command", None)
            elif "command" in settings:
                settings.setdefault("cwd", place)
            return settings
    return {}


def seconds(text: Any) -> float:
    """Return a duration, written as text, in seconds. Raises UsageError."""
    if not isinstance(text, str):
        raise UsageError(f"{text!r} is not a duration: write it as text, such as '60s'")
    return parse_duration(text) / 1000


def _found(table: SettingsTable, file: Path) -> Any:
    try:
        found: Any = read_toml(file)
    except SettingsError as error:
        raise UsageError(str(error)) from None
    for name in (*TOOL, table.name):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _settings(table: SettingsTable, found: Any, file: Path) -> dict[str, Any]:
    where = f"{'.'.join((*TOOL, table.name))} in {file}"
    if not isinstance(found, Mapping):
        raise UsageError(f"{where} is not a table of settings")
    settings = {}
    for name, value in found.items():
        if name == "token":
            raise UsageError(f"{where}: a token is a secret; set ARTQR_MOCK_TOKEN instead")
        if name not in table.fields:
            raise UsageError(f"{where}: {unknown('setting', name, table.fields)}")
        field = table.fields[name]
        try:
            settings[field] = _value(table, field, value, file.parent)
        except UsageError as error:
            raise UsageError(f"{name} of {where}: {error}") from None
    return settings


def _value(table: SettingsTable, name: str, value: Any, folder: Path) -> Any:
    if name in READERS:
        value = READERS[name](value)
    if name in table.checks:
        table.checks[name](name, value)
    if name in PATHS:
        if not isinstance(value, str):
            raise UsageError(f"{value!r} is not the path of a {PATHS[name]}")
        return folder / value
    if name == "server" and not isinstance(value, str):
        raise UsageError(f"{value!r} is not an address such as http://127.0.0.1:3040")
    return value


PATHS = {"cwd": "folder", "report": "folder", "baseline": "file"}
READERS: dict[str, Callable[[Any], Any]] = {"time_limit_s": seconds, "client_timeout_s": seconds}
