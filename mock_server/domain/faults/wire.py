"""Faults of the wire: the answer is decided and booked, and then something happens to it.

Rule 1: `commit` before: the call was never carried out, nothing is booked, and the wire fails all
the same. The client cannot tell the two apart, which is the point.
Rule 2: a delay is real time, as a client waits in real time; the account's clock has no part in it.
Rule 3: what takes the connection makes a script; what any door can do makes another answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from hashlib import blake2b
from typing import Any, TypeVar

from mock_server.domain.call.calls import Answer
from mock_server.domain.call.wire_script import Damage, Delivered, End, Part, Script
from mock_server.domain.faults.rules import AnyKind, Kind, Rule, Stage


class Commit(StrEnum):
    """When the wire fails: before the call is carried out, or after it was booked."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The answer comes late. Before the commit: nothing is booked until it has passed."""

    for_ms: int
    commit: Commit = Commit.AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Dribble:
    """The body comes a few bytes at a time."""

    chunk_bytes: int = 1
    pause_ms: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """The body ends too early, and with it the connection."""

    keep_bytes: int
    end: End = End.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLength:
    """Content-Length is so many bytes more, or less, than there are."""

    by_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The connection ends before the first byte of an answer."""

    commit: Commit = Commit.AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Bytes that are no HTTP, then the end of the connection."""

    commit: Commit = Commit.AFTER
    length_bytes: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidJson:
    """The answer is whole, but its body is no JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """A web page in place of the answer, as a proxy on the way shows it."""

    status: int = 502
    commit: Commit = Commit.AFTER


def dribble(fault: Dribble, head: bytes, body: bytes) -> Script:
    """The head at once, then the body by and by."""
    starts = range(0, len(body), fault.chunk_bytes)
    chunks = [body[start : start + fault.chunk_bytes] for start in starts]
    parts = [Part(after_ms=fault.pause_ms, data=chunk) for chunk in chunks]
    return Script(
        parts=(Part(data=head), *parts), end=End.KEEP, what=Delivered.WHOLE, body_bytes=len(body)
    )


# A reset overtakes what was written just before it.
RESET_AFTER_MS = 50


def truncate(fault: Truncate, head: bytes, body: bytes) -> Script:
    """The head promises more than comes. Of a body that is no longer, the last byte is lost; one
    that is empty cannot be cut."""
    kept = body[: min(fault.keep_bytes, max(0, len(body) - 1))]
    parts: tuple[Part, ...] = (Part(data=head + kept),)
    if fault.end is End.RESET:
        parts += (Part(after_ms=RESET_AFTER_MS, data=b""),)
    what = Delivered.CUT if body else Delivered.WHOLE
    return Script(parts=parts, end=fault.end, what=what, body_bytes=len(kept))


def wrong_length(fault: WrongLength, head: bytes, body: bytes) -> Script:
    """A length that is too large lets the client wait, one too small leaves it bytes over."""
    there = b"Content-Length: %d\r\n" % len(body)
    said = b"Content-Length: %d\r\n" % max(0, len(body) + fault.by_bytes)
    data = head.replace(there, said, 1) + body
    what = Delivered.ALTERED if said != there else Delivered.WHOLE
    return Script(parts=(Part(data=data),), end=End.KEEP, what=what, body_bytes=len(body))


def reset(_fault: Broken, _head: bytes, _body: bytes) -> Script:
    """Reset before the first byte."""
    return Script(end=End.RESET, what=Delivered.NOTHING)


def close(_fault: Broken, _head: bytes, _body: bytes) -> Script:
    """Closed in order, without an answer."""
    return Script(end=End.CLOSE, what=Delivered.NOTHING)


def garbage(fault: Garbage, _head: bytes, _body: bytes) -> Script:
    """The same bytes each time, none of which a line of HTTP could begin with."""
    blocks = range(-(-fault.length_bytes // 64))
    noise = b"".join(blake2b(b"garbage %d" % number).digest() for number in blocks)
    data = bytes(byte | 0x80 for byte in noise[: fault.length_bytes])
    return Script(parts=(Part(data=data),), end=End.CLOSE, what=Delivered.GARBAGE)


def invalid_json(_fault: InvalidJson, answer: Answer) -> Answer:
    """The body without its last character, or of an empty one the first of an object."""
    body = answer.body[:-1] or b"{"
    return _with_body(answer, body, answer.status)


def html_page(fault: HtmlPage, answer: Answer) -> Answer:
    """What the web server of a proxy says by default."""
    title = f"{fault.status} {PHRASES[fault.status]}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    dated = tuple(pair for pair in answer.headers if pair[0] == "Date")
    headers = (("Server", "nginx"), *dated, ("Content-Type", "text/html"), ("Content-Length", ""))
    return _with_body(replace(answer, headers=headers), page.encode(), fault.status)


# The statuses that such a page comes with: contracts/admin.openapi.yaml has the same.
PHRASES = {
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def _with_body(answer: Answer, body: bytes, status: int) -> Answer:
    headers = tuple(
        (name, str(len(body)) if name == "Content-Length" else value)
        for name, value in answer.headers
    )
    return replace(answer, status=status, headers=headers, body=body)


def _late(fault: Delay, answer: Answer) -> Answer:
    return answer if fault.commit is Commit.BEFORE else replace(answer, delay_ms=fault.for_ms)


F = TypeVar("F")
AnswerAct = Callable[[Any, Answer], Answer]
ScriptAct = Callable[[Any, bytes, bytes], Script]
DELAY, DAMAGE = "delay", "damage"


def _altering(
    name: str, fault: type[F], act: Callable[[F, Answer], Answer], slot: str = DAMAGE
) -> Kind[AnswerAct]:
    """Return a kind that makes another answer, which any server can send."""
    return Kind(name=name, stage=Stage.WIRE, fault=fault, act=act, slot=slot)


def _scripted(
    name: str, fault: type[F], act: Callable[[F, bytes, bytes], Script]
) -> Kind[ScriptAct]:
    """Return a kind that takes the connection, which only `serve` has."""
    return Kind(name=name, stage=Stage.WIRE, fault=fault, act=act, slot=DAMAGE, connection=True)


_DELAY = _altering("delay", Delay, _late, DELAY)
_SCRIPTED = (
    _scripted("dribble", Dribble, dribble),
    _scripted("truncate", Truncate, truncate),
    _scripted("wrong_length", WrongLength, wrong_length),
    _scripted("reset", Broken, reset),
    _scripted("close", Broken, close),
    _scripted("garbage", Garbage, garbage),
)
_ALTERING = (
    _altering("invalid_json", InvalidJson, invalid_json),
    _altering("html_page", HtmlPage, html_page),
)
KINDS: tuple[AnyKind, ...] = (_DELAY, *_SCRIPTED, *_ALTERING)
_ANSWER_ACTS = {kind.name: kind.act for kind in (_DELAY, *_ALTERING)}
_SCRIPT_ACTS = {kind.name: kind.act for kind in _SCRIPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What goes over the wire: the most that a client can see.

    `bytes` of a body, `late_ms` after it was decided, in `lasts_ms`. `left_after_ms`: the client
    had hung up by then.
    """

    what: Delivered
    status: int | None
    bytes: int
    late_ms: int = 0
    lasts_ms: int = 0
    end: End = End.KEEP
    left_after_ms: int | None = None


