"""The headers of the vendor's answers: exactly these, in this spelling and this order."""

import re

import pytest

from tests.support.worlds import World

REQUEST_ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}


def headers_of(world: World, path: str, **fields: str) -> list[tuple[str, str]]:
    answer = world.vendor(path, fields)
    shown = [
        (name, "*" if name == "X-Ca-Request-Id" and REQUEST_ID.fullmatch(value) else value)
        for name, value in answer.headers
    ]
    assert ("Content-Length", str(len(answer.data))) in shown
    return [(name, "n" if name == "Content-Length" else value) for name, value in shown]


@pytest.mark.claim("fee-num")
@pytest.mark.claim("result-content-type")
@pytest.mark.parametrize("path", ["/submitTask", "/taskList"])
def test_a_charged_result_says_its_fee(world: World, path: str) -> None:
    assert headers_of(world, path, **GOOD) == [
        ("Server", "Kaede/3.5.3.523(simulator)"),
        ("Date", DATE),
        ("Content-Type", "application/json;charset=utf-8"),
        ("Content-Length", "n"),
        ("X-Ca-Request-Id", "*"),
        ("showapi_fee_num", "1"),
    ]


@pytest.mark.claim("refusal-450")
def test_a_refusal_looks_like_a_result_without_a_fee_or_an_error_code(world: World) -> None:
    assert headers_of(world, "/submitTask") == [
        ("Server", "Kaede/3.5.3.523(simulator)"),
        ("Date", DATE),
        ("Content-Type", "application/json;charset=utf-8"),
        ("Content-Length", "n"),
        ("X-Ca-Request-Id", "*"),
    ]


@pytest.mark.claim("error-empty-body")
@pytest.mark.claim("error-content-type")
def test_an_error_of_the_gateway_has_its_code_and_its_message_last(world: World) -> None:
    assert headers_of(world, "/submit") == [
        ("Server", "Kaede/3.5.3.523(simulator)"),
        ("Date", DATE),
        ("Content-Type", "application/oct-stream"),
        ("Content-Length", "n"),
        ("X-Ca-Request-Id", "*"),
        ("X-Ca-Error-Code", "I404NF"),
        ("X-Ca-Error-Message", "API not found POST /submit"),
    ]


def test_a_path_is_echoed_as_it_was_sent_on_one_line(world: World) -> None:
    answer = world.vendor("/%E7%A0%81%0D%0AX-Evil:%201")

    assert "X-Evil" not in answer.headers
    assert answer.headers["X-Ca-Error-Message"].endswith("POST /%E7%A0%81%0D%0AX-Evil:%201")


def test_the_date_is_the_one_of_the_accounts_clock(world: World) -> None:
    world.clock(advance="1d")

    assert dict(headers_of(world, "/taskList"))["Date"] == "Wed, 15 Nov 2023 22:13:20 GMT"
    assert world.http.post("/taskList").headers["Date"] == DATE
