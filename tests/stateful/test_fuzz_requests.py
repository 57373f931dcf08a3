"""Generated requests through both servers: the same answer from each, and never HTTP 500."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.server import running
from mock_server.settings import Settings
from tests.support.databases import address_of
from tests.support.flask_and_serve import FlaskServer, flask_server
from tests.support.raw import Answer, exchange
from tests.support.signed import FORM, Request, Signer, content_md5
from tests.support.worlds import START_AT, RealClock

HOST = "qr.test:3040"


@contextmanager
def serving(kind: str) -> Iterator[str]:
    settings = Settings(port=0, database=address_of(kind), seed=1)
    with running(settings, real_now=RealClock()) as server:
        yield server.url


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A running `serve`."""
    with serving("sqlite") as found:
        yield found


@pytest.fixture(scope="module")
def url_on_postgres() -> Iterator[str]:
    """The same on PostgreSQL; the Flask application that it is compared with stays on a file."""
    with serving("postgres") as found:
        yield found


@pytest.fixture(scope="module")
def flask() -> Iterator[FlaskServer]:
    """The Flask application of another simulator."""
    with flask_server() as server:
        yield server


def through_flask(server: FlaskServer, sent: Request) -> Answer:
    named = [("Host", HOST), *sent.headers.items()]
    reply = server.send(sent.method, sent.target, named, sent.body)
    return Answer(status=reply.status, headers=tuple(reply.headers), body=reply.body)


