"""A receiver in the test's own event loop: clock calls are awaited, or warn at once."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from mock_server.testing import MockServer, World, receiving_callbacks
from mock_server.testing.async_clock import BlockedLoopWarning

FIELDS = {"text": "https://example.com", "style_id": "food_fryrice"}


@asynccontextmanager
async def receiver_in_this_loop() -> AsyncIterator[tuple[str, list[object]]]:
    received: list[object] = []

    async def take(request: web.Request) -> web.Response:
        received.append(await request.json())
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", received
    finally:
        await runner.cleanup()


def frozen(server: MockServer) -> World:
    return server.account(clock={"frozen": True})


@pytest.mark.parametrize("call", ["next", "advance"])
def test_an_awaited_clock_call_lets_the_receiver_answer(
    artqr_server: MockServer, call: str
) -> None:
    world = frozen(artqr_server)

    async def play() -> list[object]:
        async with receiver_in_this_loop() as (url, received):
            world.submit({**FIELDS, "call_back": url})
            for _ in range(2):  # the task's end, its callback
                await (world.clock.aio.next() if call == "next" else world.clock.aio.advance("1h"))
            return received

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (received,) = asyncio.run(play())

    assert isinstance(received, dict)
    assert received["task_id"] == world.tasks[0].task_id
    assert world.callbacks[0].state == "delivered"


@pytest.mark.parametrize("call", ["next", "advance", "set"])
def test_a_blocking_call_warns_before_it_waits(artqr_server: MockServer, call: str) -> None:
    world = frozen(artqr_server)
    calls: dict[str, Callable[[], object]] = {
        "next": world.clock.next,
        "advance": lambda: world.clock.advance("1h"),
        "set": lambda: world.clock.set(world.clock.now + 3_600_000),
    }

    async def play() -> None:
        async with receiver_in_this_loop() as (url, _):
            world.submit({**FIELDS, "call_back": url})
            calls[call]()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BlockedLoopWarning, match=rf"await artqr.clock.aio.{call}\(\)"):
            asyncio.run(play())


def test_a_receiver_of_ours_or_no_callback_causes_no_warning(artqr_server: MockServer) -> None:
    world = frozen(artqr_server)

    async def play() -> None:
        world.submit(FIELDS)
        world.clock.next()
        with receiving_callbacks() as receiver:
            world.submit({**FIELDS, "call_back": receiver.url})
            world.clock.advance("1h")
            receiver.wait_for(1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(play())
