"""`artqr-mock lint`: the findings of recorded traffic, and files that cannot be read."""

import base64
import codecs
import gzip
import json
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mock_server.cli.lint import judged
from mock_server.cli.main import main
from mock_server.domain.readings import DEFAULT_READINGS, as_mapping
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import reader
from mock_server.recordings.reader import read_recording
from tests.support.requests import FORM, GOOD, PAIRS, TASK, Sent

VENDOR = "https://aiart.market.alicloudapi.com"
FORM_HEADER = {"name": "Content-Type", "value": FORM}
CODE = {"name": "Authorization", "value": "APPCODE 0123456789abcdef0123456789abcdef"}


def entry(path: str = "/submitTask", body: str | None = GOOD, **more: Any) -> dict[str, Any]:
    """Return the entry of a right submit, as a proxy writes it."""
    request: dict[str, Any] = {
        "method": "POST", "url": f"{more.pop('host', VENDOR)}{path}",
        "headers": more.pop("headers", [FORM_HEADER, CODE]),
    }  # fmt: skip
    if body is not None:
        request["postData"] = {"mimeType": FORM, "text": body, **more.pop("post", {})}
    response = {
        "status": more.pop("status", 200),
        "headers": [{"name": "X-Ca-Error-Code", "value": more["code"]}] if "code" in more else [],
        "content": {"text": json.dumps({"showapi_res_body": more.pop("told", {})})},
    }
    at = more.pop("at", None)
    started = {"startedDateTime": f"2026-11-22T10:00:{at:06.3f}Z"} if at is not None else {}
    return {**started, "request": request, "response": response}


