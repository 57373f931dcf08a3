"""The readings that no call of a client touched: a sweep says nothing of them.

A client that signs no call passes whatever the vendor thinks of signatures; that is no robustness.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from mock_server import contract
from mock_server.audit.history import History
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.urls import is_address

OF_CODES = ("A400AC", "A401AC")
FORM = "application/x-www-form-urlencoded"

Touches = Callable[[History], bool]


def untouched(readings: Iterable[str], histories: Iterable[History]) -> dict[str, str]:
    """Return the readings that no call touched, each with what the client did not do."""
    left = {name: TOUCHED_BY[name] for name in readings if name in TOUCHED_BY}
    for history in histories:
        left = {name: found for name, found in left.items() if not found[1](history)}
    return {name: says for name, (says, _) in left.items()}


def _any_call(test: Callable[[SeenCall], bool]) -> Touches:
    return lambda history: any(map(test, history.calls))


def _any_submit(test: Callable[[Mapping[str, str]], bool]) -> Touches:
    return lambda history: any(test(each.call.fields) for each in history.submits)


def _has_field(name: str) -> Touches:
    return _any_submit(lambda fields: bool(fields.get(name)))


def _has_failed_task(history: History) -> bool:
    return any(each["status"] == "failed" for each in history.tasks.values())


def _is_refused(each: SeenCall) -> bool:
    return each.status == 450 or str(each.call.result.get("ret_code", 0)) != "0"


def _is_throttled(each: SeenCall) -> bool:
    return each.status == 429 or (each.status == 403 and each.code.startswith("Throttled by"))


@cache
def _styles() -> frozenset[str]:
    rows = contract.load_toml("styles.toml")["style"]
    return frozenset(str(row["id"]) for row in rows)


def _of(operation: Operation) -> Touches:
    return _any_call(lambda each: each.operation == operation)


# The reading, what the client did not do, and whether it did.
_ROWS: tuple[tuple[tuple[str, ...], str, Touches], ...] = (
    (("signature.nonce", "signature.empty_value"), "it signed no call",
     _any_call(lambda each: "x-ca-signature" in each.call.headers)),
    (("appcode.scheme",), "it sent no app code in a header",
     _any_call(lambda each: "authorization" in each.call.headers)),
    (("appcode.in_query",), "it sent no app code in a query",
     _any_call(lambda each: "appcode=" in str(each.call.raw["path"]).lower())),
    (("appcode.unknown",), "no app code was refused",
     _any_call(lambda each: each.code in OF_CODES or each.code.startswith("Invalid AppCode"))),
    (("classic.route",), "it called no wrong path",
     _any_call(lambda each: each.call.raw["operation"] is None)),
    (("callback.delivery", "callback.timing"), "it passed no call_back", _has_field("call_back")),
    (("callback.on_failure",), "it passed no call_back for a task that failed",
     lambda history: _has_field("call_back")(history) and _has_failed_task(history)),
    (("callback.address",), "every call_back was an HTTP address, or there was none",
     _any_submit(lambda fields: not is_address(fields.get("call_back") or "http://a/"))),
    (("address.target", "address.login"), "it passed no call_back and no qr_code_url",
     lambda history: _has_field("call_back")(history) or _has_field("qr_code_url")(history)),
    (("image.content", "image.charset"), "it passed no qr_code_url", _has_field("qr_code_url")),
    (("style.unknown",), "it sent no style_id that is not in the list",
     _any_submit(lambda fields: fields.get("style_id", "") not in {"", *_styles()})),
    (("text.not_url",), "every text was a URL",
     _any_submit(lambda fields: not is_address(fields.get("text") or "http://a/"))),
    (("short_link.flag",), "it sent no other is_use_temp_short_link than 0 and 1",
     _any_submit(lambda fields: fields.get("is_use_temp_short_link", "0") not in {"0", "1"})),
    (("body.type",), "every body was a form", _any_call(
        lambda each: each.call.raw["method"] == "POST"
        and not each.call.headers.get("content-type", "").startswith(FORM))),
    (("query.method",), "it called everything by POST", _any_call(
        lambda each: each.call.raw["method"] == "GET" and each.operation != Operation.GET_PICTURE)),
    (("refusal.status",), "the service refused nothing", _any_call(_is_refused)),
    (("throttle.retry_after",), "it was not throttled", _any_call(_is_throttled)),
    (("list.shape", "list.order"), "it read no task list", _of(Operation.LIST_TASKS)),
    (("task.words", "task.unfinished", "result.none", "result.item"), "it queried no task",
     _of(Operation.QUERY_TASK)),
)  # fmt: skip
TOUCHED_BY: dict[str, tuple[str, Touches]] = {
    name: (says, touches) for names, says, touches in _ROWS for name in names
}
