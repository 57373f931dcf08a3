"""The inbox of an account: takes what is posted to it, as a client's own receiver would."""

from mock_server.actions.accounts import lookup
from mock_server.domain.call import redaction
from mock_server.domain.call.calls import Headers
from mock_server.domain.callback.inbox import MOST_KEPT
from mock_server.simulator import Simulator
from mock_server.store import inbox as rows
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.store.inbox import Received

MAX_HEADERS = 16_384


def take(
    tx: Transaction, simulator: Simulator, account_id: str, headers: Headers, body: bytes
) -> int:
    """Keep a request that was posted to the inbox; return its id. Raises NotFoundError."""
    account = lookup.find(tx, account_id)
    secrets = account.secrets
    kept = rows.insert(
        tx,
        Received(
            account=account.id,
            at=account.clock.now(simulator.real_now()),
            headers=redaction.header_lines(headers, secrets)[:MAX_HEADERS],
            body=redaction.capture(body, secrets),
        ),
    )
    rows.trim(tx, account.id, MOST_KEPT)
    return kept


def empty(tx: Transaction, account_id: str) -> None:
    """Forget what came in. Raises NotFoundError."""
    rows.empty(tx, lookup.find(tx, account_id).id)


def newest(tx: Transaction, account_id: str, limit: int) -> list[Row]:
    """Return what came in last, the newest first."""
    return rows.newest(tx, account_id, limit)


def last_id(tx: Transaction, account_id: str) -> int:
    """Return the id of what came in last; 0 if nothing did."""
    return rows.last_id(tx, account_id)
