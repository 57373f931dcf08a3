"""The benchmark: rounds in turn, ratios, verdicts, results that are kept, and the page of them."""

import json
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as program
from benchmarks import chart, goals, report, results
from benchmarks.contenders import CONTENDERS
from benchmarks.contenders.contender import Contender, NotInstalledError, stub_request
from benchmarks.contenders.installing import versions
from benchmarks.figures import Figure, figure, number, ratios
from benchmarks.goals import Goal, Verdict
from benchmarks.part import Bench, Part, installed_contenders
from benchmarks.parts import PARTS, soak, workers
from benchmarks.results import Record
from benchmarks.rounds import interleaved
from benchmarks.stages import ELSEWHERE, OTHER, shares, stage_of

ROOT = Path(__file__).parents[2]
HERE = ROOT / "benchmarks"


def record(name: str, *figures: Figure, failed: str | None = None) -> Record:
    return Record(
        name=name, title=name.title(), says="Says.", at="2026-01-01 00:00 UTC", quick=False,
        load_before=0.5, load_after=1.25, others_before=1, others_after=12, seconds=61.4,
        figures=figures, failed=failed,
        facts={"Machine": "a machine", "Contenders": "moto 5.2.5"},
    )  # fmt: skip


def test_rounds_take_turns_and_the_warm_up_does_not_count() -> None:
    order: list[str] = []

    def case(name: str) -> int:
        order.append(name)
        return len(order)

    found = interleaved({"a": lambda: case("a"), "b": lambda: case("b")}, 2)

    assert "".join(order) == "abbaab"
    assert found == {"a": [4, 5], "b": [3, 6]}


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratios([1.0, 4.0], [2.0, 2.0]) == (0.5, 2.0)
    with pytest.raises(ValueError, match="argument"):
        ratios([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="too short"):
        ratios([1.0], [0.0])


def test_a_figure_shows_its_median_and_its_range() -> None:
    assert figure("t", "r", "c", "µs", [3, 1, 2]).shown == "2.00 µs (1.00–3.00)"
    assert figure("t", "r", "c", "", [1234.5]).shown == "1,234"
    with pytest.raises(ValueError, match="nothing was measured"):
        figure("t", "r", "c", "", [])


@pytest.mark.parametrize(
    ("value", "shown"), [(0.256, "0.26"), (12.34, "12.3"), (123.4, "123"), (-20.5, "-20.5")]
)
def test_a_number_has_the_digits_that_mean_something(value: float, shown: str) -> None:
    assert number(value) == shown


HIGHER = Goal(says="h", figure="a/b/c/d", better="higher", before=0.2, must=0.8, goal=1.2)
LOWER = Goal(says="l", figure="a/b/c/d", better="lower", before=9, must=2, goal=1)
NO_GOAL = Goal(says="n", figure="a/b/c/d", better="lower", before=9, must=2)


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (HIGHER, 0.79, Verdict.MISSED),
        (HIGHER, 0.8, Verdict.MUST_MET),
        (HIGHER, 1.2, Verdict.GOAL_MET),
        (LOWER, 2.1, Verdict.MISSED),
        (LOWER, 2, Verdict.MUST_MET),
        (LOWER, 0.5, Verdict.GOAL_MET),
        (NO_GOAL, 0.5, Verdict.MUST_MET),
        (HIGHER, None, Verdict.UNMEASURED),
    ],
)
def test_a_figure_is_judged_by_its_median(
    goal: Goal, value: float | None, verdict: Verdict
) -> None:
    given = None if value is None else figure("b", "c", "d", "", [value])

    assert goal.verdict(given) == verdict


@pytest.mark.parametrize(
    "wrong", [{"better": "more"}, {"figure": "a/b"}, {"better": "lower"}, {"goal": 0.7}]
)
def test_a_goal_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    row = {
        "says": "s",
        "figure": "a/b/c/d",
        "better": "higher",
        "before": 0.2,
        "must": 0.8,
        "goal": 1,
    }

    Goal(**row)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^s: "):
        Goal(**{**row, **wrong})  # type: ignore[arg-type]


