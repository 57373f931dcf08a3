"""Compares the simulator with the naive model of an account."""

import json
from itertools import combinations
from typing import Any

from werkzeug.test import TestResponse

from mock_server.domain.callback.payload import Outcome
from tests.support.model import RANK, Expected, ModelAccount, ModelCallback, ModelTask
from tests.support.worlds import World

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(text: str) -> int:
    """Convert the few durations that the machine uses, independently of our parser."""
    if text == "23h59m50s":
        return UNITS_MS["d"] - 10 * UNITS_MS["s"]
    unit = "ms" if text.endswith("ms") else text[-1]
    return int(text.removesuffix(unit)) * UNITS_MS[unit]


def check_answer(world: World, answer: TestResponse, expected: Expected, *, refused: bool) -> None:
    """Check status, error and fee of one answer, and its ledger entry."""
    assert answer.status_code == expected.status, answer.get_data(as_text=True)
    assert answer.headers.get("X-Ca-Error-Code") == expected.error_code
    fee = answer.headers.get("showapi_fee_num", "0")
    assert fee == str(int(expected.charged))
    if expected.error_code is None:
        envelope = answer.get_json()
        assert envelope["showapi_fee_num"] == int(fee)
        assert (envelope["showapi_res_body"]["ret_code"] != 0) == refused
    else:
        assert answer.data == b""
    request_id = answer.headers["X-Ca-Request-Id"]
    booked = world.simulator.database.read(
        lambda tx: tx.all(
            "select ledger.fen from ledger join call on call.id = call_id where request_id = ?",
            (request_id,),
        )
    )
    assert len(booked) == int(fee)


def addresses(account: ModelAccount, task: ModelTask) -> list[str]:
    """Return the addresses of a task's pictures after its success."""
    if task.outcome != "succeeded":
        return []
    return [f"http://localhost/pictures/{account.id}/{task.id}/1.png"]


def shown(account: ModelAccount, task: ModelTask) -> dict[str, Any]:
    """Return a task as the vendor shows it."""
    status = task.status(account.now)
    pictures = addresses(account, task) if status == "succeeded" else []
    return {"task_id": task.id, "status": status, "resList": pictures}


def check_shown(account: ModelAccount, task: ModelTask, body: dict[str, Any]) -> None:
    """Check the answer to a query of a task."""
    assert {name: body[name] for name in ("task_id", "status", "resList")} == shown(account, task)


def check_page(account: ModelAccount, body: dict[str, Any], *, page: int, size: int) -> None:
    """Check one page of the list."""
    kept = account.listed()
    wanted = kept[(page - 1) * size : page * size]
    assert body["contentlist"] == [shown(account, task) for task in wanted]
    assert body["allNum"] == len(kept)
    assert body["allPages"] == (len(kept) + size - 1) // size


def check_account(world: World, account: ModelAccount) -> None:
    """Check journal, tasks and callbacks of one account."""
    calls = world.admin("GET", f"/accounts/{account.id}/calls?limit=1000")["calls"]
    names = ("operation", "status", "error_code", "charged", "task_id")
    assert [tuple(call[name] for name in names) for call in calls] == account.calls
    assert all((call["fen"] > 0) == call["charged"] for call in calls)
    assert account.app_code not in json.dumps(calls)
    bill = world.bill(account.id)
    assert bill["charges"] == account.charged
    assert bill["fen"] == sum(call["fen"] for call in calls)
    assert bill["balance"] == account.balance >= 0
    assert [each["remaining"] for each in bill["packages"]] == [account.remaining] * bool(
        account.credits
    )
    _check_tasks(world, account)
    _check_callbacks(world, account)


def _check_tasks(world: World, account: ModelAccount) -> None:
    tasks = world.admin("GET", f"/accounts/{account.id}/tasks?limit=1000")["tasks"]
    listed = [(task["task_id"], task["status"]) for task in tasks]
    assert listed == [(task.id, task.status(account.now)) for task in account.tasks]
    for task in account.tasks:
        rank = RANK[task.status(account.now)]
        assert rank >= task.furthest, "a status went back"
        task.furthest = rank


def _check_callbacks(world: World, account: ModelAccount) -> None:
    listed = world.admin("GET", f"/accounts/{account.id}/callbacks?limit=1000")["callbacks"]
    names = ("task_id", "url", "due_at", "state")
    assert [tuple(each[name] for name in names) for each in listed] == [
        (each.task.id, each.task.fields["call_back"], each.due_at, each.state)
        for each in account.callbacks
    ]
    for row, callback in zip(listed, account.callbacks, strict=True):
        assert len(row["attempts"]) == callback.attempts <= 1
        for attempt in row["attempts"]:
            if callback.task.fields["call_back"] == "no address":
                assert attempt["request"] is None
                continue
            pictures = json.dumps(addresses(account, callback.task), separators=(",", ":"))
            exact = f'{{"resList":{pictures},"task_id":"{callback.task.id}"}}'
            assert attempt["request"]["body"] == exact
            assert callback.task.status(account.now) == "succeeded"


def check_money(world: World, accounts: list[ModelAccount]) -> None:
    """Check the ledger and the packages of all accounts, read from the rows."""
    rows = world.simulator.database.read(
        lambda tx: tx.all("select account, count(*) as n from ledger group by account")
    )
    charged = {row["account"]: row["n"] for row in rows}
    assert charged == {each.id: each.charged for each in accounts if each.charged}
    rows = world.simulator.database.read(
        lambda tx: tx.all("select account, remaining from package")
    )
    remaining = {row["account"]: row["remaining"] for row in rows}
    assert remaining == {each.id: each.remaining for each in accounts if each.credits}
    rows = world.simulator.database.read(
        lambda tx: tx.all(
            "select account from call where operation <> 'get_picture' and status = 200"
            " and (charge = 'charged') <> (id in (select call_id from ledger))"
        )
    )
    assert rows == []


def check_isolation(world: World, accounts: list[ModelAccount]) -> None:
    """Check that each account sees exactly its own rows."""
    seen: dict[str, dict[str, set[Any]]] = {}
    for account in accounts:
        check_account(world, account)
        base = f"/accounts/{account.id}"
        calls = world.admin("GET", f"{base}/calls?limit=1000")["calls"]
        callbacks = world.admin("GET", f"{base}/callbacks?limit=1000")["callbacks"]
        seen[account.id] = {
            "calls": {call["id"] for call in calls},
            "callbacks": {callback["id"] for callback in callbacks},
            "tasks": {task.id for task in account.tasks},
        }
        assert {call["account"] for call in calls} <= {account.id}
        assert {each["task_id"] for each in callbacks} <= seen[account.id]["tasks"]
    for one, other in combinations(seen.values(), 2):
        for what, ids in one.items():
            assert ids.isdisjoint(other[what])


def deliver(
    account: ModelAccount, due: list[ModelCallback], outcome: Outcome
) -> list[tuple[str, dict[str, Any]]]:
    """Deliver the model's due callbacks; return the posts that the simulator must make."""
    posted = []
    for callback in due:
        url = callback.task.fields["call_back"]
        callback.attempts += 1
        if url == "no address":
            callback.state = "failed"
            continue
        callback.state = "delivered" if outcome.acknowledged else "failed"
        payload = {"resList": addresses(account, callback.task), "task_id": callback.task.id}
        posted.append((url, payload))
    return posted
