"""Several servers on one PostgreSQL database act as one service."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mock_server.admin_client import AdminClient
from tests.support import postgres
from tests.support.event_streams import address, event, stream
from tests.support.live import SETTLED, Buyer
from tests.support.processes import Server, run, serving, until
from tests.support.receivers import Reply, receiving

pytestmark = pytest.mark.slow
IMPATIENT = {"ARTQR_MOCK_CALLBACK_TIMEOUT": "1"}
TASKS = 60


@dataclass(frozen=True)
class Pair:
    """Two servers on one database, each on an address of its own, as on two hosts."""

    servers: list[Server]
    admins: list[AdminClient]

    def buyers(self, **wish: Any) -> list[Buyer]:
        """Create an account; return one client of it per server."""
        account = self.admins[0].post("/accounts", wish)
        return [
            Buyer(server.url, account, admin)
            for server, admin in zip(self.servers, self.admins, strict=True)
        ]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    database = postgres.empty_schema()
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving(tmp_path, "--host", host, database=database, env=IMPATIENT))
            for host in ("127.0.0.1", "127.0.0.2")
        ]
        yield Pair(servers, [stack.enter_context(AdminClient(each.url)) for each in servers])


def test_a_page_of_one_server_shows_what_the_other_one_writes(pair: Pair) -> None:
    here, there = pair.buyers(credits=3)
    with stream(here.url, address(here.url, here.id)) as answer:
        event(answer, "clock")
        task_id = there.submit()

        assert task_id in event(answer, "region")[1]


def test_what_is_done_at_one_server_is_known_at_the_other(pair: Pair) -> None:
    here, there = pair.buyers(credits=3)

    task_ids = [here.submit(), there.submit(), here.submit()]
    there.clock(advance="1m", settle=True)

    assert there.call("/submitTask", text="x", style_id="pet_cat").status == 403
    tasks = there.world.get("/tasks")["tasks"]
    assert [task["task_id"] for task in tasks] == task_ids
    assert [task["number"] for task in tasks] == [1, 2, 3]
    assert {task["status"] for task in here.world.get("/tasks")["tasks"]} == {"succeeded"}
    assert here.world.get("/bill") == there.world.get("/bill")


def test_the_default_account_and_magic_accounts_are_made_once(pair: Pair) -> None:
    defaults = [admin.get("/accounts/default")["app_key"] for admin in pair.admins]
    urls = [server.url for server in pair.servers]
    refused: list[int] = []

    def ask(number: int) -> None:
        account = {"id": "default", "app_code": "mock-quota-exhausted"}
        buyer = Buyer(urls[number % 2], account, pair.admins[0])
        refused.append(buyer.call("/submitTask", text="x", style_id="pet_cat").status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert defaults[0] == defaults[1]
    assert refused == [403] * 16
    world = pair.admins[1].account("mock-quota-exhausted")
    assert len(world.calls()) == 16
    assert len(world.get("/packages")["packages"]) == 1


def came(received: list[Any]) -> Counter[str]:
    return Counter(json.loads(each.body)["task_id"] for each in received)


def test_a_callback_is_sent_once_however_many_servers_could_send_it(pair: Pair) -> None:
    with receiving() as receiver:
        buyers = pair.buyers()
        task_ids = {buyers[n % 2].submit(call_back=receiver.url) for n in range(TASKS)}

        settled = buyers[0].clock(advance="1m", settle=True)

        assert settled["delivered"] == TASKS
        assert came(receiver.received) == dict.fromkeys(task_ids, 1)
        found = buyers[1].world.get("/callbacks", limit=500)["callbacks"]
        assert {each["state"] for each in found} == {"delivered"}
        assert {len(each["attempts"]) for each in found} == {1}


def test_what_a_killed_server_was_sending_is_sent_by_the_other(pair: Pair) -> None:
    silent = threading.Event()
    silent.set()
    with receiving(lambda _: Reply(silent=silent.is_set())) as receiver:
        here, there = pair.buyers()
        task_ids = {here.submit(call_back=receiver.url) for _ in range(4)}
        pair.servers[1].process.send_signal(signal.SIGSTOP)  # or it might send them all
        here.clock(advance="1m")
        until(lambda: set(states(here)) == {"sending"})

        pair.servers[0].kill()
        silent.clear()
        pair.servers[1].process.send_signal(signal.SIGCONT)
        until(lambda: all(state in SETTLED for state in states(there)))

        assert set(came(receiver.received)) == task_ids
        assert set(states(there)) == {"delivered"}


def states(buyer: Buyer) -> list[str]:
    return [each["state"] for each in buyer.world.get("/callbacks")["callbacks"]]


def test_the_password_of_the_database_is_in_no_output(tmp_path: Path) -> None:
    address = postgres.empty_schema().replace("postgres:@", "postgres:correct-horse@")
    with (
        serving(tmp_path, "--verbose", database=address) as server,
        AdminClient(server.url) as admin,
    ):
        buyer = Buyer(server.url, admin.post("/accounts", {}), admin)
        buyer.submit()
        postgres.cut_connections(address)
        buyer.submit()
        health = admin.get("/health")

    assert "correct-horse" not in server.said + str(health)
    assert f"database: {health['database']}\n" in server.said


def test_recreating_is_refused_while_servers_run_and_empties_afterwards(
    pair: Pair, tmp_path: Path
) -> None:
    (here, _) = pair.buyers()
    here.submit()
    command: list[Any] = [*pair.servers[0].process.args]  # type: ignore[misc]
    address = command[command.index("--database") + 1]

    refused = run("serve", "--port", "0", "--database", address, "--recreate", cwd=tmp_path)
    for server in pair.servers:
        server.kill()

    assert refused.returncode == 3
    assert "in use by another artqr-mock" in refused.stderr
    with (
        serving(tmp_path, "--recreate", database=address) as server,
        AdminClient(server.url) as admin,
    ):
        assert [each["id"] for each in admin.get("/accounts")["accounts"]] == ["default"]
