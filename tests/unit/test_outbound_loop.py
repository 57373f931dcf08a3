"""Posts from a loop that runs already, as under `serve`: the standard one, and uvloop's."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
import uvloop

from mock_server.delivery import http_exchange
from mock_server.delivery.egress_guard import Endpoint, Guard
from mock_server.delivery.outbound import Outbound
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import parse_address
from tests.support.raw_receivers import outbound, receiver

Loop = asyncio.AbstractEventLoop
BODY = Posting(body=b'{"task_id":"1"}')


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> Iterator[Loop]:
    made: Loop = request.param()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


def post(out: Outbound, url: str, posting: Posting = BODY) -> Outcome:
    return out.post(parse_address(url), posting).result(timeout=20)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_post_from_another_thread_runs_on_the_loop(loop: Loop, host: str) -> None:
    with receiver() as server, outbound(posts_on=loop) as out:
        outcome = post(out, f"http://{host}:{server.port}/")

        assert out._thread is None
    assert (outcome.status, outcome.body, outcome.sent) == (200, b"ok", 15)


def test_a_post_from_the_loop_ends_on_the_loop(loop: Loop) -> None:
    ended_on: list[int] = []

    async def begin(out: Outbound, url: str) -> Any:
        posted = out.post(parse_address(url), BODY)
        posted.add_done_callback(lambda _: ended_on.append(threading.get_ident()))
        return await asyncio.wrap_future(posted), threading.get_ident()

    with receiver() as server, outbound(posts_on=loop) as out:
        begun = asyncio.run_coroutine_threadsafe(
            begin(out, f"http://127.0.0.1:{server.port}/"), loop
        )
        outcome, own = begun.result(timeout=20)

    assert (outcome.status, ended_on) == (200, [own])


def test_closing_gives_up_its_posts_and_nothing_else_of_the_loop(loop: Loop) -> None:
    other = asyncio.run_coroutine_threadsafe(asyncio.sleep(60), loop)
    with receiver(answer=None) as server, outbound(posts_on=loop) as out:
        posted = out.post(parse_address(f"http://127.0.0.1:{server.port}/"), BODY)
        out.close()
        late = out.post(parse_address(f"http://127.0.0.1:{server.port}/"), BODY)
        with contextlib.suppress(BaseException):
            late.result(timeout=20)

        assert posted.cancelled()
        assert late.cancelled()
        assert not other.done()
    other.cancel()


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda port: f"http://127.0.0.1:{port}/", "connection refused"),
        (lambda port: f"http://[::1]:{port}/", "connection refused"),
        (lambda port: f"http://192.0.2.1:{port}/", "not allowed"),
        (lambda port: f"http://no-such-host.invalid:{port}/", "was not found"),
    ],
)
def test_an_address_that_takes_no_post_is_an_error_in_words(
    loop: Loop, build: Callable[[int], str], says: str
) -> None:
    with socket.socket() as taken, outbound(posts_on=loop, timeout=20) as out:
        taken.bind(("127.0.0.1", 0))
        outcome = post(out, build(taken.getsockname()[1]))

    assert says in (outcome.error or "")
    assert (outcome.sent_headers, outcome.sent) == (None, 0)


def test_a_post_that_is_cut_or_unheard_is_exact(loop: Loop) -> None:
    with receiver(answer=None) as server, outbound(posts_on=loop, timeout=0.2) as out:
        url = f"http://127.0.0.1:{server.port}/"
        unheard = post(out, url)
        cut = post(out, url, Posting(body=BODY.body, cut_after=4))
        slow = post(out, url, Posting(body=BODY.body, lasts_ms=60))

    assert unheard.error == slow.error == "no answer within 0.2 s"
    assert cut.error == "cut as ordered, after 4 of 15 bytes"
    assert (unheard.sent, cut.sent, slow.sent) == (15, 4, 15)


def test_tls_asked_of_a_plain_receiver_is_an_error_in_words(loop: Loop) -> None:
    with receiver(b"HTTP/1.1 400 Bad\r\n\r\n") as server, outbound(posts_on=loop) as out:
        outcome = post(out, f"https://127.0.0.1:{server.port}/")

    assert outcome.error == f"no TLS with 127.0.0.1:{server.port}: WRONG_VERSION_NUMBER"


def test_a_place_that_refuses_gives_way_to_the_next(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as server, socket.socket() as taken, outbound(posts_on=loop) as out:
        taken.bind(("127.0.0.1", 0))
        places = [
            Endpoint(family=socket.AF_INET, ip="127.0.0.1", socket_address=("127.0.0.1", port))
            for port in (taken.getsockname()[1], server.port)
        ]

        async def resolve(*_: Any, **__: Any) -> list[Endpoint]:
            return places

        monkeypatch.setattr(Guard, "resolve", resolve)
        outcome = post(out, "http://two.test/")

    assert outcome.status == 200


def test_an_address_in_numbers_asks_no_resolver_and_is_checked_each_time() -> None:
    async def resolve_both() -> list[Any]:
        guard = Guard([], [])
        return [await guard.resolve(host, 80) for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]

    checked: list[str] = []
    check = Guard.check

    def watched(guard: Guard, host: str, ip: str, port: int, **inbox: bool) -> None:
        checked.append(ip)
        check(guard, host, ip, port, **inbox)

    with (
        patch("socket.getaddrinfo", side_effect=AssertionError("asked")),
        patch.object(Guard, "check", watched),
    ):
        found = asyncio.run(resolve_both()) + asyncio.run(resolve_both())

    assert [each.family for (each,) in found[:2]] == [socket.AF_INET, socket.AF_INET6]
    assert [each.socket_address[1] for (each,) in found] == [80] * 6
    assert len(checked) == 6


def test_what_the_loop_connects_to_is_the_checked_address_and_can_be_no_name() -> None:
    plain = Endpoint(family=socket.AF_INET, ip="127.0.0.1", socket_address=("127.0.0.1", 80))
    scoped = Endpoint(family=socket.AF_INET6, ip="fe80::1", socket_address=("fe80::1", 80, 0, 3))

    wheres = [http_exchange._where(each) for each in (plain, scoped)]

    assert [each["host"] for each in wheres] == ["127.0.0.1", "fe80::1%3"]
    assert {each["flags"] for each in wheres} == {socket.AI_NUMERICHOST}
    assert [each["family"] for each in wheres] == [socket.AF_INET, socket.AF_INET6]