def is_before(rule: Rule | None) -> bool:
    """Whether a fault strikes before the call is carried out."""
    return rule is not None and getattr(rule.fault, "commit", None) is Commit.BEFORE


def damaged(answer: Answer, met: Mapping[str, Rule]) -> tuple[Answer, Sent | None]:
    """Return what the wire makes of an answer, and what a client can see of it; None: all."""
    delay, damage = met.get(DELAY), met.get(DAMAGE)
    if delay is None and damage is None:
        return answer, None
    if delay is not None:
        answer = _ANSWER_ACTS[delay.kind.name](delay.fault, answer)
    late_ms = delay.fault.for_ms if delay else 0
    if damage is None:
        sent = Sent(
            what=Delivered.WHOLE, status=answer.status, bytes=len(answer.body), late_ms=late_ms
        )
        return answer, sent
    if not damage.kind.connection:
        answer = _ANSWER_ACTS[damage.kind.name](damage.fault, answer)
        sent = Sent(
            what=Delivered.ALTERED, status=answer.status, bytes=len(answer.body), late_ms=late_ms
        )
        return answer, sent
    act: Damage = partial(_SCRIPT_ACTS[damage.kind.name], damage.fault)
    script = act(b"", answer.body)
    heard = script.what not in (Delivered.NOTHING, Delivered.GARBAGE)
    sent = Sent(
        what=script.what,
        status=answer.status if heard else None,
        bytes=script.body_bytes,
        late_ms=late_ms,
        lasts_ms=sum(part.after_ms for part in script.parts),
        end=script.end,
    )
    return replace(answer, damage=act), sent