def har(*entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def lint(text: str | bytes, *words: str) -> Result:
    return CliRunner().invoke(main, ["lint", "-", *words], input=text)


def found(text: str | bytes, *words: str) -> dict[str, Any]:
    done = lint(text, "--json", *words)
    value: dict[str, Any] = json.loads(done.stdout)
    broken = 2 if value["unread"] or not value["calls"] else 0
    assert done.exit_code == (1 if value["severities"]["error"] else broken)
    return value


def ids(text: str | bytes, *words: str) -> list[tuple[int, str]]:
    return [(each["call"], each["id"]) for each in found(text, *words)["findings"]]


def test_a_right_recording_exits_with_zero(tmp_path: Path) -> None:
    file = tmp_path / "right.har"
    file.write_text(har(entry()), "utf-8")

    done = CliRunner().invoke(main, ["lint", str(file)])

    assert (done.exit_code, done.output) == (0, "0 errors, 0 warnings, 0 advice in 1 call\n")


def test_a_finding_names_its_entry_and_shows_no_credential() -> None:
    done = lint(har(entry(), entry(body=f"{GOOD}&Text=0123456789abcdef0123456789abcdef")))

    assert done.exit_code == 1
    assert "field-misspelt  /body/Text  (entry 2)" in done.output
    assert "0123456789abcdef" not in done.output


def har_entry(sent: Sent) -> dict[str, Any]:
    call = sent.call
    post = {"text": base64.b64encode(call.body).decode(), "encoding": "base64"}
    request = {
        "method": call.method, "url": VENDOR + call.target, "postData": post,
        "headers": [{"name": name, "value": value} for name, value in call.headers]
        + [{"name": "Content-Length", "value": str(len(call.body))}],
    }  # fmt: skip
    return {"request": request, "response": {"status": 400}}


@pytest.mark.parametrize("finding", PAIRS)
def test_a_recording_has_the_findings_of_the_journal(finding: str) -> None:
    has, has_not = PAIRS[finding]

    assert finding in [each for _, each in ids(har(har_entry(has)), *readings(has))]
    assert finding not in [each for _, each in ids(har(har_entry(has_not)), *readings(has_not))]


def readings(sent: Sent) -> list[str]:
    """Return the readings of a request as command options."""
    words, defaults = as_mapping(sent.readings), as_mapping(DEFAULT_READINGS)
    return [f"--reading={name}={word}" for name, word in words.items() if word != defaults[name]]


def test_an_unknown_reading_is_refused_with_what_there_is() -> None:
    done = lint(har(entry()), "--reading", "body.typ=any")

    assert done.exit_code == 2
    assert "did you mean 'body.type'?" in done.output


@pytest.mark.parametrize("path", ["/pictures/default/x.png", "/s/0123abcd"])
def test_a_fetched_picture_in_a_recording_is_not_a_call(path: str) -> None:
    fetched = Sent(method="GET", path=path, body="", content_type=None, authorization=None)

    assert ids(har(har_entry(fetched), entry())) == []


def test_what_only_several_calls_show_is_found_by_the_times_of_the_recording() -> None:
    query = f"task_id={TASK}"
    story = har(
        entry(at=1.0, status=504, code="D504TO"),
        entry(at=1.4),
        entry("/queryTask", query, at=10.0),
        entry("/queryTask", query, at=10.5, told={"status": "succeeded", "resList": ["u"]}),
        entry("/queryTask", query, at=20.0),
    )

    assert ids(story) == [
        (2, "submit-after-failure"), (2, "retry-at-once"), (4, "poll-too-fast"),
        (5, "poll-after-end"),
    ]  # fmt: skip


def test_two_clients_in_one_recording_are_judged_separately() -> None:
    other = {"name": "Authorization", "value": "APPCODE ffffffffffffffffffffffffffffffff"}
    twice = [entry(told={"task_id": TASK}), entry(told={"task_id": TASK})]

    assert ids(har(*twice)) == [(2, "submit-twice")]
    twice[1]["request"]["headers"] = [FORM_HEADER, other]
    assert ids(har(*twice)) == []


def test_a_recording_without_times_is_in_no_hurry() -> None:
    query = f"task_id={TASK}"

    assert ids(har(entry("/queryTask", query), entry("/queryTask", query))) == []


def test_other_hosts_are_skipped_and_counted_unless_they_are_named() -> None:
    bad = "task_id="
    text = har(
        entry("/queryTask", bad, host="https://www.example.com"),
        entry("/queryTask", bad, host="http://127.0.0.1:3040"),
        entry("/queryTask", bad, host="http://localhost:8000"),
        entry("/else", bad, host="http://[::1]:8000"),
        entry("/pictures/default/x/1.png", None, host=VENDOR),
        entry("/queryTask", bad, host="http://stub.internal:9000"),
    )

    plain, named = found(text), found(text, "--host", "stub.internal", "--host", "WWW.example.com")

    assert sorted({each["call"] for each in plain["findings"]}) == [2, 3]
    assert (plain["calls"], plain["skipped"]) == (2, 4)
    assert sorted({each["call"] for each in named["findings"]}) == [1, 2, 3, 6]


def test_parts_that_a_recording_left_out_cause_no_finding() -> None:
    length = {"name": "Content-Length", "value": "50"}
    text = har(entry(body=None, headers=[FORM_HEADER, length]))

    whole = found(text)

    assert whole["findings"] == []
    assert whole["without_body"] == 1
    assert "1 without a body, because it was not recorded" in lint(text).output


def test_credentials_are_missed_where_the_answer_missed_them() -> None:
    assert ids(har(entry(headers=[FORM_HEADER]))) == []
    assert ids(har(entry(headers=[FORM_HEADER], status=400, code="A400MA"))) == [
        (1, "credentials-missing")
    ]


def test_parameters_of_a_form_stand_for_its_text() -> None:
    parameters = [{"name": "text", "value": "a b"}, {"name": "style_id", "value": "no"}]
    post = {"text": None, "params": parameters}

    assert ids(har(entry(post=post))) == [(1, "style-unknown")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"log": {"entries": []}}\n\xff', "line 2 is not UTF-8"),
        ('{"log": {\n"entries": [}}', "line 2 is not JSON"),
        ("POST /submitTask", "line 1 is not JSON"),
        ('{"log": {}}', "no list of `entries`"),
        (har({"response": {}}), "entry 1: it has no `request`"),
        (har({"request": {}}), "entry 1: its `request` has no `url`"),
        (har(entry(), entry(host="http://[")), "entry 2: 'http://[/submitTask' is not a URL"),
        (
            har({"request": {"url": f"{VENDOR}/submitTask"}}),
            "entry 1: the request of the HAR entry",
        ),
        ("{}\n", "line 1: it is not a call of the journal"),
        ("[]", "nothing was checked: the file has no call of the API"),
        ('{"calls": []}', "nothing was checked"),
        ("[1]", "entry 1: it is not a call of the journal"),
        (har(), "nothing was checked"),
        (gzip.compress(har().encode(), mtime=0), "it is compressed: unpack it first"),
        (har().encode("utf-16-be"), "it is not UTF-8 text: save the file as UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "it begins as UTF-16 and is broken"),
        ("1\n2", "line 1: it is not a call of the journal"),
        ('{"calls": [{"id": 1}]}', "entry 1: it is not a call of the journal"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_the_error_for_an_unreadable_file_says_where_it_is_wrong(
    text: str | bytes, words: str
) -> None:
    done = lint(text)

    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_BYTES", 10)

    assert "larger than" in lint(har(entry())).stderr


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["lint", str(tmp_path / "none.har")])

    assert done.exit_code == 2


def test_a_folder_is_no_recording() -> None:
    done = CliRunner().invoke(main, ["lint", "."])

    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_disk_that_is_full_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mock_server.cli.lint.print_findings", full)
        done = lint(har(entry()))

    assert done.exit_code == 3
    assert done.stderr == "artqr-mock: the output: No space left on device\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["request", "response", "url", "method", "headers", "postData", "text",
                         "params", "status", "content", "name", "value", "startedDateTime",
                         "bodySize", "encoding", "size", "_content"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(value=JSON)
def test_any_json_is_judged_or_refused(value: Any) -> None:
    good = {"method": "POST", "url": VENDOR + "/taskList"}
    merged = {**good, **value} if isinstance(value, dict) else value
    for text in (har(value), har({"request": merged, "response": value}), json.dumps(value)):
        with suppress(UsageError):
            judged(read_recording(text.encode("utf-8", "surrogatepass")), DEFAULT_READINGS)
