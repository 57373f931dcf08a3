"""One task in full: timeline, pictures, calls, callbacks; forced by form."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response

from mock_server.actions.operations import replan
from mock_server.actions.reports import task_view
from mock_server.actions.reports.task_view import TaskInFull
from mock_server.delivery import qr_reader
from mock_server.domain.call.redaction import redact_address, redact_logins
from mock_server.domain.suggestions import unknown
from mock_server.domain.task.source_images import SourceError
from mock_server.domain.task.tasks import (
    Status,
    Task,
    has_pictures,
    located,
    picture_urls,
    states_after,
)
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import SHANGHAI
from mock_server.picture_cache import Picture
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import calls, frame
from mock_server.web.inspector.callbacks import line_of as callback_line
from mock_server.web.inspector.course import course_of
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.page import Page, View, digest

NAME = "tasks"
MOST_DECODED = 10  # pictures of a task whose text is read for a page
ONE = "/inspect/<account_id>/tasks/<task_id>"


def add_routes(routes: Blueprint, inspector: Inspector) -> None:
    """Add the routes of one task."""
    simulator = inspector.simulator

    @routes.post(f"{ONE}/force")
    def force_task(account_id: str, task_id: str) -> Response:
        wanted = frame.field("state", least=1, most=20)
        if wanted not in set(Status):
            raise UsageError(unknown("state", wanted, Status))
        simulator.database.run(
            lambda tx: replan.force(tx, simulator, account_id, task_id, Status(wanted))
        )
        return frame.done(account_id, NAME, "forced", task_id)

    @routes.get(f"{ONE}/pictures/<int:number>")
    def show_picture(account_id: str, task_id: str, number: int) -> Response:
        """Show a picture to a person: no call of the client, so none that is journalled."""
        found = simulator.database.read(
            lambda tx: task_view.picture(tx, simulator, account_id, task_id, number)
        )
        drawn = simulator.pictures.draw(found).result()
        answer = Response(drawn.png, mimetype="image/png")
        answer.headers.update(frame.HEADERS)
        return answer


def shown_text(text: str | None) -> str | None:
    """Return a text of a submit as pages show it: logins in addresses are hidden."""
    return text and redact_logins(redact_address(text))


@lru_cache(maxsize=64)
def _text_in(png: bytes) -> str | None:
    """Return what a phone reads in a picture; None if it reads nothing."""
    try:
        return qr_reader.read_code(png)
    except SourceError:
        return None


def _mark(tx: Transaction, view: View) -> str:
    found = task_view.in_full(tx, view.simulator, account_of(view).id, view.key)
    course = course_of(found)
    now = course["bar"]["now"]
    return digest(
        found.status,
        # The place of the present moment, in whole percents.
        None if now is None else round(now),
        [(each["at"], each["what"], each["name"], each["is_past"]) for each in course["moments"]],
        [row["tries"] for row in found.callbacks],
        list(found.pictures),
        found.task.content,
    )


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    found = task_view.in_full(tx, view.simulator, account_of(view).id, view.key)
    task, account_id = found.task, found.account.id
    rows = view.simulator.catalogue.findings
    return {
        "task": task,
        "status": str(found.status),
        "zone": SHANGHAI.tzname(None),
        "text": shown_text(task.text),
        "content": shown_text(task.content),
        "qr_code_url": shown_text(task.qr_code_url),
        "call_back": shown_text(task.call_back),
        "course": course_of(found),
        "states": [str(each) for each in states_after(found.status)],
        "force": address(account_id, NAME, task.id, "force"),
        "pictures": _pictures(view, found),
        "are_gone": found.status is Status.SUCCEEDED
        and not has_pictures(task.plan, found.now, found.account.readings),
        "calls": [calls.line_of(row, rows, account_id) for row in found.calls],
        "all_calls": address(account_id, "calls", task=task.id),
        "has_more_calls": found.has_more_calls,
        "callbacks": [callback_line(row, account_id) for row in found.callbacks],
    }


def _pictures(view: View, found: TaskInFull) -> list[dict[str, Any]]:
    task = found.task
    urls = picture_urls(located(task, view.simulator.settings.picture_url))
    read = list(found.pictures)[:MOST_DECODED]
    return [
        {
            "number": number,
            "src": address(task.account, NAME, task.id, "pictures", number),
            "url": urls[number - 1],
            "read": _reader(view.simulator, task, picture) if number in read else None,
        }
        for number, picture in found.pictures.items()
    ]


def _reader(
    simulator: Simulator, task: Task, picture: Picture
) -> Callable[[], dict[str, str | bool | None]]:
    """Return a function that waits for a picture and reads it. It is called while the page is
    rendered: a transaction must not be held up by either.
    """
    drawn = simulator.pictures.draw(picture)

    def read() -> dict[str, str | bool | None]:
        text = _text_in(drawn.result().png)
        return {"text": shown_text(text), "is_right": text == task.content}

    return read


PAGE = Page(name="task", mark=_mark, region=_region)
