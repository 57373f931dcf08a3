"""The way to a world of the simulator in this process: for the plan of a dry run, and for tests."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from mock_server.actions.callbacks import outbox
from mock_server.actions.callbacks.outbox import Delivery, Ended
from mock_server.actions.operations import pictures
from mock_server.actions.operations.pictures import Missing, PictureAddress
from mock_server.domain.call.calls import Call
from mock_server.domain.callback.payload import Outcome
from mock_server.domain.urls import AddressError
from mock_server.probe import callbacks, moves
from mock_server.probe.callbacks import Heard
from mock_server.probe.request import ProbeRequest
from mock_server.probe.shape import SeenAnswer, seen
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.gateway_view import answer_call

T = TypeVar("T")


class WorldClock:
    """A clock that only waiting moves."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> int:
        """See ProbeClock."""
        return self._at

    def wait(self, ms: int) -> None:
        """See ProbeClock."""
        self._at += ms


class WorldTransport:
    """Calls a simulator in this process; nothing leaves it."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def send(self, request: ProbeRequest) -> SeenAnswer:
        """See Transport."""
        call: Call = request.as_call()
        answer = answer_call(self._simulator, call)
        return seen(answer.status, answer.headers, answer.body)

    def fetch(self, url: str) -> SeenAnswer:
        """See Transport."""
        _, _, account, task_id, name = urlsplit(url).path.split("/")
        address = PictureAddress(
            account=account, task_id=task_id, number=int(name.removesuffix(".png"))
        )
        found = self._simulator.database.run(lambda tx: pictures.find(tx, self._simulator, address))
        return SeenAnswer(status=found.status if isinstance(found, Missing) else 200, headers={})


class WorldListener:
    """Hears what a simulator in this process calls, whose clock it moves."""

    url = moves.ANY_LISTENER

    def __init__(self, simulator: Simulator, clock: WorldClock) -> None:
        self._simulator = simulator
        self._clock = clock
        self._waiting: list[Heard] = []
        self._numbers: dict[str, int] = {}

    def hear(self, until: int) -> Heard | None:
        """See Listener."""
        while not self._waiting:
            survey = self._in(lambda tx: outbox.survey(tx, self._simulator))
            if survey.due:
                self._deliver(survey.due[0])
            elif survey.next_at is not None and survey.next_at <= until:
                self._clock.wait(max(0, survey.next_at - self._clock.now()))
            else:
                self._clock.wait(max(0, until - self._clock.now()))
                return None
        return self._waiting.pop(0)

    def _deliver(self, account: str) -> None:
        for delivery in self._in(lambda tx: outbox.claim_batch(tx, self._simulator, account)):
            ended = [Ended(delivery=delivery, outcome=self._answered(delivery))]
            self._in(partial(outbox.record, simulator=self._simulator, ended=ended))

    def _answered(self, delivery: Delivery) -> Outcome:
        try:
            address = delivery.address
        except AddressError as error:
            return Outcome(error=str(error), hopeless=True)
        heard = Heard(
            at=self._clock.now(),
            target=address.target,
            login=callbacks.login_of(address.authorization),
            content_type=delivery.posting.content_type,
            body=delivery.posting.body,
        )
        self._waiting.append(heard)
        number = self._numbers[heard.task_id] = self._numbers.get(heard.task_id, 0) + 1
        return Outcome(status=callbacks.answer_to(number), sent_headers=())

    def _in(self, work: Callable[[Transaction], T]) -> T:
        return self._simulator.database.run(work)
