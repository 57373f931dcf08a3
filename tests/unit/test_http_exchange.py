"""Answers of receivers, odd ones included: what is read, and what is an error in plain words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.callback.payload import Posting
from mock_server.domain.urls import parse_address
from tests.support.raw_receivers import outbound, post, receiver

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (HEAD + b"Content-Length: 2\r\n\r\nok", 200, b"ok"),
        (HEAD + b"Content-Length: 2\r\n\r\nok and more", 200, b"ok"),
        (HEAD + b"\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, b"ok"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nX: y\r\n\r\n",
         200, b"ok"),
        (HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n", 200, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 1\r\n\r\nx", 200, b"x"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3 + b"HTTP/1.1 204 \r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, b""),
        (b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 101, b""),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", 200, b"\x1f\x8b"),
        (HEAD + b"X: \xd6\xd0\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_it_is(answer: bytes, status: int, body: bytes) -> None:
    with receiver(answer) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/")

    assert (outcome.status, outcome.body, outcome.error) == (status, body, None)
    assert outcome.sent == 15


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "closed without an answer"),
        (b"garbage\r\n\r\n", "not HTTP/1.1"),
        (b"HTTP/1.1 200 OK\r\nContent-", "in the middle of the answer"),
        (HEAD + b"Content-Length: 9\r\n\r\nhalf", "in the middle of the answer"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf", "in the middle of the answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "in the middle of the answer"),
        (HEAD + b"X: " + b"x" * 100_000, "head of the answer is over"),
        (HEAD + b"X: y\r\n" * 20_000, "head of the answer is over"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000, "head of the answer is over"),
        (HEAD + b"Content-Length: x\r\n\r\n", "not HTTP/1.1"),
        (b"\x16\x03\x01\x02\x00", "not HTTP/1.1"),
    ],
)
def test_what_is_no_whole_answer_is_an_error_in_words(answer: bytes, says: str) -> None:
    with receiver(answer) as server:
        outcome = post(f"http://127.0.0.1:{server.port}/")

    assert outcome.status is None
    assert says in (outcome.error or "")


def test_where_tls_is_asked_of_a_plain_receiver_the_error_says_so() -> None:
    with receiver(b"HTTP/1.1 400 Bad\r\n\r\n") as server:
        outcome = post(f"https://127.0.0.1:{server.port}/", timeout=5)

    assert outcome.status is None
    assert outcome.sent_headers is None
    assert outcome.error == f"no TLS with 127.0.0.1:{server.port}: WRONG_VERSION_NUMBER"


@settings(max_examples=60, deadline=None)
@given(answer=st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: HEAD + rest))
def test_whatever_comes_back_there_is_an_outcome(answer: bytes) -> None:
    with receiver(answer) as server, outbound(timeout=5) as out:
        address = parse_address(f"http://127.0.0.1:{server.port}/")
        outcome = out.post(address, Posting(body=b"{}")).result(timeout=20)

    assert (outcome.status is None) == (outcome.error is not None)
