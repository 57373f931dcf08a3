"""`python -m tests.support.crash_rounds 50`: servers are killed under load, and nothing is lost.

A round is drawn from its seed: two servers on addresses of their own or one of two workers, all on
one PostgreSQL database; who is killed with SIGKILL, after how many submits, and what comes then.
Clients submit all the while, and callbacks are under way. At the end each round checks:

Rule 1: every submit that was answered with 200 is a task, and is charged once.
Rule 2: what is charged and was not answered was under way when a server died.
Rule 3: every task is called back at least once, and nothing else is.
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from mock_server.admin_client import AdminClient
from tests.support import postgres
from tests.support.live import GOOD, Buyer
from tests.support.processes import Server, start, until, wait_until_ready
from tests.support.receivers import Received, Receiver, Reply, receiving
from tests.support.workers import workers_of

CLIENTS = 4
CREDITS = 100_000
HOSTS = ("127.0.0.1", "127.0.0.2")
PATIENCE_S = 120.0  # a busy machine starts a server slowly
AT_ONCE = 3  # rounds that run side by side: each waits for leases most of the time
# The lease of a callback is longer by some seconds, and a round waits for those of the dead.
ENV = {"ARTQR_MOCK_CALLBACK_TIMEOUT": "0.5"}
WORLD = {
    "credits": CREDITS,
    "clock": {"rate": 2000},
    "readings": {"callback.delivery": "retried"},
}


@dataclass
class Seen:
    """What the clients received."""

    acknowledged: list[str] = field(default_factory=list)
    unknown: int = 0  # submits without an answer
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Done:
    """A round and what came of it; `wrong` is empty for a good one."""

    seed: int
    story: str
    acknowledged: int
    unknown: int
    sent: int
    repeated: int
    seconds: float
    wrong: list[str]

    def __str__(self) -> str:
        result = "; ".join(self.wrong) or "nothing lost"
        return (
            f"round {self.seed}: {self.story}; {self.acknowledged} submits acknowledged, "
            f"{self.unknown} without an answer, {self.sent} callbacks ({self.repeated} repeated), "
            f"{self.seconds:.1f} s: {result}"
        )


class Round:
    """One round."""

    def __init__(self, seed: int, folder: Path, receiver: Receiver) -> None:
        self._dice = random.Random(seed)
        self._seed = seed
        self._folder = folder
        self._receiver = receiver
        self._database = postgres.empty_schema()
        self._servers: list[Server] = []
        self._urls: list[str] = []
        self._story: list[str] = []
        self._seen = Seen()
        self._stop = threading.Event()

    def run(self) -> Done:
        """Play the round and check it."""
        began = time.monotonic()
        try:
            self._start_all()
            with AdminClient(self._urls[0]) as admin:
                account = admin.post("/accounts", WORLD)
            with self._clients(account["app_code"]):
                for _ in range(self._dice.choice((1, 1, 2))):
                    self._wait_for_more(self._dice.randint(5, 60))
                    self._kill_one()
                self._wait_for_more(self._dice.randint(5, 30))
            wrong = self._check(account["id"])
        finally:
            for server in self._servers:
                server.kill()
        came = self._came()
        return Done(
            seed=self._seed,
            story=", ".join(self._story),
            acknowledged=len(self._seen.acknowledged),
            unknown=self._seen.unknown,
            sent=came.total(),
            repeated=came.total() - len(came),
            seconds=time.monotonic() - began,
            wrong=wrong,
        )

    def _start_all(self) -> None:
        if self._seed % 2:
            self._story.append("two workers")
            self._servers = [self._started("--workers", "2")]
        else:
            self._story.append("two servers")
            self._servers = [self._started("--host", host) for host in HOSTS]
        self._urls = [wait_until_ready(server, PATIENCE_S).url for server in self._servers]

    def _started(self, *flags: str) -> Server:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        return start(folder, *flags, database=self._database, env=ENV)

    def _kill_one(self) -> None:
        """Kill a worker, or a whole server, which is started again at once or later or never."""
        after = f"after {len(self._seen.acknowledged)} submits"
        if self._seed % 2 and self._dice.random() < 0.7:
            victim = self._dice.choice(workers_of(self._servers[0]))
            victim.kill()
            self._story.append(f"a worker killed {after}")
            return
        number = self._dice.randrange(len(self._servers))
        self._servers[number].kill()
        self._story.append(f"{self._urls[number].split('/')[2].split(':')[0]} killed {after}")
        if len(self._servers) == 1 or self._dice.random() < 0.7:
            flags = ("--workers", "2") if self._seed % 2 else ("--host", HOSTS[number])
            self._servers[number] = self._started(*flags)
            self._urls[number] = wait_until_ready(self._servers[number], PATIENCE_S).url
            self._story.append("and started again")
        else:
            del self._servers[number], self._urls[number]

    @contextmanager
    def _clients(self, app_code: str) -> Iterator[None]:
        clients = [
            threading.Thread(target=self._submit, args=(app_code, number), daemon=True)
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self._stop.set()
            for client in clients:
                client.join(30)

    def _submit(self, app_code: str, number: int) -> None:
        """Submit one task after the other, at any server that is there."""
        dice, seen = random.Random(self._seed * CLIENTS + number), self._seen
        headers = {"Authorization": f"APPCODE {app_code}"}
        fields = {**GOOD, "call_back": f"{self._receiver.url}/{self._seed}"}
        pool = urllib3.PoolManager(retries=False, timeout=10.0)
        while not self._stop.is_set():
            url = dice.choice([*self._urls])
            try:
                answer = pool.request(
                    "POST", f"{url}/submitTask", fields=fields, encode_multipart=False,
                    headers=headers,
                )  # fmt: skip
            except urllib3.exceptions.NewConnectionError:  # it was not even asked
                self._stop.wait(0.05)
                continue
            except urllib3.exceptions.HTTPError:
                with seen.lock:
                    seen.unknown += 1
                continue
            with seen.lock:
                if answer.status == 200:
                    seen.acknowledged.append(answer.json()["showapi_res_body"]["task_id"])
                else:
                    seen.wrong.append(f"a submit was answered with {answer.status}")
            self._stop.wait(0.005)

    def _wait_for_more(self, count: int) -> None:
        wanted = len(self._seen.acknowledged) + count
        until(lambda: len(self._seen.acknowledged) >= wanted, PATIENCE_S)

    def _check(self, account_id: str) -> list[str]:
        """Let everything be called back; return what is wrong."""
        with AdminClient(self._urls[0]) as admin:
            buyer = Buyer(self._urls[0], admin.get(f"/accounts/{account_id}"), admin)
            buyer.clock(advance="1d", settle=True)
            until(lambda: not open_callbacks(buyer), PATIENCE_S)
            submits = buyer.world.calls()
            tasks = {task["task_id"] for task in buyer.world.every("/tasks", "tasks")}
            bill = buyer.world.get("/bill")
            callbacks = buyer.world.every("/callbacks", "callbacks")
        seen, charged = self._seen, [call["task_id"] for call in submits if call["charged"]]
        came = self._came()
        rules = {
            "an acknowledged task is gone": set(seen.acknowledged) - tasks,
            "a task is acknowledged twice": len(seen.acknowledged) - len(set(seen.acknowledged)),
            "a task is not charged once": Counter(charged) - Counter(tasks),
            "a task is not charged": tasks - set(charged),
            "more is charged than was asked": len(tasks) > len(seen.acknowledged) + seen.unknown,
            "the sums are wrong": bill["charges"] != len(tasks)
            or bill["balance"] + bill["charges"] != CREDITS,
            "a task was not called back": tasks - set(came),
            "a callback is of no task": set(came) - tasks,
            "a callback has another end": {each["state"] for each in callbacks} - {"delivered"},
            "a task has not one callback": Counter(each["task_id"] for each in callbacks)
            - Counter(tasks),
        }
        return [*seen.wrong, *(f"{rule}: {broken}" for rule, broken in rules.items() if broken)]

    def _came(self) -> Counter[str]:
        mine = [each for each in [*self._receiver.received] if each.path == f"/{self._seed}"]
        return Counter(json.loads(each.body)["task_id"] for each in mine)


def open_callbacks(buyer: Buyer) -> list[str]:
    """Return the states of the callbacks that are still to be sent."""
    states = [each["state"] for each in buyer.world.every("/callbacks", "callbacks")]
    return [state for state in states if state in ("due", "sending")]


def grudging(received: Received) -> Reply:
    """Refuse a fifth of all tasks at first, so that retries are always under way."""
    task_id = json.loads(received.body)["task_id"]
    with _known_lock:
        is_first = task_id not in _known
        _known.add(task_id)
    return Reply(status=503 if is_first and int(task_id[-2:], 16) % 5 == 0 else 200)


_known: set[str] = set()
_known_lock = threading.Lock()


def play(seeds: Sequence[int], folder: Path) -> Iterator[Done]:
    """Play rounds side by side; give each when it and those before it are done."""
    postgres.server()  # before any thread wants it
    with receiving(grudging) as receiver, ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        yield from pool.map(lambda seed: Round(seed, folder, receiver).run(), seeds)


def main(count: int) -> int:
    """Play rounds and print each; return 1 if anything was lost."""
    lost = 0
    try:
        with tempfile.TemporaryDirectory(prefix="artqr-crash-") as folder:
            for done in play(range(1, count + 1), Path(folder)):
                lost += bool(done.wrong)
                print(done, flush=True)
    finally:
        postgres.close()
    print(f"{count} rounds, {lost} with a loss")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
