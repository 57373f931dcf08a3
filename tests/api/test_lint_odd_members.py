"""`artqr-mock lint` on members that cannot be what they should be: only they are left out."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.test_lint import CODE, FORM_HEADER, VENDOR, entry, found, har, ids, lint
from tests.support.requests import FORM, GOOD
from tests.support.worlds import World

X = "X-Other"


def with_header(header: Any) -> dict[str, Any]:
    return entry(body="style_id=no", headers=[FORM_HEADER, CODE, header])


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"name": X, "value": 7}, "the value of X-Other is a number, not a text"),
        ({"name": X, "value": None}, "the value of X-Other is null"),
        ({"name": X}, "the value of X-Other is null"),
        ({"name": X, "value": True}, "is true or false"),
        ({"name": X, "value": ["a"]}, "is a list"),
        ({"name": X, "value": {}}, "is an object"),
        ({"name": X, "value": "a\nb"}, "has a line break"),
        ({"name": X, "value": "a\r\nEvil: b"}, "has a line break"),
        ({"name": X, "value": "a\0"}, "or a NUL"),
        ({"name": X, "value": "\ud800"}, "is no Unicode"),
        ({"name": "a b", "value": "c"}, "'a b' cannot be the name of a header"),
        ({"name": "", "value": "c"}, "'' cannot be the name of a header"),
        ({"name": "码", "value": "c"}, "'码' cannot be the name of a header"),
        ({"name": "a\x1b[2J", "value": "c"}, r"'a\x1b[2J' cannot be the name"),
        ({"name": 7, "value": "c"}, "header 3 has no name"),
        ({"value": "c"}, "header 3 has no name"),
        (None, "header 3 is null"),
        ("a: b", "header 3 is a text"),
        ([], "header 3 has no name"),
    ],
    ids=str,
)
def test_a_header_that_cannot_be_one_is_left_out_and_the_call_is_judged(
    header: Any, says: str
) -> None:
    text = har(with_header(header), entry())

    whole, done = found(text), lint(text)

    assert {(each["call"], each["id"]) for each in whole["findings"]} == {
        (1, "style-unknown"), (1, "text-or-image-missing"),
    }  # fmt: skip
    assert (whole["calls"], whole["unread"]) == (2, [])
    assert [each["call"] for each in whole["odd"]] == [1]
    assert "entry 1: `headers`: " in done.stderr.replace("-: ", "") or says in done.stderr
    assert says in done.stderr
    assert "left out 1 odd member" in done.stdout


def response(**more: Any) -> dict[str, Any]:
    made = entry()
    made["response"] |= more
    return made


@pytest.mark.parametrize(
    "odd",
    [
        response(status="200"), response(status=None, headers={"a": "b"}), response(status=[]),
        response(headers=[{"name": "X", "value": 1}]), response(content=[]), response(content=7),
        response(content={"text": 7}), response(content={"text": "é", "encoding": "base64"}),
        {**entry(), "response": 7}, {**entry(), "response": []}, {**entry(), "startedDateTime": 7},
        entry("/submitTask?名=值"), entry("/submitTask?a=b c"), entry("/submitTask?a=\ud800"),
        entry(post={"params": 7, "text": None}), entry(post={"text": 7}), entry(post={"text": []}),
        entry(post={"encoding": "base64"}), entry(body=None, post=None),
        {**entry(), "cookies": 7, "timings": "x", "cache": [], "time": None},
    ],
    ids=lambda each: json.dumps(each)[-90:],
)  # fmt: skip
def test_an_odd_member_beside_the_headers_costs_no_call(odd: dict[str, Any]) -> None:
    whole = found(har(odd, entry("/taskList", "page=0")))

    assert (whole["calls"], whole["unread"]) == (2, [])
    assert (2, "page-out-of-range") in [(each["call"], each["id"]) for each in whole["findings"]]
    plain = odd == entry(body=None) or "cookies" in odd
    assert [each["call"] for each in whole["odd"]][:1] == ([] if plain else [1])


def test_a_status_that_is_a_text_is_read() -> None:
    refused = entry("/submitTask", headers=[FORM_HEADER])
    refused["response"] |= {"status": "400"}

    assert ids(har(refused)) == [(1, "credentials-missing")]


@pytest.mark.parametrize("name", ["Content-Type", "Authorization", "X-Ca-Nonce"])
def test_a_header_that_was_left_out_is_not_missed(name: str) -> None:
    signed = [{"name": "X-Ca-Key", "value": "1"}, {"name": "X-Ca-Signature", "value": "x"},
              {"name": "X-Ca-Timestamp", "value": "1"}]  # fmt: skip
    headers = [FORM_HEADER, *(signed if name == "X-Ca-Nonce" else [CODE])]
    kept = [each for each in headers if each["name"].lower() != name.lower()]
    odd = entry(headers=[*kept, {"name": name, "value": 7}], status=400, code="A400MA")

    assert [each for each in ids(har(odd)) if name.lower()[:5] in each[1]] == []
    assert "content-type-missing" not in str(ids(har(odd)))
    assert "credentials-missing" not in str(ids(har(odd)))
    assert "nonce-missing" not in str(ids(har(odd)))


@pytest.mark.parametrize("part", ["request", "answer"])
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("headers", None), ("headers", 7), ("headers", [["a"]]), ("headers", [["a", 7]]),
        ("headers", [["a b", "c"]]), ("headers", [["a", "b\nc"]]), ("length", None),
        ("length", "7"), ("length", 1.5), ("body", None), ("body", 7), ("encoding", 7),
        ("encoding", "base64"),
    ],
    ids=str,
)  # fmt: skip
def test_an_odd_member_costs_no_call_of_the_journal(
    world: World, part: str, member: str, value: Any
) -> None:
    world.vendor("/taskList", {"page": "0"})
    (call,) = world.calls()
    odd = copy.deepcopy(call)
    odd[part][member] = value

    whole = found(f"{json.dumps(odd)}\n{json.dumps(call)}\n")

    assert (whole["calls"], whole["unread"]) == (2, [])
    assert (2, "page-out-of-range") in [(each["call"], each["id"]) for each in whole["findings"]]


@pytest.mark.parametrize("member", ["status", "at", "real_at", "sent", "answer", "error_code"])
@pytest.mark.parametrize("value", [None, [], "x", {}, -1, 1.5, True], ids=str)
def test_odd_members_of_a_row_cost_no_call(world: World, member: str, value: Any) -> None:
    world.vendor("/taskList", {"page": "0"})
    (call,) = world.calls()

    whole = found(json.dumps({**call, member: value}))

    assert (whole["calls"], whole["unread"]) == (1, [])


# Properties.

HEADERS = [FORM_HEADER, CODE, {"name": "Accept", "value": "*/*"}]
WHOLE: dict[str, Any] = {
    "startedDateTime": "2026-11-22T10:00:00.000Z", "time": 5, "cache": {},
    "timings": {"send": 0, "wait": 5, "receive": 0},
    "request": {
        "method": "POST", "url": f"{VENDOR}/submitTask?a=1", "httpVersion": "HTTP/1.1",
        "headers": HEADERS, "cookies": [{"name": "a", "value": "b"}], "bodySize": len(GOOD),
        "queryString": [{"name": "a", "value": "1"}],
        "postData": {"mimeType": FORM, "text": GOOD, "params": [{"name": "text", "value": "x"}]},
    },
    "response": {
        "status": 200, "statusText": "OK", "headers": [{"name": "Date", "value": "x"}],
        "cookies": [], "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
    },
}  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["200", "a b", "a\nb", "\ud800", "\x1b]52;c;x\x07", "base64", "://", "["]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member of a value, by the way to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*here, key)
        if isinstance(each, dict | list):
            yield from places(each, (*here, key))


PLACES = list(places(WHOLE))


def changed(whole: Any, place: tuple[Any, ...], value: Any, *, is_dropped: bool) -> Any:
    """Return a value with another member, or without it; as it is if the member is not there."""
    made = copy.deepcopy(whole)
    inner, (*way, last) = made, place
    try:
        for key in way:
            inner = inner[key]
        if is_dropped:
            del inner[last]
        else:
            inner[last] = value
    except (KeyError, IndexError, TypeError):
        return whole
    return made


@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD, st.booleans()), min_size=1, max_size=3))
def test_no_call_is_lost_in_silence_whatever_its_members_are(
    changes: list[tuple[tuple[Any, ...], Any, bool]],
) -> None:
    odd: Any = WHOLE
    for place, value, is_dropped in changes:
        odd = changed(odd, place, value, is_dropped=is_dropped)

    whole = found(har(odd, entry("/taskList", "page=0")))

    assert whole["calls"] + len(whole["unread"]) + whole["skipped"] == 2
    assert "page-out-of-range" in [each["id"] for each in whole["findings"] if each["call"] == 2]
    request = odd.get("request") if isinstance(odd, dict) else None
    if isinstance(request, dict) and all(
        request.get(name) == WHOLE["request"][name] for name in ("method", "url")
    ):
        assert (whole["calls"], whole["unread"]) == (2, [])
