import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.billing.charges import (
    CHARGE_TEXT,
    Charge,
    Package,
    charge_for,
    credit_fen,
    invoices_for,
    no_credit,
)
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.readings import Readings

NOW = 1_700_000_000_000


def package(
    *, size: int = 1000, remaining: int = 1000, fen: int = 28_000, expires: int = NOW + 1
) -> Package:
    return Package(
        id=1, account="default", offer="custom", credits=size, remaining=remaining, fen=fen,
        bought_at=NOW - 1, expires_at=expires,
    )  # fmt: skip


@given(size=st.integers(1, 3_000), fen=st.integers(0, 10**7), spent=st.integers(0, 3_000))
def test_every_prefix_of_a_package_costs_its_share_rounded_down_and_the_whole_its_price(
    size: int, fen: int, spent: int
) -> None:
    spent = min(spent, size)
    costs = [
        credit_fen(package(size=size, remaining=size - number, fen=fen)) for number in range(spent)
    ]

    assert sum(costs) == spent * fen // size
    assert all(fen // size <= cost <= fen // size + 1 for cost in costs)


@given(size=st.integers(1, 400), fen=st.integers(0, 10**6))
def test_a_used_up_package_cost_exactly_its_price(size: int, fen: int) -> None:
    costs = [credit_fen(package(size=size, remaining=left, fen=fen)) for left in range(size, 0, -1)]

    assert sum(costs) == fen


def test_a_credit_of_the_thousand_call_package_costs_28_fen() -> None:
    assert {credit_fen(package(remaining=left)) for left in range(1, 1001)} == {28}


@pytest.mark.claim("billing-only-200")
@pytest.mark.parametrize("operation", VENDOR_OPERATIONS)
@pytest.mark.parametrize("status", [200, 201, 302, 400, 403, 404, 413, 429, 450, 500, 504])
def test_a_call_is_charged_exactly_when_its_status_is_200(
    operation: Operation, status: int
) -> None:
    charge = charge_for(operation, status, Readings())

    assert (charge is Charge.CHARGED) == (status == 200)


@pytest.mark.claim("billing-polls")
def test_under_a_reading_only_the_submit_is_charged() -> None:
    readings = Readings(charge_polls="submit-only")

    assert {operation: charge_for(operation, 200, readings) for operation in VENDOR_OPERATIONS} == {
        Operation.SUBMIT_TASK: Charge.CHARGED,
        Operation.LIST_TASKS: Charge.NOT_METERED,
        Operation.QUERY_TASK: Charge.NOT_METERED,
    }


@pytest.mark.parametrize("operation", [None, Operation.GET_PICTURE])
def test_what_is_no_operation_of_the_vendor_is_never_charged(operation: Operation | None) -> None:
    assert charge_for(operation, 200, Readings()) is Charge.NEVER


def test_every_charge_says_why() -> None:
    assert set(CHARGE_TEXT) == set(Charge)


@pytest.mark.claim("quota-refusals")
@pytest.mark.parametrize(
    ("packages", "code"),
    [
        ([], "B403MI"),
        ([package(remaining=0)], "B403MQ"),
        ([package(remaining=5, expires=NOW)], "B403ME"),
        ([package(remaining=0, expires=NOW)], "B403ME"),
        ([package(remaining=5, expires=NOW - 1), package(remaining=0)], "B403MQ"),
    ],
    ids=["none bought", "used up", "expired", "used up and expired", "one expired, one used up"],
)
def test_the_error_for_a_buyer_without_a_credit_names_the_reason(
    packages: list[Package], code: str
) -> None:
    assert no_credit(packages, NOW).code == code


@pytest.mark.claim("invoice-ordinary")
@pytest.mark.claim("invoice-special")
@pytest.mark.parametrize(
    ("fen", "kinds"),
    [(0, []), (4_999, []), (5_000, ["ordinary"]), (19_999, ["ordinary"]),
     (20_000, ["ordinary", "special"]), (300_000, ["ordinary", "special"])],
)  # fmt: skip
def test_the_price_of_a_purchase_says_which_invoices_it_earns(fen: int, kinds: list[str]) -> None:
    assert invoices_for(fen) == kinds
