"""A recording as a scenario: made, played again with the same calls, and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mock_server.actions.accounts import scenarios
from mock_server.contract import load_catalogue
from mock_server.domain.account.accounts import DEFAULT_CREDITS, AccountTemplate
from mock_server.domain.call.calls import Operation
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted
from mock_server.recordings.reader import Recording
from mock_server.recordings.scenario.calls import RecordedCall, calls_of
from mock_server.recordings.scenario.deduction import MOST_CALLS, deduce
from mock_server.recordings.scenario.orders import OrderedFault
from mock_server.recordings.scenario.outcome import Outcome, damaged
from mock_server.recordings.scenario.personal import Cleaner, left_behind
from mock_server.recordings.scenario.player import Player
from mock_server.recordings.scenario.synthesis import MAX_OLDER, TEXTS, Draft, Material, synthesize
from mock_server.recordings.scenario.tasks import facts_of
from mock_server.recordings.scenario.world import World, stage

MAX_FAULTS = 200
MAX_CALLS = 20_000
CLIENT = (
    "It looks before it repeats a paid call, waits where waiting helps, stops where it does not, "
    "and pays for nothing twice."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A call that the scenario answers otherwise than the recording; `why`: if that is known."""

    number: int
    recorded: Outcome
    played: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedScenario:
    """A scenario made of a recording.

    `values`: its table, as a scenario's file has it. `faults`: the same faults with the recorded
    calls that they are for. `differences`: what it does not express. `notes`: what was assumed or
    replaced, in sentences. `dropped`: how much that is personal is not in it, by kind.
    """

    values: Mapping[str, Any]
    calls: Sequence[RecordedCall]
    readings: Mapping[str, str]
    faults: Sequence[OrderedFault]
    differences: Sequence[Difference]
    notes: Sequence[str]
    dropped: Mapping[str, int]


def imported(
    recording: Recording, name: str, *, late_ms: int, readings: Mapping[str, str]
) -> ImportedScenario:
    """Return the scenario of a recording; `readings` are not deduced but given.

    Raises UsageError if the recording has no call to make one of.
    """
    tables = load_catalogue().errors
    calls = calls_of(recording.exchanges, tables)
    if not calls:
        raise UsageError("it has no call of the API, so there is nothing to make a scenario of")
    if len(calls) > MAX_CALLS:
        raise UsageError(f"it has {len(calls)} calls, and {MAX_CALLS} are the limit: split it")
    cleaner = Cleaner(calls)
    material = Material(
        calls=calls,
        facts=facts_of(calls, tables),
        tables=tables,
        late_ms=late_ms,
        clean=cleaner.clean,
    )
    with stage() as on:
        found = deduce(material, readings, on)
        draft = synthesize(material, {**readings, **found}, on)
        faults = draft.faults
        values = _values(material, draft, faults[:MAX_FAULTS])
        differences = _differences(material, draft, on.world(_origin(name, values), calls[0].at))
    return ImportedScenario(
        values=values,
        calls=calls,
        readings=found,
        faults=faults[:MAX_FAULTS],
        differences=differences,
        notes=[*_notes(material, faults), *_replaced(material, faults, cleaner)],
        dropped=left_behind(calls),
    )


def _values(material: Material, draft: Draft, faults: Sequence[OrderedFault]) -> dict[str, Any]:
    values: dict[str, Any] = {"says": _says(material, draft, faults), "client": CLIENT}
    if draft.credits is not None:
        values["credits"] = draft.credits
    elif len(material.calls) > DEFAULT_CREDITS // 2:
        values["credits"] = 10 * len(material.calls)
    if material.facts.older:
        values["older_tasks"] = min(len(material.facts.older), MAX_OLDER)
    if material.starts_at > 0:
        values["clock"] = {"now": material.starts_at}
    if draft.readings:
        values["readings"] = dict(draft.readings)
    if faults:
        values["faults"] = [each.order for each in faults]
    return values


def _says(material: Material, draft: Draft, faults: Sequence[OrderedFault]) -> str:
    """Return what happens in the scenario, in one sentence."""
    submits = sum(call.operation is Operation.SUBMIT_TASK for call in material.calls)
    told = [f"As recorded: {counted(len(material.calls), 'call')}, {counted(submits, 'submit')}"]
    met = sum(each.order["kind"] != "task_order" for each in faults)
    if met:
        told.append(counted(met, "failure"))
    if draft.credits is not None:
        told.append(f"the package is empty after {counted(draft.credits, 'credit')}")
    return "; ".join(told) + "."


def _origin(name: str, values: Mapping[str, Any]) -> AccountTemplate:
    """Return the account of the finished scenario, read as its file is read."""
    return scenarios.read(name, values).origin


def _differences(material: Material, draft: Draft, played: World) -> list[Difference]:
    """Play the calls in the finished scenario, and return those that get another answer."""
    player, found = Player(world=played, calls=material.calls, facts=material.facts), []
    for place, call in enumerate(material.calls):
        answer, _ = player.play(place)
        seen = damaged(answer, call.operation, material.tables)
        if not call.outcome.agrees(seen):
            why = draft.left.get(call.number, "")
            found.append(
                Difference(number=call.number, recorded=call.outcome, played=seen, why=why)
            )
    return found


def _notes(material: Material, faults: Sequence[OrderedFault]) -> list[str]:
    """Return what was assumed, in sentences."""
    calls, notes = material.calls, []
    facts = material.facts.executed
    unknown = [calls[place].number for place, executed in facts.items() if executed is None]
    if unknown:
        notes.append(
            f"nothing shows whether the submits of calls {_list(unknown)} were executed: those "
            "without an answer count as executed and charged, those with a gateway error as not"
        )
    keys = {call.exchange.call.named.get("authorization") for call in calls}
    if len(keys - {None}) > 1:
        notes.append(f"{len(keys - {None})} credentials were used: the scenario has one account")
    unread = [call.number for call in calls if not call.exchange.is_whole]
    if unread:
        notes.append(f"calls {_list(unread)} have no whole body: they were played with an example")
    if len(faults) > MAX_FAULTS:
        notes.append(f"{len(faults)} faults are needed: a scenario has at most {MAX_FAULTS}")
    if len(material.facts.older) > MAX_OLDER:
        notes.append(f"{len(material.facts.older)} older tasks were seen: it has {MAX_OLDER}")
    if len(calls) > MOST_CALLS:
        notes.append(f"the readings were decided by the first {MOST_CALLS} calls")
    return notes


def _replaced(material: Material, faults: Sequence[OrderedFault], cleaner: Cleaner) -> list[str]:
    """Return what was replaced in the texts that the scenario keeps."""
    by_number = {call.number: call for call in material.calls}
    notes = []
    for each in faults:
        if not set(TEXTS) & set(each.order):
            continue
        kinds = [kind for n in each.calls for kind in cleaner.kinds(by_number[n].outcome.text)]
        if kinds:
            what = " and ".join(dict.fromkeys(kinds))
            notes.append(f"the text of calls {_list(each.calls)} had {what}: it was replaced")
    return notes


def _list(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:8]))
    return f"{shown} and {len(numbers) - 8} more" if len(numbers) > 8 else shown
