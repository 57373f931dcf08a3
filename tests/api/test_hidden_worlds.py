"""The probe against servers whose readings it does not know: it settles rightly what it can."""

import random
from functools import partial

import pytest

from mock_server.domain.readings import ALLOWED
from mock_server.probe.hypotheses import FORM
from mock_server.probe.model import Model, Situation, Submitted
from mock_server.probe.moves import FIXED, LIST, find, query, submit, submits
from mock_server.probe.planner import Planner
from mock_server.probe.request import ProbeRequest
from mock_server.probe.session import Session
from mock_server.probe.shape import SeenAnswer, content, form
from mock_server.probe.transport import Transport
from mock_server.probe.world_transport import WorldTransport
from tests.support.hidden_worlds import FAULTS, Lossy, flips, is_sound, random_worlds, world

RANDOM = 500
PARTS = 4
RICH = 10_000


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_random_worlds(model: Model, planner: Planner, part: int) -> None:
    """For one yuan nothing is settled wrongly, and the rest is open for want of money."""
    for readings in list(random_worlds(RANDOM))[part::PARTS]:
        with world(readings) as held:
            found = held.world.probe(model, planner)
        is_sound(found, 100)
        assert len(found.settled) >= 10
        assert not found.missed or found.session.credits_left < 3


@pytest.mark.slow
def test_single_flips(model: Model, planner: Planner) -> None:
    """Each value that is not the default is found, by whoever has money and a day's patience."""
    for readings in flips():
        with world(readings) as held:
            found = held.world.probe(model, planner, fen=RICH, days=2)
        is_sound(found, RICH)
        assert found.missed == set(), readings


@pytest.mark.slow
def test_rich_random_worlds(model: Model, planner: Planner) -> None:
    """With money and a day's patience every reading that shows is settled, in any world."""
    for readings in random_worlds(20, seed=2):
        with world(readings) as held:
            found = held.world.probe(model, planner, fen=RICH, days=2)
        is_sound(found, RICH)
        assert found.missed == set(), readings


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_troubles(model: Model, planner: Planner, fault: str) -> None:
    """An error that may pass settles nothing wrongly, and nothing is paid for twice."""
    dice = random.Random(fault)
    for readings in random_worlds(8, seed=3):
        hit = frozenset(dice.randrange(1, 20) for _ in range(2))
        with world(readings) as held:
            lossy = Lossy(
                WorldTransport(held.world.simulator),
                lambda number, hit=hit: fault if number in hit else "",  # type: ignore[misc]
            )
            found = held.world.probe(model, planner, fen=600, wrap=lambda *_: lossy)  # noqa: B023
        is_sound(found, 600)
        bodies = [each.body for each in lossy.sent if each.path == "/submitTask"
                  and b"APPCODE mock-demo" in str(each.headers).encode()]  # fmt: skip
        assert len(bodies) == len(set(bodies)), "a submit was sent twice"


def test_a_lost_submit_is_looked_for_in_the_list(model: Model, planner: Planner) -> None:
    """The task of a submit whose answer was lost is found in the list, and followed."""

    class LoseFirstTask:
        def __init__(self, inner: Transport) -> None:
            self._inner, self._is_lost = inner, False

        def send(self, request: ProbeRequest) -> SeenAnswer:
            from mock_server.probe.transport import LostError  # noqa: PLC0415

            answer = self._inner.send(request)
            if request.path == "/submitTask" and answer.status == 200 and not self._is_lost:
                self._is_lost = True
                raise LostError("timed out")
            return answer

        def fetch(self, url: str) -> SeenAnswer:
            return self._inner.fetch(url)

    with world({}) as held:
        found = held.world.probe(
            model, planner, fen=300, wrap=lambda inner, _: LoseFirstTask(inner)
        )
    is_sound(found, 300)
    assert any("is in the list" in note for note in found.session.notes)
    assert len(found.session.tasks) == found.tasks


