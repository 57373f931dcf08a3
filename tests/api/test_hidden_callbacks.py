"""The probe with a listener, against servers whose readings it does not know."""

import random
from collections.abc import Callable

import pytest

from mock_server.domain.readings import ALLOWED
from mock_server.probe import callbacks
from mock_server.probe.callbacks import ADDRESS, LOGIN, Heard
from mock_server.probe.model import Model
from mock_server.probe.planner import Planner
from mock_server.probe.request import ProbeRequest
from mock_server.probe.shape import SeenAnswer
from mock_server.probe.transport import Listener, LostError
from mock_server.probe.unseen import CALLED_BACK
from mock_server.probe.world_transport import WorldListener, WorldTransport
from tests.support.hidden_worlds import FAULTS, Lossy, World, is_sound, random_worlds, world

RICH = 10_000
FLIPS = [(name, value) for name in CALLED_BACK for value in ALLOWED[name]]


class Hears:
    """A listener whose way changes or loses what comes."""

    url = WorldListener.url

    def __init__(self, held: World, changed: Callable[[Heard, int], Heard | None]) -> None:
        self._inner: Listener = WorldListener(held.simulator, held.clock)
        self._changed = changed
        self._count = 0

    def hear(self, until: int) -> Heard | None:
        """See Listener."""
        while (heard := self._inner.hear(until)) is not None:
            self._count += 1
            arrived = self._changed(heard, self._count)
            if arrived is not None:
                return arrived
        return None


@pytest.mark.parametrize(("name", "value"), FLIPS)
def test_what_only_callbacks_show(model: Model, planner: Planner, name: str, value: str) -> None:
    """Each value of each reading is settled by a listener, and by nothing else."""
    with world({name: value}) as held:
        found = held.world.probe(model, planner, fen=RICH, listens=True)
    is_sound(found, RICH)
    assert found.settled[name] == value
    with world({name: value}) as held:
        deaf = held.world.probe(model, planner, fen=RICH)
    assert name not in deaf.settled


@pytest.mark.slow
def test_random_worlds(model: Model, planner: Planner) -> None:
    """With money, a listener and a day's patience every reading that shows is settled."""
    for readings in random_worlds(8, seed=5):
        with world(readings) as held:
            found = held.world.probe(model, planner, fen=RICH, days=2, listens=True)
        is_sound(found, RICH)
        assert found.missed == set(), readings


@pytest.mark.slow
def test_random_worlds_for_one_yuan(model: Model, planner: Planner) -> None:
    """For little money nothing is settled wrongly, and callbacks settle more than polls do."""
    settled = deaf = 0
    for readings in random_worlds(25, seed=6):
        with world(readings) as held:
            found = held.world.probe(model, planner, fen=100, listens=True)
        is_sound(found, 100)
        settled += len(found.settled)
        with world(readings) as held:
            deaf += len(held.world.probe(model, planner).settled)
    assert settled > deaf + 50


def test_a_tunnel_that_changes_addresses_leaves_them_open(model: Model, planner: Planner) -> None:
    """What the way to the listener changes is not taken for what the service does."""

    def normal(heard: Heard, _: int) -> Heard:
        return Heard(at=heard.at, target="/~probe/", login=callbacks.ABSENT,
                     content_type=heard.content_type, body=heard.body)  # fmt: skip

    with world({}) as held:
        found = held.world.probe(
            model, planner, fen=RICH, listens=True, unclear=(ADDRESS, LOGIN),
            listener=Hears(held.world, normal),
        )  # fmt: skip
    is_sound(found, RICH)
    assert not {"address.target", "address.login"} & found.settled.keys()
    assert found.settled["callback.delivery"] == "once"


@pytest.mark.parametrize("delivery", ALLOWED["callback.delivery"])
def test_callbacks_that_are_lost_settle_nothing_wrongly(
    model: Model, planner: Planner, delivery: str
) -> None:
    """No callback arrives at all: nothing is learned from silence, and little is paid for it."""
    readings = {"callback.delivery": delivery, "callback.on_failure": "empty-list"}
    with world(readings) as held:
        found = held.world.probe(
            model, planner, fen=RICH, listens=True, listener=Hears(held.world, lambda *_: None)
        )
    is_sound(found, RICH)
    assert {*CALLED_BACK} & found.settled.keys() <= {"image.charset"}
    assert found.session.hearing.is_in_vain
    called = [task for task in found.session.tasks if "a callback" in task.move.split(", ")]
    assert len(called) == 2


def test_an_unknown_shape_of_a_callback_is_reported(model: Model, planner: Planner) -> None:
    """A field that no world sends is a new shape; what depends on it stays open."""

    def renamed(heard: Heard, _: int) -> Heard:
        return Heard(at=heard.at, target=heard.target, login=heard.login,
                     content_type=heard.content_type,
                     body=heard.body.replace(b'"resList"', b'"pictures"'))  # fmt: skip

    with world({}) as held:
        found = held.world.probe(
            model, planner, fen=300, listens=True, listener=Hears(held.world, renamed)
        )
    assert found.wrong == {}
    parts = {each.part: each.got for each in found.session.new_shapes}
    assert parts["fields of the callback"] == "pictures, task_id"


def test_an_interrupted_probe_takes_no_silence_for_an_answer(
    model: Model, planner: Planner
) -> None:
    """What came while nobody listened is not known: a task of an earlier run settles no silence."""
    readings = {"callback.delivery": "retried", "callback.on_failure": "empty-list"}
    with world(readings) as held:
        whole = held.world.probe(model, planner, fen=RICH, listens=True)
    submits = [i for i, each in enumerate(whole.records)
               if each["kind"] == "answer" and "task_id" in str(each["body"])]  # fmt: skip
    for cut in submits[:3]:
        with world(readings) as held:
            first = held.world.probe(model, planner, fen=RICH, listens=True)
            records = first.records[: cut + 1]
            held.world.clock.wait(600_000)
            found = held.world.probe(model, planner, fen=RICH, listens=True, records=records)
        assert found.wrong == {}
        assert found.session.conflicts == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_troubles(model: Model, planner: Planner, fault: str) -> None:
    """An error that may pass settles nothing wrongly, and nothing is paid for twice."""
    dice = random.Random(fault)
    for readings in random_worlds(4, seed=9):
        hit = frozenset(dice.randrange(1, 20) for _ in range(2))
        with world(readings) as held:
            lossy = Lossy(
                WorldTransport(held.world.simulator),
                lambda number, hit=hit: fault if number in hit else "",  # type: ignore[misc]
            )
            found = held.world.probe(
                model, planner, fen=600, listens=True, wrap=lambda *_, lossy=lossy: lossy
            )
        is_sound(found, 600)


def test_a_lost_submit_is_found_by_its_callback(model: Model, planner: Planner) -> None:
    """The answer is lost, but the task is called back: it is followed, and not paid for again."""

    class LosesTasks(Lossy):
        def send(self, request: ProbeRequest) -> SeenAnswer:
            answer = super().send(request)
            if request.path == "/submitTask" and answer.status == 200 and not lost:
                lost.append(request.body)
                raise LostError("timed out")
            if request.path == "/taskList":
                raise LostError("timed out")
            return answer

    lost: list[bytes] = []
    with world({}) as held:
        lossy = LosesTasks(WorldTransport(held.world.simulator), lambda _: "")
        found = held.world.probe(model, planner, fen=600, listens=True, wrap=lambda *_: lossy)
    is_sound(found, 600)
    assert b"call_back" in lost[0]
    assert any("was called back" in note for note in found.session.notes)
    assert sum(each.body == lost[0] for each in lossy.sent) == 1
