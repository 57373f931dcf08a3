"""Many accounts, one outbox: no account waits for another's slow receiver."""

import time

from tests.support.live import live
from tests.support.processes import until
from tests.support.receivers import Reply, receiving

CALLBACKS = ("/callbacks", "callbacks")


def test_many_slow_callbacks_of_some_accounts_delay_no_other() -> None:
    with (
        receiving(Reply(silent=True)) as silent,
        receiving() as receiver,
        live(callback_timeout=600, callback_concurrency=8) as server,
    ):
        slow = [server.buyer() for _ in range(5)]
        for buyer in slow:
            for _ in range(20):
                buyer.submit(call_back=silent.url)
            buyer.clock(advance="1m")
        # The first four have two each, a quarter of eight; the fifth still has one.
        silent.wait_for(9)

        lucky = server.buyer()
        for _ in range(20):
            lucky.submit(call_back=receiver.url)
        started = time.monotonic()
        lucky.clock(advance="1m")
        receiver.wait_for(20)

        assert time.monotonic() - started < 10
        until(lambda: all(each["attempts"] for each in lucky.world.every(*CALLBACKS)))
        sending = [
            sum(each["state"] == "sending" for each in buyer.world.every(*CALLBACKS))
            for buyer in slow
        ]
        assert sending == [2, 2, 2, 2, 1]


def test_a_settle_of_slow_receivers_keeps_no_other_account_waiting() -> None:
    with (
        receiving(Reply(silent=True)) as silent,
        receiving() as receiver,
        live(callback_timeout=600, callback_concurrency=4) as server,
    ):
        slow, lucky = server.buyer(), server.buyer()
        for _ in range(3):
            slow.submit(call_back=silent.url)
            lucky.submit(call_back=receiver.url)
        slow.clock(advance="1m")
        silent.wait_for(1)

        assert lucky.clock(advance="1m", settle=True)["delivered"] == 3
        assert [each["attempts"] for each in slow.world.every(*CALLBACKS)] == [[], [], []]


def test_what_there_was_no_room_for_goes_out_as_soon_as_there_is() -> None:
    with receiving() as receiver, live(callback_concurrency=1) as server:
        buyer = server.buyer()
        for _ in range(40):
            buyer.submit(call_back=receiver.url)
        started = time.monotonic()
        buyer.clock(advance="1m")
        receiver.wait_for(40)

        assert time.monotonic() - started < 15  # with one look per second it would take forty
