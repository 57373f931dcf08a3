import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.billing import bills
from mock_server.domain.billing.bills import RULES, ChargingRule, Total, Value
from mock_server.domain.billing.charges import Package
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
        charged=charged,
        charged_fen=charged * 30,
    )


def polls(package_id: int, calls: int) -> Total:
    return Total(
        day=0, package_id=package_id, operation="query_task", refused=False, calls=calls,
        charged=0, charged_fen=0,
    )  # fmt: skip


def line(operation: str, calls: int, *, refused: bool = False) -> Total:
    return Total(
        day=0, package_id=1, operation=operation, refused=refused, calls=calls,
        charged=0, charged_fen=0,
    )  # fmt: skip


@pytest.mark.claim("billing-polls")
def test_the_same_calls_are_valued_by_every_rule() -> None:
    traffic = [line("submit_task", 1), line("query_task", 30), line("submit_task", 2, refused=True)]

    packages = [bought(1, 50, 1_500)]
    assert {rule.title: bills.valued(traffic, rule, packages) for rule in RULES} == {
        "every HTTP 200": Value(charges=31, fen=930, beyond=0),
        "submits only": Value(charges=1, fen=30, beyond=0),
        "every HTTP 200, refusals too": Value(charges=33, fen=990, beyond=0),
        "submits only, refusals too": Value(charges=3, fen=90, beyond=0),
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
    values = {(rule.polls, rule.refusal): bills.valued(rows, rule, []).charges for rule in RULES}

    assert values["submit-only", "450"] <= values["every-200", "450"] <= values["every-200", "200"]
    assert (
        values["submit-only", "450"] <= values["submit-only", "200"] <= values["every-200", "200"]
    )


@pytest.mark.parametrize("rule", RULES)
def test_an_account_lives_by_the_rule_of_its_readings(rule: ChargingRule) -> None:
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


def bought(number: int, size: int, fen: int) -> Package:
    return Package(
        id=number, account="", offer="custom", credits=size, remaining=size, fen=fen,
        bought_at=number, expires_at=number,
    )  # fmt: skip


@pytest.mark.claim("billing-polls")
@pytest.mark.parametrize("rows", [
    [polls(1, 300)], [polls(1, 100), polls(1, 200)],
])  # fmt: skip
def test_polls_that_were_free_are_valued_as_those_that_were_paid(rows: list[Total]) -> None:
    packages = [bought(1, 6000, 140_000)]

    assert bills.valued(rows, RULES[0], packages) == Value(charges=300, fen=7_000, beyond=0)


@pytest.mark.claim("packages-order")
def test_what_one_package_cannot_hold_goes_on_to_the_next_and_then_beyond() -> None:
    packages = [bought(1, 50, 1_500), bought(2, 100, 2_000)]

    assert bills.valued([polls(1, 120)], RULES[0], packages) == Value(
        charges=120, fen=1_500 + 70 * 20, beyond=0
    )
    assert bills.valued([polls(1, 160), polls(0, 5)], RULES[0], packages) == Value(
        charges=165, fen=1_500 + 2_000 + 15 * 20, beyond=15
    )
