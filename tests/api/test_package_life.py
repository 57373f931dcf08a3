"""The whole life of a package in one test, from its purchase to its expiry."""

import pytest

from tests.support.worlds import START_AT, World

DAY_MS = 24 * 3_600_000


class Buyer:
    """A buyer without a package, on a clock that only the test moves."""

    def __init__(self, world: World, **wish: object) -> None:
        wanted = {"credits": 0, "clock": {"now": START_AT, "frozen": True}, **wish}
        account = world.account(**wanted)
        self.world, self.id, self.code = world, account["id"], account["app_code"]

    def buys(self, offer: str, **more: int) -> int:
        """Buy a package and return its id."""
        order = {"offer": offer, **more}
        path = f"/accounts/{self.id}/packages"
        bought: int = self.world.admin("POST", path, order, expect=201)["id"]
        return bought

    def calls(self, times: int = 1) -> str:
        """Make so many calls and return status and code of the last answer."""
        for _ in range(times):
            answer = self.world.vendor("/taskList", {}, self.code)
        return f"{answer.status_code} {answer.headers.get('X-Ca-Error-Code', '')}".strip()

    def waits(self, days: float) -> None:
        """Let so many days pass."""
        self.world.clock(self.id, advance=f"{days}d")

    @property
    def notices(self) -> list[tuple[float, str, int]]:
        """Return the notices: day, kind, and credits left."""
        found = self.world.admin("GET", f"/accounts/{self.id}/notices")["notices"]
        return [((n["at"] - START_AT) / DAY_MS, n["kind"], n["remaining"]) for n in found]


@pytest.mark.claim("notice-low-balance")
@pytest.mark.claim("notice-repeats")
@pytest.mark.claim("notice-expiry")
@pytest.mark.claim("quota-refusals")
def test_a_package_is_bought_runs_low_runs_out_is_topped_up_and_expires(world: World) -> None:
    buyer = Buyer(world)
    assert buyer.calls() == "403 B403MI"  # never bought

    buyer.buys("50")
    assert buyer.calls(40) == "200"
    assert buyer.notices == []  # ten of fifty left: a fifth, not less

    assert buyer.calls() == "200"
    assert buyer.notices == [(0, "low_balance", 9)]
    buyer.waits(7)
    assert buyer.notices[1:] == [(3, "low_balance", 9), (6, "low_balance", 9)]

    assert buyer.calls(9) == "200"
    assert buyer.notices[3:] == [(7, "low_balance", 0)]  # once more at zero
    assert buyer.calls() == "403 B403MQ"  # used up
    buyer.waits(30)
    assert len(buyer.notices) == 4

    buyer.buys("200", valid_days=30)  # the base is now 0 + 200: the line is at 40
    assert buyer.calls(160) == "200"
    assert len(buyer.notices) == 4
    buyer.waits(30)
    assert buyer.notices[4:] == [(60, "expiry", 40)]  # seven days before day 67
    assert buyer.calls() == "403 B403MQ"  # the first package is spent, but still valid
    buyer.waits(365)
    assert buyer.calls() == "403 B403ME"  # now both have expired
    assert len(buyer.notices) == 5

    bill = world.bill(buyer.id)
    assert (bill["charges"], bill["fen"]) == (210, 1500 + 160 * 30)
    assert [package["remaining"] for package in bill["packages"]] == [0, 40]


@pytest.mark.claim("notice-repeats")
@pytest.mark.claim("notice-reset")
def test_a_low_balance_is_notified_every_third_day_until_the_expiry(
    world: World,
) -> None:
    buyer = Buyer(world)
    buyer.buys("50", valid_days=10)
    buyer.calls(41)
    buyer.waits(400)

    assert buyer.notices == [
        (0, "low_balance", 9), (3, "low_balance", 9), (3, "expiry", 9), (6, "low_balance", 9),
        (9, "low_balance", 9),
    ]  # fmt: skip
    buyer.buys("50")
    buyer.calls(41)
    assert buyer.notices[5:] == [(400, "low_balance", 9)]


@pytest.mark.claim("notice-low-balance")
def test_the_base_is_the_balance_plus_the_order(world: World) -> None:
    buyer = Buyer(world)
    buyer.buys("50")
    buyer.calls(30)
    buyer.buys("200")  # 20 + 200: the line is at 44

    buyer.calls(220 - 44)
    assert buyer.notices == []
    buyer.calls()
    assert buyer.notices == [(0, "low_balance", 43)]


@pytest.mark.claim("notice-reset")
def test_an_order_while_low_stops_the_reminders_and_starts_the_watch_anew(world: World) -> None:
    buyer = Buyer(world)
    buyer.buys("50")
    buyer.calls(41)
    buyer.waits(4)
    buyer.buys("50")  # 9 + 50: the line is below 12
    buyer.waits(30)
    assert [day for day, _, _ in buyer.notices] == [0, 3]

    buyer.calls(59 - 12)
    assert len(buyer.notices) == 2
    buyer.calls()
    assert buyer.notices[2:] == [(34, "low_balance", 11)]


@pytest.mark.claim("notice-at-zero")
def test_at_zero_there_is_one_more_notice_and_then_none(world: World) -> None:
    buyer = Buyer(world)
    buyer.buys("50", valid_days=100)
    buyer.calls(50)
    buyer.waits(90)

    assert buyer.notices == [(0, "low_balance", 9), (0, "low_balance", 0)]


@pytest.mark.claim("notice-at-a-call")
def test_an_expiry_that_lowers_the_balance_tells_nothing_until_the_next_charged_call(
    world: World,
) -> None:
    buyer = Buyer(world)
    buyer.buys("50", valid_days=5)
    buyer.calls(41)
    buyer.waits(1)
    buyer.buys("50", valid_days=5)
    buyer.waits(5)  # the nine of the first are gone; 50 of 59 are left
    assert len(buyer.notices) == 1

    first = Buyer(world)
    first.buys("1000", valid_days=5)
    first.buys("50")
    first.waits(6)  # 50 of 1050 are left
    assert first.notices == []
    first.calls()
    assert first.notices == [(6, "low_balance", 49)]


@pytest.mark.claim("notice-expiry")
@pytest.mark.parametrize(
    ("valid_days", "told_on"), [(365, 358), (8, 1), (7, 0), (6, 0), (5, None), (1, None)]
)
def test_the_expiry_notice_is_sent_once_six_to_seven_days_ahead(
    world: World, valid_days: int, told_on: int | None
) -> None:
    buyer = Buyer(world)
    buyer.buys("50", valid_days=valid_days)
    buyer.waits(500)

    assert buyer.notices == ([] if told_on is None else [(told_on, "expiry", 50)])


@pytest.mark.claim("notice-expiry")
def test_a_spent_package_expires_in_silence(world: World) -> None:
    buyer = Buyer(world)
    buyer.buys("50", valid_days=30)
    buyer.calls(50)
    buyer.waits(500)

    assert [kind for _, kind, _ in buyer.notices] == ["low_balance", "low_balance"]
