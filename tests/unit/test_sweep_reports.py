"""What comes of a sweep: verdicts, causes, reports and the summary, from planted verdicts."""

import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from jsonschema_rs import Draft202012Validator as Validator
from rich.cells import cell_len

from mock_server import contract
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import Drill
from mock_server.sweep import summary
from mock_server.sweep.estimate import Estimate
from mock_server.sweep.outcome import SweepReport
from mock_server.sweep.report import as_json, json_report, junit
from mock_server.sweep.rows import Standing
from mock_server.sweep.runner import Watch
from tests.support.sweeps import Breaks, PlantedBench, breaking, swept

SCHEMA = json.loads((contract.folder("contracts") / "sweep.schema.json").read_text("utf-8"))
FEW = ["result.item", "envelope", "list.order", "task.words"]
TWO: dict[str, Any] = {"only": ["calm", "task-failed"], "readings": FEW}


def nothing(_: Drill, __: int) -> Sequence[str]:
    return []


def result_of(
    monkeypatch: pytest.MonkeyPatch, breaks: Breaks = nothing, **options: Any
) -> SweepReport:
    return swept(monkeypatch, PlantedBench(breaks), **{**TWO, **options})


def text_of(found: SweepReport) -> str:
    return "\n".join(summary.lines(found, "utf-8"))


def flat(found: SweepReport) -> str:
    """Return the summary without its line breaks."""
    return " ".join(text_of(found).split())


def is_sound(found: SweepReport) -> bool:
    """Whether every report of a sweep is valid and fits."""
    errors = [str(each) for each in Validator(SCHEMA).iter_errors(json.loads(json_report(found)))]
    assert errors == []
    Xml.fromstring(junit(found).decode())  # noqa: S314 - it is ours
    return all(cell_len(line) <= 80 for line in summary.lines(found, "utf-8"))


def test_a_client_that_breaks_nothing_is_robust(monkeypatch: pytest.MonkeyPatch) -> None:
    found = result_of(monkeypatch)

    assert found.standing is Standing.ROBUST
    assert found.robust == len(found.rows) == len(found.plan.combinations)
    assert found.reruns == 0
    found.check()
    assert flat(found).startswith("Robust in 9 of 9 combinations. Its calls depend on")
    assert is_sound(found)


def test_a_value_that_breaks_a_client_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = result_of(monkeypatch, breaking("calm", result__item="object"))

    assert found.standing is Standing.BREAKS
    (cause,) = found.causes
    assert summary.sentence(cause) == "result.item is object"
    failing = [row.number for row in found.rows if row.readings["result.item"] == "object"]
    assert list(cause.rows) == failing
    assert found.robust == len(found.rows) - len(failing)
    assert f"Robust in {found.robust} of 9 combinations; breaks when result.item is object." in (
        flat(found)
    )
    assert "calm [ends] It went wrong." in flat(found)
    assert "The default, string, is assumed." in flat(found)
    assert "What to do: If the item is a string, it is the URL" in flat(found)
    assert is_sound(found)
    with pytest.raises(AssertionError, match=r"breaks when result\.item is object"):
        found.check()


def test_a_pair_and_what_prevents_it_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = result_of(monkeypatch, breaking("calm", result__item="object", envelope="bare"))
    default = result_of(
        monkeypatch,
        lambda run, _: (
            ["ends"]
            if run.readings.get("result.item") == "object" and "envelope" not in run.readings
            else []
        ),
    )

    assert [summary.sentence(each) for each in pair.causes] == [
        "envelope is bare and result.item is object"
    ]
    assert [summary.sentence(each) for each in default.causes] == [
        "result.item is object, unless envelope is bare"
    ]
    assert all(each.is_simple for each in (*pair.causes, *default.causes))
    assert is_sound(pair)
    assert is_sound(default)


def test_three_readings_are_said_to_be_no_simple_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    three = breaking("calm", result__item="object", envelope="bare", list__order="oldest-first")
    found = result_of(monkeypatch, three, exhaustive=True)

    assert [each.is_simple for each in found.causes] == [False]
    assert "No single reading or pair of readings explains it" in flat(found)
    assert is_sound(found)


def test_drills_that_fail_for_the_same_reason_share_a_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = result_of(
        monkeypatch, lambda run, _: ["ends"] if run.readings.get("envelope") == "bare" else []
    )

    (cause,) = found.causes
    assert [each.result.evidence.drill.id for each in cause.examples] == ["calm", "task-failed"]


def test_what_fails_by_default_is_no_matter_of_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    always = result_of(monkeypatch, lambda run, _: ["backs-off"] if run.id == "calm" else [])
    more = result_of(
        monkeypatch,
        lambda run, times: ["backs-off", *breaking("calm", envelope="bare")(run, times)],
    )

    assert always.standing is Standing.BASE_FAILS
    assert always.causes == ()
    assert always.robust == len(always.rows)
    assert "Not robust: it breaks rules by default. Nothing more breaks in 9 of 9" in flat(always)
    assert "calm [backs-off] It went wrong." in flat(always)
    assert [summary.sentence(each) for each in more.causes] == ["envelope is bare"]
    assert more.causes[0].examples[0].judged.rule.id == "ends"
    assert "Breaks also when envelope is bare" in flat(more)
    assert is_sound(always)
    assert is_sound(more)
    with pytest.raises(AssertionError, match="breaks rules by default"):
        always.check()


