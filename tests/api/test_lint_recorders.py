"""`artqr-mock lint` on the files of real recorders, which leave out, drop and add parts."""

import base64
import codecs
import json
from typing import Any

import pytest

from mock_server.domain.call.calls import MAX_BODY_BYTES
from tests.api.test_lint import CODE, FORM_HEADER, VENDOR, entry, found, har, ids, lint
from tests.support.requests import FORM, GOOD, TASK

OTHER = "https://www.example.com"


def sized(count: int) -> list[dict[str, str]]:
    return [FORM_HEADER, CODE, {"name": "content-length", "value": str(count)}]


@pytest.mark.parametrize(
    "broken",
    [
        {"url": f"{OTHER}/a b|c", "method": "GET"},
        {"url": f"{OTHER}/", "method": "NO WAY"},
        {"url": f"{OTHER}/", "method": "POST", "headers": "none"},
        {"url": f"{OTHER}/", "method": "POST", "headers": [{"name": "a b", "value": "c"}]},
        {"url": f"{OTHER}/", "method": "POST", "postData": {"text": "é", "encoding": "base64"}},
        {"url": f"{OTHER}/", "method": "POST", "postData": {"text": "x" * (MAX_BODY_BYTES + 1)}},
        {"url": "data:image/png;base64,AAAA", "method": "GET"},
        {"url": "blob:https://www.example.com/1", "method": "GET"},
        {"url": "wss://www.example.com/socket", "method": "GET"},
        {"url": "chrome-extension://abc/x.js", "method": "GET"},
        {"url": "about:blank"},
    ],
    ids=lambda each: str(each)[:60],
)
def test_of_another_host_nothing_but_the_address_is_looked_at(broken: dict[str, Any]) -> None:
    text = har({"request": broken}, entry(body="style_id=pet_cat"))

    whole, done = found(text), lint(text)

    assert [each["call"] for each in whole["findings"]] == [2]
    assert (whole["calls"], whole["other_hosts"], whole["unread"]) == (1, 1, [])
    assert "; skipped 1 entry of other hosts" in done.output
    assert done.exit_code == 1


def test_skipped_entries_are_counted_by_what_they_were_made_to() -> None:
    tunnel = {"request": {"method": "CONNECT", "url": f"{VENDOR}:443"}}
    text = har(
        entry(host="http://0.0.0.0:3040"),
        *[entry(host=OTHER)] * 3,
        entry(host="http://127.0.0.1/else"),
        tunnel,
    )

    assert (
        "; skipped 3 entries of other hosts; skipped 2 entries of other paths" in lint(text).output
    )
    assert lint(text).exit_code == 0


def test_a_call_that_cannot_be_read_is_named_and_the_others_are_judged() -> None:
    broken = {"request": {"url": f"{VENDOR}/submitTask"}}
    warned, wrong = entry(body=f"{GOOD}&text=b"), entry(body="style_id=pet_cat")

    passed, failed = lint(har(broken, entry(), warned)), lint(har(broken, wrong))

    assert passed.exit_code == 2, "something was not judged: that is no pass"
    assert failed.exit_code == 1
    assert ": entry 1: the request of the HAR entry has no `method`" in passed.stderr
    assert "in 2 calls; 1 entry could not be read" in passed.stdout
    assert "field-repeated" in passed.stdout
    told = found(har(broken, entry()))["unread"]
    assert [each["call"] for each in told] == [1]
    assert "`method`" in told[0]["why"]


def test_many_calls_that_cannot_be_read_are_named_up_to_five() -> None:
    done = lint("{}\n" * 9)

    assert done.stderr.count("line ") == 5
    assert "and 4 lines more" in done.stderr


def test_half_a_character_is_named_and_no_traceback() -> None:
    text = har(entry("/\ud800"), entry(headers=[{"name": "x", "value": "\ud800"}]), entry())

    done = lint(text)

    assert done.exit_code == 1, "no operation has the path"
    assert done.stderr.count("no Unicode") + done.stderr.count("`url` has characters") == 2
    assert "in 3 calls" in done.stdout
    assert lint(har(entry(headers="\ud800"))).stderr.count("`headers` is a text") == 1


