"""Finding an address that was put into a form without encoding, without false alarms."""

import pytest

from mock_server.contract import load_catalogue
from mock_server.domain.findings import render_finding
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from tests.support.requests import CAT, JSON, Sent, submit

ROWS = load_catalogue().findings
CALL_BACK = "call_back=http://example.com/?a=1"


def found(body: str, content_type: str | None = None) -> list[tuple[str, str, str | None]]:
    sent = submit(body) if content_type is None else submit(body, content_type)
    return [
        (hit.id, hit.at, hit.sent) for hit in sent.hits if not hit.id.startswith(("json", "text-l"))
    ]


@pytest.mark.parametrize(
    ("body", "at", "sent"),
    [
        (f"text=https://e.co/?a=1&b=2&{CAT}", "/body/text", "https://e.co/?a=1&b=2"),
        (f"{CAT}&text=https://e.co/?a=1&b=2&c", "/body/text", "https://e.co/?a=1&b=2&c"),
        (f"text=HTTP://e.co/a&b&{CAT}", "/body/text", "HTTP://e.co/a&b"),
        (f"text=https://e.co/?a=1&id=2&url=3&{CAT}", "/body/text", "https://e.co/?a=1&id=2&url=3"),
        (f"text=https://e.co/?a=1&next=2&{CAT}", "/body/text", "https://e.co/?a=1&next=2"),
        (f"text=https://e.co/?a=1&%E7%A0%81=2&{CAT}", "/body/text", "https://e.co/?a=1&码=2"),
        (f"text=x&{CALL_BACK}&b=2&{CAT}", "/body/call_back", "http://example.com/?a=1&b=2"),
    ],
)
def test_an_address_that_ends_at_an_ampersand_is_told(body: str, at: str, sent: str) -> None:
    assert found(body) == [("address-cut", at, sent)]


@pytest.mark.parametrize(
    ("body", "finding", "at"),
    [
        # Nothing was cut off: the address has no query, is encoded, or is in another place.
        (f"text=https://e.co/&format=json&{CAT}", "field-unknown", "/body/format"),
        (f"text=https%3A%2F%2Fe.co%2F%3Fa%3D1&format=json&{CAT}", "field-unknown", "/body/format"),
        (f"text=https://e.co/?a=1&{CAT}&format=json", "field-unknown", "/body/format"),
        (f"format=json&text=https://e.co/?a=1&{CAT}", "field-unknown", "/body/format"),
        # A misspelt field is reported as misspelt in every position.
        ("text=https://e.co/?a=1&Style_id=pet_cat", "field-misspelt", "/body/Style_id"),
        ("text=https://e.co/?a=1&style=pet_cat", "field-misspelt", "/body/style"),
        (f"text=https://e.co/?a=1&appcode=x&{CAT}", "credentials-misplaced", "/body/appcode"),
    ],
)
def test_a_field_after_an_address_is_not_always_its_rest(body: str, finding: str, at: str) -> None:
    hits = found(body)

    assert (finding, at) in [each[:2] for each in hits]
    assert "address-cut" not in [each[0] for each in hits]


def test_credentials_in_the_rest_of_an_address_are_not_shown() -> None:
    secret = "0123456789abcdef" * 2
    (hit,) = submit(f"text=https://e.co/?a=1&key={secret}&{CAT}").hits

    assert hit.id == "address-cut"
    assert secret not in str(render_finding(hit, ROWS, ()))


@pytest.mark.parametrize(
    "text",
    ["https://e.co/?a=1+2", "https://e.co/?q=a+b+c", "https://e.co/my%20file.png",
     "https%3A%2F%2Fe.co%2F%3Fq%3Da%20b%20c%26d%3D1", "HTTPS://e.co/a+b"],
)  # fmt: skip
def test_an_address_with_a_space_is_found(text: str) -> None:
    assert found(f"text={text}&{CAT}") == [
        ("address-with-space", "/body/text", submit(f"text={text}").request.texts["text"])
    ]


@pytest.mark.parametrize(
    "text",
    ["https://e.co/?a=1%2B2", "https%3A%2F%2Fe.co%2Fmenu%20%E7%A0%81",
     "https%3A%2F%2Fe.co%2Fmenu%20Scan%20me", "https%3A%2F%2Fe.co%20Welcome", "a+https://e.co/x+b",
     "https+is+a+scheme"],
)  # fmt: skip
def test_words_beside_an_address_are_not_a_space_in_it(text: str) -> None:
    assert found(f"text={text}&{CAT}") == []


def test_a_json_text_is_looked_at_for_spaces_and_never_cut() -> None:
    assert found('{"text": "https://e.co/?a=1 2", "style_id": "pet_cat"}', JSON) == [
        ("address-with-space", "/body/text", "https://e.co/?a=1 2")
    ]
    body = '{"text": "https://e.co/?a=1", "b": "2", "style_id": "pet_cat"}'
    assert [each[0] for each in found(body, JSON)] == ["field-unknown"]


def test_where_the_text_has_to_be_an_address_a_space_is_told_once() -> None:
    strict = with_readings(DEFAULT_READINGS, {"text.not_url": "refused"})

    sent = Sent(body=f"text=https://e.co/?a=1+2&{CAT}", readings=strict)

    assert [hit.id for hit in sent.hits] == ["address-not-http"]
