"""A duration of a fault is spelt with `_ms` or without, as a text or as milliseconds."""

from dataclasses import fields
from typing import Any

import pytest

from mock_server.actions.accounts.faults import read_order
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.parameters import needed
from mock_server.domain.faults.spellings import CONDITIONS, short_name
from tests.support.worlds import World

PATH = "/accounts/default/faults"
OTHERS = {"code": "D504TO", "remark": "no", "platform_code": -1, "by_bytes": 1, "value": "a/b",
          "mib": 1, "for_ms": 10, "lasts_ms": 10, "late_ms": 10}  # fmt: skip

DURATIONS = [
    (kind.name, field.name)
    for kind in KINDS.values()
    for field in fields(kind.fault)
    if field.name.endswith("_ms")
]
# Every condition, for a kind of each stage.
CONDITIONED = [(kind, name) for kind in ("throttled", "refusal", "reset") for name in CONDITIONS]


def order_of(kind: str) -> dict[str, Any]:
    return {"kind": kind, **{name: OTHERS[name] for name in needed(KINDS[kind].fault)}}


@pytest.mark.parametrize(("kind", "name"), DURATIONS)
@pytest.mark.parametrize(("value", "ms"), [("0.3s", 300), (300, 300), ("300", 300), ("PT1S", 1000)])
def test_every_duration_of_every_kind_has_two_names_and_two_forms(
    kind: str, name: str, value: object, ms: int
) -> None:
    for spelt in (name, short_name(name)):
        order = order_of(kind)
        order.pop(name, None)
        assert getattr(read_order({**order, spelt: value}).fault, name) == ms


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("value", ["1h", 3_600_000])
def test_so_has_every_condition_of_every_kind(kind: str, name: str, value: object) -> None:
    for spelt in (name, short_name(name)):
        assert getattr(read_order({**order_of(kind), spelt: value}), name) == 3_600_000


def test_the_answer_has_the_name_with_ms(world: World) -> None:
    order = {"kind": "delay", "for": "0.3s", "expires_in": "1h"}

    armed = world.admin("POST", PATH, order, expect=201)

    assert armed["for_ms"] == 300
    assert armed["expires_at"] is not None
    assert "for" not in armed
    assert world.admin("GET", PATH)["faults"] == [armed]


def test_a_scenario_may_spell_a_duration_either_way(world: World) -> None:
    scenario = {"says": "Slow.", "client": "It waits.", "faults": [{"kind": "delay", "for": "2s"}]}

    world.admin("POST", "/accounts/default/scenario", {"scenario": scenario})

    assert world.admin("GET", PATH)["faults"][0]["for_ms"] == 2000


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "delay", "for": "1s", "for_ms": 1}, "for and for_ms are the same parameter"),
        ({"kind": "delay", "for": "soon"}, "for: 'soon' is not a duration"),
        ({"kind": "delay", "for": "11m"}, "maximum of 600000"),
        ({"kind": "delay", "for": 0}, "minimum of 1"),
        ({"kind": "delay", "for": None}, "null is not of types"),
        ({"kind": "delay", "for": True}, "true is not of types"),
        ({"kind": "delay", "for": []}, "is not of types"),
        ({"kind": "delay"}, "delay needs for_ms"),
        ({"kind": "reset", "for": "1s"}, "'for' was unexpected"),
    ],
)
def test_what_is_no_duration_is_refused(world: World, order: dict[str, Any], says: str) -> None:
    assert says in world.admin("POST", PATH, order, expect=422)["detail"]
