"""Faults of the wire: the answer is decided and booked, and then damaged on its way to the client.

Rule 1: with `commit` before, the call is not executed and nothing is booked, but the wire fails in
the same way. The client cannot tell the two cases apart, which is the point.
Rule 2: a delay is real time, because a client waits in real time; the account's clock does not
affect it.
Rule 3: a fault that takes the connection makes a script; a fault that any server can apply makes
another answer.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from hashlib import blake2b
from typing import Annotated, Any, TypeVar

from mock_server.domain.call.calls import Answer
from mock_server.domain.call.wire_script import Damage, Delivered, End, Part, Script
from mock_server.domain.faults.parameters import between, but, described, length, one_of
from mock_server.domain.faults.rules import AnyKind, FaultError, Kind, Rule, Stage
from mock_server.domain.records import dataclass

# The statuses that an HTML page of a proxy can have.
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


COMMIT = described("With `before`, the call is not executed and not booked. With `after`, it is.")


class Commit(StrEnum):
    """When the wire fails: before the call is executed, or after it was booked."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayFault:
    """The response comes late, in real time. Another wire fault may also happen to the call. By
    default (`commit` after), the call is booked at once. With `before`, the call is booked only
    after the delay, and never if the client disconnects during it.
    """

    for_ms: Annotated[int, between(1, 600_000)]
    commit: Annotated[Commit, COMMIT] = Commit.AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class DribbleFault:
    """The body arrives a few bytes at a time, by default one byte every 100 ms. Needs `serve`."""

    chunk_bytes: Annotated[int, between(1, 1_000_000)] = 1
    pause_ms: Annotated[int, between(1, 60_000)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncateFault:
    """The response ends after this number of bytes of its body, at the latest before the last one;
    or with `inside`, in the middle of the first task_id in the body. A body without a task_id ends
    in its own middle. The connection is then closed (the default) or reset. Needs `serve`, and
    exactly one of `keep_bytes` and `inside`.
    """

    keep_bytes: Annotated[int | None, between(0, 10_000_000)] = None
    inside: Annotated[str | None, one_of("task_id")] = None
    end: End = End.CLOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLengthFault:
    """Content-Length is too large by this number of bytes, so the client waits for them; or too
    small, so the rest of the body arrives before the next response. Needs `serve`.
    """

    by_bytes: Annotated[int, between(-1_000_000, 1_000_000), but(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFault:
    """The connection is reset or closed normally before the first byte of the response. Needs
    `serve`.
    """

    commit: Annotated[Commit, COMMIT] = Commit.AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbageFault:
    """The server sends bytes that are not HTTP, by default 64, and then closes the connection.
    Needs `serve`.
    """

    commit: Annotated[Commit, COMMIT] = Commit.AFTER
    length_bytes: Annotated[int, between(1, 1_000_000)] = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidJsonFault:
    """The response is complete, but its body is invalid JSON because the last character is
    missing.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTypeFault:
    """The response is complete, but its header Content-Type has exactly this value: printable ASCII
    without a space at either end.
    """

    value: Annotated[str, length(1, 200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPageFault:
    """The client receives an HTML page instead of the response, as from a proxy; the default
    status is 502.
    """

    status: Annotated[int, one_of(*PHRASES)] = 502
    commit: Annotated[Commit, COMMIT] = Commit.AFTER


def dribble(fault: DribbleFault, head: bytes, body: bytes) -> Script:
    """Send the head at once, then the body in small parts."""
    starts = range(0, len(body), fault.chunk_bytes)
    chunks = [body[start : start + fault.chunk_bytes] for start in starts]
    parts = [Part(after_ms=fault.pause_ms, data=chunk) for chunk in chunks]
    return Script(
        parts=(Part(data=head), *parts), end=End.KEEP, what=Delivered.WHOLE, body_bytes=len(body)
    )


# A reset discards bytes written just before it, so it waits until the client has read them.
RESET_AFTER_MS = 50


# The parameters that say where a response ends: an order has exactly one of them.
CUTS = ("keep_bytes", "inside")
_TASK_ID = re.compile(rb'"task_id"\s*:\s*"?([0-9A-Za-z]+)')


def _cut_at(fault: TruncateFault, body: bytes) -> int:
    """Return how many bytes of a body are kept: the last byte is always lost."""
    if fault.keep_bytes is not None:
        return min(fault.keep_bytes, max(0, len(body) - 1))
    found = _TASK_ID.search(body)
    start, end = found.span(1) if found else (0, len(body))
    return (start + end) // 2


def truncate(fault: TruncateFault, head: bytes, body: bytes) -> Script:
    """Send a head that promises more than the body has; an empty body cannot be cut."""
    kept = body[: _cut_at(fault, body)]
    parts: tuple[Part, ...] = (Part(data=head + kept),)
    if fault.end is End.RESET:
        parts += (Part(after_ms=RESET_AFTER_MS, data=b""),)
    what = Delivered.CUT if body else Delivered.WHOLE
    return Script(parts=parts, end=fault.end, what=what, body_bytes=len(kept))


def wrong_length(fault: WrongLengthFault, head: bytes, body: bytes) -> Script:
    """Send a wrong Content-Length: the client waits if it is too large, and has bytes left if too
    small.
    """
    there = b"Content-Length: %d\r\n" % len(body)
    said = b"Content-Length: %d\r\n" % max(0, len(body) + fault.by_bytes)
    data = head.replace(there, said, 1) + body
    what = Delivered.ALTERED if said != there else Delivered.WHOLE
    return Script(parts=(Part(data=data),), end=End.KEEP, what=what, body_bytes=len(body))


def reset(_fault: BrokenFault, _head: bytes, _body: bytes) -> Script:
    """Reset the connection before the first byte."""
    return Script(end=End.RESET, what=Delivered.NOTHING)


def close(_fault: BrokenFault, _head: bytes, _body: bytes) -> Script:
    """Close the connection normally, without an answer."""
    return Script(end=End.CLOSE, what=Delivered.NOTHING)


def garbage(fault: GarbageFault, _head: bytes, _body: bytes) -> Script:
    """Send bytes that no line of HTTP can begin with, the same each time."""
    blocks = range(-(-fault.length_bytes // 64))
    noise = b"".join(blake2b(b"garbage %d" % number).digest() for number in blocks)
    data = bytes(byte | 0x80 for byte in noise[: fault.length_bytes])
    return Script(parts=(Part(data=data),), end=End.CLOSE, what=Delivered.GARBAGE)


def invalid_json(_fault: InvalidJsonFault, answer: Answer) -> Answer:
    """Cut the last character of the body; an empty body becomes `{`."""
    body = answer.body[:-1] or b"{"
    return _with_body(answer, body, answer.status)


def content_type(fault: ContentTypeFault, answer: Answer) -> Answer:
    """Replace the Content-Type, or add it to an answer that has none; the body does not change."""
    named = ("Content-Type", fault.value)
    headers = [named if name.lower() == "content-type" else (name, value)
               for name, value in answer.headers]  # fmt: skip
    return replace(answer, headers=tuple(headers if named in headers else [*headers, named]))


def html_page(fault: HtmlPageFault, answer: Answer) -> Answer:
    """Return the default error page of a proxy's web server."""
    title = f"{fault.status} {PHRASES[fault.status]}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    dated = tuple(pair for pair in answer.headers if pair[0] == "Date")
    headers = (("Server", "nginx"), *dated, ("Content-Type", "text/html"), ("Content-Length", ""))
    return _with_body(replace(answer, headers=headers), page.encode(), fault.status)


def _with_body(answer: Answer, body: bytes, status: int) -> Answer:
    headers = tuple(
        (name, str(len(body)) if name == "Content-Length" else value)
        for name, value in answer.headers
    )
    return replace(answer, status=status, headers=headers, body=body)


def _late(fault: DelayFault, answer: Answer) -> Answer:
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
    """Return a kind that takes the connection, which only `serve` can do."""
    return Kind(name=name, stage=Stage.WIRE, fault=fault, act=act, slot=DAMAGE, connection=True)


_DELAY = _altering("delay", DelayFault, _late, DELAY)
_SCRIPTED = (
    _scripted("dribble", DribbleFault, dribble),
    _scripted("truncate", TruncateFault, truncate),
    _scripted("wrong_length", WrongLengthFault, wrong_length),
    _scripted("reset", BrokenFault, reset),
    _scripted("close", BrokenFault, close),
    _scripted("garbage", GarbageFault, garbage),
)
_ALTERING = (
    _altering("invalid_json", InvalidJsonFault, invalid_json),
    _altering("html_page", HtmlPageFault, html_page),
    _altering("content_type", ContentTypeFault, content_type),
)
KINDS: tuple[AnyKind, ...] = (_DELAY, *_SCRIPTED, *_ALTERING)
_ANSWER_ACTS = {kind.name: kind.act for kind in (_DELAY, *_ALTERING)}
_SCRIPT_ACTS = {kind.name: kind.act for kind in _SCRIPTED}


def check(fault: object) -> None:
    """Check what a schema cannot say of a fault's parameters. Raises FaultError."""
    if isinstance(fault, TruncateFault):
        given = [name for name in CUTS if getattr(fault, name) is not None]
        if not given:
            raise FaultError(f"truncate needs one of {', '.join(CUTS)}: name where the body ends")
        if len(given) > 1:
            raise FaultError(f"{' and '.join(given)} contradict each other: name one of them")
    if isinstance(fault, ContentTypeFault) and not _HEADER_VALUE.fullmatch(fault.value):
        raise FaultError(
            f"value cannot be sent as a Content-Type: {fault.value[:64]!r}; write printable ASCII "
            "without a line break, and without a space at either end, such as text/plain"
        )


_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the server wrote: the most that a client can have received.

    `bytes` counts those of the body. Sending began `late_ms` after the decision and took
    `lasts_ms`. `left_after_ms`: the client had disconnected by then.
    """

    what: Delivered
    status: int | None
    bytes: int
    late_ms: int = 0
    lasts_ms: int = 0
    end: End = End.KEEP
    left_after_ms: int | None = None


def is_before(rule: Rule | None) -> bool:
    """Whether the fault strikes before the call is executed."""
    return rule is not None and getattr(rule.fault, "commit", None) is Commit.BEFORE


def damaged(answer: Answer, rules: Mapping[str, Rule]) -> tuple[Answer, Sent | None]:
    """Return the answer after its wire faults, and what a client can see of it; None: all of it."""
    delay, damage = rules.get(DELAY), rules.get(DAMAGE)
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
    has_head = script.what not in (Delivered.NOTHING, Delivered.GARBAGE)
    sent = Sent(
        what=script.what,
        status=answer.status if has_head else None,
        bytes=script.body_bytes,
        late_ms=late_ms,
        lasts_ms=sum(part.after_ms for part in script.parts),
        end=script.end,
    )
    return replace(answer, damage=act), sent
