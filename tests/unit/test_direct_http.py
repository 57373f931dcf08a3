"""The client below all patches: every way in which an answer comes, or does not."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from mock_server import direct_http
from mock_server.direct_http import DirectHttp, LateError, NoAnswerError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.contextmanager
def answering(*connections: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each request of each connection in turn, then close it; yield address and requests."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            for answers in connections:
                with contextlib.suppress(OSError), listener.accept()[0] as peer:
                    peer.settimeout(10)
                    for answer in answers:
                        seen.append(peer.recv(65536))
                        peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        finally:
            thread.join(10)


@pytest.mark.parametrize(
    ("answer", "status", "data"),
    [
        (OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n", 404, b""),
        (b"HTTP/1.0 500 Oops\r\n\r\nto the end", 500, b"to the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", 200, b"abc0123456789"),
    ],
)  # fmt: skip
def test_an_answer_is_read_to_its_end(answer: bytes, status: int, data: bytes) -> None:
    client = DirectHttp()
    with answering([answer]) as (url, _):
        reply = client.request("GET", url)
        client.close()

    assert (reply.status, reply.data) == (status, data)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "the connection was closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "the connection was closed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "speaks no HTTP"),
    ],
)
def test_what_is_no_answer_is_said(answer: bytes, says: str) -> None:
    with answering([answer]) as (url, _), pytest.raises(NoAnswerError, match=says):
        DirectHttp().request("GET", url)


def test_a_target_is_encoded_where_it_has_to_be() -> None:
    client = DirectHttp()
    with answering([OK]) as (url, seen):
        client.request("POST", f"{url}/a b%2F?名=1&x=%20", {"X-Y": "z"}, b"{}")
        client.close()

    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /a%20b%2F?%E5%90%8D=1&x=%20 HTTP/1.1"
    assert b"Content-Length: 2" in head
    assert b"X-Y: z" in head
    assert body == b"{}"


def test_a_connection_is_used_again_unless_it_was_closed() -> None:
    client = DirectHttp()
    with answering([OK, OK], [OK]) as (url, seen):
        for _ in range(2):
            client.request("GET", url)
        stream = client._idle[0][1]
        # The server closes it now; wait until that is seen, without sending anything.
        until_closed = threading.Event()
        while stream.is_open():
            until_closed.wait(0.01)
        client.request("GET", url)
        client.close()

    assert len(seen) == 3


def test_a_get_is_sent_again_if_its_kept_connection_closes_just_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = DirectHttp()
    monkeypatch.setattr(direct_http._Plain, "is_open", lambda _: True)
    with answering([OK], [OK]) as (url, seen):
        client.request("GET", url)
        assert client.request("GET", url).status == 200
        client.close()

    assert len(seen) == 2


def test_what_changes_something_is_sent_once_on_a_connection_of_its_own() -> None:
    client = DirectHttp()
    with answering([OK], [OK]) as (url, seen):
        client.request("GET", url)
        client.request("POST", url)
        client.close()

    assert len(seen) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it is about fork")
def test_a_forked_child_takes_a_connection_of_its_own() -> None:
    client = DirectHttp()
    with answering([OK]) as (url, _):
        client.request("GET", url)
        kept = client._idle[0][1]
        client._pid = -1  # as a child sees it
        assert client._kept("x") is None
        assert not client._idle
        with pytest.raises(OSError, match="Bad file descriptor"):
            kept.send(b"x")


def test_an_answer_that_is_late_is_told_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_http, "READ_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(LateError, match=r"no answer for 0\.05 s"):
            DirectHttp().request("GET", url)


@pytest.mark.parametrize("url", ["localhost", "ftp://x", "http://", "http://:80"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write an address such as"):
        DirectHttp().request("GET", url)


def test_nobody_at_an_address_is_said_in_a_few_words() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(NoAnswerError, match=r"^connection refused$"):
            DirectHttp().request("GET", url)
