"""A plain submit in one straight line is what the pipeline makes of it, and all else is left to it.

The straight line is taken only where the writer remembers: PostgreSQL never takes it.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mock_server.actions.gateway import pipeline, plain_submit
from mock_server.actions.gateway.exchange import run_with_callbacks
from mock_server.domain.answer.accepted import accepted_answer, accepted_form
from mock_server.domain.answer.answers import Stamp, result_answer
from mock_server.domain.answer.envelope import SUCCESS, base_body
from mock_server.domain.call.calls import Answer, Call, Defect
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.domain.task.submissions import ACCEPTED
from mock_server.metrics import recorder
from mock_server.simulator import with_recorder
from mock_server.store.engine import sqlite
from tests.store.test_agreement import living, rows
from tests.store.test_same_life import LIMITS, LIVES, TYPES, UNLIMITED, live, plain, signed
from tests.support.metrics import Scrape
from tests.support.signed import Signer
from tests.support.worlds import World

BODY = {"text": "https://example.com", "style_id": "pet_cat"}
CALLED_BACK = {**BODY, "call_back": "http://127.0.0.1:9/x"}
FORM, JSON = TYPES[0], TYPES[2]
# The metrics that calls are counted in: the others are of the process, or of its turns.
COUNTED = tuple(f"artqr_mock_{name}" for name in ("call", "charge", "task", "finding"))
DURATION = "artqr_mock_call_duration"
TASKS = ("artqr_mock_tasks_total", (("ends", "time"), ("outcome", "succeeded")))


@pytest.mark.slow
@settings(max_examples=80, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(LIVES)
def test_a_life_in_one_straight_line_is_that_of_the_pipeline(life: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "TURN_S", 60)
        with living("sqlite", **LIMITS) as one:
            straight, its_rows, posted = live(one, life), rows(one), one.postbox.posted
        patch.setattr(plain_submit, "answer", lambda _tx, _simulator, _call: None)
        with living("sqlite", **LIMITS) as other:
            assert live(other, life) == straight
            assert rows(other) == its_rows
            assert other.postbox.posted == posted


@pytest.fixture
def lived() -> Iterator[World]:
    """A world that has answered enough submits for the next plain one to go straight."""
    with living("sqlite") as world:
        for content_type in TYPES:
            for fields in (BODY, CALLED_BACK):
                for _ in range(3):
                    answered(world, plain("mock-demo", content_type, fields, ()))
        yield world


def answered(world: World, call: Call) -> Answer:
    answer = world.simulator.database.run(lambda tx: pipeline.handle(tx, world.simulator, call))
    assert isinstance(answer, Answer)
    return answer


def goes_straight(world: World, call: Call) -> bool:
    """Whether a call is answered without the pipeline; it is answered in any case."""
    straight: list[bool] = []
    answer = plain_submit.answer

    def spied(*what: Any) -> Answer | None:
        found = answer(*what)
        straight.append(found is not None)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_submit, "answer", spied)
        answered(world, call)
    assert len(straight) == 1
    return straight[0]


@pytest.mark.parametrize("fields", [BODY, CALLED_BACK], ids=["alone", "called back"])
@pytest.mark.parametrize("content_type", TYPES)
def test_a_plain_submit_goes_straight(
    lived: World, content_type: str, fields: dict[str, str]
) -> None:
    assert goes_straight(lived, plain("mock-demo", content_type, fields, ()))


@pytest.mark.parametrize(
    ("method", "what", "body", "status"),
    [
        ("POST", "/faults", {"code": "D504TO", "calls": 9}, 201),
        ("PATCH", "", {"throttle": {"per_second": 5, "burst": 2}}, 200),
        ("PATCH", "", {"standing": "arrears"}, 200),
        ("PATCH", "/readings", {"envelope": "bare"}, 200),
    ],
)
def test_an_account_in_which_something_is_ordered_goes_through_the_pipeline(
    lived: World, method: str, what: str, body: dict[str, Any], status: int
) -> None:
    call = plain("mock-demo", FORM, BODY, ())
    assert goes_straight(lived, call)

    lived.admin(method, f"/accounts/default{what}", body, expect=status)

    assert [goes_straight(lived, call) for _ in range(3)] == [False] * 3


def test_a_clock_that_is_set_is_heeded_at_once(lived: World) -> None:
    call = plain("mock-demo", JSON, CALLED_BACK, ())
    before = lived.admin("GET", "/accounts/default")["clock"]["now"]
    lived.clock(advance="1h")

    assert answered(lived, call).status == 200

    row = lived.simulator.database.read(lambda tx: tx.one("select max(at) as at from call"))
    assert row is not None
    assert row["at"] >= before + 3_600_000


@pytest.mark.parametrize(
    "call",
    [
        plain("mock-demo", FORM, {**BODY, "text": "x" * 36}, ()),
        plain("mock-demo", FORM, {**BODY, "text": "https://mock.test/slow"}, ()),
        plain("mock-demo", FORM, {**BODY, "style_id": "no_such"}, ()),
        plain("mock-demo", FORM, {**BODY, "is_use_temp_short_link": "1"}, ()),
        plain("mock-demo", FORM, {"text": "https://example.com"}, ()),
        plain("mock-demo", JSON, {**BODY, "text": 1}, ()),  # type: ignore[dict-item]
        plain("mock-demo", FORM, BODY, (("x-ca-stage", "TEST"),)),
        plain("mock-demo", FORM, BODY, (("x-ca-nonce", "1"),)),
        plain("mock-demo", FORM, BODY, (("content-md5", "x"),)),
        plain("nobody", FORM, BODY, ()),
        replace(plain("mock-demo", FORM, BODY, ()), method="PUT"),
        replace(plain("mock-demo", FORM, BODY, ()), path="/taskList"),
        replace(plain("mock-demo", FORM, BODY, ()), query="a=b"),
        replace(plain("mock-demo", FORM, BODY, ()), defect=Defect(code="I400HD", reason="x")),
        replace(plain("mock-demo", FORM, BODY, ()), body=b"text=a&text=b&style_id=pet_cat"),
        replace(plain("mock-demo", JSON, BODY, ()), body=b'{"text": "a", "text": "b"}'),
    ],
)
def test_a_call_that_is_not_plain_goes_through_the_pipeline(lived: World, call: Call) -> None:
    assert [goes_straight(lived, call) for _ in range(3)] == [False] * 3


def test_the_last_credits_and_their_notices_go_through_the_pipeline(lived: World) -> None:
    call = plain("mock-demo", FORM, BODY, ())
    straight = 0
    while (
        answer := lived.simulator.database.run(
            lambda tx: plain_submit.answer(tx, lived.simulator, call)
        )
    ) is not None:
        straight += 1
        assert answer.status == 200

    rest = [answered(lived, call).status for _ in range(1000 - 24 - straight)]
    balance = lived.admin("GET", "/accounts/default")["balance"]

    assert straight == 1000 - 24 - 200  # the first of the last fifth has a notice
    assert set(rest) == {200}
    assert balance == 0
    assert answered(lived, call).status == 403


def test_submits_of_an_account_without_end_go_straight_and_take_no_credit(lived: World) -> None:
    account = lived.account(**UNLIMITED)
    call = plain(account["app_code"], JSON, CALLED_BACK, ())

    straight = [goes_straight(lived, call) for _ in range(9)]

    after = lived.admin("GET", f"/accounts/{account['id']}")
    kept = lived.calls(account["id"])
    assert straight == [False] + [True] * 8
    assert after["balance"] == account["balance"]
    assert len(kept) == UNLIMITED["keep_calls"]
    assert lived.bill(account["id"])["charges"] == 9


def test_metrics_count_a_plain_submit_as_the_pipeline_does() -> None:
    calls = [plain("mock-demo", FORM, BODY, ()), plain("mock-demo", JSON, CALLED_BACK, ())] * 5

    straight, went = counted(calls)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_submit, "answer", lambda _tx, _simulator, _call: None)
        general, _ = counted(calls)

    assert went == [False] * 2 + [True] * 8
    assert straight == general
    assert straight["answered"] == len(calls)
    assert straight[TASKS] == len(calls)


def counted(calls: list[Call]) -> tuple[dict[Any, float], list[bool]]:
    """Answer calls as `serve` does; return what was counted, and which went straight."""
    made = recorder.recorder()
    assert made is not None
    went: list[bool] = []
    answer = plain_submit.answer

    def spied(*what: Any) -> Answer | None:
        found = answer(*what)
        went.append(found is not None)
        return found

    with living("sqlite") as lived, pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_submit, "answer", spied)
        world = World(with_recorder(lived.simulator, made), lived.real_now, lived.postbox)
        for call in calls:
            answered_by: Future[Answer] = Future()
            run_with_callbacks(world.simulator, call, never_held, answered_by.set_result)
            assert answered_by.result(30).status == 200
        text = world.http.get("/_mock/metrics").get_data(as_text=True)
    samples = {
        sample: value
        for sample, value in Scrape(text).samples.items()
        if sample[0].startswith(COUNTED) and not sample[0].startswith(DURATION)
    }
    return samples | {"answered": Scrape(text).total("call_duration_seconds_count")}, went


def never_held(_ms: int, _then: Any) -> None:
    raise AssertionError("no call is held")


def test_signed_submits_go_straight_and_each_nonce_counts_once(lived: World) -> None:
    signer = Signer.of(lived.admin("GET", "/accounts/default"))
    calls = [signed(signer, f"n{each}", spoiled=False) for each in range(4)]

    assert [goes_straight(lived, each) for each in calls] == [False, True, True, True]
    assert not goes_straight(lived, calls[3])
    assert answered(lived, calls[3]).status == 403
    assert lived.calls()[-1]["error_code"] == "S403NU"


def test_a_wrong_signature_does_not_use_its_nonce(lived: World) -> None:
    signer = Signer.of(lived.admin("GET", "/accounts/default"))
    for each in range(3):
        answered(lived, signed(signer, f"n{each}", spoiled=False))

    assert not goes_straight(lived, signed(signer, "n9", spoiled=True))
    assert goes_straight(lived, signed(signer, "n9", spoiled=False))


def test_heads_that_never_come_again_are_not_read(lived: World) -> None:
    calls = [plain("mock-demo", FORM, BODY, (("x-trace", str(each)),)) for each in range(20)]

    assert not any(goes_straight(lived, each) for each in calls)


def test_where_nothing_is_remembered_nothing_goes_straight() -> None:
    with living("postgres") as world:
        call = plain("mock-demo", FORM, BODY, ())

        assert [goes_straight(world, call) for _ in range(4)] == [False] * 4


def test_the_kept_parts_of_an_answer_make_the_answer() -> None:
    stamp = Stamp(request_id="A" * 36, now=1_796_000_000_000)
    task_id, res_id = "0123456789abcdef01234567", "fedcba9876543210fedcba98"
    body = {**base_body(SUCCESS, ACCEPTED, DEFAULT_READINGS), "task_id": task_id}

    made = accepted_answer(accepted_form(DEFAULT_READINGS), task_id, res_id, stamp)

    assert made == result_answer(body, DEFAULT_READINGS, res_id, stamp, charged=True)
