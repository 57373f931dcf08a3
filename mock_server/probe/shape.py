"""The shape of an answer: what of it can depend on a reading, as texts by name.

Rule 1: texts that people read are no part of it, nor are ids, addresses, instants and fees: the
simulator's own are invented (claim refusal-texts).
Rule 2: a task is named by the move that submitted it, so the shapes of two servers compare.
"""

import re
from collections.abc import Mapping
from typing import Any

from mock_server.contract import load_catalogue
from mock_server.domain.answer.envelope import parsed
from mock_server.domain.call.calls import Header, Operation
from mock_server.domain.records import dataclass

Shape = Mapping[str, str]

AUTHOR = "author"  # who wrote the answer: the gateway, the service, or another program
STATUS = "status"
ORDER = "order of the tasks"
ACCEPTED = "accepted"
REFUSED = "refused"
GATEWAY, SERVICE, OTHER = "gateway", "service", "another program"
SILENT = "the platform below the service"
NOT_TOLD = "not told"
# The names of an answer's parts that are always there; other fields are not documented.
TASK_FIELDS = frozenset({"task_id", "status", "resList"})
MOST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAnswer:
    """An answer as a client sees it; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def seen(status: int, headers: tuple[Header, ...], body: bytes) -> SeenAnswer:
    """Return an answer as a client sees it."""
    return SeenAnswer(
        status=status, headers={name.lower(): value for name, value in headers}, body=body
    )


def error_of(answer: SeenAnswer) -> tuple[str, str] | None:
    """Return code and message of a gateway error; None: the gateway did not write the answer."""
    code = answer.headers.get("x-ca-error-code", "")
    message = answer.headers.get("x-ca-error-message", "")
    if not code and (message in ("", "OK") or answer.body):
        return None
    return code, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads shapes. `known`: the names of the fields that answers have anyway."""

    known: frozenset[str]

    def shape(
        self, answer: SeenAnswer, operation: Operation | None, labels: Mapping[str, str]
    ) -> Shape:
        """Return the shape of an answer; `labels` names the tasks by their ids."""
        status = str(answer.status)
        if operation is Operation.GET_PICTURE:
            return {AUTHOR: SERVICE, STATUS: status}
        error = error_of(answer)
        if error is not None:
            return {AUTHOR: GATEWAY, STATUS: status, **_error(answer.status, *error)}
        value: Any = parsed(answer.body)
        body = value.get("showapi_res_body", value) if isinstance(value, dict) else None
        if not isinstance(body, dict) or answer.status // 100 == 5:
            return {AUTHOR: OTHER, STATUS: status}
        platform = value.get("showapi_res_code", 0)
        if isinstance(platform, int) and platform < 0:
            return {AUTHOR: SILENT, STATUS: status}
        if "ret_code" not in body:
            return {AUTHOR: OTHER, STATUS: status}
        shape = {AUTHOR: SERVICE, STATUS: status, **self._common(answer, value, body)}
        if shape["result"] == ACCEPTED:
            shape |= self._result(body, operation, labels)
        return shape

    def _common(
        self, answer: SeenAnswer, value: dict[str, Any], body: dict[str, Any]
    ) -> dict[str, str]:
        code = body["ret_code"]
        kind = {int: "integer", str: "string"}.get(type(code), type(code).__name__)
        texts = [name for name in ("remark", "msg") if name in body]
        return {
            "envelope": "showapi" if "showapi_res_body" in value else "bare",
            "result": ACCEPTED if str(code) == "0" else REFUSED,
            "type of ret_code": kind,
            "field of the text": " and ".join(texts) or "neither remark nor msg",
            "undocumented fields": self._others(value) if texts else NOT_TOLD,
            "X-Ca-Error-Message": answer.headers.get("x-ca-error-message", "absent"),
        }

    def _others(self, value: Any) -> str:
        """Return whether there are fields that nobody names; a text without one may be such."""
        return "present" if names_in(value) - self.known else "absent"

    def _result(
        self, body: dict[str, Any], operation: Operation | None, labels: Mapping[str, str]
    ) -> dict[str, str]:
        if operation is Operation.SUBMIT_TASK:
            return {"form of task_id": form_of(body.get("task_id"))}
        if operation is Operation.QUERY_TASK:
            label = labels.get(str(body.get("task_id")), "the task")
            return _task(body, label)
        return _page(body, labels)


