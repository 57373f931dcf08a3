"""Trimming: what is finished goes, what is to come stays, and every sum and page stays right."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.actions.accounts import trimming
from mock_server.actions.accounts.trimming import Place
from mock_server.domain.call.paging import Page
from mock_server.domain.retention import Trimmed
from mock_server.simulator import Simulator
from mock_server.store import retention, task_list
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from tests.support import worlds
from tests.support.databases import BOTH, address_of
from tests.support.stored_tasks import stored_task
from tests.support.trimming import trim
from tests.support.worlds import START_AT, Postbox, RealClock, World

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LATE = "https://late.example"
CALLBACK = {"call_back": "http://127.0.0.1:9/x"}
DEAD = {"kind": "gateway_error", "code": "A403IS", "calls": 1}
LONG = {"text": "https://example.com/" + "x" * 60, "is_use_temp_short_link": "1"}
GROWING = ("task", "callback", "attempt", "ledger", "short_link", "notice", "task_block", "fault")

steps = st.lists(
    st.sampled_from(
        ["submit", "submit", "with callback", "never ends", "poll", "list", "refused", "hour",
         "day", "trim", "trim"]
    ),
    min_size=1, max_size=40,
)  # fmt: skip
keeps = st.sampled_from(["1", "3", "1h", "24h", "1ms"])


class Life:
    """An account of a server that keeps little, and what its client knows of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = world.account(credits=10_000, notify_url="http://127.0.0.1:9/n")
        self.code: str = self.account["app_code"]
        self.tasks: list[str] = []
        self.endless: set[str] = set()

    def act(self, step: str) -> None:
        getattr(self, f"_{step.replace(' ', '_')}")()

    def _submit(self) -> None:
        self.tasks.append(self.world.submit(self.code))

    def _with_callback(self) -> None:
        self.tasks.append(self.world.submit(self.code, **CALLBACK))

    def _never_ends(self) -> None:
        self.tasks.append(self.world.submit(self.code, text="https://mock.test/stuck"))
        self.endless.add(self.tasks[-1])

    def _poll(self) -> None:
        if self.tasks:
            self.world.vendor("/queryTask", {"task_id": self.tasks[-1]}, self.code)
            self.world.vendor("/queryTask", {"task_id": self.tasks[0]}, self.code)

    def _list(self) -> None:
        self.world.vendor("/taskList", {}, self.code)

    def _refused(self) -> None:
        self.world.vendor("/queryTask", {"task_id": "0" * 24}, self.code)

    def _hour(self) -> None:
        self.world.clock(self.account["id"], advance="1h")

    def _day(self) -> None:
        self.world.clock(self.account["id"], advance="24h")

    def _trim(self) -> None:
        before = self.bill()
        trim(self.world.simulator, self.account["id"])
        after = self.bill()
        assert {**after, "trimmed": None} == {**before, "trimmed": None}

    def bill(self) -> dict[str, Any]:
        return self.world.bill(self.account["id"])

    def check(self) -> None:
        self._check_lines()
        listed = self._listed()
        assert len(listed) == len(set(listed))
        assert self.endless <= set(listed)

    def _check_lines(self) -> None:
        """The lines of the tasks that are kept, and of those that are not, add up to the bill."""
        bill, path = self.bill(), f"/accounts/{self.account['id']}/bill/tasks?limit=1000"
        lines = self.world.admin("GET", path)["tasks"]
        gone = bill["trimmed"] or Counter()
        for name in ("charges", "fen"):
            told = sum(each[name] for each in lines) + gone[f"task_{name}"]
            assert told + bill["without_task"][name] == bill[name]
        assert len(lines) + gone["tasks"] == len(self.tasks)

    def _listed(self) -> list[str]:
        """Return the ids of all pages of the list, which the client sees."""
        found: list[str] = []
        number = 1
        while True:
            fields = {"page": str(number), "maxResult": "3"}
            body = worlds.body_of(self.world.vendor("/taskList", fields, self.code))
            found += [each["task_id"] for each in body["contentlist"]]
            if number >= int(body["allPages"]):
                assert len(found) == int(body["allNum"])
                return found
            number += 1


@settings(max_examples=25)
@given(life=steps, keep=keeps)
def test_sums_and_pages_stay_right_whatever_is_trimmed(life: list[str], keep: str) -> None:
    play(life, keep, ":memory:")


@pytest.mark.slow
@settings(max_examples=6)
@given(life=steps, keep=keeps)
def test_so_they_do_on_postgresql(life: list[str], keep: str) -> None:
    play(life, keep, address_of("postgres"))


