"""Each fault of callbacks in contracts/faults.toml, event by event, as its receiver sees it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.contract import load_toml
from tests.support.live import Buyer, Live, live
from tests.support.receivers import Received, Receiver, receiving

CALLBACKS = load_toml("faults.toml")["callback"]
MIB = 1024 * 1024
A_ENDS_FIRST = 2  # a seed with which the first of two tasks ends first


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server for all tests here."""
    with live() as running:
        yield running


@pytest.mark.parametrize("row", CALLBACKS, ids=lambda row: str(row["kind"]))
def test_a_receiver_sees_a_fault_of_callbacks(server: Live, row: dict[str, Any]) -> None:
    buyer = server.buyer(clock={"frozen": True}, seed=A_ENDS_FIRST)
    buyer.world.post("/faults", row["order"])
    with receiving() as receiver:
        tasks = {buyer.submit(call_back=f"{receiver.url}/{name}"): name for name in "AB"}
        ends = {task["task_id"]: task["ends_at"] for task in buyer.world.every("/tasks", "tasks")}
        assert [tasks[each] for each in sorted(ends, key=lambda each: ends[each])] == ["A", "B"]
        now, seen = buyer.clock(settle=True)["now"], list[str]()
        ends_at = {name: ends[task_id] for task_id, name in tasks.items()}
        while now is not None:
            for received in arrived(buyer, receiver)[len(seen) :]:
                seen.append(" ".join([*described(received, tasks), *when(received, now, ends_at)]))
            changed = buyer.clock(to_next_event=True, settle=True)
            now = changed["now"] if changed["event"] else None

    slow = [
        each["attempts"] and each["attempts"][0]["duration_ms"] >= 450 for each in listed(buyer)
    ]
    assert ", ".join(seen).replace("A", "A slow" if slow[0] else "A", 1) == row["sees"]
    assert listed(buyer)[0]["state"] == row["state"]
    assert listed(buyer)[0]["fault"]["kind"] == row["kind"]


def listed(buyer: Buyer) -> list[dict[str, Any]]:
    """The callbacks of a buyer."""
    return buyer.world.every("/callbacks", "callbacks")


def arrived(buyer: Buyer, receiver: Receiver) -> list[Received]:
    """Return the received callbacks, once all of them were sent."""
    return receiver.wait_for(sum(len(each["attempts"]) for each in listed(buyer)))


def when(received: Received, now: int, ends_at: dict[str, int]) -> list[str]:
    """Return whether a callback came when its task ended."""
    at = ends_at[received.path[1:]]
    return [] if now == at else ["early" if now < at else "late"]


def described(received: Received, tasks: dict[str, str]) -> list[str]:
    """Describe the received callbacks in the words of the table."""
    name, label = received.path[1:], received.headers["Content-Type"]
    if len(received.body) < int(received.headers["Content-Length"]):
        return [name, "cut"]
    try:
        body = json.loads(received.body)
    except json.JSONDecodeError:
        return [name, "no JSON"]
    except UnicodeDecodeError:
        assert json.loads(received.body.decode("gbk"))["remark"] == "提交成功!"
        return [name, "not UTF-8"]
    links = body.get("resList")
    told = {
        "forged": body["task_id"] and body["task_id"][::-1] in str(links),
        "without resList": "resList" not in body,
        "with a text as resList": isinstance(links, str),
        f"with {len(links or '')} links": isinstance(links, list) and len(links) > 1,
        "with null": None in body.values(),
        "with more": set(body) > {"resList", "task_id"},
        label: not label.startswith("application/json"),
        f"of {len(received.body) // MIB} MiB": len(received.body) >= MIB,
    }
    named = tasks.get(body["task_id"], "nobody")
    told[f"as {named}"] = named != name
    return [name, *(words for words, is_so in told.items() if is_so)]