def test_a_fluke_is_called_flaky(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(run: Drill, times: int) -> Sequence[str]:
        many = run.id == "calm" and len(run.readings) == 3
        return ["ends"] if many and times == 0 else []

    found = result_of(monkeypatch, once)

    assert found.standing is Standing.FLAKY
    assert found.causes == ()
    assert {each.standing for each in found.rows} == {Standing.FLAKY, Standing.ROBUST}
    assert "FLAKY calm: with the same readings it failed, and passed" in flat(found)
    assert not found.is_robust
    assert is_sound(found)


def test_a_drill_that_says_nothing_by_default_is_not_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = PlantedBench(lambda run, _: ["?"] if run.id == "task-failed" else [])
    found = swept(monkeypatch, bench, **TWO)

    assert [each.id for each in bench.ran].count("task-failed") == 1
    assert found.silent == {"task-failed": ("no need",)}
    assert "Says nothing: task-failed (no need)" in text_of(found)
    assert found.standing is Standing.ROBUST
    assert is_sound(found)


def test_nothing_is_said_if_no_drill_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    found = result_of(monkeypatch, lambda _, __: ["?"])

    assert found.standing is Standing.UNCLEAR
    assert found.problem == "no drill says anything of the client: no need"
    assert text_of(found).startswith("Nothing can be said of the client.\n")
    with pytest.raises(AssertionError, match="no drill says anything"):
        found.check()
    assert is_sound(found)


def test_a_failure_without_a_cause_is_shown_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = PlantedBench(breaking("calm", result__item="object"), stops_after=18)
    ended = swept(monkeypatch, bench, **TWO)

    assert ended.causes == ()
    assert {drill for drill, _ in ended.unexplained} == {"calm"}
    assert "the sweep ended before it had looked for the cause" in flat(ended)
    assert "calm [ends] It went wrong." in flat(ended)
    assert is_sound(ended)


@pytest.mark.parametrize("runs", [0, 1, 2, 7, 16])
def test_what_was_found_before_an_end_is_reported(
    monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    breaks = breaking("calm", result__item="object")
    found = swept(monkeypatch, PlantedBench(breaks, stops_after=runs), **TWO)

    assert found.interrupted
    assert found.runs == runs
    assert len(found.rows) <= runs // 2
    assert "interrupted: " in text_of(found)
    assert is_sound(found)
    with pytest.raises(AssertionError):
        found.check()


def test_a_trouble_stops_it_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = swept(monkeypatch, PlantedBench(nothing, stops_after=3, trouble="it is gone"), **TWO)

    assert found.problem == "the sweep stopped: it is gone"
    assert is_sound(found)


def test_a_long_sweep_is_not_started_without_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    long: dict[str, Any] = {**TWO, "only": (), "readings": (), "repeat": 1}
    every = {"readings": ["result.item", "envelope", "list.order", "list.shape", "task.words",
                          "refusal.status", "result.count"], "exhaustive": True}  # fmt: skip
    bench = PlantedBench(nothing)

    with pytest.raises(UsageError, match=r"takes long: 256 combinations .* Start it with --yes"):
        swept(monkeypatch, bench, **{**long, **every})
    assert bench.ran == []

    asked: list[Estimate] = []

    def agrees(estimate: Estimate) -> bool:
        asked.append(estimate)
        return True

    swept(monkeypatch, PlantedBench(nothing), Watch(agrees=agrees), **{**long, **every})
    assert len(asked) == 1
    assert swept(monkeypatch, PlantedBench(nothing), **{**long, **every, "yes": True}).is_robust


def test_every_combination_names_its_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = as_json(result_of(monkeypatch, fixed={"ret_code.type": "string"}))

    assert all(set(each["readings"]) == {*FEW, "ret_code.type"} for each in shown["combinations"])
    assert shown["combinations"][0]["changed"] == {"ret_code.type": "string"}
    assert [each["id"] for each in shown["readings"] if each["fixed"]] == ["ret_code.type"]


def test_a_hostile_client_harms_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "\x1b[2J\x07\u202e </failure> ]]> s3cret \ud800 \u2028"
    bench = PlantedBench(breaking("calm", envelope="bare"), says=hostile)
    found = swept(monkeypatch, bench, **TWO)

    for text in (text_of(found), json_report(found).decode(), junit(found).decode()):
        assert not any(each in text for each in ("\x1b", "\x07", "\u202e", "\ud800", "\u2028"))
        assert "s3cret" not in text
    assert is_sound(found)
    assert text_of(found).encode("utf-8")
    "\n".join(summary.lines(found, "ascii")).encode("ascii")


def test_the_schema_describes_every_member() -> None:
    def nodes(node: Any) -> Any:
        if isinstance(node, dict):
            if "properties" in node:
                yield node
            for each in node.values():
                yield from nodes(each)

    for node in nodes(SCHEMA):
        assert node["additionalProperties"] is False
        assert set(node["required"]) == set(node["properties"])
        assert all(each.get("description") for each in node["properties"].values())


def test_a_call_is_described_as_in_the_report_of_a_rehearsal() -> None:
    file = contract.folder("contracts") / "rehearsal.schema.json"
    rehearsal = json.loads(file.read_text("utf-8"))

    assert SCHEMA["$defs"]["call"] == rehearsal["$defs"]["call"]
