"""The answer to an accepted submit, made of kept parts: all of it is the same but its three ids.

Rule 1: the parts are cut out of an answer of `result_answer`, so there is one place that knows it.
"""

from functools import lru_cache

from mock_server.domain.answer.answers import Stamp, http_date, result_answer
from mock_server.domain.answer.envelope import SUCCESS, base_body
from mock_server.domain.call.calls import Answer, Headers
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.domain.task import task_ids
from mock_server.domain.task.submissions import ACCEPTED

_TASK_ID, _RES_ID = "T" * task_ids.DIGITS, "R" * task_ids.DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedForm:
    """The parts of an answer: headers before and after the date and the request id, and the body
    around the id of the answer and that of the task.
    """

    headers: tuple[Headers, Headers, Headers]
    body: tuple[bytes, bytes, bytes]


@lru_cache(maxsize=16)
def accepted_form(readings: Readings) -> AcceptedForm:
    """Return the form of an answer that is charged, of ids of the usual length."""
    body = {**base_body(SUCCESS, ACCEPTED, readings), "task_id": _TASK_ID}
    whole = result_answer(body, readings, _RES_ID, Stamp(request_id="", now=0), charged=True)
    names = [name for name, _ in whole.headers]
    date, request_id = names.index("Date"), names.index("X-Ca-Request-Id")
    before, _, rest = whole.body.partition(_RES_ID.encode())
    between, _, after = rest.partition(_TASK_ID.encode())
    return AcceptedForm(
        headers=(
            whole.headers[:date],
            whole.headers[date + 1 : request_id],
            whole.headers[request_id + 1 :],
        ),
        body=(before, between, after),
    )


def accepted_answer(form: AcceptedForm, task_id: str, res_id: str, stamp: Stamp) -> Answer:
    """Return the answer to a submit that became this task."""
    first, middle, last = form.headers
    before, between, after = form.body
    date = ("Date", http_date(stamp.now // 1000))
    return Answer(
        status=200,
        headers=(*first, date, *middle, ("X-Ca-Request-Id", stamp.request_id), *last),
        body=b"".join((before, res_id.encode(), between, task_id.encode(), after)),
    )