def play(life: list[str], keep: str, address: str) -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep=keep, database=address) as simulator:
        lived = Life(World(simulator, real_now, postbox))
        for step in life:
            lived.act(step)
        lived.check()
        lived.act("trim")
        lived.check()


def is_due(simulator: Simulator, trimmer: str = "") -> bool:
    return simulator.database.read(lambda tx: trimming.is_due(tx, simulator, "default", trimmer))


def counts(simulator: Simulator) -> dict[str, int]:
    def look(tx: Transaction) -> dict[str, int]:
        found = {each: tx.one(f"select count(*) as n from {each}") for each in GROWING}
        return {table: row["n"] for table, row in found.items() if row and row["n"]}

    return simulator.database.read(look)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("keep", ["1h", "1"])
def test_everything_that_is_finished_goes(kind: str, keep: str) -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep=keep, database=address_of(kind)) as simulator:
        world = World(simulator, real_now, postbox)
        for number in range(70):
            world.submit(**CALLBACK, **(LONG if number % 2 else {}))
            world.vendor("/taskList", {})
        world.admin("PATCH", "/accounts/default", {"notify_url": "http://127.0.0.1:9/n"})
        world.clock(advance="30m")
        world.clock(advance="3d")
        last = world.submit(**CALLBACK)
        before = counts(simulator)
        trim(simulator, "default")

        assert before["task"] == before["callback"] == before["attempt"] + 1 == 71
        assert before["short_link"] == 35
        left = counts(simulator)
        assert left["task"] == left["callback"] == left["task_block"] == 1
        assert "attempt" not in left
        assert "short_link" not in left
        assert left["ledger"] == 1
        assert world.query(last)["task_id"] == last
        assert not is_due(simulator)


@pytest.mark.parametrize("kind", BOTH)
def test_neither_a_live_task_nor_a_callback_to_come_is_trimmed(kind: str) -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="1", database=address_of(kind)) as simulator:
        world = World(simulator, real_now, postbox)
        endless = world.submit(text="https://mock.test/stuck", **CALLBACK)
        fault = {"kind": "callback_late", "late_ms": 2 * HOUR_MS, "text": LATE}
        world.admin("POST", "/accounts/default/faults", fault, expect=201)
        late = world.submit(text=LATE, **CALLBACK)
        finished = [world.submit(**CALLBACK) for _ in range(3)]
        world.clock(advance="1h")
        for _ in range(2):
            trim(simulator, "default")
            assert kept_tasks(world) == [endless, late, finished[-1]]

        world.clock(advance="3h")
        trim(simulator, "default")
        assert [body["task_id"] for _, body in postbox.posted].count(late) == 1
        assert kept_tasks(world) == [endless, finished[-1]]


def kept_tasks(world: World) -> list[str]:
    tasks = world.admin("GET", "/accounts/default/tasks")["tasks"]
    return [each["task_id"] for each in tasks]


@settings(max_examples=30)
@given(
    ends=st.lists(st.none() | st.integers(0, 6), min_size=1, max_size=40),
    before=st.sampled_from([0, 985, 1_990]),
    gone=st.sets(st.integers(0, 39)),
    at=st.integers(-1, 7),
)
def test_a_list_with_gaps_shows_each_task_once_on_every_page(
    ends: list[int | None], before: int, gone: set[int], at: int
) -> None:
    minute = 60_000
    planned = dict.fromkeys(range(1, before + 1), START_AT) | {
        before + place + 1: None if end is None else START_AT + end * minute
        for place, end in enumerate(ends)
    }
    deleted = sorted({before + place + 1 for place in gone} & set(planned)) or [1]

    def work(tx: Transaction) -> None:
        for number, ends_at in planned.items():
            task_rows.insert(tx, stored_task(number, ends_at))
        retention.delete_tasks(tx, "default", deleted)
        counted = Trimmed(before=0, tasks=len(deleted), charges=0, task_charges=0, task_fen=0)
        retention.count(tx, "default", counted, last_number=max(deleted))
        now = START_AT + at * minute
        kept = [
            number for number, end in planned.items()
            if number not in deleted and (end is None or end > now)
        ]  # fmt: skip
        for oldest_first in (False, True):
            wanted = kept if oldest_first else kept[::-1]
            for number in {1, 2, len(kept) // 7 + 1, len(kept) // 7 + 2}:
                page = Page(number=number, size=7)
                total, found = task_list.page(
                    tx, "default", now, page, oldest_first=oldest_first, remember=True
                )
                assert total == len(kept)
                assert [each.number for each in found] == wanted[page.offset :][: page.size]

    with worlds.simulator() as simulator:
        simulator.database.run(work)


def test_the_polls_of_a_task_that_is_kept_become_one_row_with_their_sum() -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="1h") as simulator:
        world = World(simulator, real_now, postbox)
        endless = world.submit(text="https://mock.test/stuck")
        for _ in range(3):
            for _ in range(40):
                world.query(endless)
            world.clock(advance="2h")
            trim(simulator, "default")

        assert counts(simulator)["ledger"] == 1
        (line,) = world.admin("GET", "/accounts/default/bill/tasks")["tasks"]
        assert (line["charges"], line["fen"]) == (121, 121 * 28)
        trimmed = world.bill()["trimmed"]
        assert (trimmed["tasks"], trimmed["charges"]) == (0, 121)


