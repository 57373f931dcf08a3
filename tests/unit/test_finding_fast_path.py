"""The fast path of findings: what it says of a request is what the full rules find."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.findings import Findings, plain_findings
from mock_server.domain.findings.fast_path import OF_TYPE
from mock_server.domain.findings.fields import NO_VALUES
from tests.support.requests import FORM, JSON, PAIRS, TASK, Sent, page, query, submit

BARE_FORM = "application/x-www-form-urlencoded"
LOCAL = "http://127.0.0.1:9000/done"
IN_JSON = {"text": "https://example.com", "style_id": "pet_cat"}
ORDINARY = {
    "a form": (Sent(), []),
    "a page": (page("page=1&maxResult=50"), []),
    "a page without a size": (page("page=3"), []),
    "a query": (query(f"task_id={TASK}"), []),
    "a form without a charset": (Sent(content_type=BARE_FORM), ["charset-missing"]),
    "JSON": (submit(json.dumps(IN_JSON), JSON), ["json-body"]),
    "JSON with a local callback": (
        submit(json.dumps({**IN_JSON, "call_back": LOCAL}), f"{JSON}; charset=utf-8"),
        ["json-body", "callback-unreachable"],
    ),
    "a form with a public callback": (
        Sent(body="text=https://example.com&style_id=pet_cat&call_back=http://shop.com/x"), [],
    ),
    "a query in JSON": (
        Sent(path="/queryTask", body=json.dumps({"task_id": TASK}), content_type=JSON),
        ["json-body"],
    ),
}  # fmt: skip


def fast(sent: Sent) -> Findings | None:
    request = sent.request
    found = plain_findings(request.call, request.operation, request.body, request.contract)
    return None if found is None else list(found)


@pytest.mark.parametrize("name", ORDINARY)
def test_what_most_clients_send_is_decided_by_the_fast_path(name: str) -> None:
    sent, ids = ORDINARY[name]

    assert fast(sent) == sent.hits
    assert [each.id for each in sent.hits] == ids


@pytest.mark.parametrize("finding", PAIRS)
def test_it_says_nothing_else_of_a_request_than_the_full_rules(finding: str) -> None:
    for sent in PAIRS[finding]:
        assert fast(sent) in (None, sent.hits)


WORDS = st.one_of(
    st.sampled_from(
        [*NO_VALUES, "pet_cat", "food_fryrice", "1", "0", "50", "51", TASK, TASK.upper(), LOCAL,
         "http://u:p@127.0.0.1/", "https://shop.com:0/", "https://shop.com/a&b=c"]
    ),
    st.text(st.sampled_from("abZ019 %+=&'\"[]{}<>\\^_-.:/?#\t\nÄ二\x00\x7f"), max_size=40),
    st.text(st.sampled_from("abZ019.:/?=-"), max_size=40).map("https://example.com/".__add__),
)  # fmt: skip
NAMES = st.sampled_from(
    ["text", "style_id", "page", "maxResult", "task_id", "qr_code_url", "your_prompt", "call_back",
     "x", ""]
)  # fmt: skip
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["authorization", "content-type", "x-ca-key", "x-ca-stage", "content-md5", "cookie",
             "app-code"]
        ),
        st.sampled_from(["", "APPCODE x", "APPCODE  x", "appcode x", "text/plain", "RELEASE", "0"]),
    ),
    max_size=1,
)  # fmt: skip
PATHS = st.sampled_from(["/submitTask", "/taskList", "/queryTask", "/else"])
TYPES = st.sampled_from([*OF_TYPE, FORM.lower(), "text/plain", "application/json;charset=gbk", ""])


def same_as_the_full_rules(sent: Sent) -> bool:
    return fast(sent) in (None, sent.hits)


@settings(max_examples=500)
@given(
    path=PATHS,
    content_type=TYPES,
    pairs=st.lists(st.tuples(NAMES, WORDS), max_size=3),
    headers=HEADERS,
    query_string=st.sampled_from(["", "", "", "page=1"]),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "PUT"]),
)
def test_whatever_form_comes_it_says_what_the_full_rules_say(
    *,
    path: str,
    content_type: str,
    pairs: list[tuple[str, str]],
    headers: list[tuple[str, str]],
    query_string: str,
    method: str,
) -> None:
    body = "&".join(f"{name}={word}" for name, word in pairs)
    assert same_as_the_full_rules(
        Sent(path=path, body=body, headers=tuple(headers), query=query_string, method=method,
             content_type=content_type)
    )  # fmt: skip


VALUES = st.one_of(
    WORDS, WORDS, st.none(), st.booleans(), st.integers(0, 60), st.floats(0, 9),
    st.lists(WORDS, max_size=1), st.dictionaries(NAMES, WORDS, max_size=1),
)  # fmt: skip


@settings(max_examples=500)
@given(
    path=PATHS,
    content_type=TYPES,
    members=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    around=st.sampled_from(["{}", "{}", " {}", "{}\n", "\ufeff{}", "[{}]", "{}x"]),
)
def test_whatever_json_comes_it_says_what_the_full_rules_say(
    path: str, content_type: str, members: list[tuple[str, object]], around: str
) -> None:
    """A name may stand in an object twice."""
    pairs = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members)
    body = around.replace("{}", f"{{{pairs}}}")
    assert same_as_the_full_rules(Sent(path=path, body=body, content_type=content_type))


@given(word=st.text(max_size=40))
def test_it_says_what_the_full_rules_say_of_every_text(word: str) -> None:
    try:
        sent = submit(f"text={word}&style_id=pet_cat".encode())
    except UnicodeEncodeError:
        return

    assert same_as_the_full_rules(sent)


SIGNATURE = {
    "x-ca-key": "203740106", "x-ca-signature": "c2lnbmF0dXJl", "x-ca-nonce": "n1",
    "x-ca-timestamp": "1796000000000", "x-ca-signature-headers": "X-Ca-Key,X-Ca-Nonce",
}  # fmt: skip
ODD = st.dictionaries(
    st.sampled_from([*SIGNATURE, "x-ca-signature-method", "x-ca-stage", "x-ca-request-mode",
                     "content-md5", "content-encoding", "authorization", "cookie", "x-ca-more"]),
    st.sampled_from([None, "", " ", "0", "1796000000000", "HmacSHA1", "RELEASE", "debug",
                     "X-Ca-Key, accept,", "x-ca-nonce", "APPCODE mock-demo", "gzip"]),
    max_size=2,
)  # fmt: skip


def signed(odd: dict[str, str | None], body: str, content_type: str = FORM) -> Sent:
    headers = {name: value for name, value in {**SIGNATURE, **odd}.items() if value is not None}
    return Sent(body=body, content_type=content_type, headers=tuple(headers.items()),
                authorization=None)  # fmt: skip


def test_a_signed_form_is_decided_by_the_fast_path() -> None:
    sent = signed({}, f"text=a&style_id=pet_cat&call_back={LOCAL}")

    assert fast(sent) == sent.hits
    assert [each.id for each in sent.hits] == ["callback-unreachable"]


def test_an_address_that_holds_the_signature_is_left_to_the_full_rules() -> None:
    sent = signed({}, f"text=a&style_id=pet_cat&call_back={LOCAL}?c2lnbmF0dXJl")

    assert fast(sent) is None


@settings(max_examples=500)
@given(
    odd=ODD,
    content_type=TYPES,
    body=st.sampled_from(["text=a&style_id=pet_cat", '{"text": "a", "style_id": "pet_cat"}']),
)
def test_it_says_what_the_full_rules_say_of_every_signed_call(
    odd: dict[str, str | None], content_type: str, body: str
) -> None:
    assert same_as_the_full_rules(signed(odd, body, content_type))
