"""Readings: table and code agree, and each value shows on the wire."""

from typing import Any

import pytest

from mock_server import contract
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping
from tests.support import scans
from tests.support.scans import ROOT

ROWS: list[dict[str, Any]] = contract.load_toml("readings.toml")["reading"]
ON_THE_WIRE = sorted((ROOT / "tests" / "api").glob("test_*readings_on_the_wire.py"))


def test_the_table_and_the_code_have_the_same_defaults() -> None:
    assert {row["id"]: row["default"] for row in ROWS} == as_mapping(DEFAULT_READINGS)


def test_the_table_and_the_code_allow_the_same_words() -> None:
    table = {row["id"]: (row["default"], *row["alternatives"]) for row in ROWS}

    assert table == ALLOWED


def test_the_admin_document_shows_the_same_words() -> None:
    schema = contract.document("admin.openapi")["components"]["schemas"]["Readings"]

    assert {name: tuple(item["enum"]) for name, item in schema["properties"].items()} == ALLOWED
    assert set(schema["required"]) == set(ALLOWED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_reading_asks_a_question_and_gives_advice(row: dict[str, Any]) -> None:
    expected = {"id", "question", "default", "alternatives", "certainty", "claim", "advice"}

    assert set(row) == expected
    assert row["question"].endswith("?")
    assert row["advice"].endswith(".")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_every_word_of_a_reading_is_seen_on_the_wire_by_a_test(row: dict[str, Any]) -> None:
    chosen = set().union(*map(scans.chosen_words, ON_THE_WIRE))

    assert [word for word in row["alternatives"] if (row["id"], word) not in chosen] == []