def test_a_number_bounds_the_charges_of_tasks_that_are_kept() -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="1") as simulator:
        world = World(simulator, real_now, postbox)
        world.submit()
        for _ in range(150):
            world.vendor("/taskList", {})
        trim(simulator, "default")

        assert counts(simulator)["ledger"] == 101  # the submit's, which is a sum, and the last 100
        assert world.bill()["charges"] == 151


def test_a_task_with_many_callbacks_goes_in_several_bites() -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="1h") as simulator:
        world = World(simulator, real_now, postbox)
        world.submit(**CALLBACK)
        world.clock(advance="30m")
        copies = trimming.MOST_CALLBACKS * 2
        for _ in range(copies):
            world.admin("POST", "/accounts/default/callbacks/1/resend", {"settle": True})
        world.clock(advance="1d")

        assert trim(simulator, "default") > 2
        assert counts(simulator) == {}


@contextmanager
def on_postgres() -> Iterator[World]:
    """Give a world that keeps an hour, in a database that several processes may share."""
    real_now, postbox = RealClock(), Postbox()
    address = address_of("postgres")
    with worlds.simulator(real_now, postbox, keep="1h", database=address) as simulator:
        yield World(simulator, real_now, postbox)


@pytest.mark.slow
def test_one_of_several_processes_trims_an_account_and_another_one_when_it_has_died() -> None:
    with on_postgres() as world:
        simulator, real_now = world.simulator, world.real_now
        for _ in range(3 * trimming.BITE):
            world.submit()
        world.clock(advance="1d")

        def bite(trimmer: str) -> Place | None:
            return simulator.database.run(
                lambda tx: trimming.bite(tx, simulator, "default", trimming.START, trimmer)
            )

        assert bite("first") is not None
        left = counts(simulator)["task"]
        assert is_due(simulator, "first")
        assert not is_due(simulator, "second")
        assert bite("second") is None
        assert counts(simulator)["task"] == left

        real_now.now += trimming.TAKEN_MS
        assert is_due(simulator, "second")
        assert trim(simulator, "default", "second") > 1
        assert not is_due(simulator, "first")
        assert counts(simulator) == {}
        assert world.bill()["trimmed"]["tasks"] == 3 * trimming.BITE


@pytest.mark.slow
def test_a_process_that_died_with_a_clock_far_ahead_keeps_no_other_from_trimming() -> None:
    with on_postgres() as world:
        simulator, real_now = world.simulator, world.real_now
        world.submit()
        world.clock(advance="1d")
        ahead = real_now.now + 365 * DAY_MS

        def was_here(tx: Transaction) -> bool:
            return retention.take(tx, "default", "first", real_now.now, ahead)

        assert simulator.database.run(was_here)
        assert is_due(simulator, "second")
        trim(simulator, "default", "second")
        assert counts(simulator) == {}


@pytest.mark.parametrize("kind", BOTH)
def test_a_list_of_which_nothing_is_gone_is_not_searched_by_blocks(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="2d", database=address_of(kind)) as simulator:
        world = World(simulator, real_now, postbox)
        for _ in range(3):
            world.submit()
        world.clock(advance="1m")
        simulator.database.run(
            lambda tx: retention.take(tx, "default", "first", real_now.now, real_now.now + 1)
        )
        monkeypatch.setattr(task_list, "_blocks", None)
        total, tasks = simulator.database.read(
            lambda tx: task_list.page(tx, "default", real_now.now - DAY_MS, Page(number=1, size=2))
        )
        assert total == 3
        assert [task.number for task in tasks] == [3, 2]


def test_faults_that_fire_no_more_are_bounded() -> None:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, keep="1h") as simulator:
        world = World(simulator, real_now, postbox)
        for _ in range(130):
            world.admin("POST", "/accounts/default/faults", DEAD, expect=201)
            world.vendor("/taskList", {})
        trim(simulator, "default")

        shown = world.admin("GET", "/accounts/default/faults")["faults"]
        assert len(shown) == 100
        assert world.admin("GET", "/accounts/default")["id"] == "default"
