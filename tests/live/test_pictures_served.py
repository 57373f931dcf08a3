"""Pictures under `serve`: drawn once, served without a thread, and who left early is noted."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server import render
from mock_server.picture_cache import PictureCache
from mock_server.web.serving.asgi_app import FlaskBridge
from tests.support import raw
from tests.support.databases import BOTH, address_of
from tests.support.live import Buyer, Live, live
from tests.support.processes import until

KEPT, CLOSED = (), (b"Connection: close",)


@pytest.fixture(scope="module", params=BOTH)
def server(request: pytest.FixtureRequest) -> Iterator[Live]:
    with live(database=address_of(request.param)) as running:
        yield running


@pytest.fixture
def buyer(server: Live) -> Buyer:
    return server.buyer(seed=1)


def finished(buyer: Buyer) -> str:
    """Submit a task, let it succeed, and return the path of its picture, which no other has."""
    task_id = buyer.submit(text=f"https://example.com/{buyer.id}")
    buyer.clock(advance="1m")
    return f"/pictures/{buyer.id}/{task_id}/1.png"


def get(path: str, *headers: bytes, method: bytes = b"GET") -> bytes:
    return raw.request(path, b"", method=method, headers=headers, length=False)


def fetches(buyer: Buyer) -> list[dict[str, Any]]:
    """Return the fetches that the journal has."""
    found: list[dict[str, Any]] = buyer.world.get("/calls?operation=get_picture")["calls"]
    return found


def test_many_first_fetches_of_a_picture_draw_it_once(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, ask = render.draw, PictureCache.draw
    all_asked, drawn, asked = threading.Event(), [], []

    def slowly(text: str, *, style_id: str, seed: int) -> bytes:
        drawn.append(text)
        all_asked.wait(10)
        return draw(text, style_id=style_id, seed=seed)

    def counted(cache: PictureCache, picture: Any) -> Any:
        asked.append(picture)
        if len(asked) == 8:
            all_asked.set()
        return ask(cache, picture)

    monkeypatch.setattr(render, "draw", slowly)
    monkeypatch.setattr(PictureCache, "draw", counted)
    path = finished(buyer)
    clients = [raw.connect(buyer.url) for _ in range(8)]
    for client in clients:
        client.sendall(get(path))
    answers = [raw.read_one(client) for client in clients]
    for client in clients:
        client.close()

    assert len(drawn) == 1
    assert {(each.status, each.body[:4]) for each in answers} == {(200, b"\x89PNG")}
    assert len({each.body for each in answers}) == 1
    assert [call["answer"]["length"] for call in fetches(buyer)] == [len(answers[0].body)] * 8


def test_a_picture_is_served_and_journalled_without_flask(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("no thread is needed")

    path = finished(buyer)
    with monkeypatch.context() as patched:
        patched.setattr(FlaskBridge, "answer", refuse)
        (first,) = raw.exchange(buyer.url, get(path))
        etag = (first.header("ETag") or "").encode()
        (head,) = raw.exchange(buyer.url, get(path, method=b"HEAD"), bodies=False)
        with raw.connect(buyer.url) as client:  # an answer without a body and its length
            client.sendall(get(path, b"If-None-Match: " + etag, b"Connection: close"))
            known = raw.read_all(client)
        (none,) = raw.exchange(buyer.url, get(path.replace("1.png", "7.png")))

    assert (first.status, first.header("Cache-Control")) == (200, "no-cache")
    assert (head.status, head.header("Content-Length")) == (200, str(len(first.body)))
    assert known.startswith(b"HTTP/1.1 304 ")
    assert known.endswith(b"\r\n\r\n")
    assert etag in known
    assert (none.status, none.header("Cache-Control")) == (404, "no-store")
    found = fetches(buyer)
    assert [(call["method"], call["status"], call["charged"]) for call in found] == [
        ("GET", 200, False),
        ("HEAD", 200, False),
        ("GET", 304, False),
        ("GET", 404, False),
    ]
    assert "mock-demo" not in str(found)  # what looks like a secret in a header is hidden


@pytest.mark.parametrize("headers", [KEPT, CLOSED], ids=["kept", "closed"])
def test_a_client_that_hangs_up_before_it_has_the_picture_is_noted(
    buyer: Buyer, headers: tuple[bytes, ...]
) -> None:
    path = finished(buyer)
    with raw.connect(buyer.url) as client:
        client.sendall(get(path, *headers))
        assert client.recv(1) == b"H"  # and closed with the rest unread

    until(lambda: [call["sent"] for call in fetches(buyer)] != [None])
    ((sent),) = [call["sent"] for call in fetches(buyer)]
    assert sent["what"] == "nothing"
    assert sent["left_after_ms"] >= 0


@pytest.mark.parametrize("headers", [KEPT, CLOSED], ids=["kept", "closed"])
def test_a_client_that_reads_the_picture_and_hangs_up_has_had_it(
    buyer: Buyer, headers: tuple[bytes, ...]
) -> None:
    path = finished(buyer)
    for _ in range(3):
        with raw.connect(buyer.url) as client:
            client.sendall(get(path, *headers))
            assert raw.read_one(client).status == 200

    assert [call["sent"] for call in fetches(buyer)] == [None] * 3


def test_a_client_that_hangs_up_while_the_picture_is_drawn_is_noted(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, begun, gone = render.draw, threading.Event(), threading.Event()

    def slowly(text: str, *, style_id: str, seed: int) -> bytes:
        begun.set()
        gone.wait(10)
        return draw(text, style_id=style_id, seed=seed)

    monkeypatch.setattr(render, "draw", slowly)
    path = finished(buyer)
    with raw.connect(buyer.url) as client:
        client.sendall(get(path))
        begun.wait(10)
    gone.set()

    until(lambda: any(call["sent"] for call in fetches(buyer)))


def test_a_client_that_closes_its_side_and_reads_on_gets_the_picture(buyer: Buyer) -> None:
    path = finished(buyer)
    raw.exchange(buyer.url, get(path))  # it is drawn

    with raw.connect(buyer.url) as client:
        client.sendall(get(path))
        client.shutdown(socket.SHUT_WR)
        (answer,) = raw.answers_in(raw.read_all(client))

    assert answer.status == 200


def test_a_failure_to_draw_is_our_bug_and_the_server_goes_on(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise ValueError("no paint")

    path = finished(buyer)
    with monkeypatch.context() as patched:
        patched.setattr(render, "draw", fail)
        (answer,) = raw.exchange(buyer.url, get(path))

    assert (answer.status, answer.header("X-Mock-Server-Bug")) == (500, "ValueError")
    assert raw.exchange(buyer.url, get(path))[0].status == 200
