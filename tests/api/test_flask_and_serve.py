"""The same exchanges through both servers: status, headers with case and order, body."""

import json
from pathlib import Path

import pytest

from tests.support import exchanges
from tests.support.flask_and_serve import flask_door, live_door


@pytest.mark.claim("header-case")
@pytest.mark.parametrize("path", exchanges.files(), ids=lambda path: path.stem)
def test_the_flask_door_answers_as_the_fixture_says(path: Path) -> None:
    fixture = json.loads(path.read_text("utf-8"))
    with flask_door() as door:
        assert exchanges.play(fixture, door) == exchanges.expected(fixture)


@pytest.mark.claim("header-case")
@pytest.mark.parametrize("path", exchanges.files(), ids=lambda path: path.stem)
def test_the_express_lane_answers_as_the_fixture_says(path: Path) -> None:
    fixture = json.loads(path.read_text("utf-8"))
    with live_door() as door:
        assert exchanges.play(fixture, door) == exchanges.expected(fixture)


def test_every_fixture_says_what_it_shows_and_where_it_comes_from() -> None:
    for path in exchanges.files():
        fixture = json.loads(path.read_text("utf-8"))
        assert fixture["title"], path.name
        assert fixture["source"], path.name
