import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.callbacks import (
    FINAL,
    MAX_ADDRESS_LENGTH,
    AddressError,
    CallbackState,
    Outcome,
    parse_address,
    payload,
    state_after,
)


@pytest.mark.claim("callback-payload")
def test_the_payload_is_exactly_the_one_of_the_vendors_page() -> None:
    assert payload("f00d", ["http://h/1.png"]) == b'{"resList":["http://h/1.png"],"task_id":"f00d"}'


@given(task_id=st.text("0123456789abcdef"), pictures=st.lists(st.text("ab/:.é码")))
def test_a_payload_reads_back(task_id: str, pictures: list[str]) -> None:
    read = json.loads(payload(task_id, pictures))

    assert read == {"resList": pictures, "task_id": task_id}


@pytest.mark.claim("callback-ack")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (199, "failed"),
        (301, "failed"),
        (400, "failed"),
        (500, "failed"),
    ],
)
def test_any_2xx_acknowledges_and_nothing_else_does(status: int, state: str) -> None:
    assert state_after(Outcome(status=status)) == state


@pytest.mark.claim("callback-once")
def test_an_attempt_without_an_answer_has_failed_for_good() -> None:
    assert state_after(Outcome(error="no answer within 10 s")) is CallbackState.FAILED
    assert CallbackState.FAILED in FINAL


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("http://127.0.0.1:8080/done", "http", "127.0.0.1", 8080),
        ("https://Example.COM/a?b=c", "https", "example.com", 443),
        ("HTTP://localhost", "http", "localhost", 80),
        ("http://[::1]:9/x", "http", "::1", 9),
        ("http://user:pw@host/", "http", "host", 80),
    ],
)
def test_an_address_is_taken_apart(url: str, scheme: str, host: str, port: int) -> None:
    address = parse_address(url)

    assert (address.url, address.scheme, address.host, address.port) == (url, scheme, host, port)


@pytest.mark.parametrize(
    "url",
    ["", "x", "/done", "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "//h/x",
     "http://h:99999/", "http://h:x/", "http://[::1/", "http://a b/", "http://h/\r\nX: y",
     "http://h/\x7f", "javascript:alert(1)", "http://:80/"],
)  # fmt: skip
def test_what_is_no_http_address_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(AddressError, match="address"):
        parse_address(url)


def test_an_address_is_at_most_2048_characters_long() -> None:
    longest = "http://h/".ljust(MAX_ADDRESS_LENGTH, "x")

    assert parse_address(longest).host == "h"
    with pytest.raises(AddressError, match="longer than 2048"):
        parse_address(longest + "x")


@given(st.text() | st.text("ht:/[]@.%1 \\").map(lambda rest: f"http://{rest}"))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    try:
        address = parse_address(url)
    except AddressError:
        return
    assert address.host
    assert 0 <= address.port <= 65535
