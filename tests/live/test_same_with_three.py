"""Chance does not depend on the server that answers: one server and three on one database agree."""

import json
import random
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mock_server.admin_client import AdminClient
from tests.support import postgres, raw
from tests.support.processes import serving
from tests.support.receivers import Received, Receiver, Reply, receiving

pytestmark = pytest.mark.slow
START_AT = 1_700_000_000_000
ENV = {"ARTQR_MOCK_PUBLIC_URL": "http://qr.test", "ARTQR_MOCK_CALLBACK_TIMEOUT": "2"}
OWN = {"date", "x-ca-request-id"}
FAULTS: list[dict[str, Any]] = [
    {"kind": "throttled", "probability": 0.2},
    {"kind": "gateway_error", "code": "D504TO", "every": 7},
    {"kind": "ghost", "operation": "submit_task", "probability": 0.3},
    {"kind": "refusal", "remark": "no", "nth": 5},
    {"kind": "task_fails", "first": 2},
    {"kind": "empty_result", "probability": 0.3},
    {"kind": "task_order", "after_queries": 2, "pictures": 3, "every": 3},
    {"kind": "reset", "probability": 0.15},
    {"kind": "truncate", "keep_bytes": 9, "every": 5},
    {"kind": "html_page", "commit": "before", "probability": 0.15},
    {"kind": "delay", "for_ms": 3, "every": 4, "calls": 3},
    {"kind": "callback_lost", "probability": 0.2},
    {"kind": "callback_duplicate", "every": 3},
    {"kind": "callback_malformed", "nth": 2},
    {"kind": "callback_early", "probability": 0.2},
    {"kind": "callback_crossed", "first": 1},
]
READINGS = [
    {"callback.delivery": "retried"},
    {"charge.polls": "submit-only"},
    {"callback.on_failure": "empty-list"},
    {"refusal.status": "200"},
    {"charge.polls": "every-200", "callback.delivery": "once"},
]
MOODS = {"/ok": Reply(), "/bad": Reply(status=500), "/gone": Reply(status=410)}
STEPS = 80


def answer(received: Received) -> Reply:
    return MOODS[received.path]


class Story:
    """One account whose calls and orders go to the servers in turn."""

    def __init__(self, servers: list[str], admins: list[AdminClient]) -> None:
        self._servers, self._admins = servers, admins
        self._turn = 0
        wish = {"seed": 7, "credits": 40, "clock": {"now": START_AT, "frozen": True}}
        self._made = admins[0].post("/accounts", wish)
        self._rules: dict[int, int] = {}

    def live(self, dice: random.Random, receiver: Receiver) -> None:
        """Take steps one at a time; the dice choose them."""
        for order in FAULTS:
            armed = self._next.post("/faults", order)
            self._rules[armed["id"]] = len(self._rules)
        for _ in range(STEPS):
            step = dice.choice([self._submit, self._submit, self._query, self._move, self._turn_to])
            step(dice, receiver.url)
        self._next.post("/clock", {"advance": "2h", "settle": True})

    def record(self) -> dict[str, Any]:
        """Return everything on record, without values that are drawn per account or per call."""
        account = self._next
        callbacks = [self._callback(each) for each in account.every("/callbacks", "callbacks")]
        story = {
            "calls": sorted((self._call(each) for each in account.calls()), key=_text),
            "bill": account.get("/bill"),
            "tasks": account.every("/tasks", "tasks"),
            "faults": [{**each, "id": None} for each in account.get("/faults")["faults"]],
            "callbacks": sorted(callbacks, key=_text),
        }
        for package in (*story["bill"]["packages"], *story["bill"]["by_package"]):
            package.pop("id", None), package.pop("package", None)
        text = json.dumps(story).replace(self._made["app_code"], "CODE")
        found: dict[str, Any] = json.loads(text.replace(self._made["id"], "ID"))
        return found

    @property
    def _next(self) -> Any:
        self._turn += 1
        return self._admins[self._turn % len(self._admins)].account(self._made["id"])

    def _submit(self, dice: random.Random, url: str) -> None:
        fields = {"text": "https://example.com", "style_id": "food_fryrice"}
        self._ask("/submitTask", {**fields, "call_back": url + dice.choice(list(MOODS))})
        # Callbacks that are due at once are posted by the deliverer, so wait for them.
        self._next.post("/clock", {"freeze": True, "settle": True})

    def _query(self, dice: random.Random, _url: str) -> None:
        tasks = self._next.every("/tasks", "tasks")
        which = dice.random()
        if tasks:
            self._ask("/queryTask", {"task_id": tasks[int(which * len(tasks))]["task_id"]})

    def _move(self, dice: random.Random, _url: str) -> None:
        self._next.post("/clock", {"advance": dice.choice(["1s", "9s", "1m"]), "settle": True})

    def _turn_to(self, dice: random.Random, _url: str) -> None:
        self._next.patch(dice.choice(READINGS), "/readings")

    def _ask(self, path: str, fields: dict[str, str]) -> None:
        """Call, and read until the server closes."""
        self._turn += 1
        head = (b"Connection: close", b"Content-Type: application/x-www-form-urlencoded")
        data = raw.request(path, urlencode(fields).encode(), headers=head)
        data = data.replace(b"mock-demo", self._made["app_code"].encode())
        with raw.connect(self._servers[self._turn % len(self._servers)]) as connection:
            connection.sendall(data)
            with suppress(ConnectionResetError):
                raw.read_all(connection)

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        headers = [each for each in call["answer"]["headers"] if each[0].lower() not in OWN]
        body = json.loads(call["answer"]["body"] or "null")
        met = [{**each, "id": self._rules[each["id"]]} for each in call["faults"]]
        kept = {name: call[name] for name in (
            "at", "operation", "method", "path", "status", "error_code", "charged", "fen",
            "reason", "task_id", "sent", "findings")}  # fmt: skip
        return {**kept, "asked": call["request"]["body"], "headers": headers, "body": body,
                "faults": met}  # fmt: skip

    def _callback(self, callback: dict[str, Any]) -> dict[str, Any]:
        tries = [
            (
                each["due_at"],
                each["at"],
                each["status"],
                each["request"] and each["request"]["body"],
            )
            for each in callback["attempts"]
        ]
        met = callback["fault"] and self._rules[callback["fault"]["id"]]
        kept = {name: callback[name] for name in ("task_id", "url", "due_at", "next_at", "state")}
        return {**kept, "copy": callback["copy_of"] is not None, "fault": met, "tries": tries}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def told_by(count: int, seed: int, folder: Path, receiver: Receiver) -> dict[str, Any]:
    database = postgres.empty_schema()
    with ExitStack() as stack:
        urls = [
            stack.enter_context(serving(folder, database=database, env=ENV)).url
            for _ in range(count)
        ]
        story = Story(urls, [stack.enter_context(AdminClient(url)) for url in urls])
        story.live(random.Random(seed), receiver)
        return story.record()


@pytest.mark.parametrize("seed", [1, 2])
def test_three_servers_tell_the_story_that_one_tells(seed: int, tmp_path: Path) -> None:
    with receiving(answer) as receiver:
        one, three = (told_by(count, seed, tmp_path, receiver) for count in (1, 3))

    for part in one:
        assert three[part] == one[part], part
    fired = {rule["kind"] for rule in one["faults"] if rule["hits"]}
    assert len(fired) >= len(FAULTS) - 3, fired
    assert {call["status"] for call in one["calls"]} >= {None, 200, 429, 504}
    assert {"delivered", "failed", "lost"} <= {each["state"] for each in one["callbacks"]}
