"""Failures that the client suite arms, slow answers, retries, and clients that never return."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings

from mock_server.client_suite import ClientSuite, inputs, pitfalls
from mock_server.client_suite.driver import Play
from mock_server.client_suite.inputs import PLAIN
from mock_server.client_suite.story import Trouble
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.testing import MockServer, SimulatorBugError
from tests.clients.reference.client import ArtQrError, Client
from tests.clients.reference.mutants import (
    HangsForEver,
    LoopsOn429,
    Repeats450,
    RetriesLostSubmits,
    TimesOutAndSubmitsAgain,
    TripsOverNull,
)
from tests.clients.reference.suites import suite_of
from tests.clients.reference.variants import Asynchronous, LooksFirst, RetriesQueries, SendsJson

CLASSIC = {"gateway.profile": "classic"}


def in_play(
    kind: Callable[..., Any],
    server: MockServer,
    act: Callable[[Play], None],
    readings: dict[str, str] | None = None,
    **attributes: Any,
) -> Play:
    """Drive a client through `act`; return the play with its story."""
    suite = suite_of(kind)
    for name, value in attributes.items():
        setattr(type(suite), name, value)
    play = suite.open(server, readings or {})
    try:
        act(play)
    finally:
        play.close()
    return play


def last_step(play: Play) -> Any:
    """Return the client's last step, without the check whether it is still usable."""
    return next(step for step in reversed(play._story.steps) if "usable" not in step.says)


@pytest.mark.parametrize("readings", [{}, CLASSIC], ids=["modern", "classic"])
def test_every_trouble_that_the_suite_can_draw_can_be_armed(
    artqr_server: MockServer, readings: dict[str, str]
) -> None:
    def arm_all(play: Play) -> None:
        for trouble in inputs.every_trouble():
            for operation in VENDOR_OPERATIONS if trouble.for_one else VENDOR_OPERATIONS[:1]:
                with play._troubled(operation, trouble):
                    armed = play._world.faults.all()
                assert len(armed) == 1

    in_play(Client, artqr_server, arm_all, readings)


@settings(max_examples=300, derandomize=True, database=None)
@given(inputs.troubles())
def test_what_is_drawn_is_among_the_troubles_that_are_armed(drawn: Trouble | None) -> None:
    assert drawn is None or drawn in inputs.every_trouble()


@pytest.mark.parametrize("trouble", inputs.losses(), ids=lambda trouble: trouble.says)
def test_a_loss_damages_the_first_answer_and_a_client_that_raises_is_right(
    artqr_server: MockServer, trouble: Trouble
) -> None:
    play = in_play(Client, artqr_server, lambda play: play.submit(PLAIN, trouble))

    (call,) = last_step(play).calls
    assert last_step(play).trouble is trouble
    assert isinstance(last_step(play).error, ArtQrError)
    assert call.mishap is not None or call.status == 504


def test_a_trouble_that_is_refused_is_a_bug_of_ours(artqr_server: MockServer) -> None:
    bad = Trouble(says="the answer is cut", rule={"kind": "truncate", "calls": 1})

    with pytest.raises(SimulatorBugError, match=r"'truncate'.*keep_bytes.*a bug of artqr-mock"):
        in_play(Client, artqr_server, lambda play: play.submit(PLAIN, bad))


def test_tasks_of_others_that_could_not_be_made_are_a_bug_of_ours(artqr_server: MockServer) -> None:
    def fill(play: Play) -> None:
        play._world.faults.add("B403MQ")
        play.fill(2)

    with pytest.raises(
        SimulatorBugError, match=r"submitted 2 tasks, and 0 were made\. .*artqr-mock"
    ):
        in_play(Client, artqr_server, fill)


