"""`--oracle`: a command of the user that prints what the receiver knows of tasks.

Rule 1: it is bounded in time and output, and nothing that it prints is run or trusted.
"""

import threading
from collections.abc import Mapping, Sequence

from mock_server.domain.durations import show_duration
from mock_server.formatting import printable
from mock_server.rehearsal.client_process import KEPT_BYTES, Ended
from mock_server.rehearsal.hooks import start
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.receivers.belief import Belief, OracleError, beliefs

MOST_CHARACTERS = 200


def ask(
    command: str, order: RehearsalOrder, env: Mapping[str, str], task_ids: Sequence[str],
    stop: threading.Event,
) -> dict[str, Belief]:  # fmt: skip
    """Return what the receiver knows, by task; nothing of a task that the oracle does not name.

    Raises OracleError, OSError, and StoppedError once `stop` is set.
    """
    asked = {"ARTQR_TASK_ID": task_ids[0], "ARTQR_TASK_IDS": " ".join(task_ids)}
    process = start(command, order, {**env, **asked})
    try:
        ended = process.wait_alone(order.time_limit_s, stop)
    finally:
        process.kill()
    _check(ended, order)
    return beliefs(ended.stdout, task_ids)


def _check(ended: Ended, order: RehearsalOrder) -> None:
    lines = ended.printed.strip().splitlines()
    last = f": {printable(lines[-1], MOST_CHARACTERS)}" if lines else ""
    if ended.timed_out:
        limit = show_duration(round(order.time_limit_s * 1000))
        raise OracleError(f"it did not end within {limit}: make it quicker, or raise --time-limit")
    if ended.status != 0:
        how = "was killed" if ended.status is None else f"ended with exit code {ended.status}"
        raise OracleError(f"it {how}{last}")
    if len(ended.stdout) > KEPT_BYTES:
        raise OracleError(
            f"it printed more than {KEPT_BYTES // 1024} KiB: print one line for each task in "
            "ARTQR_TASK_IDS"
        )
