"""What a client did in an account of a running server, read over the admin API.

Rule 1: a report is bounded: of a long journal the last calls are read, and what was left out is
counted. A bill needs every call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mock_server.admin_client import AccountClient
from mock_server.audit.history import History
from mock_server.audit.records import RecordedCall
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings

MOST_CALLS = 20_000
MOST_TASKS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """`dropped`: how many calls the journal has let go; `unread`: whether it has older calls that
    were not read. `rate`: of the account's clock, 0 while it is frozen. `secrets`: the account's
    credentials, which no output shows.
    """

    history: History
    readings: Readings
    rate: float
    dropped: int
    unread: bool
    secrets: tuple[str, ...]


def account_history(
    account: AccountClient, *, most_calls: int = MOST_CALLS, copies: int = 1
) -> AccountHistory:
    """Return what a client did in an account, its last calls at least.

    Raises UnreachableError, RefusedError.
    """
    shown = account.get()
    raw: list[dict[str, object]] = []
    for page in account.pages_back("/calls", "calls"):
        raw = page + raw
        if len(raw) > most_calls:
            break
    calls = map(RecordedCall.of, raw[-most_calls:])
    tasks: dict[str, dict[str, object]] = {}
    for page in account.pages_back("/tasks", "tasks"):
        tasks |= {each["task_id"]: each for each in page}
        if len(tasks) >= MOST_TASKS:
            break
    clock, dropped = shown["clock"], account.dropped_calls()
    return AccountHistory(
        history=History.of_account(
            calls,
            tasks.values(),
            callbacks=account.every("/callbacks", "callbacks"),
            copies=copies,
            dropped=dropped,
        ),
        readings=with_readings(DEFAULT_READINGS, shown["readings"]),
        rate=0.0 if clock["frozen"] else float(clock["rate"]),
        dropped=dropped,
        unread=len(raw) > most_calls,
        secrets=(shown["app_code"], shown["app_secret"]),
    )


def read_history(
    admin: AccountClient, calls: Iterable[RecordedCall] | None = None, *,
    copies: int | None = None, trimmed: Mapping[str, int] | None = None,
) -> History:  # fmt: skip
    """Return what the client of an account did so far. `calls`: the account's, if they are here
    already. `copies`: how many of each text are wanted, None if nobody said. `trimmed`: what its
    bill says is no longer kept.

    Raises UnreachableError, RefusedError.
    """
    if calls is None:
        calls = map(RecordedCall.of, admin.calls())
    return History.of_account(
        calls, admin.every("/tasks", "tasks"), callbacks=admin.every("/callbacks", "callbacks"),
        copies=copies, dropped=admin.dropped_calls(),
        kept_after=trimmed["before"] if trimmed else None,
    )  # fmt: skip
