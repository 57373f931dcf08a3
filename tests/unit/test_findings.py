"""Every rule of findings: one request that has the finding, and one that does not."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import contract
from mock_server.contract import load_catalogue
from mock_server.domain.call.calls import Call, Defect
from mock_server.domain.findings import Finding, Severity, judge, render_finding, request_of
from mock_server.domain.findings.context import instance
from mock_server.domain.findings.finding import MAX_HITS, MAX_SENT
from mock_server.domain.readings import DEFAULT_READINGS
from tests.support.requests import (
    CLEAN,
    FORM,
    GOOD,
    JSON,
    PAIRS,
    TASK,
    UNREADABLE,
    Sent,
    page,
    place,
    query,
    signed,
    submit,
)

ROWS = load_catalogue().findings
EVERY = PAIRS | UNREADABLE
# Other tests cover the findings on signatures, on accounts and between calls.
ELSEWHERE = {
    "signature", "content-md5", "timestamp", "submit-after-failure", "submit-twice",
    "refusal-repeated", "poll-too-fast", "poll-after-end", "retry-at-once", "went-on",
    "nonce-reused", "simulator-bug", "source-image", "credential-mistaken",
    "polling-without-bound", "task-never-looked-at", "pictures-not-fetched", "task-id-unknown",
}  # fmt: skip


def ids(sent: Sent) -> list[str]:
    return [hit.id for hit in sent.hits]


def test_every_row_has_a_pair_of_requests() -> None:
    assert set(EVERY) | ELSEWHERE == set(ROWS)
    assert not set(EVERY) & ELSEWHERE
    assert not set(PAIRS) & set(UNREADABLE)


@pytest.mark.parametrize("finding", EVERY)
def test_a_rule_finds_it_in_the_one_request_and_not_in_the_other(finding: str) -> None:
    has, has_not = EVERY[finding]

    assert finding in ids(has)
    assert finding not in ids(has_not)


@pytest.mark.parametrize("finding", sorted(set(PAIRS) - {"contract"}))
def test_a_request_that_a_rule_explains_is_not_told_that_it_breaks_the_contract(
    finding: str,
) -> None:
    assert "contract" not in ids(EVERY[finding][0])


@pytest.mark.parametrize(
    "sent",
    [
        CLEAN,
        signed(),
        page(""),
        page("page=2&maxResult=50"),
        query(f"task_id={TASK}"),
        submit("text=%E7%A0%81&your_prompt=a+cat&is_use_temp_short_link=0"),
        submit("qr_code_url=http://example.com/q.png&style_id=pet_cat"),
        submit(f"{GOOD}&call_back=http://8.8.8.8/done"),
        Sent(method="OPTIONS"),
        Sent(method="GET", path="/favicon.ico", authorization=None),
    ],
)
def test_nothing_is_found_in_a_right_request(sent: Sent) -> None:
    assert sent.hits == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/healthz", "/health", "/favicon.ico", "/robots.txt"]
)
def test_nothing_is_found_in_a_probe_or_a_scrape(method: str, path: str) -> None:
    assert Sent(method=method, path=path, authorization=None, content_type=None).hits == []


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_a_client_that_posts_where_only_probes_look_is_told_of_the_path(path: str) -> None:
    assert "wrong-path" in ids(Sent(path=path))


@pytest.mark.parametrize(
    ("text", "severity"),
    [("https://example.com", "advice"), ("100%25", "advice"), ("caf%C3%A9", "warning"),
     ("码", "warning")],
)  # fmt: skip
def test_a_charset_that_is_not_named_matters_beyond_ascii(text: str, severity: str) -> None:
    sent = submit(f"text={text}&style_id=pet_cat", "application/x-www-form-urlencoded")

    assert [ROWS[hit.id].severity for hit in sent.hits] == [severity]


def test_a_get_is_told_its_method_and_not_where_its_fields_belong() -> None:
    sent = Sent(
        path="/queryTask", method="GET", query=f"task_id={TASK}", content_type=None, body=""
    )

    assert ids(sent) == ["wrong-method"]


@pytest.mark.parametrize("name", ["Text", "TEXT", "te_xt", "texts", "content"])
def test_a_misspelt_field_is_told_which_one_was_meant(name: str) -> None:
    (hit,) = [each for each in submit(f"{name}=x&{GOOD}").hits if each.id == "field-misspelt"]

    assert (hit.at, hit.hint) == (f"/body/{name}", "text")


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/submittask", "/submitTask"), ("/api/queryTask", "/queryTask"), ("/tasklist/", "/taskList")],
)
def test_a_misspelt_path_is_told_which_one_was_meant(path: str, meant: str) -> None:
    (hit,) = [each for each in Sent(path=path).hits if each.id == "wrong-path"]

    assert hit.hint == f"did you mean {meant}?"


@pytest.mark.parametrize(
    "body", ["appcode=mock-demo&" + GOOD, "App_Secret=mock-demo&" + GOOD, f"app-key=k&{GOOD}"]
)
def test_credentials_in_the_body_are_found_and_not_shown(body: str) -> None:
    (hit,) = submit(body).hits

    assert hit.id == "credentials-misplaced"
    assert hit.sent is not None
    assert hit.sent.endswith("=***")


def test_a_credential_in_a_header_of_another_name_is_found() -> None:
    sent = Sent(authorization=None, headers=(("x-ca-appcode", "mock-demo"),))

    assert [(hit.id, hit.sent) for hit in sent.hits] == [("credentials-misplaced", "***")]


@pytest.mark.parametrize("finding", EVERY)
def test_a_finding_says_where_what_and_on_what_ground(finding: str) -> None:
    hits = EVERY[finding][0].hits
    (found, *_) = [render_finding(hit, ROWS, ()) for hit in hits if hit.id == finding]

    assert set(found) == {
        "id", "severity", "says", "at", "sent", "instead", "claim", "contract"
    }  # fmt: skip
    assert found["at"].startswith("/")
    assert "{hint}" not in found["instead"]
    assert (found["claim"] is None) != (found["contract"] is None)
    json.dumps(found)


def test_what_was_sent_is_cut_and_every_credential_in_it_is_hidden() -> None:
    secret = "ab" * 16
    hit = Finding(id="field-unknown", at=f"/body/{secret}", sent=f"x={secret} other " + "y" * 500)

    found = render_finding(hit, ROWS, ("other",))

    assert secret not in json.dumps(found)
    assert "other" not in found["sent"]
    assert len(found["sent"]) == MAX_SENT


@pytest.mark.parametrize("start", [4064, 4070, 4080, 4095])
def test_half_a_credential_is_never_shown(start: int) -> None:
    # Many hidden values leave room for the text at the end of the part that is read.
    secret = "0123456789abcdef" * 2
    text = (f"{secret} " * 200)[: start - 1] + " " + secret

    found = render_finding(Finding(id="contract", says=text), ROWS, ())

    assert "0123456" not in found["says"]


def test_a_request_that_is_off_everywhere_is_told_a_bounded_number_of_things() -> None:
    body = "&".join(f"zzz{number}=1" for number in range(900))

    assert len(submit(body).hits) <= MAX_HITS


def test_many_repeated_fields_are_counted_in_no_time() -> None:
    sent = submit("&".join(f"{number}=" for number in range(12_000)) + "&a=1&a=2")

    assert sent.hits


def test_a_call_that_no_server_could_read_is_not_judged_but_for_its_size() -> None:
    def found(code: str) -> list[str]:
        call = Call(method="POST", path="/x", defect=Defect(code=code, reason=""))
        judged = judge(request_of(call, None, None, load_catalogue().requests(DEFAULT_READINGS)))
        return [hit.id for hit in judged]

    assert found("I400RU") == found("I413UL") == []
    assert found("I413RL") == ["body-too-large"]


NAMES = st.sampled_from(
    ["text", "qr_code_url", "style_id", "your_prompt", "call_back", "is_use_temp_short_link",
     "page", "maxResult", "task_id", "Text", "", "x"]
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40),
    st.sampled_from(["http://a.b/", "http://[", "pet_cat", "1", "0", "", "\ud800", "null", TASK]),
    st.lists(st.integers(), max_size=2), st.just({"a": 1}),
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(NAMES, VALUES, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.lists(st.tuples(NAMES, st.binary(max_size=20)), max_size=6).map(
        lambda pairs: b"&".join(name.encode() + b"=" + value for name, value in pairs)
    ),
)
TYPES = st.sampled_from([None, FORM, JSON, "text/plain", "application/x-www-form-urlencoded"])
HEADERS = st.dictionaries(
    st.sampled_from(["x-ca-key", "x-ca-signature", "x-ca-timestamp", "x-ca-stage", "x-ca-nonce",
                     "content-md5", "x-ca-signature-method", "x-ca-request-mode"]),
    st.text(st.characters(max_codepoint=255), max_size=20),
)  # fmt: skip


@given(
    path=st.sampled_from(["/submitTask", "/taskList", "/queryTask", "/else"]),
    body=BODIES,
    content_type=TYPES,
    headers=HEADERS,
)
def test_whatever_the_contract_refuses_has_a_finding_and_nothing_makes_a_rule_fail(
    path: str, body: bytes, content_type: str | None, headers: dict[str, str]
) -> None:
    sent = Sent(path=path, body=body, content_type=content_type, headers=tuple(headers.items()))
    request = sent.request
    hits = sent.hits

    found = [render_finding(hit, ROWS, ("secret",)) for hit in hits]
    json.dumps(found, ensure_ascii=False).encode()
    if request.operation is not None and request.body is not None:
        fits = (
            load_catalogue().requests(DEFAULT_READINGS).fits[request.operation](instance(request))
        )
        assert fits or {each["severity"] for each in found} & {Severity.ERROR, Severity.WARNING}


def test_the_words_of_a_row_are_sentences_on_a_claim_or_a_place_in_the_contract() -> None:
    rows = contract.load_toml("findings.toml")["finding"]
    claims = {claim["id"] for claim in contract.load_toml("claims.toml")["claim"]}

    assert [each for each, count in Counter(row["id"] for row in rows).items() if count > 1] == []
    for row in rows:
        assert row["says"].endswith(".")
        assert ("claim" in row) != ("contract" in row)
        assert row.get("claim") is None or row["claim"] in claims
        assert "contract" not in row or place(row["contract"]) is not None
