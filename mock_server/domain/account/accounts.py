"""An account: one buyer with credentials, packages, tasks, readings and a clock.

Rule 1: nothing of one account is visible in another.
Rule 2: everything that must repeat follows from the account's seed and counters. Its id and
credentials do not repeat.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, Self

from mock_server.domain import dice
from mock_server.domain.billing.charges import UNLIMITED
from mock_server.domain.billing.notices import Watch
from mock_server.domain.call.throttle import Limit
from mock_server.domain.clock import Clock
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass
from mock_server.domain.task.magic import PackageState

DEFAULT_APP_CODE = "mock-demo"
DEFAULT_CREDITS = 1000
MAX_SEED = 2**63 - 1
ALL = "all"
KEEP_ALL = 2**62  # calls: more than any journal has


class Standing(StrEnum):
    """How the buyer stands with the marketplace."""

    GOOD = "good"
    ARREARS = "arrears"
    UNAUTHORIZED = "unauthorized"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTemplate:
    """The state of a new account, and of an account after a reset.

    `packages` replace `credits`; each is `{offer or credits, valid_days?}`. `unlimited`: instead of
    both, one package that never ends. `keep_calls`: how many calls the journal keeps, whatever
    their size; None: as many as the settings of the server say.
    `faults` are armed from the start, in the form of the admin API. `clock_at`: ms; None: the real
    time. `notify_url`: the address for notices; None: notices are not sent. `older_tasks`: how many
    finished tasks there are from the start.
    """

    credits: int = DEFAULT_CREDITS
    unlimited: bool = False
    keep_calls: int | None = None
    packages: tuple[dict[str, Any], ...] = ()
    package: PackageState = PackageState.FULL
    readings: dict[str, str]
    standing: Standing = Standing.GOOD
    per_second: float | None = None
    burst: int = 0
    faults: tuple[dict[str, Any], ...] = ()
    clock_at: int | None = None
    rate: float = 1.0
    frozen: bool = False
    notify_url: str | None = None
    older_tasks: int = 0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the template of a new account, or of a scenario, as JSON or TOML has it, which was
        validated before."""
        clock, throttle = values.get("clock", {}), values.get("throttle", {})
        size = values.get("credits", DEFAULT_CREDITS)
        kept = values.get("keep_calls")
        return cls(
            credits=0 if size == UNLIMITED else size,
            unlimited=size == UNLIMITED,
            keep_calls=KEEP_ALL if kept == ALL else kept,
            packages=tuple(values.get("packages", ())),
            readings=values.get("readings", {}),
            standing=Standing(values.get("standing", Standing.GOOD)),
            per_second=throttle.get("per_second"),
            burst=throttle.get("burst", 0),
            faults=tuple(values.get("faults", ())),
            clock_at=clock.get("now"),
            rate=float(clock.get("rate", 1.0)),
            frozen=clock.get("frozen", False),
            notify_url=values.get("notify_url"),
            older_tasks=int(values.get("older_tasks", 0)),
        )

    @property
    def limit(self) -> Limit | None:
        """The throttle of a new account; None: not throttled."""
        if self.per_second is None:
            return None
        return Limit(per_second=self.per_second, burst=self.burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One buyer. `by_hand`: the readings that were set by hand since its last reset.

    `submits`, `answers` and `armed` count its submits, its answers with an id, and its faults.
    """

    id: str
    name: str
    app_code: str = field(repr=False)
    app_key: str
    app_secret: str = field(repr=False)
    seed: int
    readings: Readings
    origin: AccountTemplate
    created_at: int
    clock: Clock
    standing: Standing = Standing.GOOD
    skew_ms: int = 0
    limit: Limit | None = None
    watch: Watch = field(default_factory=Watch)
    notify_url: str | None = None
    armed: int = 0
    submits: int = 0
    answers: int = 0
    by_hand: frozenset[str] = frozenset()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no log, journal or report may show."""
        return (self.app_code, self.app_secret)

    @property
    def res_id(self) -> str:
        """The `showapi_res_id` of the next answer (claim res-id-form)."""
        return dice.hex_digits(self.seed, "answer", self.answers + 1, "id", digits=24)


def first_clock(origin: AccountTemplate, real_now: int) -> Clock:
    """Return the clock of a new account."""
    at = real_now if origin.clock_at is None else origin.clock_at
    return Clock(
        base_at=at,
        real_base_at=real_now,
        rate=origin.rate,
        frozen=origin.frozen,
        pinned=origin.clock_at is not None,
    )
