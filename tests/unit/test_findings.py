"""Every rule of findings: one request that has it, and one that has not."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import contract
from mock_server.contract import load_catalogue
from mock_server.domain.calls import Call, Defect
from mock_server.domain.findings import Hit, Severity, judge, request_of, shown
from mock_server.domain.findings.hits import MAX_HITS, MAX_SENT
from mock_server.domain.findings.requests import instance
from mock_server.domain.readings import DEFAULT_READINGS
from tests.support.requests import (
    CAT,
    CLEAN,
    FORM,
    GOOD,
    JSON,
    LONG,
    PAIRS,
    TASK,
    Sent,
    page,
    query,
    signed,
    submit,
    with_text,
)

ROWS = load_catalogue().findings
# What the clinic says, and what only several calls show, is proved elsewhere.
ELSEWHERE = {
    "signature", "content-md5", "timestamp", "submit-after-failure", "submit-twice",
    "refusal-repeated", "poll-too-fast", "poll-after-end", "retry-at-once", "went-on",
    "nonce-reused",
}  # fmt: skip


def ids(sent: Sent) -> list[str]:
    return [hit.id for hit in sent.hits]


def test_every_row_has_a_pair_of_requests() -> None:
    assert set(PAIRS) | ELSEWHERE == set(ROWS)
    assert not set(PAIRS) & ELSEWHERE


@pytest.mark.parametrize("finding", PAIRS)
def test_a_rule_finds_it_in_the_one_request_and_not_in_the_other(finding: str) -> None:
    has, has_not = PAIRS[finding]

    assert finding in ids(has)
    assert finding not in ids(has_not)


@pytest.mark.parametrize("finding", sorted(set(PAIRS) - {"contract"}))
def test_a_request_that_a_rule_explains_is_not_told_that_it_breaks_the_contract(
    finding: str,
) -> None:
    assert "contract" not in ids(PAIRS[finding][0])


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


@pytest.mark.parametrize(
    ("text", "flag", "found"),
    [
        (LONG, "0", {"text-long": "or send is_use_temp_short_link=1"}),
        (LONG, "1", {"short-link-stored": "leave is_use_temp_short_link out"}),
        ("a" * 41, "0", {"text-long": "Shorten it yourself."}),
        ("a" * 41, "1", {"short-link-needless": "Leave it", "text-long": "Shorten it yourself."}),
        ("a" * 35, "1", {"short-link-needless": "Leave it out."}),
    ],
)
def test_advice_on_short_links_does_not_contradict_itself(
    text: str, flag: str, found: dict[str, str]
) -> None:
    told = [shown(hit, ROWS, ()) for hit in with_text(text, f"&is_use_temp_short_link={flag}").hits]

    assert [each["id"] for each in told] == list(found)
    assert all(found[each["id"]] in each["instead"] for each in told)
    assert {each["at"] for each in told if each["id"] == "short-link-needless"} <= {
        "/body/is_use_temp_short_link"
    }


@pytest.mark.parametrize(
    ("sent", "at", "value", "place"),
    [
        (Sent(headers=(("content-md5", "0"),)), "/header/content-md5", "0",
         "/components/parameters/Content-MD5/schema/pattern"),
        (Sent(headers=(("x-ca-nonce", ""),)), "/header/x-ca-nonce", "",
         "/components/parameters/X-Ca-Nonce/schema/minLength"),
        (submit(f"{GOOD}&call_back=http://example.com/%01"), "/body/call_back",
         "http://example.com/\x01", "/components/schemas/HttpAddress/pattern"),
    ],
)  # fmt: skip
def test_what_no_rule_explains_names_the_place_what_was_sent_and_where_the_contract_says_so(
    sent: Sent, at: str, value: str, place: str
) -> None:
    (found,) = [shown(hit, ROWS, ()) for hit in sent.hits]

    assert (found["id"], found["at"], found["sent"]) == ("contract", at, value)
    assert found["contract"] == place
    assert _place(place) is not None
    assert place in found["says"]
    assert "header" not in at or at.removeprefix("/header/") in found["says"]


@pytest.mark.parametrize("timestamp", ["", "abc", "1" * 19])
def test_an_unreadable_timestamp_is_told_once(timestamp: str) -> None:
    sent = Sent(headers=(("x-ca-timestamp", timestamp),))

    assert ids(sent) == ["timestamp-unreadable"]


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_a_port_that_cannot_be_is_told(port: str) -> None:
    (hit,) = submit(f"{GOOD}&call_back=http://example.com:{port}/").hits

    assert (hit.id, "1 to 65535" in str(hit.says)) == ("address-not-http", True)


@pytest.mark.parametrize(
    ("charset", "body", "found"),
    [
        ("US-ASCII", GOOD, "charset-other"), ("ISO-8859-1", GOOD, "charset-other"),
        ("GBK", "text=%C3%A9&style_id=pet_cat", "charset-wrong"),
        ("latin1", "text=é&style_id=pet_cat", "charset-wrong"),
        ("UTF-16", GOOD, "charset-wrong"), ("cp037", GOOD, "charset-wrong"),
    ],
)  # fmt: skip
def test_a_charset_that_writes_ascii_as_it_is_does_no_harm_to_it(
    charset: str, body: str, found: str
) -> None:
    assert ids(submit(body, f"application/x-www-form-urlencoded; charset={charset}")) == [found]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"text":"x","style_id":"pet_cat","is_use_temp_short_link":true}',
         [("short-link-flag", "true", "Send 1 or 0.")]),
        ('{"text":"x","style_id":"pet_cat","is_use_temp_short_link":0}',
         [("number-not-text", "is_use_temp_short_link: 0", 'Send it in quotation marks: "0".')]),
        ('{"text":true,"style_id":"pet_cat"}',
         [("number-not-text", "text: true", 'Send it in quotation marks: "true".')]),
        ('{"text":"x","style_id":"pet_cat","a":{"text":1,"text":2}}', [("field-unknown", "a", "")]),
        ('{"style_id":"pet_cat","text":17,"text":"x"}',
         [("member-repeated", "text", "Send each field once.")]),
    ],
)  # fmt: skip
def test_what_json_alone_can_write_is_told_once_and_as_it_was_sent(
    body: str, found: list[tuple[str, str, str]]
) -> None:
    told = [shown(hit, ROWS, ()) for hit in submit(body, JSON).hits if hit.id != "json-body"]

    assert [(each["id"], each["sent"]) for each in told] == [each[:2] for each in found]
    assert all(each[2] in has["instead"] for each, has in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("maxResult=%205", ["number-spelt-oddly"]),
        ("page=5+", ["number-spelt-oddly"]),
        ("maxResult=+99", ["page-size-out-of-range"]),
        ("page=+x", ["page-out-of-range"]),
    ],
)
def test_white_space_around_a_number_is_told_once(body: str, found: list[str]) -> None:
    assert ids(page(body)) == found


def test_bytes_that_are_no_text_are_shown_as_they_were_sent() -> None:
    escaped = submit("text=%C2%EB&style_id=pet_cat").hits
    raw = submit(b"text=\xc2\xeb&style_id=pet_cat").hits

    assert [(hit.id, hit.sent) for hit in escaped] == [("not-utf8", "text=%C2%EB")]
    assert [(hit.id, hit.sent) for hit in raw] == [("not-utf8", "text=\\xc2\\xeb")]


@pytest.mark.parametrize(
    "value",
    ["b'hi'", 'b"hi"', "['https://a15']", '["https://a15"]', "[b'x']", "['a', 'b']"],
)
def test_what_python_prints_of_bytes_and_lists_is_found(value: str) -> None:
    assert "printed-value" in ids(with_text(value))


@pytest.mark.parametrize("value", ["it's", "b'", "'hi'", "[1]", "[sic]", 'say "hi"', "a['b']"])
def test_quotation_marks_and_brackets_alone_are_text(value: str) -> None:
    assert ids(with_text(value)) == []


@pytest.mark.parametrize("name", ["next", "test"])
def test_a_name_is_not_taken_for_a_field_that_was_sent_as_well(name: str) -> None:
    assert ids(submit(f"{GOOD}&{name}=x")) == ["field-unknown"]
    assert ids(submit(f"{name}=x&{CAT}")) == ["field-misspelt", "text-or-image-missing"]


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


@pytest.mark.parametrize("finding", PAIRS)
def test_a_finding_says_where_what_and_on_what_ground(finding: str) -> None:
    hits = PAIRS[finding][0].hits
    (found, *_) = [shown(hit, ROWS, ()) for hit in hits if hit.id == finding]

    assert set(found) == {
        "id", "severity", "says", "at", "sent", "instead", "claim", "contract"
    }  # fmt: skip
    assert found["at"].startswith("/")
    assert "{hint}" not in found["instead"]
    assert (found["claim"] is None) != (found["contract"] is None)
    json.dumps(found)


def test_what_was_sent_is_cut_and_every_credential_in_it_is_hidden() -> None:
    secret = "ab" * 16
    hit = Hit(id="field-unknown", at=f"/body/{secret}", sent=f"x={secret} other " + "y" * 500)

    found = shown(hit, ROWS, ("other",))

    assert secret not in json.dumps(found)
    assert "other" not in found["sent"]
    assert len(found["sent"]) == MAX_SENT


@pytest.mark.parametrize("start", [4064, 4070, 4080, 4095])
def test_half_a_credential_is_never_shown(start: int) -> None:
    # Many that are hidden make room for what stands at the end of what is read.
    secret = "0123456789abcdef" * 2
    text = (f"{secret} " * 200)[: start - 1] + " " + secret

    found = shown(Hit(id="contract", says=text), ROWS, ())

    assert "0123456" not in found["says"]


def test_a_request_that_is_off_everywhere_is_told_a_bounded_number_of_things() -> None:
    body = "&".join(f"zzz{number}=1" for number in range(900))

    assert len(submit(body).hits) <= MAX_HITS


def test_many_repeated_fields_are_counted_in_no_time() -> None:
    sent = submit("&".join(f"{number}=" for number in range(12_000)) + "&a=1&a=2")

    assert sent.hits


def test_a_call_that_no_door_could_read_is_not_judged_but_for_its_size() -> None:
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

    found = [shown(hit, ROWS, ("secret",)) for hit in hits]
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
        assert "contract" not in row or _place(row["contract"]) is not None


def _place(pointer: str) -> Any:
    value: Any = contract.document("openapi")
    for step in pointer.split("/")[1:]:
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value
