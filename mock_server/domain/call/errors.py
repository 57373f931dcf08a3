"""What the simulated vendor answers instead of a result: the gateway's errors, its own refusals.

Rule 1: these two are the vendor's. Our own mistakes never use them, and they never carry HTTP
words: `answers.py` is the one place that turns them into the wire.
Rule 2: a gateway error is named by its code; its status and text are a row of the catalogue.
Rule 3: older instances have messages only: `classic_row` finds the one a code looks like there.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of contracts/errors.toml. `message` may hold `{reason}`.

    `met` is `naturally` or `by order`; `how` and `advice` are for people.
    """

    code: str
    status: int
    message: str
    claim: str
    met: str
    how: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicRow:
    """One row of the older instances; `codes` are the codes that look like it there."""

    message: str
    status: int
    codes: tuple[str, ...]
    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTables:
    """Both tables: by code, and by message."""

    rows: Mapping[str, ErrorRow]
    classic: Mapping[str, ClassicRow]


class VendorError(Exception):
    """Base of everything the simulated vendor says no with."""


class GatewayError(VendorError):
    """The gateway answers by itself: empty body, everything in the headers.

    `classic` names the message of older instances where the code alone does not tell it;
    `retry_after_s` is what a throttled caller is told, if anything.
    """

    def __init__(
        self,
        code: str,
        reason: str = "",
        *,
        classic: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason
        self.classic = classic
        self.retry_after_s = retry_after_s


class Refusal(VendorError):
    """The service behind the gateway refuses (claim refusal-450).

    `remark` is its text (claim refusal-texts). `platform_code` is that of the platform below the
    service, where the platform is what failed (claim platform-codes); 0: it is not.
    """

    def __init__(self, remark: str, *, platform_code: int = 0) -> None:
        super().__init__(remark)
        self.remark = remark
        self.platform_code = platform_code


def classic_row(error: GatewayError, tables: ErrorTables) -> tuple[int, str]:
    """Return status and message template of an error on an older instance."""
    if error.classic is not None:
        row = tables.classic[error.classic]
        return row.status, row.message
    for row in tables.classic.values():
        if error.code in row.codes:
            return row.status, row.message
    # No public table has it: the same words, without a code (claim classic-mapping); only that
    # whatever throttles answers 403 there.
    known = tables.rows[error.code]
    return 403 if known.status == 429 else known.status, known.message


def row_code(error: GatewayError, tables: ErrorTables, *, classic: bool) -> str | None:
    """Return the code of the row that an error is; on an older instance the first code of its
    message, None for a message that no table has."""
    if not classic:
        return error.code
    if error.classic is not None:
        codes = tables.classic[error.classic].codes
        return codes[0] if codes else None
    return next((row.codes[0] for row in tables.classic.values() if error.code in row.codes), None)
