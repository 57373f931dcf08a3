"""Hints that add what the gateway's own message does not say."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.auth.credentials import WINDOW_MS
from mock_server.domain.auth.refusal_hints import explain_md5, explain_timestamp
from mock_server.domain.call.calls import Call

NOW = 1_700_000_000_000
BODY = '{"text":"你好"}'.encode()


def call(body: bytes = BODY, **headers: str) -> Call:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Call(method="POST", path="/submitTask", headers=pairs, body=body)


def md5(body: bytes) -> "hashlib._Hash":
    return hashlib.md5(body, usedforsecurity=False)


@pytest.mark.parametrize(
    ("sent", "body", "says"),
    [
        (md5(BODY).hexdigest(), BODY, "hex digest: send the base64 of the 16 bytes"),
        (md5(BODY).hexdigest().upper(), BODY, "is the hex digest"),
        (base64.b64encode(md5(BODY).hexdigest().encode()).decode(), BODY, "base64 of the hex"),
        (base64.b64encode(md5(b"").digest()).decode(), b"", "empty body: leave the header out"),
        ("", b"", "empty body"),
        (base64.b64encode(md5(b"other").digest()).decode(), BODY, "not computed over the bytes"),
        ("", BODY, "not computed over the bytes"),
    ],
)
def test_a_wrong_md5_is_explained(sent: str, body: bytes, says: str) -> None:
    assert says in explain_md5(call(body, content_md5=sent))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (NOW // 1000, "in seconds: send milliseconds"),
        ((NOW + WINDOW_MS) // 1000, "in seconds"),
        (NOW * 1000, "in microseconds: send milliseconds"),
        (NOW - 16 * 60_000, "16 minutes behind: set the clock"),
        (NOW + 90 * 60_000, "90 minutes ahead: set the clock"),
        (0, "behind"),
    ],
)
def test_a_timestamp_that_is_off_is_explained(sent: int, says: str) -> None:
    assert says in explain_timestamp(call(x_ca_timestamp=str(sent)), NOW)


@settings(derandomize=True)
@given(sent=st.integers(0, 10**18 - 1), now=st.integers(0, 253_402_214_400_000))
def test_any_timestamp_gets_one_sentence(sent: int, now: int) -> None:
    sentence = explain_timestamp(call(x_ca_timestamp=str(sent)), now)

    assert sentence.startswith("X-Ca-Timestamp is ")
    assert sentence.endswith(".")


@settings(derandomize=True)
@given(sent=st.text(st.characters(max_codepoint=255), max_size=60), body=st.binary(max_size=60))
def test_any_digest_gets_one_sentence_and_is_not_repeated(sent: str, body: bytes) -> None:
    sentence = explain_md5(call(body, content_md5=sent))

    assert sentence.startswith("Content-MD5 ")
    assert len(sent) < 4 or sent not in sentence
