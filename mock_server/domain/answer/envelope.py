"""The JSON bodies of the service under an account's readings: status words, items, pages, envelope.

Rule 1: stored data does not change with the readings; bodies follow the readings of the moment.
Rule 2: every body is made here, so results, refusals and callbacks agree.
"""

import json
from collections.abc import Mapping
from typing import Any

from mock_server.domain.call.paging import Page
from mock_server.domain.readings import Readings
from mock_server.domain.task.tasks import Status, Task, decoy_url, picture_urls, status_at

Shape = dict[str, object]

SUCCESS = 0  # claim ret-code
REFUSED = -1
PlatformFault = tuple[int, str]
NO_PLATFORM_ERROR: PlatformFault = (0, "")  # the platform's code and text when it did not fail

# claim task-words
WORDS: Mapping[str, Mapping[Status, str | int]] = {
    "lower-case": {status: status.value for status in Status},
    "upper-case": {status: status.value.upper() for status in Status},
    "other-words": dict(zip(Status, ("waiting", "processing", "success", "fail"), strict=True)),
    "numbers": {status: number for number, status in enumerate(Status)},
}

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


# claim fields-unnamed: an example of a field that the vendor's page does not name
UNNAMED: Shape = {"reserved": None}


def base_body(code: int, text: str, readings: Readings) -> Shape:
    """Return the code and the text that begin every body (claims ret-code-type, body-text)."""
    shown = str(code) if readings.ret_code_type == "string" else code
    return _with_unnamed({"ret_code": shown, readings.envelope_text_field: text}, readings)


def task_shape(task: Task, now: int, readings: Readings) -> Shape:
    """Return a task as query and list show it."""
    # claim task-unfinished: until it succeeds, ret_code is 0 and the list of pictures is empty
    status = status_at(task.plan, now)
    nothing: list[object] | None = (
        None if readings.result_none == "null" else []
    )  # claim result-none
    shown = pictures_shape(task, readings) if status is Status.SUCCEEDED else nothing
    shape: Shape = {"task_id": task.id, "status": WORDS[readings.task_words][status]}
    return _with_unnamed({**shape, "resList": shown}, readings)


def pictures_shape(task: Task, readings: Readings) -> list[object]:
    """Return the list of a task's pictures, empty unless it succeeds (claim result-item)."""
    return _items(picture_urls(task), readings)


def decoys_shape(task: Task, readings: Readings) -> list[object]:
    """Return the list of pictures in a task's forged callback: its decoy."""
    return _items([decoy_url(task)], readings)


def _items(urls: list[str], readings: Readings) -> list[object]:
    return [{"url": url} for url in urls] if readings.result_item == "object" else [*urls]


def page_shape(page: Page, total: int, items: list[Shape], readings: Readings) -> Shape:
    """Return one page of the list, in the body itself or inside `pagebean` (claim list-shape)."""
    shape: Shape = {
        "allNum": total,
        "allPages": page.of(total),
        "currentPage": page.number,
        "maxResult": page.size,
        "contentlist": items,
    }
    shape = _with_unnamed(shape, readings)
    return {"pagebean": shape} if readings.list_shape == "pagebean" else shape


def wrap(
    body: Shape, res_id: str, fee: int, readings: Readings, fault: PlatformFault = NO_PLATFORM_ERROR
) -> bytes:
    """Return the encoded body in the envelope (claim envelope-kept).

    `fault` is the platform's code and text.
    """
    platform_code, error = fault
    if readings.envelope == "bare":
        # Without an envelope the body is the only place for the platform's code and text.
        shown = body if fault == NO_PLATFORM_ERROR else base_body(platform_code, error, readings)
        return _JSON.encode(shown).encode()
    # claim envelope-order: error, id, code, fee, body
    envelope: Shape = {
        "showapi_res_error": error,
        "showapi_res_id": res_id,
        "showapi_res_code": platform_code,
        "showapi_fee_num": fee,
        "showapi_res_body": body,
    }
    return _JSON.encode(_with_unnamed(envelope, readings)).encode()


def service_body(answer: bytes) -> dict[str, Any] | None:
    """Return what the service itself says in an answer, with or without an envelope.

    None: the answer is no JSON, or holds no object.
    """
    return unwrap(parsed(answer))


def platform_says(answer: bytes) -> tuple[str, str]:
    """Return code and text of the platform in an answer's envelope; empty if there is none."""
    whole = parsed(answer)
    fields = whole if isinstance(whole, dict) else {}
    return str(fields.get("showapi_res_code", "")), str(fields.get("showapi_res_error", ""))


def parsed(answer: bytes) -> object:
    """Return the JSON of an answer; None: it is no JSON."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def unwrap(answer: object) -> dict[str, Any] | None:
    """Return the same of an answer that is parsed already."""
    inner = answer.get("showapi_res_body", answer) if isinstance(answer, dict) else None
    return inner if isinstance(inner, dict) else None


def _with_unnamed(shape: Shape, readings: Readings) -> Shape:
    return {**shape, **UNNAMED} if readings.fields_unnamed == "present" else shape
