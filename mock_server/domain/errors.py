"""What the simulated vendor answers instead of a result: the gateway's errors, its own refusals.

Rule 1: these two are the vendor's. Our own mistakes never use them, and they never carry HTTP
words: `answers.py` is the one place that turns them into the wire.
Rule 2: a gateway error is named by its code; its status and text are a row of the catalogue.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """One row of contracts/errors.toml. `message` may hold `{reason}`."""

    code: str
    status: int
    message: str
    claim: str


class VendorError(Exception):
    """Base of everything the simulated vendor says no with."""


class GatewayError(VendorError):
    """The gateway answers by itself: empty body, everything in the headers."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Refusal(VendorError):
    """The service behind the gateway refuses (claim refusal-450).

    `remark` is its text (claim refusal-texts).
    """

    def __init__(self, remark: str) -> None:
        super().__init__(remark)
        self.remark = remark