CHANGES = [
    {"ret_code.type": "string"},
    {"ret_code.type": "string", "envelope": "bare"},
    {"ret_code.type": "string", "envelope": "bare", "refusal.status": "200"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=len)
def test_a_world_that_changes_is_reported(
    model: Model, planner: Planner, changes: dict[str, str]
) -> None:
    """Readings whose values change between two calls are given up, and named."""
    with world({}) as held:

        class Changing:
            def __init__(self, inner: Transport) -> None:
                self._inner, self._calls = inner, 0

            def send(self, request: ProbeRequest) -> SeenAnswer:
                self._calls += 1
                if self._calls == 5:
                    held.world.change(changes)
                return self._inner.send(request)

            def fetch(self, url: str) -> SeenAnswer:
                return self._inner.fetch(url)

        found = held.world.probe(model, planner, wrap=lambda inner, _: Changing(inner))
    (conflict,) = found.session.conflicts
    assert set(conflict.readings) == set(changes)
    assert conflict.together == (len(changes) > 1)
    assert found.session.new_shapes == []
    assert not changes.keys() & found.settled.keys()


def test_an_unknown_shape_is_reported_and_no_value_is_chosen(
    model: Model, planner: Planner
) -> None:
    """A part that no known value explains is named; the nearest value is not taken."""

    class Stub:
        def __init__(self, inner: Transport) -> None:
            self._inner = inner

        def send(self, request: ProbeRequest) -> SeenAnswer:
            answer = self._inner.send(request)
            status = 422 if answer.status == 450 else answer.status
            body = answer.body.replace(b'"remark"', b'"text"')
            return SeenAnswer(status=status, headers=answer.headers, body=body)

        def fetch(self, url: str) -> SeenAnswer:
            return self._inner.fetch(url)

    with world({}) as held:
        found = held.world.probe(model, planner, wrap=lambda inner, _: Stub(inner))
    parts = {each.part: each for each in found.session.new_shapes}
    assert parts["status"].got == "422"
    assert parts["status"].expected == ("200", "450")
    assert parts["status"].readings == ("refusal.status",)
    assert parts["field of the text"].got == "neither remark nor msg"
    assert not {"refusal.status", "envelope.text_field"} & found.settled.keys()
    assert found.wrong == {}


def test_the_answers_of_another_program_settle_nothing(model: Model, planner: Planner) -> None:
    """A page of a wrong host is no answer of the API: the probe stops, and says so."""

    class Foreign:
        def send(self, _: ProbeRequest) -> SeenAnswer:
            return SeenAnswer(status=200, headers={}, body=b"<html>Welcome</html>")

        fetch = send

    with world({}) as held:
        found = held.world.probe(model, planner, wrap=lambda *_: Foreign())  # type: ignore[arg-type]
    assert found.settled == {}
    assert "not those of this API" in found.session.stopped
    assert found.session.calls == 2


def test_three_credits_left(model: Model, planner: Planner) -> None:
    """An account that runs out is no evidence; the probe stops paying and says why."""
    with world({}, left=1) as held:
        found = held.world.probe(model, planner, fen=RICH)
    assert found.wrong == {}
    assert found.paid == 1
    assert found.session.no_credit
    assert any("no credit left" in note for note in found.session.notes)


def test_an_expired_app_code_stops_the_probe(model: Model, planner: Planner) -> None:
    """A refused buyer is no evidence for any reading."""
    from dataclasses import replace  # noqa: PLC0415

    with world({}) as held:
        held.world.sender = replace(held.world.sender, app_code="0123456789abcdef")
        found = held.world.probe(model, planner)
    assert "the gateway refuses the account" in found.session.stopped
    assert found.wrong == {}
    assert found.paid == 0


def test_a_wrong_secret_is_not_taken_for_a_reading(model: Model, planner: Planner) -> None:
    """Signed calls that fail because of the secret leave the readings of signatures open."""
    from dataclasses import replace  # noqa: PLC0415

    with world({"signature.empty_value": "with-equals"}) as held:
        held.world.sender = replace(held.world.sender, secret="wrong")
        found = held.world.probe(model, planner)
    assert "signature.empty_value" not in found.settled
    assert "check AppKey and AppSecret" in found.session.no_signature
    assert found.wrong == {}


def test_an_interrupted_probe_goes_on_without_paying_again(model: Model, planner: Planner) -> None:
    """From its file a probe stands where it stopped, at whatever call that was."""
    readings = {"refusal.status": "200", "envelope": "bare"}
    with world(readings) as held:
        whole = held.world.probe(model, planner, fen=600)
    for cut in range(1, whole.session.calls, 2):
        with world(readings) as held:
            calls = iter(range(cut))

            class Dies(Lossy):
                def send(self, request: ProbeRequest) -> SeenAnswer:
                    if next(calls, None) is None:  # noqa: B023
                        raise KeyboardInterrupt
                    return self._inner.send(request)

            records: list[object] = []
            with pytest.raises(KeyboardInterrupt):
                _probe_until(held.world, model, planner, records, Dies)
            found = held.world.probe(model, planner, fen=600, records=records)  # type: ignore[arg-type]
        is_sound(found, 600)


def _probe_until(
    held: object, model: Model, planner: Planner, records: list[object], dies: type
) -> None:
    from mock_server.checker.budget import Budget  # noqa: PLC0415
    from mock_server.probe.run import Run  # noqa: PLC0415
    from mock_server.probe.world_transport import WorldTransport  # noqa: PLC0415

    budget = Budget(most_calls=10**6, most_fen=600, price_fen=30)
    session = Session(model=model, budget=budget, has_signature=True)
    transport = dies(WorldTransport(held.simulator), lambda _: "")  # type: ignore[attr-defined]
    numbers = iter(range(1000, 2000))
    Run(
        session=session, planner=planner, transport=transport, clock=held.clock,  # type: ignore[attr-defined]
        sender=held.sender, write=records.append, nonce=lambda: f"first {next(numbers)}",  # type: ignore[attr-defined]
    ).go()  # fmt: skip


def test_balances_settle_what_polls_cost(model: Model, planner: Planner) -> None:
    """The credits of the console, before and after, tell whether polls are charged."""
    for value in ALLOWED["charge.polls"]:
        with world({"charge.polls": value}) as held:
            found = held.world.probe(model, planner, fen=300)
            records = [{"kind": "balance", "credits": 1000, "at": 0}, *found.records,
                       {"kind": "balance", "credits": 1000 - found.paid, "at": 1}]  # fmt: skip
            again = held.world.probe(model, planner, fen=300, records=records)
        assert again.settled["charge.polls"] == value
        assert "charge.polls" not in found.settled


def test_form_and_content_depend_on_different_readings(model: Model) -> None:
    """What an answer says does not depend on how it is written, nor the other way round."""
    base = {name: (values[0],) for name, values in ALLOWED.items()}
    one = Situation(tasks=(Submitted(kind=submit().kind),))
    asked = [(LIST, one), (query(submit()), one), *((x, Situation()) for x in submits().values())]
    for move, situation in asked[:20]:
        tree = model.tree(move, situation)
        for name, values in ALLOWED.items():
            shapes = [x.shape for x in tree.outcomes({**base, name: values}, 5000)]
            if any(x["author"] != "service" or x.get("result") != "accepted" for x in shapes):
                continue
            view = content if name in FORM else partial(form)
            kinds = {tuple(sorted(x["status"] for x in shapes))}
            for state in {x.get("status of task 1") for x in shapes} if name in FORM else {None}:
                same = [x for x in shapes if state is None or x.get("status of task 1") == state]
                assert len({tuple(sorted(view(x).items())) for x in same}) <= len(kinds) * 2


def test_every_move_has_a_name_of_its_own() -> None:
    """The file of a probe finds a move by its name."""
    for move in (*FIXED, *submits().values()):
        assert find(move.name) is move or find(move.name).name == move.name
