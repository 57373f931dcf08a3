import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import bills
from mock_server.domain.bills import RULES, Rule, Sum, Total
from mock_server.domain.readings import Readings

OPERATIONS = ["submit_task", "query_task", "list_tasks"]


@st.composite
def totals(draw: st.DrawFn) -> Total:
    calls = draw(st.integers(1, 50))
    charged = draw(st.integers(0, calls))
    return Total(
        day=draw(st.integers(0, 3)),
        package_id=draw(st.integers(0, 2)),
        operation=draw(st.sampled_from(OPERATIONS)),
        refused=draw(st.booleans()),
        calls=calls,
        fen=calls * 30,
        charged=charged,
        charged_fen=charged * 30,
    )


def line(operation: str, calls: int, *, refused: bool = False) -> Total:
    return Total(
        day=0, package_id=1, operation=operation, refused=refused, calls=calls, fen=calls * 30,
        charged=0, charged_fen=0,
    )  # fmt: skip


@pytest.mark.claim("billing-polls")
def test_the_same_calls_are_valued_by_every_rule() -> None:
    traffic = [line("submit_task", 1), line("query_task", 30), line("submit_task", 2, refused=True)]

    assert {rule.title: bills.valued(traffic, rule) for rule in RULES} == {
        "every HTTP 200": Sum(charges=31, fen=930),
        "submits only": Sum(charges=1, fen=30),
        "every HTTP 200, refusals too": Sum(charges=33, fen=990),
        "submits only, refusals too": Sum(charges=3, fen=90),
    }


@given(rows=st.lists(totals(), max_size=20))
def test_what_was_paid_is_the_same_however_it_is_grouped(rows: list[Total]) -> None:
    whole = bills.paid(rows)

    for key in (lambda row: row.day, lambda row: row.package_id, lambda row: row.operation):
        groups = bills.paid_by(rows, key)
        assert sum(each.charges for each in groups.values()) == whole.charges
        assert sum(each.fen for each in groups.values()) == whole.fen
        assert all(each.charges for each in groups.values())


@given(rows=st.lists(totals(), max_size=20))
def test_a_rule_that_charges_more_never_costs_less(rows: list[Total]) -> None:
    values = {(rule.polls, rule.refusal): bills.valued(rows, rule).charges for rule in RULES}

    assert values["submit-only", "450"] <= values["every-200", "450"] <= values["every-200", "200"]
    assert (
        values["submit-only", "450"] <= values["submit-only", "200"] <= values["every-200", "200"]
    )


@pytest.mark.parametrize("rule", RULES)
def test_an_account_lives_by_the_rule_of_its_readings(rule: Rule) -> None:
    readings = Readings(charge_polls=rule.polls, refusal_status=rule.refusal)  # type: ignore[arg-type]

    assert bills.rule_of(readings) == rule


@pytest.mark.claim("package-expiry-zone")
@pytest.mark.parametrize(
    ("at", "day"),
    [(0, "1970-01-01"), (16 * 3_600_000 - 1, "1970-01-01"), (16 * 3_600_000, "1970-01-02"),
     (1_700_000_000_000, "2023-11-15"), (253_402_214_400_000, "9999-12-31")],
)  # fmt: skip
def test_a_day_begins_at_midnight_in_shanghai(at: int, day: str) -> None:
    assert bills.day_name(bills.day_of(at)) == day
