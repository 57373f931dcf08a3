"""The fast path of findings: a request that it calls clean has no finding by the full rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.findings import is_clean
from mock_server.domain.findings.fields import NO_VALUES
from tests.support.requests import PAIRS, TASK, Sent, page, query, submit

ORDINARY = [Sent(), page("page=1&maxResult=50"), page("page=3"), query(f"task_id={TASK}")]


def is_ordinary(sent: Sent) -> bool:
    request = sent.request
    return is_clean(request.call, request.operation, request.body, request.contract)


@pytest.mark.parametrize("sent", ORDINARY, ids=lambda sent: f"{sent.path} {sent.body}")
def test_what_most_clients_send_is_clean(sent: Sent) -> None:
    assert is_ordinary(sent)


@pytest.mark.parametrize("finding", PAIRS)
def test_a_request_with_a_finding_is_not_clean(finding: str) -> None:
    for sent in PAIRS[finding]:
        assert not sent.hits or not is_ordinary(sent)


WORDS = st.one_of(
    st.sampled_from(
        [*NO_VALUES, "pet_cat", "food_fryrice", "1", "0", "50", "51", TASK, TASK.upper()]
    ),
    st.text(st.sampled_from("abZ019 %+=&'\"[]{}<>\\^_-.:/?#\t\nÄ二\x00\x7f"), max_size=40),
    st.text(st.sampled_from("abZ019.:/?=-"), max_size=40).map("https://example.com/".__add__),
)
NAMES = st.sampled_from(
    ["text", "style_id", "page", "maxResult", "task_id", "qr_code_url", "your_prompt", "x", ""]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["authorization", "content-type", "x-ca-key", "x-ca-stage", "content-md5"]),
        st.sampled_from(["", "APPCODE x", "APPCODE  x", "appcode x", "text/plain", "RELEASE", "0"]),
    ),
    max_size=1,
)


@settings(max_examples=500)
@given(
    path=st.sampled_from(["/submitTask", "/taskList", "/queryTask", "/else"]),
    pairs=st.lists(st.tuples(NAMES, WORDS), max_size=3),
    headers=HEADERS,
    query_string=st.sampled_from(["", "", "", "page=1"]),
)
def test_whatever_it_calls_clean_has_no_finding(
    path: str, pairs: list[tuple[str, str]], headers: list[tuple[str, str]], query_string: str
) -> None:
    body = "&".join(f"{name}={word}" for name, word in pairs)
    sent = Sent(path=path, body=body, headers=tuple(headers), query=query_string)

    assert not is_ordinary(sent) or sent.hits == []


@given(word=st.text(max_size=40))
def test_no_text_is_clean_that_has_a_finding(word: str) -> None:
    try:
        sent = submit(f"text={word}&style_id=pet_cat".encode())
    except UnicodeEncodeError:
        return

    assert not is_ordinary(sent) or sent.hits == []
