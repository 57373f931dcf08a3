"""What an answer says beside its shape: whether it may pass, and the tasks that it shows."""

from typing import Any

from mock_server.contract import load_catalogue
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.errors import Means
from mock_server.formatting import printable
from mock_server.probe.shape import SILENT, SeenAnswer, Shape, error_of


def row_key(error: tuple[str, str], answer: SeenAnswer) -> tuple[str | None, int, str]:
    return error[0] or None, answer.status, error[1]


def passing(answer: SeenAnswer, shape: Shape) -> str:
    """Return why an answer says nothing: an error that may pass; '' if it says something."""
    error = error_of(answer)
    shown = f"HTTP {answer.status}" + (f" {' '.join(error).strip()[:120]}" if error else "")
    if answer.status >= 500 or answer.status == 429 or shape["author"] == SILENT:
        return shown
    if error is None:
        return ""
    row = load_catalogue().errors.row_of(*row_key(error, answer))
    return shown if row is not None and row.means is Means.WAIT else ""


def described(answer: SeenAnswer) -> str:
    """Return what an answer is in a few words, as a person can read it on a terminal."""
    error, target = error_of(answer), answer.headers.get("location")
    if error is not None:
        return f"HTTP {answer.status} {printable(' '.join(filter(None, error)), 160)}"
    if target is not None and answer.status // 100 == 3:
        to = printable(target, 160)
        return f"HTTP {answer.status}, a redirect to {to}, which a probe does not follow"
    kind = answer.headers.get("content-type", "no Content-Type")
    return f"HTTP {answer.status} of another program ({printable(kind, 80)})"


def page_of(answer: SeenAnswer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the page of a list with its tasks; both are empty if the answer is no list."""
    body = service_body(answer.body) or {}
    inner = body.get("pagebean")
    page = inner if isinstance(inner, dict) else body
    content = page.get("contentlist")
    if not isinstance(content, list):
        return {}, []
    return page, [item for item in content if isinstance(item, dict)]


def picture_in(answer: SeenAnswer, task_id: str) -> str:
    """Return the address of the first picture of a task in an answer; '' if it shows none."""
    for item in (service_body(answer.body) or {}, *page_of(answer)[1]):
        pictures = item.get("resList")
        if str(item.get("task_id")) == task_id and isinstance(pictures, list) and pictures:
            first = pictures[0]
            found = first.get("url") if isinstance(first, dict) else first
            return found if isinstance(found, str) else ""
    return ""
