"""Many concurrent submits for the last credits."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.concurrent_submits import SUBMITTERS, submit_all
from tests.support.live import Live, live


def check(server: Live, *, seed: int, size: int) -> None:
    """Send sixty-four submits for fewer credits: exactly as many as the credits are served."""
    buyer = server.buyer(credits=size, seed=seed)

    answers = asyncio.run(submit_all([server.url], buyer.app_code))

    told = Counter((status, code) for status, code, _ in answers)
    assert told == {(200, ""): size, (403, "B403MQ"): SUBMITTERS - size}
    task_ids = {task_id for _, _, task_id in answers if task_id}
    assert len(task_ids) == size
    bill = buyer.world.get("/bill")
    assert (bill["charges"], bill["balance"]) == (size, 0)
    assert bill["fen"] == bill["packages"][0]["fen"]
    assert len(buyer.world.calls()) == SUBMITTERS


@pytest.mark.claim("quota-refusals")
def test_the_last_credits_are_given_out_exactly_once_whoever_asks_first() -> None:
    with live() as server:
        for seed in range(1, 6):
            check(server, seed=seed, size=50)
        check(server, seed=6, size=1)
        check(server, seed=7, size=63)


def test_two_accounts_that_are_served_at_once_do_not_take_from_each_other() -> None:
    async def both(url: str, codes: list[str]) -> list[list[tuple[int, str, str]]]:
        return await asyncio.gather(*(submit_all([url], code) for code in codes))

    with live() as server:
        buyers = [server.buyer(credits=size) for size in (10, 64)]
        answers = asyncio.run(both(server.url, [buyer.app_code for buyer in buyers]))

        assert [sum(status == 200 for status, _, _ in each) for each in answers] == [10, 64]
        assert [buyer.world.get("/bill")["balance"] for buyer in buyers] == [0, 0]


def test_a_package_bought_while_everybody_calls_is_spent_like_any_other() -> None:
    async def rush_and_buy(server: Live, code: str, buy: Callable[[], object]) -> list[int]:
        rounds = asyncio.gather(*(submit_all([server.url], code) for _ in range(2)))
        await asyncio.to_thread(buy)
        return [status for answers in await rounds for status, _, _ in answers]

    with live() as server:
        buyer = server.buyer(credits=10)
        order = {"offer": "50"}
        statuses = asyncio.run(
            rush_and_buy(server, buyer.app_code, lambda: buyer.world.post("/packages", order))
        )

        bill = buyer.world.get("/bill")
        assert set(statuses) <= {200, 403}
        assert len(statuses) == 2 * SUBMITTERS
        assert bill["charges"] == statuses.count(200) >= 10
        assert bill["balance"] == 60 - bill["charges"]
        assert sum(each["remaining"] for each in bill["packages"]) == bill["balance"]
        assert sum(each["charges"] for each in bill["by_package"]) == bill["charges"]
