"""Random faults: every kind, with its parameters, conditions and lifetime."""

from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from mock_server import contract
from mock_server.domain.call.calls import Operation
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import Match, Stage

Order = dict[str, Any]

CONDITIONS = {field.name for field in fields(Match)} | {"calls", "starts_in_ms", "expires_in_ms"}
# Faults that would take long in real time get short parameters.
QUICK: dict[str, Order] = {
    "delay": {"for_ms": 1},
    "dribble": {"chunk_bytes": 64, "pause_ms": 1},
    "callback_huge": {"mib": 1},
}
MORE: list[Order] = [
    {"kind": "gateway_error", "code": "A400AC"},
    {"kind": "ghost", "code": "X500ER"},
    {"kind": "platform_error", "platform_code": -1000},
    {"kind": "task_order", "lasts_ms": 1_000, "outcome": "failed", "remark": "no"},
    {"kind": "task_order", "pictures": 1},
    {"kind": "html_page", "status": 503, "commit": "before"},
    {"kind": "callback_late", "late_ms": 1},
    {"kind": "callback_null_field", "field": "task_id"},
    {"kind": "delay", "for_ms": 1, "commit": "before"},
    {"kind": "truncate", "keep_bytes": 3, "end": "reset"},
    {"kind": "truncate", "inside": "task_id"},
    {"kind": "wrong_length", "by_bytes": -5},
    {"kind": "reset", "commit": "before"},
    {"kind": "close", "commit": "before"},
    {"kind": "garbage", "commit": "before"},
]
COUNTS: list[Order] = [
    {"nth": 1}, {"nth": 2}, {"first": 1}, {"first": 2}, {"every": 2}, {"every": 3},
    {"after": 1}, {"after": 2, "first": 1},
    {"probability": 0.5}, {"probability": 0.2}, {"calls": 1},
    {"every": 2, "calls": 2}, {"probability": 0.4, "calls": 1},
]  # fmt: skip
LIVES: list[Order] = [{}, {}, {}, {"expires_in_ms": 20_000}, {"starts_in_ms": 5_000}]
SUBMITTED: list[Order] = [{"style": "food_*"}, {"text": "https://*"}]


def _shipped() -> list[Order]:
    rows = contract.load_toml("faults.toml")
    orders = [row["order"] for row in (*rows["fault"], *rows["callback"])]
    return [{name: each[name] for name in each if name not in CONDITIONS} for each in orders]


FAULTS = [{**each, **QUICK.get(each["kind"], {})} for each in _shipped()] + MORE


def _targets(fault: Order) -> list[Order]:
    kind = KINDS[fault["kind"]]
    if kind.stage is Stage.CALLBACK:
        return [{}, *SUBMITTED]
    named: list[Order] = [{"operation": str(each)} for each in kind.operations]
    about = SUBMITTED if Operation.SUBMIT_TASK in kind.operations else []
    return [{}, *named, *about]


def _lives(fault: Order) -> list[Order]:
    return [{"expires_in_ms": 20_000}] if fault["kind"] == "maintenance" else LIVES


def _conditions(fault: Order) -> st.SearchStrategy[Order]:
    parts = (st.sampled_from(each) for each in (COUNTS, _targets(fault), _lives(fault)))
    return st.tuples(*parts).map(lambda three: fault | three[0] | three[1] | three[2])


def orders(faults: list[Order]) -> st.SearchStrategy[Order]:
    """Return orders of these faults; no order contradicts itself."""
    return st.sampled_from(faults).flatmap(_conditions)


def of_stages(*stages: Stage) -> list[Order]:
    """Return the faults of some stages."""
    return [each for each in FAULTS if KINDS[each["kind"]].stage in stages]


def is_for_connections(order: Order) -> bool:
    """Whether only a server that controls its connections can apply the order."""
    return KINDS[order["kind"]].connection
