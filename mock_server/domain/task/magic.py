"""Magic: special app codes and texts that cause failures without any call of the admin API.

Rule 1: each magic app code is an account of its own, created on first use; its id is the app code.
Rule 2: its AppKey and AppSecret are the app code too.
Rule 3: a magic text orders the outcome of the task that is submitted with it, in any account.
"""

from dataclasses import field
from enum import StrEnum
from typing import Any

from mock_server.domain.records import dataclass
from mock_server.domain.task.tasks import TaskOrder


class PackageState(StrEnum):
    """The state of an account's first package when the account is created."""

    FULL = "full"
    SPENT = "spent"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Magic:
    """One row of contracts/magic.toml. A value that the row leaves out is as in any account.

    `error` and `remark` are short forms of a fault that answers every call with them.
    """

    app_code: str
    says: str
    credits: int = 1000
    package: PackageState = PackageState.FULL
    standing: str = "good"
    per_second: float | None = None
    burst: int = 0
    error: str | None = None
    remark: str | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    readings: dict[str, str] = field(default_factory=dict)

    @property
    def armed(self) -> tuple[dict[str, Any], ...]:
        """The faults that the account has from the start."""
        short = {"code": self.error, "remark": self.remark}
        plain = [{name: value} for name, value in short.items() if value is not None]
        return (*plain, *self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicText:
    """A `text` that orders the outcome of its task."""

    text: str
    says: str
    order: TaskOrder
