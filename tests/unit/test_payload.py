import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.callback.payload import due_at, encoded, is_pushed, payload
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.task.tasks import Plan, Status
from mock_server.domain.urls import MAX_ADDRESS_LENGTH, AddressError, parse_address


@pytest.mark.claim("callback-payload")
def test_the_payload_is_exactly_the_one_of_the_vendors_page() -> None:
    body = encoded(payload("f00d", ["http://h/1.png"]))

    assert body == b'{"resList":["http://h/1.png"],"task_id":"f00d"}'


@given(task_id=st.text("0123456789abcdef"), pictures=st.lists(st.text("ab/:.é码")))
def test_a_payload_reads_back(task_id: str, pictures: list[str]) -> None:
    read = json.loads(encoded(payload(task_id, pictures)))

    assert read == {"resList": pictures, "task_id": task_id}


def plan(ends_at: int | None, outcome: Status = Status.SUCCEEDED) -> Plan:
    return Plan(submitted_at=0, starts_at=1_000, ends_at=ends_at, outcome=outcome)


@pytest.mark.claim("callback-after-status")
@pytest.mark.claim("callback-before-status")
@pytest.mark.parametrize(
    ("timing", "ends_at", "now", "due"),
    [
        ("after-status", 9_000, 0, 9_000),
        ("before-status", 9_000, 0, 7_000),
        ("before-status", 9_000, 8_000, 8_000),  # never in the past
        ("before-status", 1_500, 0, 0),
        ("after-status", None, 0, None),
        ("before-status", None, 0, None),
    ],
)
def test_a_callback_is_due_when_the_status_turns_or_two_seconds_before(
    timing: str, ends_at: int | None, now: int, due: int | None
) -> None:
    readings = with_readings(DEFAULT_READINGS, {"callback.timing": timing})

    assert due_at(plan(ends_at), readings, now) == due


@pytest.mark.claim("callback-on-failure")
@pytest.mark.parametrize(
    ("word", "outcome", "pushed"),
    [
        ("none", Status.SUCCEEDED, True),
        ("none", Status.FAILED, False),
        ("empty-list", Status.SUCCEEDED, True),
        ("empty-list", Status.FAILED, True),
    ],
)
def test_a_task_that_fails_is_called_back_only_by_the_reading(
    word: str, outcome: Status, pushed: bool
) -> None:
    readings = with_readings(DEFAULT_READINGS, {"callback.on_failure": word})

    assert is_pushed(outcome, readings) == pushed


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
     "http://h:99999/", "http://h:x/", "http://[::1/", "http://a b/", "http://h\r\nX: y/",
     "http://h\x7f/", "javascript:alert(1)", "http://:80/"],
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
