"""A budget is checked before each call and never overspent, whatever the answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.checker.budget import Budget, Spent, answered, dearest_fen, lack, sent, summary
from mock_server.contract import load_catalogue

FREE = Budget(most_calls=2, most_fen=None, price_fen=30)


def test_calls_are_counted_before_they_are_sent() -> None:
    spent = Spent()
    for _ in range(2):
        assert lack(FREE, spent) is None
        spent = sent(FREE, spent)

    assert lack(FREE, spent) == "2 calls were made"


def test_a_call_that_could_cost_too_much_is_not_sent() -> None:
    budget = Budget(most_calls=9, most_fen=59, price_fen=30)
    spent = sent(budget, Spent())

    assert lack(budget, spent) == "one more call could cost more than 0.59 yuan"


@pytest.mark.claim("billing-only-200")
@pytest.mark.parametrize(("status", "fen"), [(200, 30), (450, 0), (403, 0), (504, 0), (201, 0)])
def test_only_another_status_than_200_gives_the_money_back(status: int, fen: int) -> None:
    assert answered(FREE, sent(FREE, Spent()), status) == Spent(calls=1, fen=fen)


@given(
    most_calls=st.integers(1, 40),
    most_fen=st.integers(0, 500),
    price_fen=st.integers(1, 60),
    answers=st.lists(st.sampled_from([200, 450, 500, None]), max_size=60),
)
def test_a_budget_is_never_overspent(
    most_calls: int, most_fen: int, price_fen: int, answers: list[int | None]
) -> None:
    budget = Budget(most_calls=most_calls, most_fen=most_fen, price_fen=price_fen)
    spent, calls, paid = Spent(), 0, 0
    for answer in answers:
        if lack(budget, spent) is not None:
            break
        spent, calls = sent(budget, spent), calls + 1
        # A call without an answer may have been charged.
        paid += price_fen if answer in (200, None) else 0
        spent = spent if answer is None else answered(budget, spent, answer)

    assert (spent.calls, spent.fen) == (calls, paid)
    assert calls <= most_calls
    assert paid <= most_fen


@pytest.mark.claim("price-list")
def test_the_dearest_offer_is_the_small_one_and_a_fraction_is_rounded_up() -> None:
    offers = [(each.credits, each.fen) for each in load_catalogue().offers.values()]

    assert dearest_fen(offers) == 30
    assert dearest_fen([(6000, 140_000)]) == 24


def test_the_summary_has_the_amount_in_yuan() -> None:
    assert summary(Spent(calls=7, fen=205)) == "7 calls, at most 2.05 yuan"
