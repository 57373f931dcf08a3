"""contracts/deliveries.toml: what it has to say, and what it is told where it is wrong."""

from typing import Any

import pytest

from mock_server.domain.faults.kinds import KINDS, read_order
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.receivers.delivery import (
    all_deliveries,
    chosen_deliveries,
    read_deliveries,
)

ROW = {"id": "one", "says": "It comes.", "client": "It copes.", "answers": "2xx"}


def refusal_of(*rows: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as refused:
        read_deliveries(rows)
    return str(refused.value)


def test_every_delivery_says_in_sentences_what_comes_and_what_a_good_receiver_does() -> None:
    for each in all_deliveries():
        for sentence in (each.says, each.client):
            assert sentence[0].isupper(), each.id
            assert sentence.endswith("."), each.id


def test_there_are_at_least_twenty_deliveries_and_their_faults_and_readings_exist() -> None:
    for each in all_deliveries():
        for fault in each.faults:
            assert read_order(fault).kind.name in KINDS
        with_readings(DEFAULT_READINGS, each.account.get("readings", {}))

    assert len(all_deliveries()) >= 20


def test_every_shape_of_a_callback_that_can_be_ordered_is_delivered() -> None:
    ordered = {fault["kind"] for each in all_deliveries() for fault in each.faults}

    # A callback that never comes says nothing of its receiver.
    assert {name for name in KINDS if name.startswith("callback_")} - ordered == {"callback_lost"}


def test_deliveries_are_chosen_by_their_ids() -> None:
    some = chosen_deliveries(["huge", "success"], [])

    assert [each.id for each in some] == ["success", "huge"]
    assert "success" not in {each.id for each in chosen_deliveries([], ["success"])}


@pytest.mark.parametrize(
    ("only", "skip", "says"),
    [
        (["sucess"], [], "unknown delivery 'sucess'; did you mean 'success'?"),
        (["success"], ["success"], "no delivery is left to run"),
    ],
)
def test_an_impossible_choice_is_refused(only: list[str], skip: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        chosen_deliveries(only, skip)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answer": "2xx"}, "unknown member 'answer'; did you mean 'answers'?"),
        ({"answers": "3xx"}, "unknown answers '3xx'; valid: 2xx, 2xx or 4xx, none"),
        ({"tasks": 3}, "tasks is 1 or 2"),
        ({"faults": "callback_lost"}, "faults is no list"),
        ({"wait": "soon"}, "'soon' is not a duration"),
        ({"client": ""}, "client is missing: add it"),
    ],
)
def test_a_wrong_table_is_refused_with_what_to_change(change: dict[str, Any], says: str) -> None:
    assert says in refusal_of({**ROW, **change})


def test_two_deliveries_of_one_id_are_refused() -> None:
    assert refusal_of(ROW, ROW).endswith(
        "delivery 'one': 2 deliveries have this id: give each an id of its own"
    )
