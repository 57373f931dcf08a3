"""The retry bill against the labelled corpus: precision and recall of classes and of intents."""

import pytest

from mock_server.audit.charge import ChargeClass
from tests.support.bill_behaviours import (
    BEHAVIOURS,
    HARD,
    looks_and_orders,
    looks_first,
    retries_posts,
)
from tests.support.bill_corpus import INTENTS, Trace, score_of, traces

SEEDS = 4
LEAST = 0.99
# What the bill says of behaviours whose reason no journal shows, and what is so.
MISTAKES = {
    "polls_a_little_too_often": ("poll-before-the-end", "useful"),
    "wants_two_and_says_nothing": ("duplicate-submit", "useful"),
    "forgets_and_says_nothing": ("useful", "duplicate-submit"),
    "loses_an_answer_in_the_network": ("poll-before-the-end", "useful"),
    "has_pictures_fetched_elsewhere": ("orphan", "useful"),
    "two_programs_read_the_list": ("poll-after-the-end", "useful"),
    "wants_what_another_style_wins": ("duplicate-submit", "useful"),
}


@pytest.fixture(scope="module")
def corpus() -> list[Trace]:
    return list(traces(BEHAVIOURS, SEEDS))


@pytest.mark.parametrize("name", [*ChargeClass, INTENTS])
def test_the_bill_agrees_with_what_the_clients_say_of_their_calls(
    corpus: list[Trace], name: str
) -> None:
    score = score_of(corpus)

    assert score.both[name] >= SEEDS
    assert score.precision(name) >= LEAST
    assert score.recall(name) >= LEAST


def test_every_charge_has_one_class_and_the_classes_add_up(corpus: list[Trace]) -> None:
    for trace in corpus:
        assert sum(row["charges"] for row in trace.bill.sums) == len(trace.bill.charges)
        assert sum(row["fen"] for row in trace.bill.sums) == sum(
            each.fen for each in trace.bill.charges
        )


def test_the_hard_behaviours_are_mistaken_for_what_is_stated_and_nothing_else() -> None:
    found = {
        trace.behaviour: {(str(charge.kind), label.kind) for charge, label in trace.wrong}
        for trace in traces(HARD, 1)
    }

    assert found == {name: {mistake} for name, mistake in MISTAKES.items()}


def test_a_client_that_looks_first_is_praised_and_one_that_retries_is_not() -> None:
    looked, ordered, retried = traces((looks_first, looks_and_orders, retries_posts), 1)

    assert "and submitted nothing again" in (looked.bill.praise or "")
    assert "before it submitted again" in (ordered.bill.praise or "")
    assert retried.bill.praise is None
