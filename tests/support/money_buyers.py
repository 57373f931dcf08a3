"""Buyers beside their models: apply every step to both and compare."""

from dataclasses import replace
from typing import Any

from mock_server.actions.accounts import lookup, notices
from mock_server.domain.readings import with_readings
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction
from tests.support import money_checks as checks
from tests.support.money import (
    DAY_MS,
    LOOSE_FEN,
    PRICE_FEN,
    YEAR_MS,
    Books,
    Bought,
    Called,
    Changed,
    Event,
    SentNotice,
    Settled,
    replay,
)
from tests.support.worlds import World, body_of

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
PATHS = {"submit_task": "/submitTask", "query_task": "/queryTask", "list_tasks": "/taskList"}
READINGS = {
    "charge.polls": ("every-200", "submit-only"),
    "refusal.status": ("450", "200"),
    "packages.order": ("earliest-expiry", "oldest-purchase"),
    "notices.at_zero": ("once", "repeated"),
}


def flip(world: World, account_id: str, words: dict[str, str]) -> None:
    """Change the readings of an account from now on; notices due before follow the old readings."""

    def work(tx: Transaction) -> None:
        account = lookup.find(tx, account_id)
        now = account.clock.now(world.simulator.real_now())
        account = notices.catch_up(tx, world.simulator, account, now)
        rows.set_world(tx, replace(account, readings=with_readings(account.readings, words)))

    world.simulator.database.run(work)


