"""The cost of calls in the bill."""

import pytest

from tests.support.worlds import World

YEAR = 365 * 86_400_000


def code_of(world: World, app_code: str, path: str = "/taskList") -> tuple[int, str | None]:
    answer = world.vendor(path, {}, app_code)
    return answer.status_code, answer.headers.get("X-Ca-Error-Code")


@pytest.mark.claim("quota-exhausted")
@pytest.mark.claim("quota-refusals")
@pytest.mark.parametrize("path", ["/submitTask", "/taskList", "/queryTask"])
def test_a_buyer_out_of_credits_is_refused_on_every_operation(world: World, path: str) -> None:
    account = world.account(credits=1)
    world.submit(account["app_code"])

    assert code_of(world, account["app_code"], path) == (403, "B403MQ")
    assert world.bill(account["id"])["balance"] == 0


@pytest.mark.claim("quota-refusals")
def test_a_buyer_who_bought_nothing_has_no_subscription(world: World) -> None:
    account = world.account(credits=0)

    assert code_of(world, account["app_code"]) == (403, "B403MI")
    bill = world.bill(account["id"])
    nothing = {"charges": 0, "fen": 0}
    assert [each.pop("title") for each in bill["under_readings"]]
    assert all(each.items() >= nothing.items() for each in bill.pop("under_readings"))
    assert bill == {
        **nothing, "by_operation": {}, "by_day": [], "by_package": [], "without_task": nothing,
        "balance": 0, "packages": [], "trimmed": None,
    }  # fmt: skip


@pytest.mark.claim("package-validity")
@pytest.mark.claim("quota-refusals")
def test_a_package_is_good_until_the_millisecond_before_its_end(world: World) -> None:
    account = world.account(credits=5, clock={"now": 0})

    world.clock(account["id"], now=YEAR - 1)
    assert code_of(world, account["app_code"]) == (200, None)
    assert world.bill(account["id"])["balance"] == 4
    world.clock(account["id"], now=YEAR)
    assert code_of(world, account["app_code"]) == (403, "B403ME")
    assert world.bill(account["id"])["balance"] == 0


@pytest.mark.parametrize(
    ("size", "offer", "fen"),
    [(1, "1", 20), (50, "50", 1500), (200, "200", 6000), (3000, "3000", 78000), (7, "custom", 196)],
)
def test_a_package_of_no_offer_costs_28_fen_a_credit(
    world: World, size: int, offer: str, fen: int
) -> None:
    (package,) = world.bill(world.account(credits=size)["id"])["packages"]

    assert (package["offer"], package["fen"]) == (offer, fen)


@pytest.mark.claim("price-list")
def test_the_charges_of_a_used_up_package_add_up_to_its_price(world: World) -> None:
    account = world.account(credits=50)
    for _ in range(50):
        world.submit(account["app_code"])

    bill = world.bill(account["id"])
    calls = world.calls(account["id"])
    assert (bill["charges"], bill["fen"], bill["balance"]) == (50, 1500, 0)
    assert [call["fen"] for call in calls] == [30] * 50


def test_an_uneven_price_is_spread_so_that_every_prefix_is_right(world: World) -> None:
    account = world.account(credits=15_000)
    for number in range(1, 30):
        world.vendor("/taskList", {}, account["app_code"])
        assert world.bill(account["id"])["fen"] == number * 300_000 // 15_000


@pytest.mark.claim("billing-only-200")
@pytest.mark.claim("billing-polls")
def test_the_bill_counts_by_operation_and_refusals_are_free(world: World) -> None:
    task_id = world.submit()
    world.submit()
    world.query(task_id)
    world.vendor("/taskList")
    world.vendor("/submitTask", {"text": "x"})
    world.vendor("/queryTask", {"task_id": "none"})
    world.vendor("/nothing")

    bill = world.bill()
    assert bill["by_operation"] == {
        "list_tasks": {"charges": 1, "fen": 28},
        "query_task": {"charges": 1, "fen": 28},
        "submit_task": {"charges": 2, "fen": 56},
    }
    assert (bill["charges"], bill["fen"], bill["balance"]) == (4, 112, 996)
    assert bill["packages"][0]["remaining"] == 996


def test_every_call_says_what_it_cost_and_why(world: World) -> None:
    world.submit()
    world.vendor("/submitTask")
    world.vendor("/nothing")

    assert [(call["charged"], call["fen"], call["reason"]) for call in world.calls()] == [
        (True, 28, "HTTP 200 costs one credit"),
        (False, 0, "anything but HTTP 200 is free"),
        (False, 0, "not an API operation, never charged"),
    ]


def test_the_books_agree_call_by_call(world: World) -> None:
    """Journal row, ledger entry and the answer's own fee agree."""
    for number in range(6):
        style = "pet_cat" if number % 2 else "none"
        world.vendor("/submitTask", {"text": "x", "style_id": style})

    ledger = world.simulator.database.read(
        lambda tx: {row["call_id"]: row["fen"] for row in tx.all("select * from ledger")}
    )
    calls = world.calls()
    assert ledger == {call["id"]: 28 for call in calls if call["charged"]}
    for call in calls:
        fee = dict(call["answer"]["headers"]).get("showapi_fee_num")
        assert (fee == "1") == call["charged"] == (call["status"] == 200)
