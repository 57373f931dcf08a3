"""The errors that a client met, each as a row of contracts/errors.toml.

Rule 1: a row says what the error means; on a question, `look` is `wait`: a question makes no task.
Rule 2: an error is what the client was sent, not what was decided: a lost answer is an error.
"""

from dataclasses import dataclass

from mock_server.audit.obligations import is_of_the_platform
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.answer.envelope import platform_says
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import ClassicRow, ErrorRow, ErrorTables, Means
from mock_server.domain.call.wire_script import Delivered

MOST_TEXT = 80
ALTERED = str(Delivered.ALTERED)
NO_ANSWER = {
    "reset": "the connection was reset",
    "closed": "the connection was closed without an answer",
    "cut": "the answer broke off",
    "garbage": "the answer was not HTTP",
    "hung up": "the client did not wait for the answer",
}
GENERAL_ADVICE = {
    Means.WAIT: "wait, longer after each failure, and give up after a few tries",
    Means.BUY: "stop, alert an operator and buy a package; retries cannot help",
    Means.FIX: "do not retry; change the request",
    Means.LOOK: "before you submit again, look for new ids in the task list",
    Means.STOP: "stop and alert an operator; retries cannot help",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetError:
    """An error as a client meets it. `status` 0: no answer. `is_quoted`: code and message are what
    was sent, not those of a row, so they may hold what the client wrote.
    """

    status: int
    code: str
    message: str
    means: Means
    advice: str
    is_quoted: bool = False


def met_error(call: SeenCall, tables: ErrorTables) -> MetError | None:
    """Return the error that a client met with a call of the three operations; None for a result."""
    if call.call.mishap == ALTERED:
        return None  # all of it came, under other headers
    if not call.answered:
        return _without_answer(call, tables)
    if is_of_the_platform(call):
        code, text = platform_says(call.call.answer_bytes)
        return _failure("platform", call, tables, text, code)
    if call.status not in (200, 450):
        return _of_the_gateway(call, tables)
    code = str(call.call.result.get("ret_code", "0"))
    if call.status == 200 and code == "0":
        return None
    return _failure("refused", call, tables, call.call.message, code)


def _without_answer(call: SeenCall, tables: ErrorTables) -> MetError:
    if call.heard:
        return _failure("foreign", call, tables, "an answer that is not the API's")
    said = NO_ANSWER.get(call.call.mishap or "", "no answer came")
    return _failure("lost", call, tables, said)


def _of_the_gateway(call: SeenCall, tables: ErrorTables) -> MetError:
    row = tables.row_of(call.call.error_code, call.status, call.call.message)
    if row is None:
        return _failure("unknown", call, tables, call.call.message, call.call.error_code or "")
    return MetError(
        status=call.status,
        code=row.code if isinstance(row, ErrorRow) and call.call.error_code else "",
        message=row.message.replace("{reason}", "…"),
        means=_asked_of(row.means, call),
        advice=_advice_of(row, tables),
    )


def _failure(
    kind: str, call: SeenCall, tables: ErrorTables, message: str, code: str = ""
) -> MetError:
    row = tables.failure(kind, call.operation)
    return MetError(
        status=call.status, code=code[:MOST_TEXT], message=message[:MOST_TEXT],
        means=_asked_of(row.means, call), advice=row.advice, is_quoted=True,
    )  # fmt: skip


def _asked_of(means: Means, call: SeenCall) -> Means:
    is_question = call.operation != Operation.SUBMIT_TASK
    return Means.WAIT if means is Means.LOOK and is_question else means


def _advice_of(row: ErrorRow | ClassicRow, tables: ErrorTables) -> str:
    if isinstance(row, ErrorRow):
        return row.advice
    known = [tables.rows[code].advice for code in row.codes[:1]]
    return known[0] if known else GENERAL_ADVICE[row.means]
