"""Waiting for callbacks: post those that are due, and return when none of them is left."""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from mock_server.actions.callbacks import outbox
from mock_server.simulator import Simulator
from mock_server.store import attempts as attempt_rows
from mock_server.store import callbacks as rows
from mock_server.store.engine.transaction import Transaction

LOOK_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeliveries:
    """The deliveries to wait for: attempts due by `until`, of callbacks planned so far.

    `last_attempt` is the id of the last attempt recorded before.
    """

    account_id: str
    until: int
    last_id: int
    last_attempt: int


def due(tx: Transaction, account_id: str, until: int) -> PendingDeliveries:
    """Return the deliveries that are due in an account by an instant."""
    return PendingDeliveries(
        account_id=account_id,
        until=until,
        last_id=rows.last_id(tx, account_id),
        last_attempt=attempt_rows.last_id(tx),
    )


def deliver_due(simulator: Simulator, account_id: str) -> int:
    """Post all callbacks that are due in an account; return the number of attempts."""
    made = 0
    recorded: set[Future[None]] = set()
    while not simulator.due_signal.stopped:
        claimed = simulator.database.run(lambda tx: outbox.claim_batch(tx, simulator, account_id))
        if not claimed and not recorded:
            break
        made += len(claimed)
        recorded |= {outbox.deliver(simulator, each) for each in claimed}
        if not claimed:  # callbacks that are left may wait for one under way
            recorded = set(wait(recorded, timeout=LOOK_S, return_when=FIRST_COMPLETED).not_done)
    return made


def wait_until_delivered(simulator: Simulator, waited: PendingDeliveries) -> int:
    """Return once every attempt of `waited` was made, by us or by the deliverer, retries included.

    Returns the number of callbacks that were attempted. Gives up only if the server stops, or if no
    attempt was recorded for longer than one can take.
    """
    signal = simulator.due_signal
    patience = outbox.patience(simulator)
    # Other processes do not signal what they record, so look from time to time.
    look_s = LOOK_S if simulator.database.shared else patience

    def first_left(tx: Transaction) -> tuple[int, int] | None:
        return rows.unattempted(tx, waited.account_id, waited.until, waited.last_id)

    quiet_s, before = 0.0, (0, 0)
    while quiet_s < patience:
        seen = signal.attempts
        deliver_due(simulator, waited.account_id)
        left = simulator.database.read(first_left)
        if signal.stopped or left is None:
            break
        signal.wait_for_attempt(seen, look_s)
        quiet_s = quiet_s + look_s if signal.attempts == seen and left == before else 0.0
        before = left
    return simulator.database.read(
        lambda tx: attempt_rows.count_tried(
            tx, waited.account_id, until=waited.until, after=waited.last_attempt
        )
    )
