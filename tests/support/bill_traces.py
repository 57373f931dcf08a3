"""A client of the labelled corpus: its calls to a real simulator, and what it knows of each.

The client says of every call, as it makes it, what the call was for: that is its label. It knows
this from its own plan (what it wants, what it remembers, which answers it is about to lose), which
no journal shows. The retry bill sees the journal alone. So the labels do not repeat its rules; they
are what a person with the client's source code would say.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mock_server.audit.history import History
from mock_server.audit.records import RecordedCall
from tests.support.worlds import World, body_of

USEFUL, DUPLICATE, EARLY, LATE, REFUSED, ORPHAN = (
    "useful", "duplicate-submit", "poll-before-the-end", "poll-after-the-end", "refusal-in-200",
    "orphan",
)  # fmt: skip
PATHS = {"submit_task": "/submitTask", "query_task": "/queryTask", "list_tasks": "/taskList"}
LOST: Mapping[str, Any] = {"kind": "html_page", "status": 502}
GHOST: Mapping[str, Any] = {"kind": "ghost"}
NOT_MADE: Mapping[str, Any] = {"kind": "gateway_error", "code": "D504TO"}


@dataclass(frozen=True, slots=True)
class Label:
    """What a call was for. `wish`: a name for what the client wanted by it."""

    kind: str
    wish: str | None = None


@dataclass(slots=True)
class Client:
    """One client with an account of its own; time passes only when it waits. `copies`: how many of
    each text it wants, if it says so; `labels` of its calls, in their order."""

    world: World
    account: dict[str, Any]
    rng: random.Random
    copies: int | None = None
    labels: list[Label] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return a text that nobody has used."""
        return f"https://example.com/{self.rng.randrange(10**12)}"

    def wait(self, ms: int) -> None:
        """Let real time pass."""
        self.world.real_now.now += ms

    def jump(self, ms: int) -> None:
        """Move the account's clock, and have the callbacks delivered that are due."""
        self.world.clock(self.account["id"], advance=f"{ms}ms")

    def arm(self, fault: Mapping[str, Any], operation: str) -> None:
        """Have the next call of an operation fail."""
        order = {**fault, "operation": operation, "calls": 1}
        self.world.admin("POST", f"/accounts/{self.account['id']}/faults", order, expect=201)

    def call(self, operation: str, label: Label, **fields: str) -> dict[str, Any]:
        """Make a call; return the service's answer, empty if nothing came that can be read."""
        self.labels.append(label)
        self.wait(5)
        answer = self.world.vendor(PATHS[operation], fields, self.account["app_code"])
        if answer.status_code != 200 or answer.get_json(silent=True) is None:
            return {}
        return body_of(answer)

    def submit(
        self, text: str, kind: str = USEFUL, *, wish: str | None = None,
        fault: Mapping[str, Any] | None = None, **more: str,
    ) -> str:  # fmt: skip
        """Submit a text; return the id of its task, empty if the answer did not tell."""
        if fault is not None:
            self.arm(fault, "submit_task")
        fields = {"text": text, "style_id": "food_fryrice", **more}
        return str(self.call("submit_task", Label(kind, wish or text), **fields).get("task_id", ""))

    def query(self, task_id: str, wish: str, kind: str = USEFUL) -> list[str] | None:
        """Query a task; return its pictures, None while it has not ended. A query that told the end
        was of use, whatever was planned."""
        body = self.call("query_task", Label(kind, wish), task_id=task_id)
        if not body.get("resList") and body.get("status") not in ("failed", "succeeded"):
            return None
        if kind == EARLY:
            self.labels[-1] = Label(USEFUL, wish)
        return list(body["resList"] or [])

    def poll(self, task_id: str, wish: str) -> list[str]:
        """Query a task, every few seconds, until it has ended; return its pictures."""
        links = None
        while links is None:
            self.wait(self.rng.randrange(1500, 5000))
            links = self.query(task_id, wish)
        return links

    def look(self, kind: str = USEFUL, page: int = 1, wish: str | None = None) -> dict[str, Any]:
        """Read a page of the task list."""
        return self.call("list_tasks", Label(kind, wish), page=str(page))

    def fetch(self, links: list[str]) -> None:
        """Fetch the pictures, which costs nothing."""
        for link in links:
            self.labels.append(Label("free"))
            self.wait(5)
            self.world.http.get(urlsplit(link).path)

    def finish(self, task_id: str, wish: str) -> None:
        """Wait for a task and fetch its pictures."""
        self.fetch(self.poll(task_id, wish))

    def history(self) -> History:
        """Return what the journal shows of it, as `artqr-mock bill --intents` reads it."""
        path = f"/accounts/{self.account['id']}"
        rows = {
            name: self.world.admin("GET", f"{path}/{name}?limit=1000")[name]
            for name in ("calls", "tasks", "callbacks")
        }
        assert len(rows["calls"]) == len(self.labels), "every call needs a label"
        return History.of_account(
            map(RecordedCall.of, rows["calls"]), rows["tasks"], callbacks=rows["callbacks"],
            copies=self.copies,
        )  # fmt: skip
