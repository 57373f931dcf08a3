"""The errors that a client met, each as a row of contracts/errors.toml.

Rule 1: a row says what the error means; on a question, `look` is `wait`: a question makes no task.
Rule 2: an error is what the client was sent, not what was decided: a lost answer is an error.
"""

from dataclasses import dataclass

from mock_server.audit.obligations import is_of_the_platform
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import ClassicRow, ErrorRow, ErrorTables, Means

MOST_TEXT = 80
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
    """An error as a client meets it. `status` 0: no answer. `message` may hold what was sent."""

    status: int
    code: str
    message: str
    means: Means
    advice: str


def met_error(call: SeenCall, tables: ErrorTables) -> MetError | None:
    """Return the error that a client met with a call of the three operations; None for a result."""
    if not call.heard:
        said = NO_ANSWER.get(call.call.mishap or "", "no answer came")
        return _failure("lost", call, tables, said)
    if not call.answered:
        return _failure("foreign", call, tables, "an answer that is not the API's")
    if call.status == 200 and not _refuses(call):
        return None
    if call.status in (200, 450):
        kind = "platform" if is_of_the_platform(call) else "refused"
        return _failure(kind, call, tables, call.call.message, _ret_code(call))
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
        means=_asked_of(row.means, call), advice=row.advice,
    )  # fmt: skip


def _asked_of(means: Means, call: SeenCall) -> Means:
    is_question = call.operation != Operation.SUBMIT_TASK
    return Means.WAIT if means is Means.LOOK and is_question else means


def _advice_of(row: ErrorRow | ClassicRow, tables: ErrorTables) -> str:
    if isinstance(row, ErrorRow):
        return row.advice
    known = [tables.rows[code].advice for code in row.codes[:1]]
    return known[0] if known else GENERAL_ADVICE[row.means]


def _refuses(call: SeenCall) -> bool:
    return str(call.call.result.get("ret_code", 0)) != "0" or is_of_the_platform(call)


def _ret_code(call: SeenCall) -> str:
    return str(call.call.result.get("ret_code", ""))
