"""The numbers of `/_mock/metrics` are right for one server, for its workers, and for several."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_server.admin_client import AdminClient
from mock_server.metrics.recorder import WorkerPlace, leave
from tests.support import postgres, wire
from tests.support.live import Buyer
from tests.support.metrics import OPEN_METRICS, Scrape, scrape
from tests.support.processes import environment, serving, until
from tests.support.receivers import receiving
from tests.support.workers import pids_of_each, workers_of

# A worker of several, without its server: it counts so many calls as each line says, and answers
# `scrape` with what a worker would show.
WORKER = """
import sys
from pathlib import Path
from mock_server.metrics import definitions
from mock_server.metrics.recorder import WorkerPlace, recorder
counts = recorder(WorkerPlace(folder=Path(sys.argv[1]), number=int(sys.argv[2])))
read = {each.name: {} for each in definitions.READ}
print("ready", flush=True)
for line in sys.stdin:
    if line == "scrape\\n":
        print(counts.exposition("", read)[0].decode() + "#end", flush=True)
        continue
    for _ in range(int(line)):
        counts._of(definitions.CALLS, "submit_task", "200", "").inc()
        counts.loop_was_late(0.002)
    print("done", flush=True)
"""


class Worker:
    """A worker that a test has count."""

    def __init__(self, folder: Path, number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder), str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(folder),
        )  # fmt: skip
        self._answer("ready")

    def count(self, calls: int) -> None:
        """Count calls, and return once they are counted."""
        self._ask(str(calls))
        self._answer("done")

    def scrape(self) -> Scrape:
        """Return what it shows."""
        self._ask("scrape")
        return Scrape(self._answer("#end"))

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.communicate()

    def _ask(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _answer(self, end: str) -> str:
        assert self.process.stdout is not None
        lines = []
        while (line := self.process.stdout.readline()) != f"{end}\n":
            assert line, "the worker ended"
            lines.append(line)
        return "".join(lines)


@contextmanager
def workers(folder: Path, *numbers: int) -> Iterator[list[Worker]]:
    """Run workers at these places."""
    running = [Worker(folder, number) for number in numbers]
    try:
        yield running
    finally:
        for worker in running:
            worker.kill()


def test_each_worker_shows_the_sum_and_a_killed_one_takes_nothing_with_it(tmp_path: Path) -> None:
    with workers(tmp_path, 0, 1) as (first, second):
        first.count(3)
        second.count(4)
        shown = [worker.scrape() for worker in (first, second)]
        files = len([*tmp_path.glob("*.db")])
        second.kill()
        leave(WorkerPlace(folder=tmp_path, number=1))
        without = first.scrape()
        with workers(tmp_path, 1) as (successor,):
            successor.count(5)
            after = [worker.scrape() for worker in (first, successor)]

    assert [each.total("calls_total") for each in shown] == [7, 7]
    assert [each.value("workers") for each in shown] == [2, 2]
    assert without.total("calls_total") == 7
    assert without.value("workers") == 1
    assert without.value("resident_memory_bytes") < 0.7 * shown[0].value("resident_memory_bytes")
    assert [each.total("calls_total") for each in after] == [12, 12]
    assert [each.value("loop_lag_seconds_count") for each in after] == [12, 12]
    assert [each.value("workers") for each in after] == [2, 2]
    assert len([*tmp_path.glob("*.db")]) == files  # a replaced worker adds no files


def test_a_server_shows_what_it_did_and_its_own_state(tmp_path: Path) -> None:
    token = "token-of-the-test"
    with (
        serving(tmp_path, "--token", token) as server,
        AdminClient(server.url, token) as admin,
        receiving() as receiver,
    ):
        buyer = Buyer(server.url, admin.get("/accounts/default"), admin)
        buyer.submit(call_back=receiver.url)
        buyer.clock(advance="1m", settle=True)
        wire.exchange(server.url, b"GARBAGE\r\n\r\n")
        refused = wire.exchange(server.url, wire.request("/_mock/metrics", method="GET"))
        found = scrape(server.url, OPEN_METRICS, Authorization=f"Bearer {token}")

    assert refused.status == 401
    assert found.value("calls_total", operation="submit_task", status="200", error="") == 1
    assert found.value("calls_total", operation="none", status="400", error="I400HD") == 1
    assert found.value("callback_attempts_total", result="acknowledged") == 1
    assert found.value("workers") == 1
    assert found.value("resident_memory_bytes") > 10_000_000
    assert found.value("cpu_seconds_total") > 0
    assert found.value("open_file_descriptors") > 0
    assert found.value("call_duration_seconds_bucket", operation="submit_task", le="10.0") == 1


@pytest.mark.slow
def test_servers_of_one_database_add_up_and_agree_on_its_state(tmp_path: Path) -> None:
    database = postgres.empty_schema()
    with (
        serving(tmp_path, database=database) as here,
        serving(tmp_path, database=database) as there,
        AdminClient(here.url) as admin,
    ):
        account = admin.post("/accounts", {})
        buyers = [Buyer(server.url, account, admin) for server in (here, there)]
        buyers[0].clock(freeze=True)  # so that no task ends meanwhile
        for number in range(9):
            buyers[number % 3 == 0].submit(call_back="http://127.0.0.1:9/x")
        found = [scrape(server.url) for server in (here, there)]
        bill = admin.account(account["id"]).get("/bill")
        there.kill()
        with serving(tmp_path, database=database) as anew:
            again = [scrape(server.url) for server in (here, anew)]

    assert [each.total("calls_total", operation="submit_task") for each in found] == [6, 3]
    assert sum(each.total("charges_total") for each in found) == bill["charges"] == 9
    assert sum(each.total("charged_fen_total") for each in found) == bill["fen"]
    # What is about the database is the same at each: to be taken once, not added up.
    assert [each.total("callback_queue") for each in found] == [9, 9]
    assert [each.value("accounts") for each in found] == [2, 2]
    # A new server begins at 0, as Prometheus expects of a restart; the other keeps its counts.
    assert [each.total("calls_total") for each in again] == [6, 0]
    assert [each.total("callback_queue") for each in again] == [9, 9]


@pytest.mark.slow
def test_whichever_worker_is_asked_the_sum_of_all_is_shown(tmp_path: Path) -> None:
    database = postgres.empty_schema()
    flags = ("--workers", "2", "--log-format", "json")
    with (
        serving(tmp_path, *flags, database=database) as server,
        AdminClient(server.url) as admin,
    ):
        pids_of_each(server.url, 2)
        for _ in range(12):  # a connection each: the kernel deals them out
            assert wire.exchange(server.url, wire.submit()).status == 200
        found = [scrape(server.url, Connection="close") for _ in range(6)]
        bill = admin.account("default").get("/bill")
        until(lambda: server.said.count('"call": ') == 12)  # what is not written dies with it
        workers_of(server)[0].kill()
        until(lambda: "another one starts" in server.said)
        missing = scrape(server.url, Connection="close")
        until(lambda: "answers again" in server.said)
        pids_of_each(server.url, 2)
        again = [scrape(server.url, Connection="close") for _ in range(6)]
        server.end(signal.SIGTERM)
        said = [json.loads(line) for line in server.stderr.read_text("utf-8").splitlines()]

    for each in (*found, *again):
        assert each.total("calls_total", operation="submit_task") == 12
        assert each.total("charges_total") == bill["charges"] == 12
        assert each.value("workers") == 2
    assert (missing.value("workers"), missing.total("charges_total")) == (1, 12)
    assert sum("call" in line for line in said) == 12
    assert any("was killed by SIGKILL" in line["message"] for line in said)
