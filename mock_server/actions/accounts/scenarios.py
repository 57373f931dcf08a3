"""Scenarios: find one by name or file, validate it, load it into an account."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from mock_server import contract
from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.faults import read_order
from mock_server.domain.account.accounts import Account
from mock_server.domain.account.scenarios import Scenario, scenario_of
from mock_server.domain.languages import ENGLISH, in_language
from mock_server.domain.nesting import TOO_DEEP, is_too_deep
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import NotFoundError, UsageError
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction

MAX_FILE_BYTES = 256 * 1024


def read(name: str, values: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a validated TOML table. Raises UsageError for an invalid one."""
    if wrong := contract.misfits("Scenario", dict(values)):
        raise UsageError(f"scenario {name[:64]}: {wrong}")
    for number, order in enumerate(values.get("faults", ()), start=1):
        try:
            read_order(order)
        except UsageError as error:
            raise UsageError(f"scenario {name[:64]}, fault {number}: {error}") from None
    scenario = scenario_of(name, values)
    with_readings(DEFAULT_READINGS, scenario.origin.readings)
    return scenario


def shipped(name: str, language: str = ENGLISH) -> Scenario:
    """Return a scenario that comes with the simulator. Raises NotFoundError."""
    known = contract.scenarios(language)
    if name not in known:
        raise NotFoundError(unknown("scenario", name, known))
    return read(name, known[name])


def find(name_or_file: str, language: str = ENGLISH) -> Scenario:
    """Return a shipped scenario, or the one in a TOML file. Raises NotFoundError or UsageError."""
    if not name_or_file.endswith(".toml"):
        return shipped(name_or_file, language)
    return read(Path(name_or_file).stem, values_of(Path(name_or_file), language))


def values_named(name_or_file: str) -> dict[str, Any]:
    """Return the values of a scenario, by its name or its file, which were validated. Raises
    NotFoundError or UsageError."""
    find(name_or_file)
    if name_or_file.endswith(".toml"):
        return values_of(Path(name_or_file))
    return dict(contract.scenarios()[name_or_file])


def values_of(file: Path, language: str = ENGLISH) -> dict[str, Any]:
    """Return the values in a scenario's file. Raises UsageError if the file cannot be read."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{file} is larger than a scenario can be: {MAX_FILE_BYTES} bytes")
        values = tomllib.loads(file.read_text("utf-8"))
        deep = is_too_deep(values)
    except RecursionError:
        deep = True
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    if deep:
        raise UsageError(f"{file} cannot be used: {TOO_DEEP}")
    for where, value in _leaves(values, ""):
        if isinstance(value, date | time):
            raise UsageError(
                f"{file}: {where} is a date or a time: write milliseconds since 1970, such as "
                "1767225600000"
            )
    chosen: dict[str, Any] = in_language(values, language)
    return chosen


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield every value of a TOML file with its place, such as `/clock/now`."""
    if isinstance(value, dict | list):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in named:
            yield from _leaves(inner, f"{where}/{name}")
    else:
        yield where, value


def load(tx: Transaction, simulator: Simulator, account_id: str, scenario: Scenario) -> Account:
    """Empty an account and set it up from a scenario. Raises UsageError."""
    return accounts.reset(tx, simulator, account_id, scenario.origin)
