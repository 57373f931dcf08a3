"""Errors of the simulated vendor: the gateway's errors and the service's refusals.

Rule 1: both are the vendor's. Bugs of ours never use them. `domain/answer/answers.py` turns them
into HTTP answers, also into the 429 and Retry-After of a throttled caller.
Rule 2: a gateway error is identified by its code; contracts/errors.toml has its status and text.
Rule 3: older instances have messages only: `classic_row` finds the message for a code.
"""

from collections.abc import Mapping
from enum import StrEnum

from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.records import dataclass


class Means(StrEnum):
    """What an error asks of a client, in a word."""

    WAIT = "wait"
    BUY = "buy"
    FIX = "fix"
    LOOK = "look"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of contracts/errors.toml. `message` may contain `{reason}`.

    `met` is `naturally` or `by order`; `how` and `advice` are texts for people. `means` is what a
    client has to do.
    """

    code: str
    status: int
    message: str
    claim: str
    met: str
    how: str
    advice: str
    means: Means


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicRow:
    """One row of the older instances; `codes` are the codes that have this message there."""

    message: str
    status: int
    codes: tuple[str, ...]
    claim: str
    means: Means


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """A failure that is no gateway error, of one operation or, with None, of the others."""

    id: str
    means: Means
    advice: str
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTables:
    """The error rows by code, those of older instances by message, and the other failures."""

    rows: Mapping[str, ErrorRow]
    classic: Mapping[str, ClassicRow]
    failures: tuple[FailureRow, ...] = ()

    def failure(self, failure_id: str, operation: str) -> FailureRow:
        """Return the row of a failure that is no gateway error."""
        rows = [row for row in self.failures if row.id == failure_id]
        return next(
            (row for row in rows if row.operation == operation),
            next(row for row in rows if row.operation is None),
        )

    def row_of(self, code: str | None, status: int, message: str) -> ErrorRow | ClassicRow | None:
        """Return the row of a gateway error as a client sees it; None if no row has it.

        An older instance sends no code: its message tells the row.
        """
        if code:
            return self.rows.get(code)
        for row in self.classic.values():
            if row.status == status and _is_made_of(message, row.message):
                return row
        known = (row for row in self.rows.values() if _is_made_of(message, row.message))
        return next(known, None)


class VendorError(Exception):
    """Base class of gateway errors and refusals."""


class GatewayError(VendorError):
    """The gateway answers with an error: an empty body, and code and message in the headers.

    `classic` selects the message of older instances if the code alone does not. `retry_after_s`:
    seconds for the Retry-After header of a throttled call; None: no header. `rule`: the one that
    decided it.
    """

    def __init__(
        self,
        code: str,
        reason: str = "",
        *,
        rule: AnswerRule,
        classic: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason
        self.rule = rule
        self.classic = classic
        self.retry_after_s = retry_after_s


class Refusal(VendorError):
    """The service behind the gateway refuses (claim refusal-450).

    `remark` is its text (claim refusal-texts). `platform_code` is set if the platform below the
    service failed (claim platform-codes); 0: it did not fail. `rule`: the one that decided it.
    """

    def __init__(self, remark: str, *, rule: AnswerRule, platform_code: int = 0) -> None:
        super().__init__(remark)
        self.remark = remark
        self.rule = rule
        self.platform_code = platform_code


def classic_row(error: GatewayError, tables: ErrorTables) -> tuple[int, str]:
    """Return status and message template of an error on an older instance."""
    if error.classic is not None:
        row = tables.classic[error.classic]
        return row.status, row.message
    for row in tables.classic.values():
        if error.code in row.codes:
            return row.status, row.message
    # No public table has this error: we take the same text, without a code (claim
    # classic-mapping), and status 403 for everything that throttles.
    known = tables.rows[error.code]
    return 403 if known.status == 429 else known.status, known.message


def row_code(error: GatewayError, tables: ErrorTables, *, classic: bool) -> str | None:
    """Return the code of an error's row.

    On an older instance: the first code of its message, None for a message that is in no table.
    """
    if not classic:
        return error.code
    if error.classic is not None:
        codes = tables.classic[error.classic].codes
        return codes[0] if codes else None
    return next((row.codes[0] for row in tables.classic.values() if error.code in row.codes), None)


def _is_made_of(message: str, template: str) -> bool:
    """Whether a message is a row's, whatever its reason."""
    before, reason, after = template.partition("{reason}")
    if not reason:
        return message == template
    is_long = len(message) >= len(before) + len(after)
    return is_long and message.startswith(before) and message.endswith(after)
