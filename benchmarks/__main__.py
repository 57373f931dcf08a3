"""`python -m benchmarks`: measures, prints the tables, and writes the results."""

import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks import chart, goals, machine, report, results, wrk
from benchmarks.contenders.contender import Contender
from benchmarks.figures import Figure
from benchmarks.part import Part, bench, installed_contenders
from benchmarks.parts import PARTS
from benchmarks.results import Record
from mock_server.domain.suggestions import unknown

ROOT = Path(__file__).parents[1]
FULL, QUICK = ROOT / "benchmarks", ROOT / "build" / "benchmarks"
WAIT_S = 0.3  # in which others show themselves, before and after a part
JSON, PAGE, PLOT = "results.json", "RESULTS.md", "results.svg"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[PART]...")
@click.option("--quick", is_flag=True, help="Short rounds and small numbers: two minutes for all.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path),
              help="The folder of results.json, RESULTS.md and the plots. [default: benchmarks, "
              "with --quick build/benchmarks]")  # fmt: skip
@click.option("--contenders", "installed", type=click.Path(file_okay=False, path_type=Path),
              default=ROOT / ".venv" / "contenders",
              help="Where contenders are installed. [default: .venv/contenders]")  # fmt: skip
@click.option("--render", is_flag=True, help="Measure nothing; write the page and the plot anew.")
@click.option("--list", "only_list", is_flag=True, help="List the parts.")
def main(
    *, names: tuple[str, ...], quick: bool, output: Path | None, installed: Path, render: bool,
    only_list: bool,
) -> None:  # fmt: skip
    """Measure artqr-mock beside other servers: all parts, or those that you name.

    Parts that are long even with --quick are left out of it unless you name them; --list marks
    them. A part that is measured again replaces its old results; the others stay. Exit codes: 0
    measured, 1 a part failed.
    """
    chosen = chosen_parts(names, quick=quick)
    if only_list:
        for part in PARTS:
            mark = "" if part.is_quick else " (with --quick only if you name it)"
            click.echo(f"{part.name:16}{part.title}{mark}")
        return
    folder = output or (QUICK if quick else FULL)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        records = results.load(folder / JSON)
    except ValueError as error:
        sys.exit(str(error))
    # What is measured starts as it does when pip has installed it: compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    failed = 0
    if not render:
        wrk.need()
        failed = _measure_all(chosen, records, folder, installed, quick=quick)
    _write(folder, records)
    click.echo(f"\nwritten: {folder / PAGE}")
    sys.exit(1 if failed else 0)


def chosen_parts(names: Sequence[str], *, quick: bool = False) -> list[Part]:
    """Return the named parts; without names all, or all quick ones. Raises click.UsageError."""
    known = [part.name for part in PARTS]
    for name in names:
        if name not in known:
            raise click.UsageError(unknown("part", name, known))
    usual = [part for part in PARTS if part.is_quick or not quick]
    return [part for part in PARTS if part.name in names] if names else usual


def _measure_all(
    chosen: Sequence[Part],
    records: dict[str, Record],
    folder: Path,
    installed: Path,
    *,
    quick: bool,
) -> int:
    """Measure parts, save each at its end, and return how many failed."""
    click.echo("installing contenders …", err=True)
    wanted = {name for part in chosen for name in part.uses}
    there, left_out = installed_contenders(installed, wanted)
    for sentence in left_out:
        click.echo(sentence, err=True)
    failed = 0
    for part in chosen:
        click.echo(f"{part.name} …", err=True)
        record = measured(part, installed, there, left_out, quick=quick)
        records[part.name] = record
        _write(folder, records)  # what is measured is kept, whatever becomes of the next part
        click.echo(f"\n{part.title}\n\n{report.tables(record)}")
        if record.failed:
            failed += 1
            click.echo(f"{part.name} failed: {record.failed}", err=True)
    return failed


def measured(
    part: Part, installed: Path, contenders: Mapping[str, Contender], left_out: Sequence[str], *,
    quick: bool,
) -> Record:  # fmt: skip
    """Measure one part. What it fails on is in its record, with the figures that came before."""
    figures: list[Figure] = []
    failed = None
    missing = [each for each in left_out if each.split(" ")[0] in part.uses]
    others_before = machine.others(WAIT_S)
    at, load_before, started_at = machine.now(), machine.load(), time.perf_counter()
    with bench(quick=quick, installed=installed, contenders=contenders) as given:
        try:
            for figure in part.measure(given):
                figures.append(figure)  # noqa: PERF402 - what came before a failure stays
        except Exception as error:  # noqa: BLE001 - the other parts are worth measuring
            traceback.print_exc()
            failed = f"{type(error).__name__}: {error}"
    seconds, load_after = time.perf_counter() - started_at, machine.load()
    return Record(
        name=part.name, title=part.title, says=part.says, at=at, quick=quick,
        load_before=load_before, load_after=load_after,
        others_before=others_before, others_after=machine.others(WAIT_S),
        seconds=round(seconds, 1), figures=tuple(figures),
        left_out=(*missing, *given.left_out), failed=failed,
        facts=machine.facts(name for name in part.uses if name in contenders),
    )  # fmt: skip


def _write(folder: Path, records: dict[str, Record]) -> None:
    ordered = {record.name: record for record in _in_order(records)}
    results.save(folder / JSON, ordered.values())
    rows = goals.measured(goals.load(), ordered)
    (folder / PLOT).write_text(chart.draw(rows), "utf-8")
    plots = drawn(ordered)
    for part, svg in plots.items():
        (folder / plot_of(part)).write_text(svg, "utf-8")
    page = report.render(ordered, PLOT, {part: plot_of(part) for part in plots})
    (folder / PAGE).write_text(page, "utf-8")


def drawn(records: Mapping[str, Record]) -> dict[str, str]:
    """Return the plots of the parts that have one of their own, and figures for it."""
    return {
        part.name: part.plot(records[part.name].figures)
        for part in PARTS
        if part.plot and part.name in records and records[part.name].figures
    }


def plot_of(part: str) -> str:
    """Return the name of the file with the plot of a part."""
    return f"{part}.svg"


def _in_order(records: Mapping[str, Record]) -> list[Record]:
    """Return the records in the order of the parts; those of parts that are gone are dropped."""
    return [records[part.name] for part in PARTS if part.name in records]


if __name__ == "__main__":
    main()
