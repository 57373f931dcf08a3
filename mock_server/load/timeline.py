"""The timeline of a load: what goes wrong, and when, in real time since the load began.

Rule 1: a timeline is a list of events, apart by `;` or by lines; `#` begins a comment.
Rule 2: an event is `at TIME: WHAT`, or `at TIME: WHAT for TIME`. Without `for` it lasts to the end.
Rule 3: what may happen is in WHATS; each is one or more faults, or a throttle, of the account.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_server.actions.accounts.faults import read_order
from mock_server.domain.durations import parse_duration, show_duration
from mock_server.domain.faults.kinds import named
from mock_server.domain.suggestions import nearest
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable

MOST_EVENTS = 50
MOST_TEXT = 20_000
MOST_SHOWN = 80
EXAMPLE = "at 2m: outage for 30s; at 5m: package runs out"
_EVENT = re.compile(
    r"at\s+(?P<at>\S+?)\s*:\s*(?P<what>.*?)(?:\s+for\s+(?P<lasts>\S+))?", re.IGNORECASE
)
_SHARE = re.compile(r"(?P<share>\d{1,3}(?:\.\d{1,3})?)\s*%")
_THROTTLE = re.compile(r"(?P<rate>\d{1,6}(?:\.\d{1,3})?)/(?P<burst>\d{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """Something that happens to the account. `at_ms` from the start of the load; `lasts_ms` None:
    until its end. `faults` are orders of the admin API, `throttle` a throttle of it.
    """

    at_ms: int
    what: str
    lasts_ms: int | None = None
    faults: tuple[Mapping[str, Any], ...] = ()
    throttle: Mapping[str, float] | None = field(default=None)

    @property
    def says(self) -> str:
        """The event as it is written."""
        lasts = "" if self.lasts_ms is None else f" for {_written(self.lasts_ms)}"
        return f"at {_written(self.at_ms)}: {self.what}{lasts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """Something that may happen: how it is written, what it means, and what reads the rest."""

    form: str
    means: str
    read: Callable[[str], dict[str, Any]]


def timeline_of(texts: Iterable[str], file: Path | None = None) -> tuple[TimelineEvent, ...]:
    """Return the events of some options and of a file, in the order of their instants.

    Raises UsageError, which quotes the event that is wrong.
    """
    lines = [part for text in texts for part in _parts(text, "--at")]
    if file is not None:
        lines += _parts(_content(file), str(file))
    events = [_event(where, text) for where, text in lines]
    if len(events) > MOST_EVENTS:
        raise UsageError(f"{len(events)} events: a timeline has at most {MOST_EVENTS}")
    return tuple(sorted(events, key=lambda each: each.at_ms))


def check_length(events: Sequence[TimelineEvent], run_ms: int) -> None:
    """Raise UsageError for an event that begins when the load has ended."""
    for each in events:
        if each.at_ms >= run_ms:
            raise UsageError(
                f"{each.says!r} comes too late: the load runs for {show_duration(run_ms)}; raise "
                "--run-time, or let it happen earlier"
            )


def _parts(text: str, where: str) -> list[tuple[str, str]]:
    if len(text) > MOST_TEXT:
        raise UsageError(f"{where}: a timeline has at most {MOST_TEXT} characters")
    found: list[tuple[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        place = where if where == "--at" else f"{where}, line {number}"
        parts = (" ".join(part.split()) for part in line.partition("#")[0].split(";"))
        found += [(place, part) for part in parts if part]
    return found


def _content(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_TEXT + 1).decode("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the timeline {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the timeline {file} is not UTF-8 text") from None


def _event(where: str, text: str) -> TimelineEvent:
    shown = printable(text, MOST_SHOWN)
    found = _EVENT.fullmatch(text)
    if found is None or not found["what"]:
        raise UsageError(f"{where}: {shown!r} is not an event: write {EXAMPLE!r}")
    try:
        at_ms = parse_duration(found["at"])
        lasts_ms = parse_duration(found["lasts"]) if found["lasts"] else None
        if lasts_ms == 0:
            raise UsageError("it has to last longer than 0s")
        word, what = _what(found["what"])
        rest = found["what"][len(word) :].strip()
        return TimelineEvent(
            at_ms=at_ms, lasts_ms=lasts_ms, what=f"{word.lower()} {rest}".strip(), **what.read(rest)
        )
    except UsageError as error:
        raise UsageError(f"{where}: {shown!r}: {error}") from None


def _what(text: str) -> tuple[str, What]:
    for name, what in WHATS.items():
        if text.lower() == name or text.lower().startswith(f"{name} "):
            return text[: len(name)], what
    guess = nearest(text.lower(), WHATS, 0.6)
    hint = f"did you mean {guess!r}? " if guess else ""
    forms = ", ".join(each.form for each in WHATS.values())
    raise UsageError(f"nothing is called so; {hint}There are: {forms}")


def _faults(*orders: Mapping[str, Any]) -> Callable[[str], dict[str, Any]]:
    def read(rest: str) -> dict[str, Any]:
        if rest:
            raise UsageError(f"{rest!r} is too much here: leave it out")
        return {"faults": tuple(orders)}

    return read


def _shared(order: Mapping[str, Any]) -> Callable[[str], dict[str, Any]]:
    def read(rest: str) -> dict[str, Any]:
        if not rest:
            return {"faults": (order,)}
        found = _SHARE.fullmatch(rest)
        if found is None or not 0 < float(found["share"]) <= 100:
            raise UsageError(f"{rest!r} is not a share of the calls: write one such as 30%")
        return {"faults": ({**order, "probability": float(found["share"]) / 100},)}

    return read


def _slow(rest: str) -> dict[str, Any]:
    if not rest:
        raise UsageError("say how slow, such as: slow answers 3s")
    ms = parse_duration(rest)
    order = {"kind": "delay", "for_ms": ms}
    read_order(order)
    return {"faults": (order,)}


def _throttle(rest: str) -> dict[str, Any]:
    found = _THROTTLE.fullmatch(rest)
    if found is None or not float(found["rate"]) or not int(found["burst"]):
        raise UsageError("write calls per second and a burst, such as: throttle 5/10")
    return {"throttle": {"per_second": float(found["rate"]), "burst": int(found["burst"])}}


def _any_fault(rest: str) -> dict[str, Any]:
    words = rest.split()
    if not words:
        raise UsageError("name a fault, such as: fault html_page probability=0.2")
    order: dict[str, Any] = {**named(words[0])}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{word!r} is not NAME=VALUE, such as probability=0.2")
        order[name] = _number(value)
    read_order(order)
    return {"faults": (order,)}


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _written(ms: int) -> str:
    return show_duration(ms).replace(" ", "")


WHATS: Mapping[str, What] = {
    "outage": What(
        form="outage", means="every call is answered 503 X503BZ",
        read=_faults({"kind": "gateway_error", "code": "X503BZ"}),
    ),
    "lost answers": What(
        form="lost answers [SHARE%]",
        means="calls are carried out and charged, and their connections are reset",
        read=_shared({"kind": "reset"}),
    ),
    "slow answers": What(
        form="slow answers TIME", means="every answer comes so much later", read=_slow
    ),
    "throttle": What(
        form="throttle PER_SECOND/BURST", means="calls over this rate are answered 429 T429PA",
        read=_throttle,
    ),
    "package runs out": What(
        form="package runs out",
        means="every call is answered 403 B403MQ; at its end a package is bought",
        read=_faults({"kind": "quota_exhausted"}),
    ),
    "arrears": What(
        form="arrears", means="every call is answered 403 B403MO", read=_faults({"kind": "arrears"})
    ),
    "callbacks lost": What(
        form="callbacks lost [SHARE%]", means="callbacks of new tasks are never sent",
        read=_shared({"kind": "callback_lost"}),
    ),
    "fault": What(
        form="fault KIND [NAME=VALUE ...]", means="any fault of `artqr-mock fault kinds`",
        read=_any_fault,
    ),
}  # fmt: skip
