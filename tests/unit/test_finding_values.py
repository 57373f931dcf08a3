"""Findings on values, in more cases than one pair of requests: reported once, as sent, no false
alarm.
"""

import pytest

from mock_server.contract import load_catalogue
from mock_server.domain.findings import render_finding
from tests.support.requests import (
    CAT,
    GOOD,
    JSON,
    LONG,
    Sent,
    page,
    place,
    submit,
    with_text,
)

ROWS = load_catalogue().findings


def ids(sent: Sent) -> list[str]:
    return [hit.id for hit in sent.hits]


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
    hits = [
        render_finding(hit, ROWS, ())
        for hit in with_text(text, f"&is_use_temp_short_link={flag}").hits
    ]

    assert [each["id"] for each in hits] == list(found)
    assert all(found[each["id"]] in each["instead"] for each in hits)
    assert {each["at"] for each in hits if each["id"] == "short-link-needless"} <= {
        "/body/is_use_temp_short_link"
    }


@pytest.mark.parametrize(
    ("sent", "at", "value", "where"),
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
    sent: Sent, at: str, value: str, where: str
) -> None:
    (found,) = [render_finding(hit, ROWS, ()) for hit in sent.hits]

    assert (found["id"], found["at"], found["sent"]) == ("contract", at, value)
    assert found["contract"] == where
    assert place(where) is not None
    assert where in found["says"]
    assert "header" not in at or at.removeprefix("/header/") in found["says"]


@pytest.mark.parametrize("timestamp", ["", "abc", "1" * 19])
def test_an_unreadable_timestamp_is_reported_once(timestamp: str) -> None:
    sent = Sent(headers=(("x-ca-timestamp", timestamp),))

    assert ids(sent) == ["timestamp-unreadable"]


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_an_impossible_port_is_reported(port: str) -> None:
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
def test_values_that_only_json_can_express_are_reported_once_as_sent(
    body: str, found: list[tuple[str, str, str]]
) -> None:
    hits = [
        render_finding(hit, ROWS, ()) for hit in submit(body, JSON).hits if hit.id != "json-body"
    ]

    assert [(each["id"], each["sent"]) for each in hits] == [each[:2] for each in found]
    assert all(each[2] in has["instead"] for each, has in zip(found, hits, strict=True))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("maxResult=%205", ["number-spelt-oddly"]),
        ("page=5+", ["number-spelt-oddly"]),
        ("maxResult=+99", ["page-size-out-of-range"]),
        ("page=+x", ["page-out-of-range"]),
    ],
)
def test_white_space_around_a_number_is_reported_once(body: str, found: list[str]) -> None:
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
