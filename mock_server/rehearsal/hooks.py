"""`--setup` and `--teardown`: commands of the user around the client, in each drill.

Rule 1: a setup may leave something running, such as a proxy: it is ended after the teardown.
Rule 2: a teardown runs whatever happened, also after Ctrl-C.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping

from mock_server.domain.durations import show_duration
from mock_server.formatting import printable_lines
from mock_server.rehearsal.client_process import ClientProcess, Ended
from mock_server.rehearsal.order import RehearsalOrder

HURRY_S = 5.0  # for a teardown after Ctrl-C
MOST_LINES = 8


class HookError(Exception):
    """A setup or teardown failed; the message says which one, in which drill."""


@contextlib.contextmanager
def around(
    order: RehearsalOrder, place: str, env: Mapping[str, str], stop: threading.Event
) -> Iterator[None]:
    """Run the setup before a `with` block, and the teardown after it. Raises HookError.

    `place` is what an error calls the drill, such as `drill calm`.
    """
    with contextlib.ExitStack() as left:
        try:
            if order.setup is not None:
                before = start(order.setup, order, env)
                left.callback(before.kill)
                _check("setup", place, before.wait_alone(order.time_limit_s, stop), order)
            yield
        except BaseException:
            with contextlib.suppress(HookError):  # what failed first is what to say
                _teardown(order, place, env, stop)
            raise
        _teardown(order, place, env, stop)


def _teardown(
    order: RehearsalOrder, place: str, env: Mapping[str, str], stop: threading.Event
) -> None:
    if order.teardown is None:
        return
    limit_s = min(HURRY_S, order.time_limit_s) if stop.is_set() else order.time_limit_s
    after = start(order.teardown, order, env)
    try:
        _check("teardown", place, after.wait_alone(limit_s), order)
    finally:
        after.kill()


def start(command: str, order: RehearsalOrder, env: Mapping[str, str]) -> ClientProcess:
    """Start a command of the user in a shell. Raises OSError."""
    shell = ["/bin/sh", "-c", command]
    if sys.platform == "win32":
        shell = [os.environ.get("COMSPEC", "cmd.exe"), "/c", command]
    return ClientProcess(shell, env, order.cwd)


def _check(name: str, place: str, ended: Ended, order: RehearsalOrder) -> None:
    if ended.status == 0:
        return
    if ended.timed_out:
        how = f"did not end within {show_duration(round(order.time_limit_s * 1000))}"
    else:
        how = "was killed" if ended.status is None else f"ended with exit code {ended.status}"
    lines = ended.printed.strip().splitlines()[-MOST_LINES:]
    shown = "".join(f"\n    {line[:200]}" for line in lines)
    raise HookError(printable_lines(f"the {name} of {place} {how}{shown}"))