class Buyer:
    """One account: its events, its clock, its tasks and its calls."""

    def __init__(self, world: World, wish: dict[str, Any]) -> None:
        shown = world.account(**wish)
        self.world, self.id, self.app_code = world, shown["id"], shown["app_code"]
        self.first = {name: shown["readings"][name] for name in READINGS}
        self.size, self.url = wish["credits"], wish.get("notify_url")
        self.is_frozen_at_first = wish["clock"]["frozen"]
        self.start(self.real_now)

    @property
    def real_now(self) -> int:
        """What the real clock shows."""
        return self.world.real_now.now

    @property
    def now(self) -> int:
        """What the account's clock shows."""
        elapsed = 0 if self.frozen else self.real_now - self.real_base
        return self.base + elapsed * self.rate

    @property
    def readings(self) -> dict[str, Any]:
        """The readings in force."""
        return self.books().readings

    def books(self, until: int | None = None) -> Books:
        """Replay all events."""
        return replay(self.first, self.events, self.now if until is None else until)

    def start(self, at: int) -> None:
        """Begin with the account as it was created."""
        self.events: list[Event] = []
        self.tasks: list[tuple[str, int | None]] = []
        self.call_ids: list[int] = []
        self.base, self.real_base, self.rate = at, self.real_now, 1
        self.frozen = self.is_frozen_at_first
        self.events.append(Changed(at, "notify_url", self.url))
        self._learn_of_packages(YEAR_MS)

    def buy(self, offer: str, days: int | None) -> None:
        """Buy a package, or be refused a second trial."""
        had = [event for event in self.events if isinstance(event, Bought)]
        expect = 409 if offer == "1" and any(each.size == 1 for each in had) else 201
        order = {"offer": offer} | ({} if days is None else {"valid_days": days})
        self.world.admin("POST", f"/accounts/{self.id}/packages", order, expect=expect)
        if expect == 201:
            self._learn_of_packages(YEAR_MS if days is None else days * DAY_MS)

    def _learn_of_packages(self, lasts: int) -> None:
        """Record the one new package; only its id is not known in advance."""
        shown = self.world.admin("GET", f"/accounts/{self.id}/packages")["packages"]
        known = [event.number for event in self.events if isinstance(event, Bought)]
        for package in shown:
            if package["id"] not in known:
                size = package["credits"]
                fen = PRICE_FEN.get(size, size * LOOSE_FEN)
                self.events.append(Bought(self.now, package["id"], size, fen, self.now + lasts))

    def call(self, operation: str | None, fields: dict[str, str], *, wrong: bool) -> dict[str, Any]:
        """Call, compare the answer, and return the service's body; empty if the gateway
        answered.
        """
        called = Called(self.now, operation, wrong, fields.get("task_id"))
        self.events.append(called)
        expected = self.books().answers[-1]
        path = PATHS[operation] if operation else "/queryTasks"
        reply = self.world.vendor(path, fields, self.app_code)
        checks.check_answer(reply, expected)
        if expected.worth is None:
            return {}
        body = body_of(reply)
        if expected.refused or operation == "list_tasks":
            return body
        self.events[-1] = replace(called, task=body["task_id"])
        return body

    def submit(self) -> None:
        """Submit a valid task."""
        task_id = self.call("submit_task", GOOD, wrong=False).get("task_id")
        if task_id is not None:
            path = f"/accounts/{self.id}/tasks?after={len(self.tasks)}"
            (shown,) = self.world.admin("GET", path)["tasks"]
            assert shown["task_id"] == task_id
            self.tasks.append((task_id, shown["ends_at"]))

    def query(self, task_id: str) -> None:
        """Query a task that may still be kept."""
        self.call("query_task", {"task_id": task_id}, wrong=task_id not in self.kept)

    def list_tasks(self) -> None:
        """List tasks, and compare their total number."""
        body = self.call("list_tasks", {"maxResult": "1"}, wrong=False)
        assert body.get("allNum", len(self.kept)) == len(self.kept)

    @property
    def kept(self) -> list[str]:
        """Return the tasks that have not ended, or ended less than a day ago."""
        return [name for name, end in self.tasks if end is None or self.now < end + DAY_MS]

    def change(self, what: str, value: str | int | None) -> None:
        """Change a reading, the standing, the throttle, or the address for notices."""
        path = f"/accounts/{self.id}"
        if what in READINGS:
            flip(self.world, self.id, {what: str(value)})
        elif what == "throttle":
            limit = value and {"per_second": 1000, "burst": value}
            self.world.admin("PATCH", path, {what: limit})
        else:
            self.world.admin("PATCH", path, {what: value})
        self.events.append(Changed(self.now, what, value))

    def move(self, *, settle: bool = False, **change: Any) -> dict[str, Any]:
        """Change the clock; `settle` posts due notices."""
        path, posted = f"/accounts/{self.id}/clock", self.world.postbox.posted
        before = len(posted)
        shown: dict[str, Any] = self.world.admin("POST", path, {"settle": settle, **change})
        self.base, self.real_base = shown["now"], self.real_now
        self.frozen, self.rate = change.get("freeze", self.frozen), change.get("rate", self.rate)
        assert (shown["frozen"], shown["rate"]) == (self.frozen, self.rate)
        waiting = [each for each in self.books().notices if each.url and not each.posted]
        assert shown.get("delivered", 0) == (len(waiting) if settle else 0)
        if settle:
            self.events.append(Settled(self.now))
        checks.check_posted(posted[before:], waiting if settle else [])
        return shown

    def next_event(self) -> tuple[str, int, str | int | None] | None:
        """Return the next event that happens by itself: its kind, its instant, its subject."""
        now, books = self.now, self.books()
        found: list[tuple[str, int, str | int | None]] = [
            ("task_end", end, name) for name, end in self.tasks if end is not None and end > now
        ]
        found += [("notice_due", each.at, None) for each in self.coming(books)[:1]]
        found += [
            ("package_expiry", each.bought.expires_at, each.bought.number)
            for each in books.shelves
            if each.left and each.bought.expires_at > now
        ]
        return min(found, key=lambda each: each[1], default=None)

    def coming(self, books: Books) -> list[SentNotice]:
        """Return the notices to come if nothing else happens."""
        ends = [each.bought.expires_at for each in books.shelves]
        return self.books(until=max([self.now, *ends])).notices[len(books.notices) :]

    def until_the_next_notice(self) -> int:
        """Return the real time until the next notice; 0 if none comes by itself."""
        coming = [] if self.frozen else self.coming(self.books())
        return -(-(coming[0].at - self.now) // self.rate) if coming else 0

    def reset(self) -> None:
        """Reset the account and begin again."""
        self.world.admin("POST", f"/accounts/{self.id}/reset")
        self.start(self.real_now)

    def check(self) -> None:
        """Compare everything."""
        books, task_ids = self.books(), [name for name, _ in self.tasks]
        checks.check_notices(self.world, self.id, books)
        self.check_bill()
        checks.check_journal(self.world, self.id, books, self.call_ids)
        checks.check_ledger(self.world, self.id, books, self.call_ids)
        checks.check_task_charges(self.world, self.id, books, task_ids)

    def check_bill(self) -> None:
        """Compare the bill; reading it must change nothing."""
        assert self.world.bill(self.id) == checks.bill_of(self.books(), self.now)
