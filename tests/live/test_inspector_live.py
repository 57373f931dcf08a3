"""Pages are told what is new by Server-Sent Events, and cost nothing while none is open."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from mock_server.actions.reports.call_list import PAGE as PAGE_SIZE
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.serving.event_streams import MOST_STREAMS
from tests.support.event_streams import DEADLINE_S, address, event, stream
from tests.support.live import Buyer, Live, live


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server without a token."""
    with live() as started:
        yield started


def test_a_call_appears_on_an_empty_page(server: Live) -> None:
    buyer = server.buyer()
    with stream(server.url, address(server.url, buyer.id)) as answer:
        assert answer.status == 200
        assert answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        task_id = buyer.submit()
        _, html = event(answer, "region")

    assert task_id in html
    assert "<tr>" in html


def test_the_clock_is_told_at_once_and_when_it_moves(server: Live) -> None:
    buyer = server.buyer(clock={"now": 1_700_000_000_000, "frozen": True})
    with stream(server.url, address(server.url, buyer.id)) as answer:
        assert "2023-11-15 06:13:20" in event(answer, "clock")[1]
        buyer.clock(advance="1h")

        assert "2023-11-15 07:13:20" in event(answer, "clock")[1]


def test_a_stream_is_resumed_where_it_broke_off(server: Live) -> None:
    buyer = server.buyer()
    path = address(server.url, buyer.id)
    with stream(server.url, path) as answer:
        first = buyer.submit()
        mark, _ = event(answer, "region")
    second = buyer.submit()
    with stream(server.url, path, **{"Last-Event-ID": mark}) as answer:
        later, html = event(answer, "region")

    assert first in html
    assert second in html
    with stream(server.url, path, **{"Last-Event-ID": later}) as answer:
        third = buyer.submit()  # only this is news

        assert third in event(answer, "region")[1]


def test_what_is_found_out_later_is_told_too(server: Live) -> None:
    buyer = server.buyer()
    headers = {"X-Ca-Key": server.admin.get(f"/accounts/{buyer.id}")["app_key"],
               "X-Ca-Signature": "wrong", "X-Ca-Signature-Headers": "X-Ca-Key"}  # fmt: skip
    with stream(server.url, address(server.url, buyer.id)) as answer:
        with stream_post(server.url, headers) as refused:
            assert refused.status == 403
        html = ""
        while "error" not in html:
            _, html = event(answer, "region")

    assert "A403IS" in html


@contextmanager
def stream_post(url: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE_S)
    connection.request("POST", "/submitTask", "text=a", headers)
    yield connection.getresponse()
    connection.close()


def test_streams_are_bounded_and_the_places_of_those_who_leave_are_free_again(
    server: Live,
) -> None:
    path = address(server.url, "default")
    opened = [stream(server.url, path) for _ in range(MOST_STREAMS)]
    answers = [each.__enter__() for each in opened]
    assert {answer.status for answer in answers} == {200}
    with stream(server.url, path) as refused:
        assert refused.status == 503
        assert b"close some" in refused.read()
    for each in opened:
        each.__exit__(None, None, None)
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with stream(server.url, path) as again:
            if again.status == 200:
                return
    raise AssertionError("no place became free")


def test_a_stream_ends_when_its_account_is_deleted(server: Live) -> None:
    buyer = server.buyer()
    with stream(server.url, address(server.url, buyer.id)) as answer:
        event(answer, "clock")
        server.admin.delete(f"/accounts/{buyer.id}")

        while answer.readline():
            pass


@pytest.mark.parametrize(
    ("path", "status"),
    [("nobody/calls", 404), ("default/tasks/nothing", 404), ("default/callbacks/1", 404),
     ("default/calls/x", 404), ("-/tasks", 404), ("default/nothing", 404)],
)  # fmt: skip
def test_there_is_no_stream_of_what_is_not_there(server: Live, path: str, status: int) -> None:
    with stream(server.url, f"/_mock/inspect/{path}/live") as answer:
        assert answer.status == status


def test_a_page_that_is_open_does_not_hold_up_the_end_of_the_server() -> None:
    with live() as started:
        path = address(started.url, "default")
        opened = stream(started.url, path)
        answer = opened.__enter__()
        event(answer, "clock")
        began = time.monotonic()
    took = time.monotonic() - began
    opened.__exit__(None, None, None)

    assert took < 4  # the grace that uvicorn gives requests is five seconds


def test_a_stream_needs_the_token_as_every_page_does() -> None:
    settings = Settings(port=0, database=":memory:", token="s3cret")
    with running(settings) as started, stream(
        started.url, "/_mock/inspect/default/calls/live"
    ) as answer:  # fmt: skip
        assert answer.status == 401


def test_a_browser_at_the_address_of_the_server_is_led_to_the_pages(server: Live) -> None:
    with stream(server.url, "/", Accept="text/html,application/xhtml+xml") as browser:
        assert (browser.status, browser.getheader("Location")) == (303, "/_mock/")
    with stream(server.url, "/", Accept="*/*") as program:
        assert (program.status, program.getheader("X-Ca-Error-Code")) == (404, "I404NF")
    with stream(server.url, "/submitTask", Accept="text/html") as other:
        assert other.status == 404


def test_a_page_that_cannot_show_all_calls_says_how_many_it_shows(server: Live) -> None:
    buyer = server.buyer()
    buyer.submit()
    path = address(server.url, buyer.id)
    for _ in range(2 * PAGE_SIZE):
        buyer.call("/nowhere")
    with stream(server.url, path) as answer:
        _, html = event(answer, "region")
        buyer.submit()
        _, later = event(answer, "region")

    assert f"these are {PAGE_SIZE} of {2 * PAGE_SIZE} that came" in html
    assert "1 in 2" in html
    assert html.count("<tr>") == PAGE_SIZE + 1  # and the one of the titles
    assert "that came since the last look" not in later


def test_the_clock_runs_on_the_page_of_one_call_too(server: Live) -> None:
    buyer = server.buyer(clock={"now": 1_700_000_000_000, "frozen": True})
    buyer.submit()
    with stream(server.url, address(server.url, buyer.id, "calls/" + newest(buyer))) as answer:
        assert "2023-11-15 06:13:20" in event(answer, "clock")[1]
        buyer.submit()  # no region is sent: the first call stays as it is
        buyer.clock(advance="1h")

        assert "2023-11-15 07:13:20" in event(answer, "clock")[1]


def newest(buyer: Buyer) -> str:
    return str(buyer.world.get("/calls")["calls"][-1]["id"])
