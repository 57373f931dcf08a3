"""Counters of rules, compared with a naive replay of every rule and every call."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.worlds import World

PATHS = {"submit_task": "/submitTask", "list_tasks": "/taskList", "query_task": "/queryTask"}
NAMES = {"throttled": 429, "maintenance": 503, "arrears": 403}
COUNTS = st.one_of(
    st.fixed_dictionaries({}, optional={"calls": st.integers(1, 4)}),
    st.builds(lambda n: {"nth": n}, st.integers(1, 6)),
    st.builds(lambda n: {"first": n}, st.integers(1, 4)),
    st.fixed_dictionaries({"every": st.integers(1, 4)}, optional={"calls": st.integers(1, 3)}),
)
WHERE = st.one_of(
    st.just({}), st.builds(lambda name: {"operation": name}, st.sampled_from([*PATHS]))
)
RULES = st.lists(
    st.builds(
        lambda kind, where, counts: {"kind": kind, "expires_in_ms": 10**9, **where, **counts},
        st.sampled_from([*NAMES]), WHERE, COUNTS,
    ),
    min_size=1, max_size=4,
)  # fmt: skip


class Naive:
    """A rule, counted in the simplest way."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.seen = self.hits = 0

    def wants(self, operation: str) -> bool:
        order = self.order
        if "calls" in order and self.hits == order["calls"]:
            return False
        if order.get("operation", operation) != operation:
            return False
        self.seen += 1
        if "nth" in order:
            return bool(self.seen == order["nth"])
        if "first" in order:
            return bool(self.seen <= order["first"])
        return bool(self.seen % order.get("every", 1) == 0)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(RULES, st.lists(st.sampled_from([*PATHS]), min_size=1, max_size=10))
def test_rules_count_and_fire_as_on_paper(
    world: World, orders: list[dict[str, Any]], operations: list[str]
) -> None:
    account = world.account()
    for order in orders:
        world.admin("POST", f"/accounts/{account['id']}/faults", order, expect=201)
    rules = [Naive(order) for order in orders]

    for operation in operations:
        firing = [rule for rule in rules if rule.wants(operation)]
        if firing:
            firing[0].hits += 1
        status = world.vendor(PATHS[operation], app_code=account["app_code"]).status_code
        expected = NAMES[firing[0].order["kind"]] if firing else None
        assert status == (expected or {"list_tasks": 200}.get(operation, 450))

    shown = world.admin("GET", f"/accounts/{account['id']}/faults")["faults"]
    assert [(rule["seen"], rule["hits"]) for rule in shown] == [
        (rule.seen, rule.hits) for rule in rules
    ]
    left = [rule.order["calls"] - rule.hits if "calls" in rule.order else None for rule in rules]
    assert [rule["calls_left"] for rule in shown] == left
