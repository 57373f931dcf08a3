"""The timeline of a load: its grammar, and what it says about mistakes."""

from pathlib import Path

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.load.timeline import (
    MOST_EVENTS,
    MOST_TEXT,
    WHATS,
    check_length,
    timeline_of,
)


def test_the_example_of_the_guide_is_two_events() -> None:
    first, second = timeline_of(["at 2m: outage for 30s; at 5m: package runs out"])

    assert (first.at_ms, first.lasts_ms, first.what) == (120_000, 30_000, "outage")
    assert first.faults == ({"kind": "gateway_error", "code": "X503BZ"},)
    assert (second.at_ms, second.lasts_ms, second.what) == (300_000, None, "package runs out")
    assert second.faults == ({"kind": "quota_exhausted"},)


def test_options_and_a_file_are_one_timeline_in_the_order_of_the_instants(tmp_path: Path) -> None:
    file = tmp_path / "timeline.txt"
    file.write_text(
        "# the campaign\nat 90s: arrears for 5s  # briefly\n\nat 1s: outage; at 3s: outage"
    )

    found = timeline_of(["at 2s: throttle 5/10 for 1s"], file)

    assert [each.says for each in found] == [
        "at 1s: outage", "at 2s: throttle 5/10 for 1s", "at 3s: outage", "at 1m30s: arrears for 5s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "faults"),
    [
        ("lost answers", [{"kind": "reset"}]),
        ("Lost Answers 12.5%", [{"kind": "reset", "probability": 0.125}]),
        ("slow answers 3s", [{"kind": "delay", "for_ms": 3000}]),
        ("callbacks lost 100 %", [{"kind": "callback_lost", "probability": 1.0}]),
        ("fault html_page probability=0.2", [{"kind": "html_page", "probability": 0.2}]),
        ("fault D503CB every=3", [{"code": "D503CB", "every": 3}]),
        ("fault delay for=2s", [{"kind": "delay", "for": "2s"}]),
    ],
)
def test_an_event_is_faults_of_the_account(what: str, faults: list[object]) -> None:
    (event,) = timeline_of([f"at 1s: {what} for 2s"])

    assert list(event.faults) == faults
    assert event.lasts_ms == 2000


def test_a_throttle_is_a_throttle_of_the_account() -> None:
    (event,) = timeline_of(["at 0s: throttle 2.5/10"])

    assert (event.throttle, event.faults) == ({"per_second": 2.5, "burst": 10}, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("outage", "is not an event: write 'at 2m: outage"),
        ("at 2m outage", "is not an event"),
        ("at 2m:", "is not an event"),
        ("at soon: outage", "'soon' is not a duration"),
        ("at 1s: outage for ever", "'ever' is not a duration"),
        ("at 1s: outage for 0s", "longer than 0s"),
        ("at 1s: outrage", "did you mean 'outage'?"),
        ("at 1s: earthquake", "There are: outage, lost answers [SHARE%]"),
        ("at 1s: outage of everything", "'of everything' is too much here"),
        ("at 1s: lost answers half", "write one such as 30%"),
        ("at 1s: lost answers 0%", "write one such as 30%"),
        ("at 1s: lost answers 101%", "write one such as 30%"),
        ("at 1s: slow answers", "say how slow"),
        ("at 1s: slow answers slowly", "'slowly' is not a duration"),
        ("at 1s: throttle 5", "throttle 5/10"),
        ("at 1s: throttle 0/10", "throttle 5/10"),
        ("at 1s: throttle 5/0", "throttle 5/10"),
        ("at 1s: fault", "name a fault"),
        ("at 1s: fault delay", "delay needs for_ms"),
        ("at 1s: fault nothing_such", "unknown fault 'nothing_such'"),
        ("at 1s: fault reset 20%", "'20%' is not NAME=VALUE"),
        ("at 1s: fault reset probability=2", "/probability"),
    ],
)
def test_a_mistake_is_quoted_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        timeline_of([text])

    assert says in str(refused.value)
    assert str(refused.value).startswith("--at: ")


def test_a_mistake_in_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("at 1s: outage\n\nat 2s: nonsense\n")

    with pytest.raises(UsageError, match=r"t\.txt, line 3: 'at 2s: nonsense'"):
        timeline_of([], file)


def test_a_timeline_is_bounded_and_hostile_text_is_printable(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"at most {MOST_EVENTS}"):
        timeline_of(["at 1s: outage;" * (MOST_EVENTS + 1)])
    with pytest.raises(UsageError, match=f"at most {MOST_TEXT}"):
        timeline_of(["x" * (MOST_TEXT + 1)])
    with pytest.raises(UsageError) as refused:
        timeline_of(["at 1s: \x1b[31m" + "z" * 500])
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 500
    binary = tmp_path / "b"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        timeline_of([], binary)
    with pytest.raises(UsageError, match="cannot read the timeline"):
        timeline_of([], tmp_path / "none")


def test_an_event_after_the_end_is_refused() -> None:
    events = timeline_of(["at 60s: outage"])

    check_length(events, 60_001)
    with pytest.raises(UsageError, match="comes too late: the load runs for 1m"):
        check_length(events, 60_000)


def test_every_kind_of_event_is_tried_here_or_has_no_parameters() -> None:
    for name in set(WHATS) - {"slow answers", "throttle", "fault"}:
        (event,) = timeline_of([f"at 1s: {name}"])
        assert event.faults
