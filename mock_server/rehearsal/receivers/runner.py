"""The rehearsal of a receiver: one delivery after the other, in one account.

Rule 1: a receiver that cannot be reached at the first delivery is not judged at all. One that is
gone later is, and nothing more is sent to it.
Rule 2: whatever stops a rehearsal, what was found so far is returned.
"""

import contextlib
import secrets
import threading
from collections.abc import Iterator

from mock_server.admin_client import AdminClient, RefusedError
from mock_server.rehearsal.account import CREDITS
from mock_server.rehearsal.baseline import read_baseline
from mock_server.rehearsal.client_process import StoppedError
from mock_server.rehearsal.order import check_folder
from mock_server.rehearsal.outcome import FAILED
from mock_server.rehearsal.receivers.belief import OracleError
from mock_server.rehearsal.receivers.conduct import ReceiverConduct
from mock_server.rehearsal.receivers.delivery import ReceiverDrill, chosen_deliveries
from mock_server.rehearsal.receivers.evidence import ReceiverEvidence
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.receivers.outcome import ReceiverReport
from mock_server.rehearsal.runner import (
    TROUBLES,
    Told,
    check_bugs,
    check_server,
    serving,
    trouble_of,
)
from mock_server.rehearsal.verdicts import DrillResult
from mock_server.rehearsal.words import RECEIVER
from mock_server.testing.world import World

# How long the server waits for an answer, in multiples of the time that the receiver has.
PATIENCE = 2
# The ids of tasks differ in each rehearsal: a receiver remembers those of the one before.
SEED_BITS = 48


class UnreachedError(OSError):
    """Nothing was there to receive the first delivery; the message says why, and what to do."""


def rehearse_receiver_order(
    order: ReceiverOrder,
    told: Told = lambda _: None,
    stop: threading.Event | None = None,
) -> ReceiverReport:
    """Send the deliveries; `told` hears of each result.

    Once `stop` is set, what was found so far is returned. Raises UsageError for an order that
    cannot be.
    """
    check_folder(order)
    check_server(order.server)
    deliveries = chosen_deliveries(order.only, order.skip)
    earlier = None if order.baseline is None else read_baseline(order.baseline, RECEIVER)
    work = _Work(order, deliveries, told, stop or threading.Event())
    trouble: str | None = None
    settings = {
        "callback_hosts": tuple(order.callback_hosts),
        "callback_timeout": order.answer_time_s * PATIENCE,
    }
    try:
        with serving(order, **settings) as admin, _account(order, admin) as world:
            work.run(world)
    except OracleError as error:
        trouble = f"the oracle: {error}"
    except TROUBLES as error:
        trouble = trouble_of(error, order)
    return ReceiverReport(
        order=order, results=tuple(work.results), planned=len(deliveries), trouble=trouble,
        interrupted=work.was_stopped or trouble is not None, earlier=earlier,
    )  # fmt: skip


class _Work:
    """The deliveries, and what has come of them so far."""

    def __init__(
        self, order: ReceiverOrder, deliveries: list[ReceiverDrill], told: Told,
        stop: threading.Event,
    ) -> None:  # fmt: skip
        self.results: list[DrillResult] = []
        self.was_stopped = False
        self._order = order
        self._deliveries = deliveries
        self._told = told
        self._stop = stop

    def run(self, world: World) -> None:
        """Send everything, or until the first trouble."""
        for delivery in self._deliveries:
            if self._stop.is_set():
                self.was_stopped = True
                return
            try:
                result = ReceiverConduct(
                    self._order, world, delivery, self._stop, is_first=not self.results
                ).run()
            except StoppedError:
                self.was_stopped = True
                return
            is_gone = self._check(result)
            self.results.append(result)
            self._told(result)
            if is_gone:
                self.was_stopped = True
                return
            if self._order.fail_fast and result.verdict in FAILED:
                return

    def _check(self, result: DrillResult) -> bool:
        """Return whether the receiver is gone. Raises UnreachedError if it was never there."""
        check_bugs(result.evidence)
        assert isinstance(result.evidence, ReceiverEvidence)  # noqa: S101 - it is our own
        replies = result.evidence.replies
        if not replies or any(each.is_reached for each in replies):
            return False
        if self.results:
            return True
        place = self._order.address.netloc
        raise UnreachedError(
            f"no receiver can be reached at {place}: {replies[0].error}. Start the receiver, and "
            "give its whole address as --receiver, with http or https as it listens"
        )


@contextlib.contextmanager
def _account(order: ReceiverOrder, admin: AdminClient) -> Iterator[World]:
    """Give the account of all deliveries; one whose app code was chosen is deleted afterwards."""
    wanted = {"name": "receiver", "credits": CREDITS, "seed": secrets.randbits(SEED_BITS)}
    if order.app_code is None:
        yield World(admin, admin.post("/accounts", wanted))
        return
    world = World(admin, admin.post("/accounts", {**wanted, "app_code": order.app_code}))
    try:
        yield world
    finally:
        with contextlib.suppress(RefusedError):  # somebody else has deleted it
            world.admin.delete("")
