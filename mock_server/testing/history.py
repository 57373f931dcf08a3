"""What the client of an account did, read from its server."""

from collections.abc import Iterable

from mock_server.admin_client import AccountClient
from mock_server.audit.history import History
from mock_server.audit.records import RecordedCall


def read_history(
    admin: AccountClient, calls: Iterable[RecordedCall] | None = None, *, copies: int | None = None
) -> History:
    """Return what the client of an account did so far. `calls`: the account's, if they are here
    already. `copies`: how many of each text are wanted, None if nobody said.

    Raises UnreachableError, RefusedError.
    """
    if calls is None:
        calls = map(RecordedCall.of, admin.calls())
    return History.of_account(
        calls, admin.every("/tasks", "tasks"), callbacks=admin.every("/callbacks", "callbacks"),
        copies=copies, dropped=admin.dropped_calls(),
    )  # fmt: skip
