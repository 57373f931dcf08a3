"""`artqr-mock import`: makes a scenario of recorded traffic. Needs no server."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import click

from mock_server.cli.common import (
    FINDINGS,
    WRONG_USE,
    check_output,
    fail,
    json_option,
    pair,
    print_json,
    write_output,
)
from mock_server.cli.lint import UNNAMED, host_option, nothing_read, read_file, say_unread
from mock_server.cli.observed_files import load_observed, observed_option
from mock_server.domain.durations import parse_duration, show_duration
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted, instant, printable, shell_word
from mock_server.recordings.reader import Recording, at_own_paths
from mock_server.recordings.scenario.imported import Difference, ImportedScenario, imported
from mock_server.recordings.scenario.orders import OrderedFault
from mock_server.recordings.scenario.scenario_file import calls_text, scenario_text

LATE = "2s"
STANDARD_OUTPUT = "-"
STANDARD_INPUT = ("-", "<stdin>", UNNAMED)
MOST_SHOWN = 40


def _late(_context: click.Context, _option: click.Parameter, text: str) -> int:
    try:
        late_ms = parse_duration(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None
    if late_ms < 1:
        raise click.BadParameter("it is at least 1ms")
    return late_ms


@click.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--output", "-o", metavar="FILE.toml",
              help="Write the scenario here; `-` is standard output. [default: the recording's "
              "name with .toml, in this folder]")  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite the file.")
@host_option
@click.option("--late", "late_ms", default=LATE, show_default=True, callback=_late, metavar="TIME",
              help="An answer that took so long becomes a late one.")  # fmt: skip
@observed_option
@click.option("--reading", "words", multiple=True, metavar="ID=WORD",
              help="Use this word for a reading, whatever the recording shows; may be "
              "repeated.")  # fmt: skip
@json_option
def import_command(
    *, file: BinaryIO, output: str | None, force: bool, hosts: frozenset[str], late_ms: int,
    files: tuple[str, ...], words: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Make a scenario of a recorded incident: a HAR file, or calls of the journal as JSON lines.

    FILE may be `-` for standard input. The scenario has the failures of the recording as faults,
    its task times, its credits, and the readings that it decides. Nothing personal is in it. The
    command plays the recorded calls in the scenario and says where the answers differ: then the
    exit code is 1. It is 2 if nothing can be read.
    """
    observed = load_observed(files)
    given = {**observed.readings, **dict(map(pair, words))}
    with_readings(DEFAULT_READINGS, given)
    recording, name = read_file(file, hosts)
    say_unread(recording, name)
    if not recording.exchanges:
        fail(f"{name}: {nothing_read(recording, hosts)}", WRONG_USE)
    target = _target(output, name)
    if target is not None:
        _check(target, is_forced=force)
    try:
        at_own = at_own_paths(recording, observed.paths)
        made = imported(at_own, "imported", late_ms=late_ms, readings=given)
    except UsageError as error:
        fail(f"{name}: {error}", WRONG_USE)
    text = scenario_text(made, recording.noun)
    if target is None:
        click.echo(text, nl=False)
    else:
        write_output(target, text.encode())
    if as_json and target is not None:
        print_json(_as_json(made, target))
    else:
        for line in _lines(made, recording, name, target):
            click.echo(line, err=target is None)
    if made.differences or recording.unread:
        sys.exit(FINDINGS)


def _target(output: str | None, name: str) -> Path | None:
    """Return the file to write; None: standard output."""
    if output == STANDARD_OUTPUT or (output is None and name in STANDARD_INPUT):
        return None
    if output is None:
        return Path(f"{Path(name).stem or 'recording'}.toml")
    if not output.endswith(".toml"):
        raise click.BadParameter(
            f"{output!r} does not end in .toml, so `scenario load` would take it for a name",
            param_hint="--output",
        )
    return Path(output)


def _check(target: Path, *, is_forced: bool) -> None:
    if target.exists() and not is_forced:
        fail(f"{target} exists: choose another file by --output, or overwrite it by --force",
             WRONG_USE)  # fmt: skip
    check_output(target)


def _as_json(made: ImportedScenario, target: Path) -> dict[str, Any]:
    return {
        "file": str(target),
        "scenario": made.values,
        "calls": len(made.calls),
        "readings": dict(made.readings),
        "faults": [{"order": each.order, "calls": list(each.calls)} for each in made.faults],
        "differences": [
            {
                "call": each.number, "recorded": each.recorded.says, "played": each.played.says,
                "why": each.why or None,
            }
            for each in made.differences
        ],
        "notes": list(made.notes),
        "not_taken_over": dict(made.dropped),
    }  # fmt: skip


def _lines(
    made: ImportedScenario, recording: Recording, name: str, target: Path | None
) -> Iterator[str]:
    """Yield what was made, what was not, and what to do next."""
    calls, noun = len(made.calls), recording.noun
    skipped = "".join(
        f"; skipped {counted(count, noun)} of {other}" for other, count in recording.skipped.items()
    )
    yield f"{printable(name)}: {counted(calls, 'call')} of the API{skipped}"
    if clock := made.values.get("clock"):
        yield f"  starts    {instant(clock['now'])} Asia/Shanghai"
    if "credits" in made.values:
        yield f"  credits   {made.values['credits']}"
    if older := made.values.get("older_tasks"):
        yield f"  before    {counted(older, 'older task')}"
    for number, (reading, value) in enumerate(made.readings.items()):
        yield f"  {'' if number else 'readings':<9} {reading} = {value}"
    for number, each in enumerate(made.faults[:MOST_SHOWN]):
        yield f"  {'' if number else 'faults':<9} {_fault(each, noun)}"
    if more := made.faults[MOST_SHOWN:]:
        yield f"  {'':<9} and {len(more)} more"
    yield from (f"  note      {printable(each)}" for each in made.notes)
    if made.dropped:
        kinds = ", ".join(counted(count, kind) for kind, count in made.dropped.items())
        yield f"  left out  {kinds}: nothing personal is in the scenario"
    yield from _verdict(made, noun)
    if target is not None:
        yield f"written: {target}"
        yield f"next: artqr-mock scenario load {shell_word(str(target))}"
        yield f"  or: artqr-mock rehearse --scenario {shell_word(str(target))} -- ./my-client"


def _verdict(made: ImportedScenario, noun: str) -> Iterator[str]:
    calls, different = len(made.calls), made.differences
    if not different:
        yield f"played again: all {counted(calls, 'call')} get the recorded status and code"
        return
    same = calls - len(different)
    yield f"played again: {same} of {calls} calls get the recorded status and code"
    yield from (f"  {_difference(each, noun)}" for each in different[:MOST_SHOWN])
    if more := different[MOST_SHOWN:]:
        yield f"  and {len(more)} more"


def _difference(each: Difference, noun: str) -> str:
    why = f": {each.why}" if each.why else ""
    text = f"{noun} {each.number}: recorded {each.recorded.says}, played {each.played.says}{why}"
    return printable(text)


def _fault(fault: OrderedFault, noun: str) -> str:
    order = fault.order
    shown = [str(order["kind"]), *(_part(name, value) for name, value in order.items())]
    return printable(f"{' '.join(filter(None, shown))}  ({calls_text(fault, noun)})", 150)


def _part(name: str, value: Any) -> str:
    if name == "kind":
        return ""
    if name.endswith("_ms"):
        return f"{name.removesuffix('_ms')}={show_duration(value)}"
    return f"{name}={value}"
