"""Random histories of prepaid accounts, compared with a model that replays all events."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support import databases, worlds
from tests.support.money import DAY_MS, Bought
from tests.support.money_buyers import READINGS, Buyer
from tests.support.money_coverage import EVERYTHING, met
from tests.support.worlds import Postbox, RealClock, World

PICKS = st.integers(0, 11)
# Time that passes before the next step without a call in between; None: until the account's
# next notice.
UNSEEN = st.sampled_from([0, 0, 0, None, None, None, 1, DAY_MS, 8 * DAY_MS])
SIZES = st.sampled_from([3, 0, 1, 5, 6, 12, 50])
LEFT = st.sampled_from([0, 0, 1, 2, 9, 10, 11])
DAYS = st.sampled_from([None, 1, 5, 6, 7, 8, 10, 13, 30])
JUMPS_MS = st.sampled_from([3 * DAY_MS, 1, 3_600_000, DAY_MS, 3 * DAY_MS - 1, 7 * DAY_MS,
                            30 * DAY_MS])  # fmt: skip
TO = "http://127.0.0.1:9/notices"
WORDS = [(name, word) for name, words in READINGS.items() for word in words]
KINDS = ("list", "submit", "wrong", "query")
MOST_SPENT = 60
FEW = 4
LIVED = 30  # events before a reset is useful


class Money(RuleBasedStateMachine):
    """Each rule changes one account and its model."""

    def __init__(self, address: Callable[[], str], met: Counter[str]) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.met = met
        real_now, postbox = RealClock(), Postbox()
        simulator = self._stack.enter_context(
            worlds.simulator(real_now, postbox, database=address())
        )
        self.world = World(simulator, real_now, postbox)
        self.buyers: list[Buyer] = []

    def teardown(self) -> None:
        """Compare everything once more, record the exercised rules, and clean up."""
        with self._stack:
            for buyer in self.buyers:
                buyer.check()
                self.met.update(met(buyer.books()))

    @initialize(
        sizes=st.tuples(SIZES, SIZES),
        frozen=st.sampled_from([False, False, False, True]),
        url=st.sampled_from([None, TO]),
        readings=st.sets(st.sampled_from(list(READINGS))),
    )
    def begin(
        self, sizes: tuple[int, int], frozen: bool, url: str | None, readings: set[str]
    ) -> None:
        words = {name: READINGS[name][1] for name in readings}
        for seed, size in enumerate(sizes):
            wish = {"credits": size, "seed": seed, "readings": words, "notify_url": url}
            self.buyers.append(Buyer(self.world, {**wish, "clock": {"frozen": frozen}}))
        self.touched = self.buyers[0]

    def pick(self, pick: int, unseen: int | None = 0) -> Buyer:
        """Choose a buyer, mostly the first, and let time pass without a call."""
        self.touched = buyer = self.buyers[pick % 4 == 3]
        if unseen is None:
            unseen = buyer.until_the_next_notice()
        self.world.real_now.now += unseen
        return buyer

    def call_once(self, buyer: Buyer, kind: str, which: int = 0) -> None:
        """Make a call of one kind."""
        if kind == "list":
            buyer.list_tasks()
        elif kind == "submit":
            buyer.submit()
        elif kind == "wrong":
            buyer.call("submit_task", {"text": "x"}, wrong=True)
        else:
            others = [task for each in self.buyers if each is not buyer for task in each.tasks]
            tasks = [name for name, _ in [*buyer.tasks, *others]]
            buyer.query(tasks[which % len(tasks)] if tasks else "0" * 24)

    def spend(self, buyer: Buyer, left: int) -> None:
        """Call until so many credits are left, or only a few times if that is far away."""
        books = buyer.books()
        free = books.readings["charge.polls"] == "submit-only"
        number = books.balance(buyer.now) - left
        for _ in range(number if number <= MOST_SPENT else FEW):
            self.call_once(buyer, "submit" if free else "list")

    @rule(pick=PICKS, unseen=UNSEEN, offer=st.sampled_from(["50", "1", "200", "6000"]), days=DAYS)
    def buy(self, pick: int, unseen: int | None, offer: str, days: int | None) -> None:
        self.pick(pick, unseen).buy(offer, days)

    @rule(pick=PICKS, offer=st.sampled_from(["50", "1", "6000"]), days=DAYS, left=LEFT)
    def buy_and_spend(self, pick: int, offer: str, days: int | None, left: int) -> None:
        buyer = self.pick(pick)
        buyer.buy(offer, days)
        self.spend(buyer, left)

    @rule(pick=PICKS, unseen=UNSEEN, kind=st.sampled_from(KINDS), which=PICKS)
    def call(self, pick: int, unseen: int | None, kind: str, which: int) -> None:
        self.call_once(self.pick(pick, unseen), kind, which)

    @rule(pick=PICKS, unseen=UNSEEN, which=PICKS)
    def query(self, pick: int, unseen: int | None, which: int) -> None:
        self.call_once(self.pick(pick, unseen), "query", which)

    @rule(pick=PICKS, left=LEFT)
    def spend_down_to(self, pick: int, left: int) -> None:
        self.spend(self.pick(pick), left)

    @rule(pick=PICKS, kind=st.sampled_from(["submit", "wrong"]))
    def let_one_expire_and_spend_the_others(self, pick: int, kind: str) -> None:
        buyer = self.pick(pick)
        buyer.buy("50", 1)
        buyer.move(advance="1d")
        self.spend(buyer, 0)
        self.call_once(buyer, kind)

    @rule(pick=PICKS, kind=st.sampled_from(["list", "query"]))
    def look_for_free_when_all_is_spent(self, pick: int, kind: str) -> None:
        buyer = self.pick(pick)
        self.spend(buyer, 0)
        buyer.change("charge.polls", "submit-only")
        self.call_once(buyer, kind)

    @rule(pick=PICKS, unseen=UNSEEN, kind=st.sampled_from(KINDS),
          standing=st.sampled_from(["arrears", "unauthorized"]))  # fmt: skip
    def call_in_bad_standing(self, pick: int, unseen: int | None, kind: str, standing: str) -> None:
        buyer = self.pick(pick, unseen)
        buyer.change("standing", standing)
        self.call_once(buyer, kind)
        buyer.change("standing", "good")

    @rule(pick=PICKS, kind=st.sampled_from(KINDS), burst=st.sampled_from([1, 2]))
    def call_too_fast(self, pick: int, kind: str, burst: int) -> None:
        buyer = self.pick(pick)
        buyer.change("throttle", burst)
        for _ in range(burst + 1):
            self.call_once(buyer, kind)
        self.world.real_now.now += 1
        self.call_once(buyer, kind)
        buyer.change("throttle", None)

    @rule(pick=PICKS, path=st.sampled_from(["/submitTask", "/queryTask", "/taskList"]))
    def call_what_is_nobodys(self, pick: int, path: str) -> None:
        self.pick(pick).call(None, {}, wrong=False)
        reply = self.world.vendor(path, {}, app_code="wrong")
        assert (reply.status_code, reply.headers["X-Ca-Error-Code"]) == (400, "A400AC")
        assert "showapi_fee_num" not in reply.headers

    @rule(pick=PICKS, unseen=UNSEEN, change=st.sampled_from(WORDS))
    def flip(self, pick: int, unseen: int | None, change: tuple[str, str]) -> None:
        self.pick(pick, unseen).change(*change)

    @rule(
        pick=PICKS,
        unseen=st.sampled_from([None, None, 0]),
        url=st.sampled_from([TO, TO + "/elsewhere", None]),
    )
    def post_notices_to(self, pick: int, unseen: int | None, url: str | None) -> None:
        self.pick(pick, unseen).change("notify_url", url)

    @rule(pick=PICKS, ms=JUMPS_MS, steps=st.sampled_from([1, 1, 2, 7]), settle=st.booleans())
    def jump(self, pick: int, ms: int, steps: int, settle: bool) -> None:
        buyer = self.pick(pick)
        to = buyer.now + ms
        for _ in range(steps - 1):
            buyer.move(advance=f"{ms // steps}ms")
        assert buyer.move(now=to, settle=settle)["now"] == to

    @rule(pick=PICKS, which=PICKS, early=st.sampled_from([0, 1]), settle=st.booleans(),
          kind=st.sampled_from(KINDS))  # fmt: skip
    def call_at_an_edge(self, pick: int, which: int, early: int, settle: bool, kind: str) -> None:
        buyer = self.pick(pick)
        edges = [end + DAY_MS for _, end in buyer.tasks[-1:] if end is not None]
        for event in buyer.events:
            if isinstance(event, Bought):
                edges += [event.expires_at, event.expires_at - 7 * DAY_MS]
        edges += [each.at + 3 * DAY_MS for each in buyer.books().notices[-1:]]
        edges += [(buyer.now // DAY_MS + 1) * DAY_MS - 8 * 3_600_000]  # midnight in Shanghai
        ahead = sorted({edge - early for edge in edges if edge - early >= buyer.now})
        if ahead:
            to = ahead[which % len(ahead)]
            assert buyer.move(now=to, settle=settle)["now"] == to
        self.call_once(buyer, kind)

    @rule(pick=PICKS, unseen=UNSEEN, settle=st.booleans())
    def jump_to_the_next_event(self, pick: int, unseen: int | None, settle: bool) -> None:
        buyer = self.pick(pick, unseen)
        expected = buyer.next_event()
        event = buyer.move(to_next_event=True, settle=settle)["event"]
        told = event and (event["kind"], event["at"], event["task_id"] or event["package"])
        assert told == expected
        assert event is None or buyer.now == event["at"]

    @rule(pick=PICKS, unseen=UNSEEN,
          change=st.sampled_from([{"freeze": False}, {"freeze": True}, {"rate": 1}, {"rate": 60}]),
    )  # fmt: skip
    def change_the_pace(self, pick: int, unseen: int | None, change: dict[str, Any]) -> None:
        buyer = self.pick(pick, unseen)
        before = buyer.now
        assert buyer.move(settle=False, **change)["now"] == before

    @precondition(lambda self: any(len(each.events) > LIVED for each in self.buyers))
    @rule(pick=PICKS, unseen=UNSEEN)
    def reset(self, pick: int, unseen: int | None) -> None:
        buyer = self.pick(pick, unseen)
        notices = buyer.books().notices
        self.met.update(["reset after a notice"] if notices else [])
        buyer.reset()

    @invariant()
    def the_books_are_as_they_are_when_replayed(self) -> None:
        for buyer in self.buyers:
            if buyer is self.touched:
                buyer.check()
            else:
                buyer.check_bill()


def live(address: Callable[[], str], *, examples: int) -> Counter[str]:
    """Run the machine on databases of one kind; return the rules that it exercised."""
    met: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Money(address, met),  # type: ignore[arg-type]  # whatever makes one will do
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    return met


@pytest.mark.slow
def test_the_money_is_what_a_list_of_events_makes_of_it() -> None:
    met = live(lambda: databases.address_of("sqlite"), examples=70)

    # Which of the rarest rules are exercised depends on the machine; each also has a test of its
    # own (tests/api/test_package_life.py, test_buying.py).
    assert len(EVERYTHING - met.keys()) <= 2, sorted(EVERYTHING - met.keys())


@pytest.mark.slow
def test_the_money_is_the_same_on_postgresql() -> None:
    met = live(lambda: databases.address_of("postgres"), examples=10)

    assert len(met.keys() & EVERYTHING) >= len(EVERYTHING) / 2, met
