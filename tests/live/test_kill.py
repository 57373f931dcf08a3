"""kill -9 under load and a restart on the same file: nothing acknowledged is lost."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from mock_server.admin_client import AccountClient, AdminClient
from tests.support.databases import BOTH, address_of
from tests.support.live import GOOD, Buyer
from tests.support.processes import serving, until
from tests.support.receivers import Received, Receiver, Reply, receiving

CLIENTS = 6
BEFORE_THE_KILL = 150
BEFORE_A_KILL = 60
KILLS = 5
CREDITS = 5000
# Callbacks that a killed server was sending are due again some seconds later.
IMPATIENT = {"ARTQR_MOCK_CALLBACK_TIMEOUT": "1"}


@dataclass
class Seen:
    """What the clients received."""

    call_back: str
    task_ids: list[str] = field(default_factory=list)
    in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit_until_it_dies(self, url: str, app_code: str) -> None:
        """Submit one task after the other on one connection until the server dies."""
        pool = urllib3.PoolManager(retries=False, timeout=10.0)
        headers = {"Authorization": f"APPCODE {app_code}"}
        fields = {**GOOD, "call_back": self.call_back}
        while True:
            with self.lock:
                self.in_flight += 1
            try:
                answer = pool.request_encode_body(
                    "POST",
                    f"{url}/submitTask",
                    fields=fields,
                    encode_multipart=False,
                    headers=headers,
                )
            except urllib3.exceptions.HTTPError:
                return
            assert answer.status == 200
            with self.lock:
                self.in_flight -= 1
                self.task_ids.append(answer.json()["showapi_res_body"]["task_id"])


@contextmanager
def clients(seen: Seen, url: str, app_code: str) -> Iterator[None]:
    """Run the clients until the block has ended and the server is dead."""
    threads = [
        threading.Thread(target=seen.submit_until_it_dies, args=(url, app_code), daemon=True)
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def kill_under_load(folder: Path, database: str, seen: Seen, rate: float) -> str:
    """Let clients submit and the deliverer post, then kill the server; return the account."""
    first = serving(folder, database=database, env=IMPATIENT)
    with first as server, AdminClient(server.url) as admin:
        wish = {"credits": CREDITS, "clock": {"rate": rate}}
        account = admin.post("/accounts", wish)
        with clients(seen, server.url, account["app_code"]):
            until(lambda: len(seen.task_ids) >= BEFORE_THE_KILL)
            server.kill()
    account_id: str = account["id"]
    return account_id


def check_books(world: AccountClient, seen: Seen) -> None:
    """The ledger has every 200 that clients received, plus at most the calls in flight, and its
    sums agree.
    """
    submits = [call for call in world.calls() if call["operation"] == "submit_task"]
    booked = {call["task_id"] for call in submits if call["charged"]}
    bill = world.get("/bill")
    tasks = {task["task_id"] for task in world.every("/tasks", "tasks")}

    assert set(seen.task_ids) <= booked
    assert len(booked) <= len(seen.task_ids) + seen.in_flight
    assert seen.in_flight <= CLIENTS
    assert booked == tasks
    assert bill["charges"] == len(submits) == len(booked)
    assert bill["balance"] + bill["charges"] == CREDITS
    assert bill["fen"] == sum(call["fen"] for call in submits)


def check_callbacks(buyer: Buyer, receiver: Receiver) -> None:
    """Every task was called back at least once, with its own payload."""
    tasks = {task["task_id"]: task["pictures"] for task in buyer.world.every("/tasks", "tasks")}
    came: Counter[str] = Counter()
    for received in receiver.received:
        body = json.loads(received.body)
        came[body["task_id"]] += 1
        assert body["resList"] == tasks[body["task_id"]]
    assert set(came) == set(tasks)
    planned = buyer.world.every("/callbacks", "callbacks")
    assert {each["task_id"] for each in planned} == set(tasks)
    assert {each["state"] for each in planned} == {"delivered"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "rate", [1, 2000]
)  # 1: nothing is due yet; 2000: many callbacks are in flight at the kill
def test_after_a_kill_nothing_acknowledged_is_missing_and_callbacks_go_out(
    tmp_path: Path, rate: float, kind: str
) -> None:
    database = str(tmp_path / "kept.sqlite3") if kind == "sqlite" else address_of(kind)
    with receiving() as receiver:
        seen = Seen(call_back=receiver.url)
        account_id = kill_under_load(tmp_path, database, seen, rate)
        again = serving(tmp_path, database=database, env=IMPATIENT)
        with again as server, AdminClient(server.url) as admin:
            buyer = Buyer(server.url, admin.get(f"/accounts/{account_id}"), admin)
            check_books(buyer.world, seen)

            buyer.clock(advance="1m", settle=True)
            until(lambda: not waiting(buyer))
            check_callbacks(buyer, receiver)
            assert buyer.submit()
            assert buyer.world.get("/clock")["rate"] == rate


def waiting(buyer: Buyer) -> list[dict[str, Any]]:
    """Return the callbacks that are still to be sent."""
    planned = buyer.world.every("/callbacks", "callbacks")
    return [each for each in planned if each["state"] in ("due", "sending")]


@pytest.mark.slow
def test_killed_again_and_again_under_load_no_callback_is_lost_and_none_is_of_no_task(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "kept.sqlite3")
    tasks: set[str] = set()
    with receiving(grudging()) as receiver:
        seen = Seen(call_back=receiver.url)
        account_ids: list[str] = []
        for _ in range(KILLS):
            with serving(tmp_path, database=database) as server, AdminClient(server.url) as admin:
                wish = {
                    "credits": CREDITS,
                    "clock": {"rate": 2000},
                    "readings": {"callback.delivery": "retried"},
                }
                account = admin.post("/accounts", wish)
                account_ids.append(account["id"])
                seen.task_ids.clear()
                with clients(seen, server.url, account["app_code"]):
                    # Callbacks that earlier processes left are sent too.
                    until(lambda: len(seen.task_ids) >= BEFORE_A_KILL and came(receiver))
                    receiver_had = len(receiver.received)
                    until(lambda had=receiver_had: len(receiver.received) >= had + 20)
                    server.kill()
        with serving(tmp_path, database=database) as server, AdminClient(server.url) as admin:
            for account_id in account_ids:
                buyer = Buyer(server.url, admin.get(f"/accounts/{account_id}"), admin)
                buyer.clock(advance="1d", settle=True)
                until(lambda buyer=buyer: not waiting(buyer))
                tasks |= {task["task_id"] for task in buyer.world.every("/tasks", "tasks")}
                states = {each["state"] for each in buyer.world.every("/callbacks", "callbacks")}
                assert states == {"delivered"}
    assert {json.loads(each.body)["task_id"] for each in receiver.received} == tasks


def came(receiver: Receiver) -> int:
    """Return the number of received callbacks."""
    return len(receiver.received)


def grudging() -> Callable[[Received], Reply]:
    """Refuse the first callback of every second task, so that retries are always in flight."""
    known: set[bytes] = set()

    def answer(received: Received) -> Reply:
        is_first = received.body not in known
        known.add(received.body)
        return Reply(status=503 if is_first and len(known) % 2 else 200)

    return answer


@pytest.mark.slow
def test_what_is_due_at_the_next_start_goes_out_without_anybody_asking(tmp_path: Path) -> None:
    database = str(tmp_path / "kept.sqlite3")
    with receiving() as receiver:
        with serving(tmp_path, database=database) as server, AdminClient(server.url) as admin:
            buyer = Buyer(server.url, admin.post("/accounts", {"clock": {"rate": 100}}), admin)
            task_id = buyer.submit(call_back=receiver.url)
            server.kill()
        with serving(tmp_path, database=database) as server:
            came = receiver.wait_for(1)
            assert {json.loads(each.body)["task_id"] for each in came} == {task_id}
