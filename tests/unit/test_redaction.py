import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.redaction import (
    HIDDEN,
    MAX_CAPTURE_BYTES,
    SECRET_HEADERS,
    capture,
    header_lines,
    redact_target,
    redact_text,
)

secrets = st.text("0123456789abcdef", min_size=12, max_size=32)
around = st.text("xyz -_/&=?\"'{}:.", max_size=20)
names = st.sampled_from(["Host", "X-Custom", "Referer", *sorted(SECRET_HEADERS)])


@given(secret=secrets, name=names, before=around, after=around)
def test_no_secret_survives_in_a_header_a_target_or_a_body(
    secret: str, name: str, before: str, after: str
) -> None:
    text = f"{before}{secret}{after}{secret}"
    known = ("another", secret)

    assert secret not in header_lines(((name, text), (secret, "x")), known)
    assert secret not in redact_target(f"/submitTask?a={text}", known)
    assert secret not in redact_text(text, known)
    assert secret.encode() not in capture(text.encode(), known).body


@given(secret=secrets, name=st.sampled_from(sorted(SECRET_HEADERS)), before=around)
def test_a_credential_that_nobody_knows_is_hidden_by_the_name_of_its_header(
    secret: str, name: str, before: str
) -> None:
    assert secret not in header_lines(((name.title(), f"{before}{secret}"),), ())


@given(secret=secrets)
def test_a_credential_that_nobody_knows_is_hidden_by_its_name_in_query_and_body(
    secret: str,
) -> None:
    form = f"text=x&AppCode={secret}&app_secret={secret}&y=z"
    as_json = json.dumps({"text": "x", "appCode": secret, "app_code": secret, "y": "z"})

    assert secret not in redact_target(f"/submitTask?{form}", ())
    assert secret.encode() not in capture(form.encode()).body
    assert secret.encode() not in capture(as_json.encode()).body
    assert json.loads(capture(as_json.encode()).body)["y"] == "z"


def test_the_scheme_of_an_authentication_stays_readable() -> None:
    headers = (
        ("Authorization", "APPCODE abc"),
        ("authorization", "Bearer abc def"),
        ("Authorization", "abc"),
        ("AUTHORIZATION", "Other abc"),
    )

    assert header_lines(headers, ()).split("\n") == [
        "Authorization: APPCODE ***",
        "authorization: Bearer ***",
        "Authorization: ***",
        "AUTHORIZATION: ***",
    ]


def test_what_is_no_secret_is_kept_as_it_is() -> None:
    headers = (("Host", "a:1"), ("X-Empty", ""), ("Accept", "*/*"))

    assert header_lines(headers, ("s3cr3t",)) == "Host: a:1\nX-Empty: \nAccept: */*"
    assert redact_target("/taskList?page=1&appcodes=x", ()) == "/taskList?page=1&appcodes=x"
    assert capture(b"text=the appcode is missing", ()).body == b"text=the appcode is missing"


@given(size=st.integers(MAX_CAPTURE_BYTES - 2, MAX_CAPTURE_BYTES + 2))
def test_a_captured_body_is_cut_and_keeps_its_true_length_and_if_cut_its_hash(size: int) -> None:
    body = bytes(index % 251 for index in range(size))
    kept = capture(body, ("secret",))

    assert kept.body == body[:MAX_CAPTURE_BYTES]
    digest = sha256(body).hexdigest() if size > MAX_CAPTURE_BYTES else None
    assert (kept.length, kept.sha256) == (size, digest)


@pytest.mark.parametrize("offset", range(0, 12, 3))
def test_a_secret_across_the_cut_leaves_no_part_of_it(offset: int) -> None:
    body = b"x" * (MAX_CAPTURE_BYTES - offset) + b"s3cr3t-s3cr3t" + b"y"

    assert b"s3" not in capture(body, ("s3cr3t-s3cr3t",)).body


def test_the_length_and_hash_are_those_of_the_body_before_anything_was_hidden() -> None:
    kept = capture(b"code=s3cr3t", ("s3cr3t",))

    assert kept.body == f"code={HIDDEN}".encode()
    assert (kept.length, kept.sha256) == (11, sha256(b"code=s3cr3t").hexdigest())