def test_where_nothing_was_judged_the_hosts_are_named() -> None:
    done = lint(har(entry(host=OTHER)), "--host", "stub")

    assert done.exit_code == 2
    named = "aiart.market.alicloudapi.com, this machine, stub"
    assert f"nothing was checked: no call went to {named}. --host NAME checks" in done.stderr


@pytest.mark.parametrize("host", ["http://stub:9000", "stub/", ""])
def test_a_host_that_is_an_address_is_refused(host: str) -> None:
    done = lint(har(entry()), "--host", host)

    assert done.exit_code == 2
    assert "is not a host: write one such as stub.internal" in done.stderr


def test_a_body_that_the_gateway_refuses_is_a_finding() -> None:
    body = f"{GOOD}&your_prompt=" + "x" * MAX_BODY_BYTES

    assert ids(har(entry(body=body, status=413, code="I413RL"), entry())) == [(1, "body-too-large")]
    assert ids(har(entry(body=body[:MAX_BODY_BYTES]))) == [(1, "body-not-judged")]


# The answer.


def unanswered(**content: Any) -> dict[str, Any]:
    """A submit with status 200 whose body was not recorded."""
    made = entry()
    made["response"]["content"] = content
    return made


@pytest.mark.parametrize(
    "first",
    [
        unanswered(size=204, mimeType="application/json"),
        unanswered(),
        unanswered(size=204, text=""),
        unanswered(text="é", encoding="base64"),
        {**entry(), "response": {}},
        {**entry(), "response": None},
        {"request": entry()["request"]},
    ],
    ids=lambda each: str(each.get("response"))[:60],
)
def test_an_answer_that_was_not_recorded_is_taken_for_no_refusal(first: dict[str, Any]) -> None:
    whole = found(har(first, entry()))

    assert [(each["call"], each["id"]) for each in whole["findings"]] == [(2, "submit-twice")]
    assert "response was not recorded: if the service accepted it" in whole["findings"][0]["says"]
    assert whole["without_answer"] == 1
    assert "1 without an answer, because it was not recorded" in lint(har(first, entry())).output


def test_an_answer_that_says_nothing_is_a_refusal_and_one_that_never_came_a_failure() -> None:
    refused = unanswered(text=json.dumps({"showapi_res_body": {"ret_code": -1}}))
    aborted = {**entry(), "response": {"status": 0, "statusText": "", "headers": [], "content": {}}}

    assert ids(har(refused, entry())) == [(2, "refusal-repeated")]
    assert ids(har(unanswered(text="", size=0), entry())) == [(2, "refusal-repeated")]
    assert ids(har(aborted, entry())) == [(2, "submit-after-failure")]
    listed = entry("/taskList", "page=1")
    assert ids(har({"request": entry()["request"]}, listed, entry())) == []


# The request.


def test_a_browser_writes_http2_lower_case_and_sizes_it_does_not_know() -> None:
    headers = [
        {"name": ":authority", "value": "aiart.market.alicloudapi.com"},
        {"name": ":method", "value": "POST"}, {"name": ":path", "value": "/submitTask"},
        {"name": "authorization", "value": CODE["value"]},
        {"name": "content-type", "value": FORM},
    ]  # fmt: skip
    made = entry(headers=headers)
    made["request"] |= {
        "httpVersion": "h2", "headersSize": -1, "bodySize": len(GOOD), "cookies": [],
        "queryString": [],
    }  # fmt: skip

    assert ids(har(made)) == []


@pytest.mark.parametrize(
    ("more", "is_lost"),
    [
        ({}, True), ({"bodySize": -1}, True), ({"bodySize": 46}, True), ({"bodySize": 0}, False),
        ({"bodySize": 0, "headers": sized(46)}, True), ({"headers": sized(0)}, False),
        ({"postData": {"mimeType": FORM, "text": ""}}, True),
        ({"_requestBodyStatus": "discarded:too-large"}, True),
    ],
    ids=str,
)  # fmt: skip
def test_a_body_that_nobody_wrote_down_is_not_taken_for_an_empty_one(
    more: dict[str, Any], *, is_lost: bool
) -> None:
    made = entry(body=None)
    made["request"] |= more

    whole = found(har(made))

    assert whole["without_body"] == int(is_lost)
    assert bool(whole["findings"]) is not is_lost


