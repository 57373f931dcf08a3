import json
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.call.redaction import (
    HIDDEN,
    MAX_CAPTURE_BYTES,
    SECRET_HEADERS,
    capture,
    header_lines,
    redact_address,
    redact_logins,
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


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda url: f"see {url}",
    "a query": lambda url: f"/submitTask?call_back={url}&style_id=x",
    "a form": lambda url: urlencode({"text": "a", "call_back": url, "style_id": "x"}),
    "a form by quote": lambda url: f"call_back={quote(url)}&x=y",
    "a form that keeps slashes": lambda url: f"call_back={quote(url, safe=':/')}&x=y",
    "a form encoded twice": lambda url: f"call_back={quote_plus(quote_plus(url))}&x=y",
    "JSON": lambda url: json.dumps({"call_back": url, "style_id": "x"}),
    "JSON in UTF-8": lambda url: json.dumps({"call_back": url}, ensure_ascii=False),
    "JSON of PHP": lambda url: json.dumps({"call_back": url}).replace("/", "\\/"),
    "JSON with an escaped @": lambda url: json.dumps({"call_back": url}).replace("@", "\\u0040"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(
    password=st.sampled_from(["hunter2", "密码hunter2", "hun%2Fter2", "p%40hunter2", "hunter2:x"]),
    host=st.sampled_from(["h.test", "[::1]:9", "h.test:8080", "例子.测试"]),
    rest=st.sampled_from(["", "/", "/a?b=c", "?a=1", "/me@x"]),
)
def test_no_password_of_an_address_survives_however_it_is_spelt(
    spelling: str, password: str, host: str, rest: str
) -> None:
    text = SPELLINGS[spelling](f"http://user:{password}@{host}{rest}")
    shown = [
        redact_text(text, ("other",)), redact_target(text, ()), redact_logins(text),
        header_lines((("Referer", text),), ()), capture(text.encode()).body.decode(),
        capture(text.encode(), ("other",)).body.decode(),
    ]  # fmt: skip

    assert [each for each in shown if "hunter2" in each or "密码" in each or "ter2" in each] == []
    assert all("user" in each and HIDDEN in each for each in shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:p@h/x@y:z", "http://u:***@h/x@y:z"),
        ("http://u:p@q@h/", "http://u:***@h/"),
        ("http://token@h?a@b", "http://***@h?a@b"),
        ('http://u:a&b"c<d@h', "http://u:***@h"),
        ("http://h/a:b@c", "http://h/a:b@c"),
        ("http://h#a:b@c", "http://h#a:b@c"),
        ("u:p@h", "u:p@h"),
    ],
)
def test_one_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redact_address(url) == shown


@pytest.mark.parametrize(
    "text",
    ["text=me@example.com&call_back=http://h.test:80/&x=a@b", "http://h/?to=me@h.test",
     "call_back=http%3A%2F%2Fh%2F%3Fmail%3Dme%40h.test", '{"a": "http://h", "b": "me@h"}'],
)  # fmt: skip
def test_an_at_sign_that_is_not_of_a_login_stays(text: str) -> None:
    assert redact_logins(text) == text
    assert capture(text.encode()).body == text.encode()


@pytest.mark.parametrize("offset", range(0, 40, 5))
def test_a_password_across_the_cut_leaves_no_part_of_it(offset: int) -> None:
    body = b"x" * (MAX_CAPTURE_BYTES - offset) + b"=http://u:hunter2hunter2@h/"

    assert b"hunt" not in capture(body).body
