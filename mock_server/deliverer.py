"""The task of the server's loop that delivers callbacks: it claims, posts, has attempts recorded.

Rule 1: nothing changes threads: the loop that posts is the one that owns the database's writer.
Only a look at many accounts, or at a database on another machine, is taken on a thread.
Rule 2: attempts of an account that end in one turn of the loop are recorded together, and the
places that they free go to what is due next in the same transaction.
Rule 3: while some account has a due callback and no place, because others take them all, a free
place is given away by a look at all accounts.
Rule 4: between looks it sleeps until the next callback is due or until it is notified, whichever
comes first; a jump of a clock notifies it.
"""

import asyncio
import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from mock_server.actions import bugs
from mock_server.actions.callbacks import outbox
from mock_server.actions.callbacks.outbox import Delivery, Ended, Survey
from mock_server.actions.commit import commit
from mock_server.actions.operations import source_images
from mock_server.domain.callback.payload import Outcome
from mock_server.simulator import Simulator
from mock_server.store import callbacks as rows
from mock_server.store.engine.transaction import DatabaseClosedError, log_failure

# Also the longest time that a due callback waits if another process moved a clock, and its message
# was lost.
LONGEST_SLEEP_MS = 1_000
# So many accounts are looked at in less time than it takes to change threads.
FEW_ACCOUNTS = 50
STOP_S = 10.0
IMAGES_MS = 5_000

log = logging.getLogger(__name__)


class Deliverer:
    """Delivers the due callbacks of every account until it is stopped.

    Made, started and stopped on the loop that owns the database's writer.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._wake = asyncio.Event()
        self._look_at = 0  # the real instant (ms) of the next look
        self._last = Survey(due=[], left=False, next_at=None, accounts=0)
        self._ended: dict[str, list[Ended]] = {}  # by account, until they are being recorded
        self._recording: set[str] = set()  # accounts whose record is under way, if rows are shared
        self._images_at = 0  # the real instant (ms) of the next look for source images
        self._unread: dict[source_images.TaskKey, int] = {}
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Resume what an earlier process left, and start to deliver."""
        self._simulator.due_signal.listen(self.notify)
        self._simulator.database.listen(lambda: self.notify(0))
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Claim and post nothing from now on; the outbound connections end the attempts in
        flight.
        """
        self._stopped = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=STOP_S)

    def notify(self, real_at: int) -> None:
        """Look again at this real instant (ms) at the latest; callable from any thread."""
        if real_at >= self._look_at:  # the common case
            return
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.notify, real_at)
            return
        self._look_at = real_at
        self._wake.set()

    async def _run(self) -> None:
        try:
            if not self._simulator.database.shared:
                await commit(self._simulator.database, rows.release_all)
            await asyncio.to_thread(source_images.resume, self._simulator)
        except Exception as error:  # noqa: BLE001 - it is logged, and the rest goes on
            log_failure(log, "what an earlier process left could not be resumed", error)
        while not self._stopped:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - without looks nothing is delivered
                log_failure(log, "looking for due callbacks failed", error)
            await self._sleep()

    async def _look(self) -> None:
        simulator, database = self._simulator, self._simulator.database
        real_now = simulator.real_now()
        self._look_at = real_now + LONGEST_SLEEP_MS
        if database.shared:
            await commit(database, lambda tx: rows.release_expired(tx, real_now))
            await self._look_for_images(real_now)
        is_more = True
        while is_more and not self._stopped:
            self._last = await self._survey()
            is_more = False
            for account_id in self._last.due:
                if self._stopped:
                    return
                claim = partial(outbox.claim_batch, simulator=simulator, account_id=account_id)
                claimed = await commit(database, claim)
                is_more = is_more or bool(claimed)
                self._post(claimed)
        if self._last.next_at is not None:
            self.notify(self._last.next_at)

    async def _look_for_images(self, real_now: int) -> None:
        """Read the source images that another process has left unread, now and then."""
        if real_now >= self._images_at:
            self._images_at = real_now + IMAGES_MS
            look = source_images.resume_abandoned
            self._unread = await asyncio.to_thread(look, self._simulator, self._unread)

    async def _survey(self) -> Survey:
        database = self._simulator.database
        look = partial(outbox.survey, simulator=self._simulator)
        if database.shared or self._last.accounts > FEW_ACCOUNTS:
            return await asyncio.to_thread(database.read, look)
        return database.read(look)

    def _post(self, claimed: list[Delivery]) -> None:
        for delivery in claimed:
            if self._stopped:  # callbacks claimed and not posted are due at the next start
                return
            outbox.post(self._simulator, delivery).add_done_callback(partial(self._end, delivery))

    def _end(self, delivery: Delivery, posted: Future[Outcome]) -> None:
        """Have an attempt recorded, together with the others that end in this turn."""
        if posted.cancelled():  # the server stops: it is due at the next start
            return
        account_id = delivery.claimed.account
        ended = self._ended.setdefault(account_id, [])
        ended.append(Ended(delivery=delivery, outcome=posted.result()))
        if len(ended) == 1 and account_id not in self._recording:
            self._loop.call_soon(self._record_ended, account_id)

    def _record_ended(self, account_id: str) -> None:
        claim_next = not (self._stopped or self._last.left)
        if self._simulator.database.shared:
            # Another transaction would only wait for the account. What ends meanwhile is next.
            self._recording.add(account_id)
        self._record(self._ended.pop(account_id), claim_next=claim_next)

    def _recorded(self, account_id: str) -> None:
        """Go on with what has ended while attempts of an account were recorded."""
        if account_id in self._recording:
            self._recording.discard(account_id)
            if account_id in self._ended:
                self._record_ended(account_id)

    def _record(self, ended: list[Ended], *, claim_next: bool) -> None:
        account_id = ended[0].delivery.claimed.account
        record = partial(
            outbox.record, simulator=self._simulator, ended=ended, claim_next=claim_next
        )

        def done(following: list[Delivery], error: BaseException | None) -> None:
            if error is not None and (claim_next or len(ended) > 1):
                self._recorded(account_id)
                for each in ended:  # one that fails takes no other with it
                    self._record([each], claim_next=False)
                return
            self._recorded(account_id)
            self._simulator.due_signal.attempts_recorded(len(ended))
            if error is not None:
                bugs.report(self._simulator, error)
            else:
                self._post(following)
            if self._last.left:  # a place is free now
                self.notify(0)

        with suppress(DatabaseClosedError):  # it is due at the next start
            self._simulator.database.submit(record, done)

    async def _sleep(self) -> None:
        while not self._stopped:
            left_ms = self._look_at - self._simulator.real_now()
            if left_ms <= 0:
                return
            self._wake.clear()
            try:
                # real_now may be a frozen clock of a test, so the limit is in real seconds.
                async with asyncio.timeout(min(left_ms, LONGEST_SLEEP_MS) / 1000):
                    await self._wake.wait()
            except TimeoutError:
                return
