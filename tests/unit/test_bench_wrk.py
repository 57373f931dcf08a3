"""The benchmark reads what wrk prints, and takes no number that was made of errors."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks import calls, wrk
from benchmarks.calls import Request, WrongAnswerError
from benchmarks.comparison import WrongCountError, check_count
from mock_server.domain.auth import signatures
from mock_server.domain.call.calls import Call
from mock_server.domain.readings import Readings

SAID = """\
Running 2s test @ http://127.0.0.1:42561/submitTask
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   285.96ms  365.99ms   1.97s    86.75%
    Req/Sec   137.26     62.23   252.00     63.16%
  Latency Distribution
     50%  134.51ms
     75%  216.57ms
     90%  814.38ms
     99%    1.71s 
  278 requests in 2.04s, 132.21KB read
Requests/sec:    136.24
Transfer/sec:     64.79KB
"""  # noqa: W291 - wrk writes a space behind seconds


def test_what_wrk_prints_is_read() -> None:
    load = wrk.parsed(SAID)

    assert load == wrk.Load(
        requests=278, per_second=136.24, p50_ms=134.51, p99_ms=1710.0, read_bytes=132.21 * 1024
    )


def test_microseconds_and_megabytes_are_read() -> None:
    said = SAID.replace("134.51ms", "589.00us").replace("132.21KB", "7.5MB")

    load = wrk.parsed(said)

    assert load.p50_ms == pytest.approx(0.589)
    assert load.read_bytes == 7.5 * 2**20


@pytest.mark.parametrize(
    "line",
    [
        "  Non-2xx or 3xx responses: 3",
        "  Socket errors: connect 0, read 12, write 0, timeout 0",
    ],
)
def test_one_error_makes_all_numbers_worthless(line: str) -> None:
    said = SAID.replace("Requests/sec", f"{line}\nRequests/sec")

    with pytest.raises(WrongAnswerError, match=re.escape(line.strip())):
        wrk.parsed(said)


def test_no_answer_at_all_is_an_error() -> None:
    with pytest.raises(WrongAnswerError, match="no call was answered"):
        wrk.parsed(SAID.replace("278 requests", "0 requests"))


def test_a_changed_output_is_an_error_that_shows_it() -> None:
    with pytest.raises(WrongAnswerError, match="something else than expected"):
        wrk.parsed("wrk 5: fine")


def test_without_wrk_the_benchmark_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert wrk.version() is None
    with pytest.raises(SystemExit, match="apt-get install wrk"):
        wrk.need()


def test_a_script_of_wrk_has_the_request_whatever_is_in_it(tmp_path: Path) -> None:
    request = Request(
        url="http://127.0.0.1:1/", check=nothing, headers={"X": 'a"b'}, body="\\ ]] \n 提交"
    )

    lines = wrk.script(request, 1, tmp_path).splitlines()

    assert lines == [
        'wrk.method = "POST"',
        'wrk.headers["X"] = "a\\"b"',
        'wrk.body = "\\\\ ]] \\n 提交"',
    ]


def test_headers_that_differ_in_every_call_stand_in_a_file(tmp_path: Path) -> None:
    def sets(count: int) -> Iterator[Mapping[str, str]]:
        return ({"A": f"a{number}", "B": "b"} for number in range(count))

    request = Request(url="http://127.0.0.1:1/", check=nothing, header_sets=sets)

    script = wrk.script(request, 2, tmp_path)

    rows = (tmp_path / "headers.txt").read_text("utf-8").splitlines()
    assert len(rows) == wrk.FRESH_PER_SECOND * 2
    assert rows[:2] == ["a0\tb", "a1\tb"]
    assert '"^([^\\t]*)\\t([^\\t]*)$"' in script
    assert 'wrk.headers["B"] = v1' in script


def test_each_signed_call_has_a_nonce_of_its_own_and_a_right_signature() -> None:
    request = calls.submit_signed("http://127.0.0.1:1", "key", "secret")
    assert request.header_sets is not None

    sets = [*request.header_sets(3), *request.header_sets(2)]

    assert len({each["X-Ca-Nonce"] for each in sets}) == 5
    for each in sets:
        headers = {**request.headers, **each}
        call = Call(
            method="POST",
            path="/submitTask",
            headers=tuple((name.lower(), value) for name, value in headers.items()),
            body=request.body.encode(),
        )
        signatures.verify(call, "secret", Readings())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"showapi_res_code":0}',
        b'{"showapi_res_code":-1,"showapi_res_body":{"ret_code":0,"task_id":"x"}}',
        b'{"showapi_res_code":0,"showapi_res_body":{"ret_code":1,"task_id":"x"}}',
        b'{"showapi_res_code":0,"showapi_res_body":{"ret_code":0}}',
    ],
)
def test_an_answer_that_books_no_task_is_no_submit(answer: bytes) -> None:
    with pytest.raises(WrongAnswerError):
        calls.is_submitted(answer)


def test_a_page_that_is_not_full_is_not_measured() -> None:
    request = calls.task_list("http://127.0.0.1:1", "code", 2, 1)
    body = b'{"ret_code":0,"currentPage":%d,"contentlist":%s}'
    page = b'{"showapi_res_code":0,"showapi_res_body":' + body + b"}"

    request.check(page % (2, b"[{}]"))
    for wrong in (page % (1, b"[{}]"), page % (2, b"[]")):
        with pytest.raises(WrongAnswerError, match="not page 2"):
            request.check(wrong)


@pytest.mark.parametrize(
    ("booked", "is_right"), [(101, False), (102, True), (134, True), (135, False)]
)
def test_the_calls_that_were_answered_are_those_that_were_booked(
    booked: int, is_right: bool
) -> None:
    """With 32 connections, each of which may have had a call under way at the end."""
    if is_right:
        check_count(booked, 100, 32)
        return
    with pytest.raises(WrongCountError, match=f"100 calls were answered and {booked} were booked"):
        check_count(booked, 100, 32)


def nothing(_: bytes) -> None:
    pass