def test_a_server_without_connections_in_hand_is_not_asked_for_what_it_cannot_do(
    artqr_server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Trouble(says="the answer is cut", rule={"kind": "truncate", "calls": 1})
    get = artqr_server.admin.get

    def behind_wsgi(path: str, **query: str | int) -> Any:
        return {"status": "ok"} if path == "/health" else get(path, **query)

    monkeypatch.setattr(artqr_server.admin, "get", behind_wsgi)

    def arm(play: Play) -> None:
        with play._troubled(Operation.SUBMIT_TASK, bad):
            assert play._world.faults.all() == []

    in_play(Client, artqr_server, arm)


@pytest.mark.parametrize("kind", [Client, LooksFirst, Asynchronous])
def test_a_slow_answer_is_taken_by_a_client_that_waits(
    artqr_server: MockServer, kind: Callable[..., Any]
) -> None:
    for trouble in (inputs.drip(), inputs.late()):
        play = in_play(kind, artqr_server, partial(Play.meet, trouble=trouble))

        step = last_step(play)
        assert play._story.steps[1].trouble is trouble
        assert step.error is None


class GivesUpOnSlowAnswers(Client):
    """Raises when a complete answer took long."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        loop = asyncio.new_event_loop()
        began = loop.time()
        try:
            found = super().call(operation, fields)
            if loop.time() - began > inputs.SHORT_DELAY_S:
                raise ArtQrError("too slow")
        finally:
            loop.close()
        return found


def test_a_client_that_drops_an_answer_that_came_late_is_wrong(artqr_server: MockServer) -> None:
    def submit(play: Play) -> None:
        play.submit(PLAIN, inputs.late())

    with pytest.raises(AssertionError, match=r"the task was made, and the client raised"):
        in_play(GivesUpOnSlowAnswers, artqr_server, submit)


def test_a_client_that_looks_first_has_its_submit_damaged_and_not_its_list(
    artqr_server: MockServer,
) -> None:
    lost = inputs.lost_answer("truncate")
    play = in_play(LooksFirst, artqr_server, lambda play: play.submit(PLAIN, lost))

    step = last_step(play)
    damaged = [call.operation for call in step.calls if call.mishap]
    assert damaged == ["submit_task"]
    assert [call.operation for call in step.calls].count("submit_task") == 1
    assert step.error is None


def test_a_client_that_looks_first_may_submit_again_where_no_task_was_made(
    artqr_server: MockServer,
) -> None:
    lost = inputs.lost_call("reset")
    play = in_play(LooksFirst, artqr_server, lambda play: play.submit(PLAIN, lost))

    calls = last_step(play).calls
    assert [call.operation for call in calls].count("submit_task") == 2


class LooksWithoutSeeing(Client):
    """Lists the tasks after an error, and submits again even if the list failed."""

    def submit(self, fields: dict[str, str]) -> str:
        try:
            return super().submit(fields)
        except ArtQrError:
            with suppress(ArtQrError):
                self.list_tasks()
            return super().submit(fields)


def test_a_look_that_failed_is_none(artqr_server: MockServer) -> None:
    late = inputs.gateway_error("D504TO")

    with pytest.raises(AssertionError, match="it submitted again after an answer 504"):
        in_play(LooksWithoutSeeing, artqr_server, lambda play: play.submit(PLAIN, late))


class Impatient(Client):
    """Times out after a second and raises."""

    timeout_s = 1.0


class ImpatientLooksFirst(LooksFirst):
    """Times out after a second and looks into the list."""

    timeout_s = 1.0


@pytest.mark.parametrize("kind", [Impatient, ImpatientLooksFirst])
def test_a_client_that_gives_up_on_a_late_answer_may_raise_or_look(
    artqr_server: MockServer, kind: type[Client]
) -> None:
    in_play(kind, artqr_server, lambda play: pitfalls.waits(play, 3))


WRONG = [
    (RetriesLostSubmits, inputs.lost_answer("truncate"), "one intent was paid for 2 times"),
    (RetriesLostSubmits, inputs.lost_call("reset"), "it submitted again after no answer"),
    (TimesOutAndSubmitsAgain, inputs.late(3), "one intent was paid for 2 times|after no answer"),
    (Repeats450, inputs.refusal(1), "it called again after the refusal 450 .*no retry mends"),
    (LoopsOn429, inputs.gateway_error("T429PA"), "it called 4 more times within .*T429PA"),
]


@pytest.mark.parametrize(("kind", "trouble", "said"), WRONG)
def test_a_wrong_reaction_is_named(
    artqr_server: MockServer, kind: type[Client], trouble: Trouble, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        in_play(kind, artqr_server, lambda play: play.submit(PLAIN, trouble))


def test_a_client_whose_pauses_are_switched_off_can_say_so(artqr_server: MockServer) -> None:
    busy = inputs.gateway_error("T429PA")

    in_play(LoopsOn429, artqr_server, lambda play: play.submit(PLAIN, busy), pause_seconds=0)


def test_a_few_retries_at_once_are_no_loop(artqr_server: MockServer) -> None:
    busy = inputs.gateway_error("T429PA")

    in_play(RetriesQueries, artqr_server, lambda play: play.meet(busy))


class RepeatsBusy(Client):
    """Retries once if the remark asks for it."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        try:
            return super().call(operation, fields)
        except ArtQrError as error:
            if inputs.BUSY not in str(error):
                raise
            return super().call(operation, fields)


def test_a_refusal_that_asks_to_try_later_may_be_tried_again(artqr_server: MockServer) -> None:
    in_play(RepeatsBusy, artqr_server, lambda play: play.meet(inputs.refusal()))


class TripsOverNullAndSendsJson(TripsOverNull, SendsJson):
    """Fails under two readings."""


def test_each_breaking_reading_is_named(artqr_server: MockServer) -> None:
    with pytest.raises(AssertionError) as caught:
        suite_of(TripsOverNullAndSendsJson).test_every_reading_of_what_nobody_knows(artqr_server)

    *story, count, first, second = str(caught.value).splitlines()
    assert count == "2 readings break the client; the first has the story above:"
    assert story[2].split(" in which ")[1].replace(" is ", " = ") in first
    named = sorted(line.partition(": ")[0].strip() for line in (first, second))
    assert named == ["body.type = form-only", "result.none = null"]
    assert "TypeError" in first + second


def test_a_mistake_in_the_most_likely_world_is_not_blamed_on_a_reading(
    artqr_server: MockServer,
) -> None:
    with pytest.raises(AssertionError, match=r"  1\. a world as it most likely is"):
        suite_of(Repeats450).test_every_reading_of_what_nobody_knows(artqr_server)


class HangsInItsLoop(Asynchronous):
    """Waits for an event that never happens."""

    async def submit(self, fields: dict[str, str]) -> str:
        await asyncio.Event().wait()
        return await super().submit(fields)


class HangsAtTheStart(Client):
    """Never finishes its construction."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        asyncio.run(asyncio.sleep(3600))


class HangsAtTheEnd(Client):
    """Never finishes its close()."""

    def close(self) -> None:
        asyncio.run(asyncio.sleep(3600))


class LoopsForEver(Client):
    """Retries for ever after any error."""

    def submit(self, fields: dict[str, str]) -> str:
        while True:
            with suppress(Exception):
                return super().submit({**fields, "text": str(fields["no such field"])})


HANGS = [HangsForEver, HangsInItsLoop, HangsAtTheStart, HangsAtTheEnd, LoopsForEver]
WAITS_FOR_THE_SYSTEM = [HangsForEver, HangsAtTheEnd]


@pytest.mark.parametrize("kind", HANGS)
@pytest.mark.parametrize("in_thread", [True, False], ids=["thread", "alarm"])
def test_a_client_that_hangs_for_ever_is_stopped(
    artqr_server: MockServer, kind: Callable[..., Any], in_thread: bool
) -> None:
    suite = suite_of(kind)
    type(suite).step_seconds = 2

    with pytest.raises(AssertionError, match=r"(did not come back|was not made) within 2 s") as it:
        run_in(suite.test_known_pitfalls, artqr_server, in_thread=in_thread)

    is_left = in_thread and kind in WAITS_FOR_THE_SYSTEM
    assert ("it still hangs in its thread" in str(it.value)) == is_left


def run_in(act: Callable[[MockServer], None], server: MockServer, *, in_thread: bool) -> None:
    """Call it in this thread, or in another one, which gets no alarms."""
    if not in_thread:
        act(server)
        return
    with ThreadPoolExecutor(1) as pool:
        pool.submit(act, server).result()


@pytest.mark.parametrize("kind", [Client, Asynchronous])
def test_a_good_client_is_as_good_in_a_thread(
    artqr_server: MockServer, kind: Callable[..., Any]
) -> None:
    suite: ClientSuite = suite_of(kind)

    run_in(lambda server: suite._fall(server, {}, pitfalls.short()), artqr_server, in_thread=True)


def test_a_generated_world_ends_with_a_client_that_cannot_be_made(
    artqr_server: MockServer,
) -> None:
    suite = suite_of(HangsAtTheStart)
    type(suite).step_seconds = 0.3

    with pytest.raises(AssertionError, match=r"its adapter was not made within 0\.3 s"):
        suite.test_generated_worlds(artqr_server)