def names_in(value: Any) -> set[str]:
    """Return the names of all fields of a JSON value, but not those inside a resList."""
    if isinstance(value, list):
        return set().union(*map(names_in, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set(value)
    for name, inner in value.items():
        if name != "resList":
            found |= names_in(inner)
    return found


def form_of(task_id: object) -> str:
    """Return what an id looks like, such as `24 hexadecimal digits`."""
    if not isinstance(task_id, str):
        return f"a {type(task_id).__name__}, not a text"
    if re.fullmatch("[0-9]+", task_id) and len(task_id) != 24:
        return f"{len(task_id)} digits"
    if re.fullmatch("[0-9a-f]+", task_id):
        return f"{len(task_id)} hexadecimal digits"
    return f"{len(task_id)} characters"


def _error(status: int, code: str, message: str) -> dict[str, str]:
    if code:
        return {"X-Ca-Error-Code": code, "X-Ca-Error-Message": "any"}
    row = load_catalogue().errors.row_of(None, status, message)
    shown = message[:MOST_SHOWN] if row is None else row.message
    return {"X-Ca-Error-Code": "absent", "X-Ca-Error-Message": shown}


def _task(body: dict[str, Any], label: str) -> dict[str, str]:
    status = repr(body.get("status"))[:MOST_SHOWN]
    return {f"status of {label}": status, **pictures_of(body, label)}


def pictures_of(body: Mapping[str, Any], label: str) -> dict[str, str]:
    """Return how an answer or a callback shows the pictures of a task."""
    pictures = body.get("resList", "absent")
    items = pictures if isinstance(pictures, list) else []
    shape = {f"pictures of {label}": _amount(pictures)}
    if items:
        shape[f"picture of {label}"] = " or ".join(sorted({_kind(item) for item in items}))
    return shape


def _amount(pictures: object) -> str:
    if isinstance(pictures, list):
        return f"{len(pictures)} items" if pictures else "an empty list"
    return "null" if pictures is None else repr(pictures)[:MOST_SHOWN]


def _kind(item: object) -> str:
    if isinstance(item, dict):
        return f"an object with {', '.join(sorted(map(str, item)))}"[:MOST_SHOWN]
    return "a text" if isinstance(item, str) else type(item).__name__


def _page(body: dict[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    page = body.get("pagebean")
    where = "in pagebean" if isinstance(page, dict) else "in the body"
    page = page if isinstance(page, dict) else body
    content = page.get("contentlist")
    if not isinstance(content, list):
        return {"fields of the page": "contentlist is nowhere"}
    tasks = [item for item in content if isinstance(item, dict)]
    own = [(labels[str(item.get("task_id"))], item) for item in tasks
           if str(item.get("task_id")) in labels]  # fmt: skip
    shape = {"fields of the page": where}
    is_whole = page.get("allNum") == len(content) or len(own) == len(labels)
    shape[ORDER] = ", ".join(label for label, _ in own) if is_whole else NOT_TOLD
    for label, item in own:
        shape |= _task(item, label)
    return shape


COMMON = frozenset({
    AUTHOR, STATUS, "envelope", "type of ret_code", "field of the text", "undocumented fields",
    "X-Ca-Error-Message",
})  # fmt: skip


def form(shape: Shape) -> Shape:
    """Return how an answer is written, whatever it says."""
    return {part: value for part, value in shape.items() if part in COMMON}


def content(shape: Shape) -> Shape:
    """Return what an answer says, however it is written."""
    return {part: value for part, value in shape.items() if part not in COMMON}


def order(shape: Shape) -> Shape:
    """Return in which order a list has its tasks."""
    return {part: value for part, value in shape.items() if part == ORDER}


def only(shape: Shape, label: str) -> Shape:
    """Return the shape of a list with only one of its tasks, which is its first one then."""
    found: dict[str, str] = {}
    for part, value in shape.items():
        head, of, name = part.partition(" of task ")
        if part == ORDER:
            listed = value.split(", ") if value != NOT_TOLD else []
            found[part] = "task 1" if label in listed else "" if value != NOT_TOLD else NOT_TOLD
        elif not of:
            found[part] = value
        elif f"task {name}" == label:
            found[f"{head} of task 1"] = value
    return found
