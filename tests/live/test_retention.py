"""`serve --keep`: what is trimmed answers as the vendor would, and every bill says what is gone."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from benchmarks.filled import planned
from mock_server.actions.accounts import trimming
from mock_server.real_clock import wall_clock
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.testing.world import World
from tests.support.live import GOOD, Buyer, Live, live
from tests.support.processes import run, serving, until
from tests.support.receivers import receiving

MANY = 3_000
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live(keep="1h") as server:
        yield server


@pytest.fixture(scope="module")
def buyer(server: Live) -> Buyer:
    """A buyer who submitted twice, heard of one end by a callback, and came back hours later."""
    buyer = server.buyer(credits=50)
    with receiving() as receiver:
        buyer.submit(call_back=receiver.url)
        buyer.clock(advance="1m", settle=True)
    buyer.submit()
    buyer.clock(advance="3h")
    until(lambda: (buyer.world.get("/bill")["trimmed"] or {}).get("charges") == 2)
    buyer.submit()
    return buyer


def test_the_bill_keeps_its_sums_and_says_what_is_gone(buyer: Buyer) -> None:
    bill = buyer.world.get("/bill")

    assert bill["by_operation"]["submit_task"] == {"charges": 3, "fen": 90}
    trimmed = bill["trimmed"]
    assert {**trimmed, "before": 0} == {
        "before": 0, "tasks": 2, "charges": 2, "task_charges": 2, "task_fen": 60,
    }  # fmt: skip
    (line,) = buyer.world.get("/bill/tasks")["tasks"]
    assert (line["number"], line["charges"]) == (3, 1)
    (last,) = buyer.world.get("/tasks")["tasks"]
    assert last["submitted_at"] > trimmed["before"]
    assert buyer.world.get("/callbacks")["callbacks"] == []
    found = buyer.world.get("/findings")
    assert found["trimmed"] == trimmed


def test_a_task_that_was_trimmed_is_unknown_as_one_that_has_expired(buyer: Buyer) -> None:
    calls = buyer.world.get("/calls")["calls"]
    task_id = next(each["task_id"] for each in calls if each["operation"] == "submit_task")
    picture = f"{buyer.url}/pictures/{buyer.id}/{task_id}/1.png"

    refused = buyer.call("/queryTask", task_id=task_id)

    assert refused.status == 450
    assert refused.json()["showapi_res_body"]["remark"] == "未查到相关信息！"
    assert buyer.call("/taskList").json()["showapi_res_body"]["allNum"] == 1
    assert urllib3.request("GET", picture).status == 404
    buyer.world.patch({"picture.gone": "403"}, "/readings")
    assert urllib3.request("GET", picture).status == 403
    buyer.world.patch({"picture.gone": "404"}, "/readings")


GONE = "2 tasks and 2 charges up to"


def test_the_commands_say_it(server: Live, buyer: Buyer, tmp_path: Path) -> None:
    def output(*words: str) -> str:
        done = run(*words, "--account", buyer.id, cwd=tmp_path, url=server.url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert GONE in output("bill")
    assert GONE in output("findings")
    by_task = json.loads(output("bill", "--by", "task", "--json"))
    assert sum(each["charges"] for each in by_task["tasks"]) == by_task["charges"]
    assert by_task["trimmed"]["tasks"] == 2
    explained = json.loads(output("bill", "--intents", "--json"))["retry_bill"]
    assert explained["unexplained"] >= 2
    assert "cannot be explained: the server no longer keeps their tasks" in explained["sentence"]


def test_a_test_sees_it(server: Live, buyer: Buyer) -> None:
    bill = World(server.admin, buyer.world.get()).bill
    kept_after = buyer.world.get("/bill")["trimmed"]["before"]

    assert bill.charges >= 3
    assert bill.kept_after == kept_after
    explained = bill.explained()
    assert explained.charges
    assert all(each.call.call.at > kept_after for each in explained.charges)
    assert len(explained.charges) == bill.charges - 2


def test_an_account_that_cannot_be_trimmed_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bite = trimming.bite

    def biting(tx: Transaction, simulator: Simulator, account_id: str, *rest: Any) -> Any:
        if account_id == broken.id:
            raise ValueError("this account is broken")
        return bite(tx, simulator, account_id, *rest)

    with live(keep="1h") as server:
        broken, fine = sorted([server.buyer(), server.buyer()], key=lambda each: each.id)
        monkeypatch.setattr(trimming, "bite", biting)
        for buyer in (broken, fine):
            buyer.submit()
            buyer.clock(advance="3h")

        until(lambda: (fine.world.get("/bill")["trimmed"] or {}).get("tasks") == 1)
        assert broken.world.get("/bill")["trimmed"] is None


def test_serve_says_what_it_keeps_and_refuses_what_it_cannot(tmp_path: Path) -> None:
    with serving(tmp_path, "--keep", "500") as server:
        assert "kept of each account: its last 500 tasks" in server.said
    refused = run("serve", "--port", "0", "--keep", "1 day", cwd=tmp_path)

    assert refused.returncode == 2
    assert "'1 day' is nothing that can be kept: write an age such as 24h" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("way", ["by a jump", "by real time"])
def test_callbacks_that_fall_due_at_once_all_arrive_while_calls_are_answered(
    way: str, tmp_path: Path
) -> None:
    settings = Settings(port=0, database=str(tmp_path / "file.sqlite3"), seed=1)
    with receiving() as receiver:
        simulator = build_simulator(settings)
        due_at = wall_clock() + (HOUR_MS if way == "by a jump" else 0)
        account = planned(simulator, MANY, url=receiver.url, due_at=due_at)
        simulator.close()
        with running(settings) as server:
            ended, statuses = threading.Event(), set[int]()
            caller = threading.Thread(target=_call, args=(server.url, ended, statuses))
            caller.start()
            clock = f"{server.url}/_mock/accounts/{account.id}/clock"
            if way == "by a jump":
                urllib3.request("POST", clock, json={"advance": "1h"})
            received = receiver.wait_for(MANY, seconds=120)
            ended.set()
            caller.join()

    assert len({each.body for each in received}) == MANY
    assert statuses == {200}


def _call(url: str, ended: threading.Event, statuses: set[int]) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        while not ended.is_set():
            answer = pool.request_encode_body(
                "POST", f"{url}/submitTask", fields=GOOD, encode_multipart=False,
                headers={"Authorization": "APPCODE mock-demo"},
            )  # fmt: skip
            statuses.add(answer.status)
            ended.wait(0.02)
