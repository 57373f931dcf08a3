"""The runs of a client in a drill: one, or two where the drill starts it again.

Rule 1: a restart is a new process with the same command and environment, as a supervisor starts it.
Rule 2: the client is started again only if a step killed it or, without a step, if it ended with an
error by itself: one that says that it is done, or hangs, is judged as it is.
"""

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from mock_server.admin_client import RefusedError, UnreachableError
from mock_server.rehearsal.client_process import ClientProcess, Ended
from mock_server.rehearsal.drill import Drill
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.steps import BEFORE_RESTART, STEPS, Scene
from mock_server.testing.world import World

HELPER_S = 2.0  # for a step to end after its client


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """`ended`: how the last run ended, with what every run printed. `earlier`: how the runs before
    it ended; `restarted_after`: the last call before the restart, None if there was no restart.
    """

    ended: Ended
    earlier: tuple[Ended, ...] = ()
    restarted_after: int | None = None


def run_client(
    order: RehearsalOrder, drill: Drill, world: World, env: Mapping[str, str], stop: threading.Event
) -> Runs:
    """Run the client as the drill says.

    Raises UnreachableError, RefusedError, OSError, and StoppedError once `stop` is set.
    """
    run = partial(_run, order, world, env, stop)
    first, was_killed = run(drill.step)
    if not drill.restart or first.timed_out:
        return Runs(ended=first)
    if drill.step is not None and not was_killed:
        return Runs(ended=first)
    if drill.step is None and not first.status:
        return Runs(ended=first)
    last_call = max((each["id"] for each in world.admin.last_calls(1)), default=0)
    if drill.before_restart is not None:
        BEFORE_RESTART[drill.before_restart](world)
    second, _ = run(None)
    return Runs(ended=_both(first, second), earlier=(first,), restarted_after=last_call)


def _run(
    order: RehearsalOrder, world: World, env: Mapping[str, str], stop: threading.Event,
    step: str | None,
) -> tuple[Ended, bool]:  # fmt: skip
    """Return how one run ended, and whether a step killed the client."""
    client = ClientProcess(order.command, env, order.cwd)
    over, killed = threading.Event(), threading.Event()

    def kill() -> None:
        killed.set()
        client.kill()

    scene = Scene(world=world, kill=kill, over=over)
    helper = threading.Thread(target=_act, args=(step, scene), daemon=True) if step else None
    try:
        if helper:
            helper.start()
        ended = client.wait(order.time_limit_s, stop)
    finally:
        over.set()
        client.kill()
        if helper:
            helper.join(HELPER_S)
    if killed.is_set():
        ended = replace(
            ended, status=None, timed_out=False
        )  # what the system says of it is no exit
    return ended, killed.is_set()


def _act(step: str, scene: Scene) -> None:
    # A server that is gone is noticed, and told, by whoever reads the evidence.
    with contextlib.suppress(UnreachableError, RefusedError):
        STEPS[step](scene)


def _both(first: Ended, second: Ended) -> Ended:
    return replace(
        second,
        left=first.left + second.left,
        stdout=first.stdout + second.stdout,
        stderr=first.stderr + second.stderr,
        took_s=first.took_s + second.took_s,
    )
