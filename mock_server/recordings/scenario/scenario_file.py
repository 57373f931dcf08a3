"""Writes a scenario as the TOML file that `scenario load` reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import Table

from mock_server.formatting import counted, instant
from mock_server.recordings.scenario.imported import ImportedScenario
from mock_server.recordings.scenario.orders import OrderedFault

HEAD = ("says", "client", "credits", "older_tasks")
MOST_LISTED = 12


def scenario_text(made: ImportedScenario, noun: str) -> str:
    """Return the text of the file; `noun` is the word for one call of the recording."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Made by `artqr-mock import` of a recording."))
    for name in HEAD:
        if name in made.values:
            document.add(name, tomlkit.item(made.values[name]))
    if clock := made.values.get("clock"):
        document.add("clock", _table(clock, f"the first call: {instant(clock['now'])}"))
    if readings := made.values.get("readings"):
        document.add("readings", _table(readings, "decided by the recording, or given"))
    if made.faults:
        faults = tomlkit.aot()
        for each in made.faults:
            faults.append(_table(each.order, calls_text(each, noun)))
        document.add("faults", faults)
    return tomlkit.dumps(document)


def _table(values: Mapping[str, Any], comment: str) -> Table:
    table = tomlkit.table()
    if comment:
        table.add(tomlkit.comment(comment))
    for name, value in values.items():
        table.add(name, value)
    return table


def calls_text(fault: OrderedFault, noun: str) -> str:
    """Return which recorded calls a fault is for; `noun`: the word for one."""
    numbers: Sequence[int] = fault.calls
    if not numbers:
        return "every task"
    if len(numbers) > MOST_LISTED:
        return f"{counted(len(numbers), noun)}, from {numbers[0]} to {numbers[-1]}"
    return f"{noun} {', '.join(map(str, numbers))}"
