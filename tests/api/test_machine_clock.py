"""A machine whose clock is set back, while a server runs and between two."""

from pathlib import Path

import pytest

from tests.support import worlds
from tests.support.signed import Request, Signer, seen, send
from tests.support.worlds import Postbox, RealClock, World

MINUTE = 60_000


def now(world: World) -> int:
    shown: int = world.admin("GET", "/accounts/default/clock")["now"]
    return shown


def test_an_account_waits_for_a_machine_that_was_set_back(world: World) -> None:
    before = now(world)

    world.real_now.now -= 20 * MINUTE
    assert now(world) == before
    world.real_now.now += 10 * MINUTE
    assert now(world) == before + 5 * MINUTE
    world.real_now.now += 30 * MINUTE
    assert now(world) == before + 20 * MINUTE == world.real_now.now


def test_a_machine_that_was_set_back_for_a_moment_leaves_no_trace(world: World) -> None:
    before = now(world)
    world.real_now.now -= 365 * 24 * 60 * MINUTE
    assert now(world) == before
    world.real_now.now += 365 * 24 * 60 * MINUTE + 7

    assert now(world) == before + 7


@pytest.mark.parametrize("back", [0, 20 * MINUTE])
def test_after_a_restart_no_clock_is_behind_what_it_showed(tmp_path: Path, back: int) -> None:
    real_now, database = RealClock(), str(tmp_path / "kept.sqlite3")
    with worlds.simulator(real_now, database=database) as simulator:
        world = World(simulator, real_now, Postbox())
        fast = world.account(clock={"rate": 60})["id"]
        real_now.now += 5 * MINUTE  # nobody calls
        shown = now(world), world.admin("GET", f"/accounts/{fast}/clock")["now"]

    real_now.now -= back
    with worlds.simulator(real_now, database=database) as simulator:
        world = World(simulator, real_now, Postbox())
        assert (now(world), world.admin("GET", f"/accounts/{fast}/clock")["now"]) == shown
        real_now.now += MINUTE
        assert now(world) == shown[0] + (MINUTE // 2 if back else MINUTE)


def test_after_a_crash_no_call_is_earlier_than_the_last(tmp_path: Path) -> None:
    real_now, database = RealClock(), str(tmp_path / "kept.sqlite3")
    with worlds.simulator(real_now, database=database) as simulator:
        world = World(simulator, real_now, Postbox())
        real_now.now += MINUTE
        world.vendor("/taskList")
        # A process that is killed keeps nothing at its end.
        object.__setattr__(simulator, "real_now", lambda: 0)

    real_now.now -= 20 * MINUTE
    with worlds.simulator(real_now, database=database) as simulator:
        world = World(simulator, real_now, Postbox())
        world.vendor("/taskList")
        first, second = world.calls()
        assert second["at"] == first["at"]


def test_timestamps_are_compared_with_the_machines_own_clock(world: World) -> None:
    signer = Signer.of(world.account())
    before = now(world)
    world.real_now.now -= 20 * MINUTE  # past the window of 15 minutes
    assert now(world) == before

    def answer(at: int) -> tuple[int, str | None]:
        return seen(send(world, signer.signed(Request(headers={"X-Ca-Timestamp": str(at)}))))

    assert answer(world.real_now.now) == (200, None)
    assert answer(before) == (403, "S403TE")
