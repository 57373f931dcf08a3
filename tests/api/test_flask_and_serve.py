"""The same exchanges through both servers: status, headers with case and order, body."""

import json
from pathlib import Path

import pytest

from tests.support import exchanges
from tests.support.flask_and_serve import flask_server, live_server


@pytest.mark.claim("header-case")
@pytest.mark.parametrize("path", exchanges.files(), ids=lambda path: path.stem)
def test_flask_answers_as_the_fixture_says(path: Path) -> None:
    fixture = json.loads(path.read_text("utf-8"))
    with flask_server() as server:
        assert exchanges.play(fixture, server) == exchanges.expected(fixture)


@pytest.mark.claim("header-case")
@pytest.mark.parametrize("path", exchanges.files(), ids=lambda path: path.stem)
def test_serve_answers_as_the_fixture_says(path: Path) -> None:
    fixture = json.loads(path.read_text("utf-8"))
    with live_server() as server:
        assert exchanges.play(fixture, server) == exchanges.expected(fixture)


def test_every_fixture_says_what_it_shows_and_where_it_comes_from() -> None:
    for path in exchanges.files():
        fixture = json.loads(path.read_text("utf-8"))
        assert fixture["title"], path.name
        assert fixture["source"], path.name