def test_each_goal_is_of_a_part_that_exists() -> None:
    names = {part.name for part in PARTS}

    assert {goal.figure.split("/")[0] for goal in goals.load()} <= names
    assert len(names) == len(PARTS)


def test_each_named_test_of_an_invariant_exists() -> None:
    for row in tomllib.loads(report.INVARIANTS.read_text("utf-8"))["invariant"]:
        assert row["tests"], row["says"]
        for test in row["tests"]:
            path, _, name = test.partition("::")
            text = (ROOT / path).read_text("utf-8")
            assert f"def {name}(" in text if name else "def test_" in text, test


def test_results_are_written_and_read_back(tmp_path: Path) -> None:
    kept = record("submit", figure("32 connections", "form", "CPU", "µs", [1.5, 2.5]), failed="no")
    file = tmp_path / "results.json"

    results.save(file, [kept])

    assert results.load(file) == {"submit": kept}
    assert [each.name for each in tmp_path.iterdir()] == ["results.json"]
    found = results.figure({"submit": kept}, "submit/32 connections/form/CPU")
    assert found == kept.figures[0]
    assert results.figure({"submit": kept}, "submit/32 connections/form/p50") is None
    assert results.figure({}, "submit/32 connections/form/CPU") is None


def test_a_file_that_is_no_results_is_refused_with_advice(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert results.load(file) == {}

    for text in ("{", "[]", '{"parts": {"submit": {}}}'):
        file.write_text(text, "utf-8")
        with pytest.raises(ValueError, match="delete it"):
            results.load(file)


def test_the_page_has_tables_verdicts_failures_and_notes(tmp_path: Path) -> None:
    mountebank = "÷ mountebank"
    records = {
        "submit": record(
            "submit",
            figure("32 connections", "submit (form)", "requests a second", "", [9]),
            figure("32 connections", "submit (form)", mountebank, "", [1.1, 0.9, 1.4]),
            figure("32 connections", "a|b", "requests a second", "", [7]),
        ),
        "plugin": record("plugin", failed="OSError: disk\nfull"),
    }

    page = report.render(records, "plot.svg", {"submit": "submit.svg"})

    assert "| 32 connections | requests a second | ÷ mountebank |\n" in page
    assert "| a\\|b | 7.00 |  |\n" in page
    met = "| 0.38 | **1.10 (0.90–1.40)** | ≥ 1.00 | ≥ 1.50 | ✅ must met |"
    assert f"| submit (form) ÷ mountebank {met}" in page
    assert "| query ÷ mountebank | 0.37 |  | ≥ 0.80 | ≥ 1.25 | – not measured |" in page
    assert "**This part failed: OSError: disk full**" in page
    assert "load 0.50 before and 1.25 after; others used 1 % and 12 % of the cores" in page
    assert "**Others used the machine while these parts were measured: submit, plugin.**" in page
    assert "| **Contenders** | moto 5.2.5 |" in page
    assert "- moto: a stateful simulator; one DynamoDB PutItem." in page
    assert "](plot.svg)" in page
    assert page.count("![Submit](submit.svg)") == 1
    assert page.endswith(report.NOTES.read_text("utf-8").rstrip() + "\n")
    assert "`tests/live/test_kill.py" in page


def test_the_plot_is_xml_and_the_same_for_the_same_figures() -> None:
    rows = [
        (HIGHER, figure("b", "c", "d", "", [0.9, 1.1])),
        (LOWER, figure("b", "c", "d", "", [50])),
        (NO_GOAL, None),
        (Goal(says="<&", figure="a/b/c/d", better="lower", before=1, must=2), None),
        (
            Goal(says="new", figure="a/b/c/d", better="lower", must=2),
            figure("b", "c", "d", "", [3]),
        ),
    ]

    drawn = chart.draw(rows)

    root = ET.fromstring(drawn)  # noqa: S314 - ours
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<&" in texts
    assert "not measured" in texts
    assert drawn == chart.draw(rows)


def test_the_page_and_the_plot_in_the_repository_are_those_of_the_results() -> None:
    records = results.load(HERE / program.JSON)

    rows = goals.measured(goals.load(), records)
    plots = program.drawn(records)
    page = report.render(records, program.PLOT, {part: program.plot_of(part) for part in plots})
    assert (HERE / program.PAGE).read_text("utf-8") == page
    for part, drawn in plots.items():
        assert (HERE / program.plot_of(part)).read_text("utf-8") == drawn
    assert (HERE / program.PLOT).read_text("utf-8") == chart.draw(rows)


def part(name: str, *found: Figure, error: Exception | None = None) -> Part:
    def measure(_: Bench) -> Iterator[Figure]:
        yield from found
        if error:
            raise error

    return Part(name=name, title=name.title(), says="", measure=measure)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put three parts in the place of the real ones; the second fails at its end."""
    one, two = (figure("t", "r", "c", "µs", [value]) for value in (1, 2))
    parts = (
        part("good", one),
        part("bad", two, error=RuntimeError("it broke")),
        part("last", figure("t", "r", "c", "µs", [3])),
    )
    monkeypatch.setattr(program, "PARTS", parts)
    monkeypatch.setattr("benchmarks.wrk.need", lambda: None)


def values(folder: Path) -> dict[str, list[float]]:
    kept = results.load(folder / program.JSON)
    return {name: [each.median for each in record.figures] for name, record in kept.items()}


@pytest.mark.usefixtures("planted")
def test_a_part_that_fails_is_named_and_loses_nobody_anything(tmp_path: Path) -> None:
    done = CliRunner().invoke(program.main, ["--output", str(tmp_path)])

    assert done.exit_code == 1
    assert "bad failed: RuntimeError: it broke" in done.output
    assert values(tmp_path) == {"good": [1], "bad": [2], "last": [3]}
    assert results.load(tmp_path / program.JSON)["bad"].failed == "RuntimeError: it broke"
    assert "**This part failed: RuntimeError: it broke**" in (tmp_path / program.PAGE).read_text()


@pytest.mark.usefixtures("planted")
def test_a_part_that_is_measured_again_replaces_only_its_own_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CliRunner().invoke(program.main, ["--output", str(tmp_path)])
    again = (part("good"), part("bad", figure("t", "r", "c", "µs", [7])), part("last"))
    monkeypatch.setattr(program, "PARTS", again)

    done = CliRunner().invoke(program.main, ["bad", "--output", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert values(tmp_path) == {"good": [1], "bad": [7], "last": [3]}


def test_a_part_that_is_long_even_quickly_is_left_out_of_the_quick_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = (part("good"), replace(part("long"), is_quick=False))
    monkeypatch.setattr(program, "PARTS", parts)

    def chosen(*names: str, quick: bool) -> list[str]:
        return [each.name for each in program.chosen_parts(names, quick=quick)]

    assert chosen(quick=True) == ["good"]
    assert chosen(quick=False) == ["good", "long"]
    assert chosen("long", quick=True) == ["long"]
    said = CliRunner().invoke(program.main, ["--list"]).output
    assert "Long (with --quick only if you name it)" in said


def test_a_part_with_a_plot_has_it_beside_the_page_and_the_failed_one_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = figure("1 minutes", "memory <&", soak.OVER_TIME, "MB", [90, 120, 100])
    parts = (
        replace(part("good", points), plot=soak.plot),
        replace(part("bad", error=RuntimeError("it broke")), plot=soak.plot),
    )
    monkeypatch.setattr(program, "PARTS", parts)
    monkeypatch.setattr("benchmarks.wrk.need", lambda: None)

    CliRunner().invoke(program.main, ["--output", str(tmp_path)])

    root = ET.fromstring((tmp_path / "good.svg").read_text("utf-8"))  # noqa: S314 - ours
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"memory <&, MB", "150", "1 minutes"} <= set(texts)
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    assert line.get("points") == "70.0,78.0 405.0,54.0 740.0,70.0"
    assert "![Good](good.svg)" in (tmp_path / "RESULTS.md").read_text("utf-8")
    assert not (tmp_path / "bad.svg").exists()


def test_without_its_package_postgresql_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.postgresql.PACKAGE", "no-such-package")
    bench = Bench(quick=True, scratch=tmp_path, installed=tmp_path, contenders={})

    assert list(workers.PART.measure(bench)) == []
    assert bench.left_out == ["PostgreSQL is left out: no-such-package is not installed"]


@pytest.mark.usefixtures("planted")
def test_render_measures_nothing(tmp_path: Path) -> None:
    CliRunner().invoke(program.main, ["good", "--output", str(tmp_path)])
    before = json.loads((tmp_path / program.JSON).read_text("utf-8"))
    (tmp_path / program.PAGE).unlink()

    done = CliRunner().invoke(program.main, ["--render", "--output", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / program.JSON).read_text("utf-8")) == before
    assert "## Good" in (tmp_path / program.PAGE).read_text("utf-8")


def test_an_unknown_part_is_refused_with_the_names(tmp_path: Path) -> None:
    done = CliRunner().invoke(program.main, ["sumbit", "--output", str(tmp_path)])

    assert done.exit_code == 2
    assert "submit" in done.output


def test_the_list_names_each_part() -> None:
    done = CliRunner().invoke(program.main, ["--list"])

    assert [line.split()[0] for line in done.output.splitlines()] == [each.name for each in PARTS]


def test_a_contender_that_cannot_be_installed_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> None:
        raise NotInstalledError("npm is not installed")

    def contender(name: str, *, is_there: bool) -> Contender:
        return Contender(
            name=name, says="", install=(lambda _: None) if is_there else fails,
            command=lambda *_: [], request=stub_request,
        )  # fmt: skip

    rows = (contender("Here", is_there=True), contender("Gone", is_there=False))
    monkeypatch.setattr("benchmarks.part.CONTENDERS", rows)

    there, left_out = installed_contenders(tmp_path, {"Here", "Gone", "Unknown"})

    assert list(there) == ["Here"]
    assert left_out == ["Gone is left out: npm is not installed"]


def test_a_contender_that_does_not_start_is_left_out_and_named(tmp_path: Path) -> None:
    broken = Contender(
        name="Broken", says="", install=lambda _: None, command=lambda *_: ["false"],
        request=stub_request,
    )  # fmt: skip
    bench = Bench(quick=True, scratch=tmp_path, installed=tmp_path, contenders={"Broken": broken})

    with bench.contender_servers("Broken", "Absent") as found:
        assert found == {}

    assert bench.left_out == ["Broken is left out: it ended with 1: it printed nothing"]


def test_each_contender_of_a_part_exists_and_each_version_is_exact() -> None:
    names = {contender.name for contender in CONTENDERS}

    assert all(set(part.uses) <= names for part in PARTS)
    for pinned in versions().values():
        assert all(version.replace(".", "").isdigit() for version in pinned.values())


def test_a_sample_belongs_to_the_first_of_its_places_that_has_a_stage() -> None:
    chain = "domain/dice.py:hex_digits domain/clock.py:now actions/operations/operations.py:submit"

    assert stage_of(chain) == "booking: task, plan, callback, charge"
    assert stage_of("store/engine/waiting.py:run store/engine/sqlite.py:_do").startswith("SQL")
    assert stage_of("store/engine/waiting.py:add") == "the turn around the works"
    assert stage_of("") == "protocol, loop and sockets"
    assert stage_of("(other threads)") == ELSEWHERE
    assert stage_of("domain/dice.py:draw") == OTHER


def test_the_shares_of_the_stages_are_one_in_all() -> None:
    found = shares({"domain/findings/engine.py:judge": 3, "(other threads)": 1})

    assert found["findings"] == 0.75
    assert sum(found.values()) == 1
    with pytest.raises(ValueError, match="nothing was sampled"):
        shares({})
