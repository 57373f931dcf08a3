"""The way to a world of the simulator in this process: for the plan of a dry run, and for tests."""

from urllib.parse import urlsplit

from mock_server.actions.operations import pictures
from mock_server.actions.operations.pictures import Missing, PictureAddress
from mock_server.domain.call.calls import Call
from mock_server.probe.request import ProbeRequest
from mock_server.probe.shape import SeenAnswer, seen
from mock_server.simulator import Simulator
from mock_server.web.gateway_view import answer_call


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
