"""Readings over the admin API: shown, changed at once, refused with the valid values."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli.main import main
from mock_server.contract import load_toml
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from tests.support.worlds import World

PATH = "/accounts/default/readings"


def test_an_account_shows_its_word_for_every_reading(world: World) -> None:
    assert world.admin("GET", PATH) == as_mapping(DEFAULT_READINGS)
    world.admin("GET", "/accounts/nobody/readings", expect=404)


def test_a_change_counts_at_once_leaves_the_rest_and_is_seen_on_the_account(world: World) -> None:
    changed = world.admin("PATCH", PATH, {"refusal.status": "200"})

    assert changed == {**as_mapping(DEFAULT_READINGS), "refusal.status": "200"}
    assert world.admin("GET", PATH) == changed
    assert world.admin("GET", "/accounts/default")["readings"] == changed
    assert world.vendor("/submitTask").status_code == 200
    world.admin("PATCH", PATH, {}, expect=422)


def test_another_account_keeps_its_own(world: World) -> None:
    other = world.account()
    world.admin("PATCH", PATH, {"refusal.status": "200"})

    assert world.admin("GET", f"/accounts/{other['id']}/readings") == as_mapping(DEFAULT_READINGS)


def test_reset_gives_back_the_readings_that_it_was_made_with(world: World) -> None:
    made = world.account(readings={"charge.polls": "submit-only"})
    path = f"/accounts/{made['id']}"
    world.admin("PATCH", f"{path}/readings", {"charge.polls": "every-200", "envelope": "bare"})

    world.admin("POST", f"{path}/reset")

    expected = {**as_mapping(DEFAULT_READINGS), "charge.polls": "submit-only"}
    assert world.admin("GET", f"{path}/readings") == expected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"refusal.statu": "200"}, "did you mean 'refusal.status'?"),
        ({"refusal_status": "200"}, "did you mean 'refusal.status'?"),
        ({"zzz": "1"}, "valid: appcode.in_query, "),
        ({"refusal.status": "500"}, "refusal.status takes '450' or '200', not '500'"),
        ({"refusal.status": 200}, "is not of type"),
        ([], "is not of type"),
    ],
)
def test_an_unknown_reading_or_value_is_refused_with_the_valid_ones(
    world: World, body: Any, says: str
) -> None:
    refused = world.admin("PATCH", PATH, body, expect=422)

    assert says in refused["detail"]
    assert world.admin("GET", PATH) == as_mapping(DEFAULT_READINGS)


def test_one_wrong_word_changes_nothing_at_all(world: World) -> None:
    world.admin("PATCH", PATH, {"envelope": "bare", "refusal.status": "500"}, expect=422)

    assert world.admin("GET", PATH) == as_mapping(DEFAULT_READINGS)


def test_the_command_lists_every_question_without_a_server() -> None:
    done = CliRunner().invoke(main, ["readings", "list"])
    as_json = CliRunner().invoke(main, ["readings", "list", "--json"])

    assert (done.exit_code, as_json.exit_code) == (0, 0)
    assert json.loads(as_json.output) == [
        {**row, "value": row["default"], "source": "default"}
        for row in load_toml("readings.toml")["reading"]
    ]
    for reading, words in ALLOWED.items():
        assert f"{reading}: {', '.join(words)}" in done.output
