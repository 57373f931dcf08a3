"""A bug of ours: HTTP 500 in our own form, nothing booked, recorded in the journal and the log."""

import logging
from typing import Any

import pytest

from mock_server.actions import bugs
from mock_server.actions.operations import operations
from mock_server.audit.records import RecordedCall
from mock_server.domain.call.calls import Operation
from mock_server.store import callbacks, journal
from tests.support.processes import until
from tests.support.signed import Signer, send
from tests.support.turns import writer
from tests.support.worlds import World

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def broken(*_: Any, **__: Any) -> Any:
    raise LookupError("secret detail mock-demo")


@pytest.fixture
def fails_after_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the submit after it has written its task."""
    submit = operations.HANDLERS[Operation.SUBMIT_TASK]

    def write_and_fail(*args: Any) -> Any:
        submit(*args)
        return broken()

    monkeypatch.setitem(operations.HANDLERS, Operation.SUBMIT_TASK, write_and_fail)


@pytest.mark.usefixtures("fails_after_writing")
def test_our_bug_is_a_500_that_no_client_can_take_for_the_vendors(world: World) -> None:
    answer = world.vendor("/submitTask", GOOD)

    assert answer.status_code == 500
    assert answer.headers["X-Mock-Server-Bug"] == "LookupError"
    assert answer.headers["Content-Type"] == "application/json"
    assert not [name for name, _ in answer.headers if name.startswith(("X-Ca-", "showapi"))]
    assert "showapi" not in answer.get_data(as_text=True)
    assert "not of your client" in answer.get_json()["error"]
    assert b"secret detail" not in answer.data


@pytest.mark.usefixtures("fails_after_writing")
def test_our_bug_is_rolled_back_and_journalled_and_free(world: World) -> None:
    world.vendor("/submitTask", {**GOOD, "call_back": "http://127.0.0.1:9/"})

    (call,) = world.calls()
    assert (call["status"], call["charged"], call["operation"]) == (500, False, "submit_task")
    assert dict(call["answer"]["headers"])["X-Mock-Server-Bug"] == "LookupError"
    assert world.admin("GET", "/accounts/default/tasks")["tasks"] == []
    assert world.admin("GET", "/accounts/default/callbacks")["callbacks"] == []
    assert (world.bill()["charges"], world.bill()["balance"]) == (0, 1000)


@pytest.mark.usefixtures("fails_after_writing")
def test_our_bug_uses_up_no_number_of_the_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.vendor("/submitTask", GOOD)
    monkeypatch.undo()
    mine = world.submit()

    assert mine == world.submit(world.account(seed=1)["app_code"])


def test_a_bug_after_the_charge_takes_no_credit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.store.billing.add_entry", broken)

    assert world.vendor("/submitTask", GOOD).headers["X-Mock-Server-Bug"] == "LookupError"
    assert world.bill()["balance"] == 1000
    assert [call["status"] for call in world.calls()] == [500]


def test_a_bug_that_cannot_even_be_journalled_is_still_our_500(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "insert", broken)

    answer = world.vendor("/submitTask", GOOD)

    assert (answer.status_code, answer.headers["X-Mock-Server-Bug"]) == (500, "LookupError")
    assert world.bill()["balance"] == 1000


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_a_full_disk_is_our_500_and_nothing_is_booked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = writer(world.simulator.database)
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages}")
    answers = [world.vendor("/submitTask", {**GOOD, "text": "x" * 2_900}) for _ in range(40)]
    connection.execute("pragma max_page_count = 1000000")

    booked = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code != 200]
    assert {answer.headers.get("X-Mock-Server-Bug") for answer in lost} == {"TurnLostError"}
    assert world.bill()["charges"] == len(booked)
    assert len(world.admin("GET", "/accounts/default/tasks")["tasks"]) == len(booked)
    assert len(world.submit()) == 24


def test_a_bug_behind_the_admin_api_is_a_500_in_its_own_form(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.store.accounts.set_world", broken)
    world.submit()

    answer = world.http.post("/_mock/accounts/default/reset")

    assert answer.status_code == 500
    assert answer.headers["X-Mock-Server-Bug"] == "LookupError"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"secret detail" not in answer.data
    assert world.bill()["charges"] == 1


def test_a_bug_behind_a_picture_is_a_500_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    task_id = world.submit()
    world.clock(advance="1m")
    monkeypatch.setattr("mock_server.render.draw", broken)

    answer = world.http.get(f"/pictures/default/{task_id}/1.png")

    assert (answer.status_code, answer.headers["X-Mock-Server-Bug"]) == (500, "LookupError")


def test_a_bug_in_one_call_leaves_the_next_one_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "insert", broken)

    assert world.vendor("/submitTask", {**GOOD, "call_back": "http://h/"}).status_code == 500
    assert len(world.submit()) == 24
    assert [call["status"] for call in world.calls()] == [500, 200]


def refused(world: World) -> dict[str, Any]:
    """A call whose signature is wrong, so that it is examined in the background."""
    account = world.account()
    send(world, Signer.of(account).signed().with_headers(X_Ca_Signature="wrong"))
    (call,) = world.calls(account["id"])
    return call


@pytest.mark.parametrize(
    "place",
    ["mock_server.domain.auth.diagnosis.diagnose",
     "mock_server.actions.gateway.signature_review.kept_finding"],
)  # fmt: skip
def test_a_failure_in_the_background_is_a_bug_on_its_call(
    world: World, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(place, broken)

    call = refused(world)

    (found,) = [each for each in call["findings"] if each["id"] == "simulator-bug"]
    assert "LookupError" in found["says"]
    assert "secret detail" not in str(found)
    assert RecordedCall.of(call).is_bug
    assert (call["status"], call["error_code"]) == (403, "A403IS")


def test_a_failure_in_the_background_of_a_call_that_is_gone_is_a_row_of_nobody(
    world: World,
) -> None:
    bugs.report(world.simulator, LookupError("secret detail"), 12345).result(10)

    (call,) = world.admin("GET", "/calls")["calls"]
    assert (call["status"], call["path"], call["charged"]) == (500, bugs.PLACE, False)
    assert dict(call["answer"]["headers"])["X-Mock-Server-Bug"] == "LookupError"
    assert RecordedCall.of(call).is_bug
    assert "secret detail" not in str(call)


def test_a_source_image_that_cannot_be_recorded_is_a_bug_of_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.actions.operations.replan.replan", broken)
    world.vendor("/submitTask", {"qr_code_url": "http://h/q.png", "style_id": "pet_cat"})

    until(lambda: world.admin("GET", "/calls")["calls"])
    (call,) = world.admin("GET", "/calls")["calls"]
    assert RecordedCall.of(call).is_bug


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_what_is_left_out_because_too_much_waits_is_said_on_its_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.signals.MAX_BACKGROUND", 0)

    call = refused(world)
    world.simulator.database.run(lambda tx: tx.one("select 1"))  # what was handed in is done

    (found,) = [
        each for each in world.calls(call["account"])[0]["findings"] if each["id"] == "signature"
    ]
    assert found["says"].startswith("not examined: too many")
