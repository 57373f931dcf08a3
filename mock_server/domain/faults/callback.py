"""Faults of callbacks: failures between the vendor and the client's receiver.

Rule 1: a fault affects the first attempt of a callback, never retries or resends.
Rule 2: a fault fires when the first attempt is due, in the order of due times. Only `early` and
`forged` fire when the callback is planned: one changes the due time, one adds a callback.
Rule 3: a forged callback is a delivery of its own. It is attempted once, carries its decoy link
whatever happens, and leaves the genuine callback as it is.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from mock_server.domain import dice
from mock_server.domain.callback.payload import Posting, encoded
from mock_server.domain.faults.parameters import between, matching, one_of
from mock_server.domain.faults.rules import AnyKind, Kind, Stage

MET_WHEN_DUE = "callback"
MET_WHEN_PLANNED = "callback_plan"
MIB = 1024 * 1024

Content = dict[str, Any]


class Copy(StrEnum):
    """When the second delivery of a callback is sent: after the first attempt, or beside it."""

    AFTER = "after"
    BESIDE = "beside"


class Swap(StrEnum):
    """What two callbacks of an account exchange: their order, or their task ids."""

    TURNS = "turns"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEffect:
    """The effect of a fault on a callback; `shape` makes the request from its content and a
    seed. `adds_forgery`: a forged callback is sent before it.
    """

    is_lost: bool = False
    late_ms: int = 0
    copy: Copy | None = None
    swap: Swap | None = None
    adds_forgery: bool = False
    shape: Callable[[Content, int], Posting] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFault:
    """A callback fault affects the first attempt, and fires when that is due; `early` and `forged`
    fire when the task is submitted. forged: when the task starts to run, an additional callback
    names the true task id and the link of a decoy, a picture on this server with another QR code;
    the genuine callback is sent as usual. lost: never sent. early: due before the response to the
    submit is sent. duplicate: sent twice, one after the other. concurrent_duplicate: sent twice at
    the same time. reordered: sent after the next callback. crossed: the task ids of this and the
    next callback are swapped. unknown_task: the task id does not exist. malformed: invalid JSON.
    not_json: a form, although the Content-Type says JSON. other_charset: JSON in GBK, with a field
    of Chinese text. extra_fields: more than two fields. unheard: sent whole, then the connection is
    closed before the response is read.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCallback:
    """The callback is delayed by this time on the account's clock."""

    late_ms: Annotated[int, between(1, 315_360_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MislabelledCallback:
    """The callback is JSON, but has this Content-Type."""

    content_type: Annotated[str, matching("^[!-~]+/[ -~]+$", 100)] = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class NullCallback:
    """One field of the callback is null."""

    field: Annotated[str, one_of("resList", "task_id")] = "resList"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFieldCallback:
    """One field of the callback is missing."""

    field: Annotated[str, one_of("resList", "task_id")] = "resList"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongTypeCallback:
    """One field of the callback has another type: resList is a text, or task_id a list."""

    field: Annotated[str, one_of("resList", "task_id")] = "resList"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyPicturesCallback:
    """The callback's resList has this number of entries: its links, over and over."""

    entries: Annotated[int, between(2, 10_000)] = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HugeCallback:
    """The callback is padded with spaces to this number of MiB."""

    mib: Annotated[int, between(1, 32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrippedCallback:
    """The callback's body takes this time to arrive, in real time."""

    lasts_ms: Annotated[int, between(1, 60_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedCallback:
    """The connection is closed inside the callback's body, after this number of bytes; by default
    in the middle.
    """

    after_bytes: Annotated[int | None, between(1, 1_000_000)] = None


def _late(fault: LateCallback) -> CallbackEffect:
    return CallbackEffect(late_ms=fault.late_ms)


def _labelled(fault: MislabelledCallback) -> CallbackEffect:
    return CallbackEffect(
        shape=lambda content, _: Posting(body=encoded(content), content_type=fault.content_type)
    )


def _nulled(fault: NullCallback) -> CallbackEffect:
    return CallbackEffect(
        shape=lambda content, _: Posting(body=encoded({**content, fault.field: None}))
    )


def _without(fault: MissingFieldCallback) -> CallbackEffect:
    def shape(content: Content, _: int) -> Posting:
        kept = {name: value for name, value in content.items() if name != fault.field}
        return Posting(body=encoded(kept))

    return CallbackEffect(shape=shape)


def _retyped(fault: WrongTypeCallback) -> CallbackEffect:
    def shape(content: Content, _: int) -> Posting:
        value = content[fault.field]
        other = [value] if isinstance(value, str) else ",".join(map(str, value or ()))
        return Posting(body=encoded({**content, fault.field: other}))

    return CallbackEffect(shape=shape)


def _with_many_pictures(fault: ManyPicturesCallback) -> CallbackEffect:
    def shape(content: Content, _: int) -> Posting:
        links = islice(cycle(content["resList"] or ()), fault.entries)
        return Posting(body=encoded({**content, "resList": list(links)}))

    return CallbackEffect(shape=shape)


def _huge(fault: HugeCallback) -> CallbackEffect:
    return CallbackEffect(
        shape=lambda content, _: Posting(body=encoded(content).ljust(fault.mib * MIB, b" "))
    )


def _dripped(fault: DrippedCallback) -> CallbackEffect:
    return CallbackEffect(
        shape=lambda content, _: Posting(body=encoded(content), lasts_ms=fault.lasts_ms)
    )


def _dropped(fault: DroppedCallback) -> CallbackEffect:
    def shape(content: Content, _: int) -> Posting:
        body = encoded(content)
        asked = len(body) // 2 if fault.after_bytes is None else fault.after_bytes
        return Posting(body=body, cut_after=min(asked, len(body) - 1))

    return CallbackEffect(shape=shape)


def _with_extra_fields(content: Content, _: int) -> Posting:
    more = {"status": "succeeded", "remark": "提交成功!", "extra": {"of": ["the", "vendor"]}}
    return Posting(body=encoded({**content, **more}))


def _of_no_task(content: Content, seed: int) -> Posting:
    """Return the request for a task id of the right form that no client ever received."""
    known = content["task_id"]
    unknown = dice.hex_digits(seed, "no task", known, digits=max(32, len(known)))
    if known.isdecimal():
        unknown = str(int(unknown, 16)).zfill(len(known))
    unknown = unknown[-len(known) :]
    return Posting(body=encoded({**content, "task_id": unknown}))


def _malformed(content: Content, _: int) -> Posting:
    return Posting(body=json.dumps(content, ensure_ascii=False).encode()[:-1])


def _as_form(content: Content, _: int) -> Posting:
    return Posting(body=urlencode(content, doseq=True).encode())


def _in_gbk(content: Content, _: int) -> Posting:
    text = json.dumps({**content, "remark": "提交成功!"}, ensure_ascii=False)
    return Posting(body=text.encode("gbk", "replace"))


def _unheard(content: Content, _: int) -> Posting:
    body = encoded(content)
    return Posting(body=body, cut_after=len(body))


F = TypeVar("F")
CallbackAct = Callable[[Any], CallbackEffect]


def _kind(name: str, fault: type[F], act: Callable[[F], CallbackEffect]) -> Kind[CallbackAct]:
    slot = MET_WHEN_PLANNED if name in ("callback_early", "callback_forged") else MET_WHEN_DUE
    return Kind(name=name, stage=Stage.CALLBACK, fault=fault, act=act, operations=(), slot=slot)


def _simple(name: str, effect: CallbackEffect) -> Kind[CallbackAct]:
    def act(_fault: CallbackFault) -> CallbackEffect:
        return effect

    return _kind(name, CallbackFault, act)


KINDS = (
    _simple("callback_lost", CallbackEffect(is_lost=True)),
    _kind("callback_late", LateCallback, _late),
    _simple("callback_early", CallbackEffect()),
    _simple("callback_duplicate", CallbackEffect(copy=Copy.AFTER)),
    _simple("callback_concurrent_duplicate", CallbackEffect(copy=Copy.BESIDE)),
    _simple("callback_reordered", CallbackEffect(swap=Swap.TURNS)),
    _simple("callback_crossed", CallbackEffect(swap=Swap.TASKS)),
    _simple("callback_unknown_task", CallbackEffect(shape=_of_no_task)),
    _simple("callback_malformed", CallbackEffect(shape=_malformed)),
    _simple("callback_not_json", CallbackEffect(shape=_as_form)),
    _simple("callback_other_charset", CallbackEffect(shape=_in_gbk)),
    _kind("callback_wrong_content_type", MislabelledCallback, _labelled),
    _simple("callback_extra_fields", CallbackEffect(shape=_with_extra_fields)),
    _kind("callback_null_field", NullCallback, _nulled),
    _kind("callback_missing_field", MissingFieldCallback, _without),
    _kind("callback_wrong_type", WrongTypeCallback, _retyped),
    _kind("callback_many_pictures", ManyPicturesCallback, _with_many_pictures),
    _kind("callback_huge", HugeCallback, _huge),
    _kind("callback_dripped", DrippedCallback, _dripped),
    _kind("callback_dropped", DroppedCallback, _dropped),
    _simple("callback_unheard", CallbackEffect(shape=_unheard)),
    _simple("callback_forged", CallbackEffect(adds_forgery=True)),
)
_ACTS = {kind.name: kind.act for kind in KINDS}


def effect_of(kind: AnyKind, fault: object) -> CallbackEffect:
    """Return the effect of a fault of this kind."""
    return _ACTS[kind.name](fault)