def through_socket(url: str, sent: Request) -> Answer:
    lines = [f"{sent.method} {sent.target} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in sent.headers.items()]
    lines += [f"Content-Length: {len(sent.body)}", "", ""]
    data = "\r\n".join(lines).encode("latin-1") + sent.body
    (answer,) = exchange(url, data, bodies=sent.method != "HEAD")
    return answer


def shape(answer: Answer) -> object:
    """Return the parts of an answer that a client can compare, without drawn ids."""
    names = [name for name, _ in answer.headers if name not in ("Connection", "Keep-Alive")]
    return answer.status, names, answer.header("X-Ca-Error-Message"), body_shape(answer.body)


def body_shape(body: bytes) -> object:
    try:
        return keys(json.loads(body))
    except ValueError:
        return bool(body)


def keys(value: Any) -> object:
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    return type(value).__name__


SAME: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "absolute": ("POST", "http://aiart.market.alicloudapi.com/submitTask", {}, b"text=x"),
    "absolute, capitals, port": (
        "POST", "HTTP://aiart.market.alicloudapi.com:80/taskList", {}, b"text=x"),
    "absolute, https, query": ("POST", "https://h.test/submitTask?a=1", {}, b"text=x"),
    "absolute, somebody's name": ("POST", "http://u:p@h.test/submitTask", {}, b"text=x"),
    "absolute, no API": ("POST", "http://h.test//submitTask", {}, b"text=x"),
    "asterisk": ("POST", "*", {}, b"text=x"),
    "options asterisk": ("OPTIONS", "*", {}, b""),
    "fragment": ("POST", "/submitTask#part", {}, b"text=x"),
    "query and fragment": ("POST", "/submitTask?a=b#part", {}, b"text=x"),
    "two slashes": ("POST", "//submitTask", {}, b"text=x"),
    "dots": ("POST", "/x/../submitTask", {}, b"text=x"),
    "percent": ("POST", "/submit%54ask", {}, b"text=x"),
    "NUL": ("POST", "/%00", {}, b"text=x"),
    "high bytes in a value": ("POST", "/submitTask", {"X-A": "\xe4\xbd\xff"}, b"text=x"),
    "long head": ("POST", "/submitTask", {"X-A": "a" * 9000}, b"text=x"),
    "HEAD": ("HEAD", "/submitTask", {}, b""),
    "TRACE": ("TRACE", "/submitTask", {}, b""),
    "PROPFIND": ("PROPFIND", "/submitTask", {}, b"text=x"),
    "body in a GET": ("GET", "/submitTask", {}, b"text=x"),
    "compressed": ("POST", "/submitTask", {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08"),
    "ours": ("GET", "/_mock/livez", {}, b""),
    "ours, encoded": ("GET", "/%5Fmock/livez", {}, b""),
    "ours, absolute": ("GET", "http://127.0.0.1/_mock/nothing", {}, b""),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_odd_targets_and_methods_are_read_alike(url: str, flask: FlaskServer, case: str) -> None:
    method, target, headers, body = SAME[case]
    named = {"Authorization": "APPCODE mock-demo", **headers}
    sent = Request(method=method, target=target, headers=named, body=body)

    assert shape(through_socket(url, sent)) == shape(through_flask(flask, sent))


visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
wire = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
).map(str.strip)
quoted = st.sampled_from(["%E4%BD%A0", "%00", "%ff", "%2F", "%3F", "%", "%zz", "+", "%0d%0a"])
word = st.text("abcXYZ019-._~!$'()*,;:@&=", max_size=8) | quoted
pieces = st.lists(word, max_size=4).map("".join)

paths = st.one_of(
    st.sampled_from(["/submitTask", "/taskList", "/queryTask"]),
    st.sampled_from(["/", "/submitTask/", "/pictures/x", "/_mock", "/_mock/livez", "/openapi.json",
                     "/_Mock/livez", "/s/x", "*"]),
    st.lists(pieces, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
)  # fmt: skip
targets = st.builds(lambda path, query: path + query, paths, st.just("") | pieces.map("?{}".format))
methods = st.sampled_from(
    ["POST"] * 8 + ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "LOCK"]
)

fields = st.dictionaries(
    st.sampled_from(["text", "style_id", "qr_code_url", "your_prompt", "task_id", "page",
                     "maxResult", "call_back", "is_use_temp_short_link", "页"]),
    st.sampled_from(["https://example.com", "food_fryrice", "", "0", "1", "-1", "9" * 25, "你好",
                     "\x00", "a" * 3000, "true"]) | st.text(max_size=5),
    max_size=4,
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
bodies = st.one_of(
    fields.map(lambda each: json.dumps(each).encode()),
    fields.map(
        lambda each: "&".join(f"{k}={v}" for k, v in each.items()).encode("utf-8", "replace")
    ),
    pieces.map(str.encode),
    json_values.map(lambda value: json.dumps({"text": value, "style_id": "pet_cat"}).encode()),
    st.binary(max_size=60),
    st.just(b""),
)
types = st.sampled_from([FORM, "application/json", "application/json; charset=gbk", "text/plain",
                         "multipart/form-data; boundary=x", "APPLICATION/X-WWW-FORM-URLENCODED",
                         "", ";", "application/octet-stream"]) | visible  # fmt: skip
odd_headers = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": types,
        "Accept": wire,
        "Date": wire,
        "Content-MD5": wire | bodies.map(content_md5),
        "X-Ca-Timestamp": st.sampled_from([str(START_AT), "0", "-1", "x", "1" * 30]) | wire,
        "X-Ca-Nonce": st.sampled_from(["n1", "n2", "n3"]) | wire,
        "X-Ca-Stage": st.sampled_from(["RELEASE", "TEST", "PRE", "x"]),
        "X-Ca-Request-Mode": st.sampled_from(["debug", "x"]),
        "X-Ca-Signature-Method": st.sampled_from(["HmacSHA256", "HmacSHA1", "x"]),
        "X-Ca-Signature-Headers": st.sampled_from(["X-Ca-Key", "x-ca-nonce,,X-Other", ","]) | wire,
        "X-Ca-Signature": wire,
        "X-Ca-Key": st.sampled_from(["mock-classic", "mock-timeout", "x"]) | wire,
        "Connection": st.sampled_from(["close", "keep-alive", "Upgrade"]),
        "Upgrade": st.just("websocket"),
        "Expect": st.just("100-continue"),
        "Origin": st.just("http://elsewhere.test"),
        "X-Forwarded-Proto": st.just("https"),
        "X-Other": wire,
        "Cookie": wire,
    },
)
logins = st.sampled_from(
    ["APPCODE mock-demo"] * 6
    + ["APPCODE mock-classic", "APPCODE mock-quota-exhausted", "APPCODE mock-refused", "Bearer x",
       "APPCODE nobody", "", "appcode  mock-demo"]
)  # fmt: skip
by_app_code = st.builds(
    lambda headers, login: {"Authorization": login, **headers}, odd_headers, logins
)
requests = st.builds(
    Request, target=targets, method=methods, headers=odd_headers | by_app_code, body=bodies
)
signed = st.builds(
    lambda target, body, headers, digest: Signer(
        key="mock-classic", secret="mock-classic", method=digest
    ).signed(Request(target=target, body=body, headers={"Content-Type": FORM, **headers})),
    st.sampled_from(["/submitTask", "/taskList?a=%E4%BD%A0&b", "/queryTask?text=x"]),
    bodies,
    st.fixed_dictionaries({}, optional={"Accept": wire, "Date": wire, "X-Ca-Other": wire}),
    st.sampled_from(["HmacSHA256", "HmacSHA1"]),
)


REPEATABLE = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.slow
@REPEATABLE
@given(sent=requests | signed)
def test_both_servers_answer_alike_and_never_with_a_bug(
    url: str, flask: FlaskServer, sent: Request
) -> None:
    check(url, flask, sent)


@pytest.mark.slow
@settings(REPEATABLE, max_examples=60)
@given(sent=requests | signed)
def test_the_same_with_a_server_on_postgresql(
    url_on_postgres: str, flask: FlaskServer, sent: Request
) -> None:
    check(url_on_postgres, flask, sent)


def check(url: str, flask: FlaskServer, sent: Request) -> None:
    """Send a request to both servers and compare."""
    live, other = through_socket(url, sent), through_flask(flask, sent)

    assert live.status < 500 or live.header("X-Ca-Error-Code") or live.code
    assert live.header("X-Mock-Server-Bug") is None
    assert shape(live) == shape(other)
