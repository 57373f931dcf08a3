"""One task in full: timeline, pictures, calls, callbacks; forced by form."""

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
from mock_server.domain.task.tasks import Status, has_pictures, located, picture_urls, states_after
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import SHANGHAI
from mock_server.picture_cache import Picture
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import calls, frame
from mock_server.web.inspector.callbacks import line_of as callback_line
from mock_server.web.inspector.course import course_of
from mock_server.web.inspector.frame import Inspector, address
from mock_server.web.inspector.page import View

NAME = "tasks"
MOST_DECODED = 10  # pictures of a task whose text is read for a page
# Longer than the last part of any other address of the page: `live`, `region`.
ONE = "/inspect/<account_id>/tasks/<string(minlength=8):task_id>"


def add_routes(routes: Blueprint, inspector: Inspector) -> None:
    """Add the routes of one task."""
    simulator = inspector.simulator

    @routes.get(ONE)
    def show_task(account_id: str, task_id: str) -> Response:
        known = simulator.database.read(
            lambda tx: task_view.in_full(tx, simulator, account_id, task_id)
        )
        # Drawn and read before the page is: a transaction is not held up by either.
        texts = _texts(simulator, list(known.pictures.values())[:MOST_DECODED])

        def values(tx: Transaction, view: View) -> dict[str, Any]:
            found = task_view.in_full(tx, simulator, account_id, task_id)
            return _values(view, found, texts)

        return inspector.show(account_id, NAME, "task.html", values)

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


def _texts(simulator: Simulator, pictures: list[Picture]) -> dict[Picture, str | None]:
    drawn = [(each, simulator.pictures.draw(each)) for each in pictures]
    return {each: _text_in(future.result().png) for each, future in drawn}


@lru_cache(maxsize=64)
def _text_in(png: bytes) -> str | None:
    """Return what a phone reads in a picture; None if it reads nothing."""
    try:
        return qr_reader.read_code(png)
    except SourceError:
        return None


def _values(view: View, found: TaskInFull, texts: dict[Picture, str | None]) -> dict[str, Any]:
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
        "pictures": _pictures(view, found, texts),
        "are_gone": found.status is Status.SUCCEEDED
        and not has_pictures(task.plan, found.now, found.account.readings),
        "calls": [calls.line_of(row, rows, account_id) for row in found.calls],
        "all_calls": address(account_id, "calls", task=task.id),
        "has_more_calls": found.has_more_calls,
        "callbacks": [callback_line(row, account_id) for row in found.callbacks],
        "list": address(account_id, NAME),
    }


def _pictures(
    view: View, found: TaskInFull, texts: dict[Picture, str | None]
) -> list[dict[str, Any]]:
    task = found.task
    urls = picture_urls(located(task, view.simulator.settings.picture_url))
    return [
        {
            "number": number,
            "src": address(task.account, NAME, task.id, "pictures", number),
            "url": urls[number - 1],
            "is_read": picture in texts,
            "text": shown_text(texts.get(picture)),
            "is_right": texts.get(picture) == task.content,
        }
        for number, picture in found.pictures.items()
    ]
