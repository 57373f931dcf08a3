"""The effect of wire faults on an answer."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract import admin_validator
from mock_server.domain.call.calls import Answer
from mock_server.domain.call.wire_script import Delivered, End, Script
from mock_server.domain.faults import wire
from mock_server.domain.faults.kinds import KINDS, fault_of
from mock_server.domain.faults.rules import Match, Rule
from mock_server.domain.faults.wire import (
    Commit,
    HtmlPageFault,
    InvalidJsonFault,
    TruncateFault,
    damaged,
)

BODY = b'{"ret_code":0}'
ANSWER = Answer(
    status=200,
    headers=(
        ("Server", "Kaede"),
        ("Date", "Sun, 22 Nov 2026 00:00:00 GMT"),
        ("Content-Length", str(len(BODY))),
    ),
    body=BODY,
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n"
CONNECTION = [kind.name for kind in KINDS.values() if kind.connection]
NEEDED = {"truncate": {"keep_bytes": 5}, "wrong_length": {"by_bytes": 3}, "delay": {"for_ms": 9}}


def rule(name: str, **parameters: Any) -> Rule:
    kind = KINDS[name]
    return Rule(
        id=1, account="a", number=1, kind=kind, fault=fault_of(kind, parameters), match=Match(),
        starts_at=None, expires_at=None, calls_left=None, seen=1, hits=1,
    )  # fmt: skip


def script(name: str, body: bytes = BODY, **parameters: Any) -> Script:
    of = rule(name, **parameters)
    found: Script = of.kind.act(of.fault, HEAD, body)
    return found


def bytes_of(played: Script) -> bytes:
    return b"".join(part.data for part in played.parts)


@given(st.binary(max_size=200), st.integers(1, 50), st.integers(1, 1000))
def test_a_dribble_is_the_whole_answer_in_its_own_time(
    body: bytes, chunk_bytes: int, pause_ms: int
) -> None:
    played = script("dribble", body, chunk_bytes=chunk_bytes, pause_ms=pause_ms)

    assert bytes_of(played) == HEAD + body
    assert (played.end, played.what, played.body_bytes) == (End.KEEP, Delivered.WHOLE, len(body))
    assert played.parts[0].after_ms == 0
    assert all(part.after_ms == pause_ms for part in played.parts[1:])
    assert all(0 < len(part.data) <= chunk_bytes for part in played.parts[1:])


@given(st.binary(max_size=200), st.integers(0, 300))
def test_a_truncated_body_is_never_whole(body: bytes, keep_bytes: int) -> None:
    played = script("truncate", body, keep_bytes=keep_bytes)

    sent = bytes_of(played).removeprefix(HEAD)
    assert body.startswith(sent)
    assert len(sent) == played.body_bytes == min(keep_bytes, max(0, len(body) - 1))
    # An empty body cannot be cut, and the journal does not say that it was.
    assert (played.end, played.what) == (End.CLOSE, Delivered.CUT if body else Delivered.WHOLE)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"ret_code":0,"task_id":"abcdef12"}', b'{"ret_code":0,"task_id":"abcd'),
        (b'{"task_id": "abcd","of":[{"task_id":"efgh"}]}', b'{"task_id": "ab'),
        (b'{"task_id":1234567890123456789}', b'{"task_id":123456789'),
        (b'{"task_id":"a"}', b'{"task_id":"'),
        (b'{"task_id":null}', b'{"task_id":nu'),
        (b'{"ret_code":-1}', b'{"ret_c'),
        (b"a", b""),
        (b"", b""),
    ],
)
def test_a_body_can_end_inside_its_first_task_id(body: bytes, kept: bytes) -> None:
    played = script("truncate", body, inside="task_id")

    assert bytes_of(played) == HEAD + kept
    assert (played.end, played.body_bytes) == (End.CLOSE, len(kept))
    assert played.what is (Delivered.CUT if body else Delivered.WHOLE)


def test_a_reset_gives_what_was_written_time_to_arrive() -> None:
    played = script("truncate", keep_bytes=5, end=End.RESET)

    assert played.end is End.RESET
    assert played.parts[-1].after_ms > 0
    assert bytes_of(played) == HEAD + BODY[:5]


@pytest.mark.parametrize(("by_bytes", "said"), [(3, b"17"), (-3, b"11"), (-99, b"0")])
def test_a_wrong_length_is_all_that_is_wrong(by_bytes: int, said: bytes) -> None:
    played = script("wrong_length", by_bytes=by_bytes)

    assert bytes_of(played) == HEAD.replace(b"14", said) + BODY
    assert played.end is End.KEEP


@given(st.integers(1, 2000))
def test_garbage_is_the_same_each_time_and_no_http(length_bytes: int) -> None:
    played = script("garbage", length_bytes=length_bytes)

    noise = bytes_of(played)
    assert len(noise) == length_bytes
    assert noise == bytes_of(script("garbage", length_bytes=length_bytes))
    assert all(byte >= 0x80 for byte in noise)


@pytest.mark.parametrize(("name", "end"), [("reset", End.RESET), ("close", End.CLOSE)])
def test_a_broken_connection_says_nothing(name: str, end: End) -> None:
    assert script(name) == Script(end=end, what=Delivered.NOTHING)


def test_invalid_json_has_the_length_that_it_says() -> None:
    for body, broken in ((BODY, BODY[:-1]), (b"", b"{")):
        answer = Answer(status=200, headers=(("Content-Length", "x"),), body=body)
        changed = wire.invalid_json(InvalidJsonFault(), answer)
        assert changed.body == broken
        assert changed.headers == (("Content-Length", str(len(broken))),)


@pytest.mark.parametrize("status", wire.PHRASES)
def test_a_page_is_a_proxys_and_keeps_the_date(status: int) -> None:
    changed = wire.html_page(HtmlPageFault(status=status), ANSWER)

    assert (changed.status, changed.headers[0]) == (status, ("Server", "nginx"))
    assert changed.headers[1] == ANSWER.headers[1]
    assert changed.headers[-1] == ("Content-Length", str(len(changed.body)))
    assert f"<h1>{status} {wire.PHRASES[status]}</h1>".encode() in changed.body
    assert admin_validator("HtmlPageFault").is_valid({"kind": "html_page", "status": status})


@pytest.mark.parametrize("value", ["application/json;charset=UTF-8", "Application/JSON", "x"])
@pytest.mark.parametrize("there", [(), (("content-type", "application/json"),)])
def test_another_content_type_is_all_that_changes(
    value: str, there: tuple[tuple[str, str], ...]
) -> None:
    answer = replace(ANSWER, headers=(*there, *ANSWER.headers))

    changed, sent = damaged(answer, {"damage": rule("content_type", value=value)})

    types = [pair for pair in changed.headers if pair[0].lower() == "content-type"]
    assert types == [("Content-Type", value)]
    assert [pair for pair in changed.headers if pair not in types] == list(ANSWER.headers)
    assert replace(changed, headers=()) == replace(answer, headers=())
    assert sent is not None
    assert (sent.what, sent.bytes) == (Delivered.ALTERED, len(BODY))


def test_without_a_fault_an_answer_stays_what_it_is() -> None:
    assert damaged(ANSWER, {}) == (ANSWER, None)


def test_a_delay_happens_beside_another_fault() -> None:
    met = {"delay": rule("delay", for_ms=900), "damage": rule("truncate", keep_bytes=5)}

    answer, sent = damaged(ANSWER, met)

    assert answer.delay_ms == 900
    assert answer.damage is not None
    assert bytes_of(answer.damage(HEAD, BODY)) == HEAD + BODY[:5]
    assert sent is not None
    assert (sent.what, sent.bytes, sent.late_ms, sent.end) == (Delivered.CUT, 5, 900, End.CLOSE)


def test_a_delay_before_the_commit_is_over_when_the_answer_leaves() -> None:
    answer, sent = damaged(ANSWER, {"delay": rule("delay", for_ms=9, commit=Commit.BEFORE)})

    assert (answer, sent and sent.late_ms) == (ANSWER, 9)


@pytest.mark.parametrize("name", CONNECTION)
def test_what_the_journal_says_is_what_the_script_does(name: str) -> None:
    armed = rule(name, **NEEDED.get(name, {}))

    answer, sent = damaged(ANSWER, {"damage": armed})

    assert answer.damage is not None
    assert sent is not None
    played = answer.damage(HEAD, BODY)
    assert (sent.what, sent.end, sent.bytes) == (played.what, played.end, played.body_bytes)
    has_head = bytes_of(played).startswith(b"HTTP")
    assert sent.status == (200 if has_head else None)
    assert played.body_bytes <= len(bytes_of(played))


@pytest.mark.parametrize("name", ["delay", "reset", "close", "garbage", "html_page"])
def test_only_what_says_so_is_before_the_commit(name: str) -> None:
    needed = NEEDED.get(name, {})

    assert wire.is_before(rule(name, **needed, commit=Commit.BEFORE))
    assert not wire.is_before(rule(name, **needed))
    assert not wire.is_before(None)
    assert TruncateFault(keep_bytes=1).end is End.CLOSE