def test_a_body_that_was_cut_or_changed_by_the_recorder_is_not_judged() -> None:
    cut = entry(headers=sized(len(GOOD) + 40))
    changed = entry(body="text=\ufffd\ufffd&style_id=pet_cat", headers=sized(25))

    for made in (cut, changed):
        whole = found(har(made))
        assert (whole["findings"], whole["without_body"]) == ([], 1)


@pytest.mark.parametrize("place", ["postData", "_content"])
def test_a_body_in_base64_is_read_wherever_it_is_kept(place: str) -> None:
    made = entry(body=None)
    coded = base64.b64encode(b"style_id=pet_cat").decode()
    made["request"][place] = {"text": f"{coded[:8]}\n{coded[8:]}", "encoding": "base64", "size": 16}

    assert ids(har(made)) == [(1, "text-or-image-missing")]


def test_bytes_that_a_recorder_read_as_latin1_are_what_was_sent() -> None:
    body = "text=二维码&style_id=pet_cat".encode()

    assert ids(har(entry(body=body.decode("latin-1"), headers=sized(len(body))))) == []


PAIRS_ONLY = {
    "decoded": [{"name": "text", "value": "a b/码"}, {"name": "style_id", "value": "pet_cat"}],
    "encoded": [{"name": "text", "value": "a%20b%2F%E7%A0%81"}, {"name": "style_id",
                                                                 "value": "pet_cat"}],
    "odd": [{"name": "text", "value": "x"}, {"name": "style_id", "value": "pet_cat"},
            {"name": "call_back", "value": None}, None],
}  # fmt: skip


@pytest.mark.parametrize(("form", "expected"), [("decoded", []), ("encoded", []),
                                                ("odd", [(1, "empty-field")])])  # fmt: skip
def test_parameters_alone_are_read_encoded_or_not(form: str, expected: list[Any]) -> None:
    made = entry(post={"text": "", "params": PAIRS_ONLY[form]})

    assert ids(har(made)) == expected


@pytest.mark.parametrize("value", ["[Filtered]", "<redacted>", "***", "REDACTED", "xxxxxx", "…"])
def test_credentials_that_a_tool_took_out_are_not_malformed(value: str) -> None:
    header = {"name": "Authorization", "value": value}
    passed = entry(headers=[FORM_HEADER, header])
    refused = entry(headers=[FORM_HEADER, header], status=400, code="I400HD")

    assert ids(har(passed)) == []
    assert ids(har(refused)) == ([(1, "authorization-malformed")] if value == "…" else [])


def test_a_query_that_no_task_was_answered_to_is_no_poll() -> None:
    refused = entry("/queryTask", f"task_id={TASK}", status=450, at=1.0)

    assert ids(har(refused, {**refused, "startedDateTime": "2026-11-22T10:00:01.1Z"})) == []


def test_times_with_an_offset_and_many_digits_are_instants() -> None:
    first, second, third = (entry("/queryTask", f"task_id={TASK}") for _ in range(3))
    first["startedDateTime"] = "2026-11-22T18:00:00.1234567+08:00"
    second["startedDateTime"] = "2026-11-22T10:00:00.900Z"
    third["startedDateTime"] = "2026-11-22T05:00:09.900-05:00"

    whole = found(har(first, second, third))

    assert [(each["call"], each["sent"]) for each in whole["findings"]] == [
        (2, "777 ms after call 1")
    ]


@pytest.mark.parametrize("time", [7, None, "yesterday", "0001-01-01T00:00:00+14:00", [], "9" * 99])
def test_an_invalid_time_is_ignored(time: Any) -> None:
    made = {**entry("/queryTask", f"task_id={TASK}"), "startedDateTime": time}

    assert ids(har(made, made)) == []


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + har(entry()).encode(),
        codecs.BOM_UTF16_LE + har(entry()).encode("utf-16-le"),
        codecs.BOM_UTF16_BE + har(entry()).encode("utf-16-be"),
    ],
)
def test_a_file_with_a_mark_is_read(raw: bytes) -> None:
    assert found(raw)["calls"] == 1
