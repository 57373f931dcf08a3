"""One of the processes that answer on one port: the program that workers.py starts.

Rule 1: its order is the first line on standard input. The end of the input is the end of the
server, whether that stopped or was killed.
Rule 2: its first line on standard output says that it answers, or why it cannot. Everything else
that is printed goes to standard error.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

END_S = 20.0  # as long as workers.py waits


def main() -> None:
    """Serve until the end of the input, or SIGTERM."""
    answers = os.dup(1)
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    order = json.loads(line)
    sys.path[:] = order["path"]

    def say(what: dict[str, Any]) -> None:
        os.write(answers, json.dumps(what).encode() + b"\n")

    _Worker(order).run(say)


class _Worker:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._stop: Callable[[], None] = lambda: os._exit(0)  # nothing is begun yet
        self._lock = threading.Lock()

    def run(self, say: Any) -> None:
        """Serve, and say when it answers or why it cannot."""
        threading.Thread(target=self._wait_for_the_end, name="end-of-input", daemon=True).start()
        from mock_server.cli import common  # noqa: PLC0415 - the path is known now
        from mock_server.cli import serve as command  # noqa: PLC0415
        from mock_server.domain.usage_errors import UsageError  # noqa: PLC0415
        from mock_server.listening import inherited  # noqa: PLC0415
        from mock_server.server import Place, Running, serve  # noqa: PLC0415
        from mock_server.settings import Settings, SettingsError  # noqa: PLC0415
        from mock_server.store.engine.files import DatabaseFileError  # noqa: PLC0415

        order = self._order
        settings = Settings(**_with_tuples(order["settings"]))
        place = Place(
            number=order["number"],
            workers=settings.workers,
            listener=inherited(order["listener"]),
        )

        def on_ready(running: Running) -> None:
            with self._lock:
                self._stop = running.stop
            say(
                {
                    "url": running.url,
                    "place": running.simulator.database.place,
                    "seed": running.default.seed,
                }
            )

        options = order["options"]
        command.log_to_stderr(options["log_level"], as_json=options["as_json"], worker=place.number)
        counts = _counts(place.number)
        try:
            with command.access_log(**options, counts=counts) as log_call:
                serve(settings, on_ready, log_call=log_call, place=place, recorder=counts)
        except (SettingsError, UsageError) as error:
            say({"failed": str(error), "code": common.WRONG_USE})
        except (DatabaseFileError, OSError) as error:
            say({"failed": str(error), "code": common.COULD_NOT_RUN})

    def _wait_for_the_end(self) -> None:
        while os.read(0, 4096):
            pass
        with self._lock, contextlib.suppress(RuntimeError):  # it has stopped already
            self._stop()
        # What hangs must not be left over: nobody is there to kill it.
        timer = threading.Timer(END_S, lambda: os._exit(1))
        timer.daemon = True
        timer.start()


def _counts(number: int) -> Any:
    """Return what counts for the metrics, in the server's folder of counts.

    Whoever takes this place later goes on with its counts.
    """
    from mock_server.metrics.recorder import WorkerPlace, recorder  # noqa: PLC0415
    from mock_server.workers import FOLDER_VARIABLE  # noqa: PLC0415

    return recorder(WorkerPlace(folder=Path(os.environ[FOLDER_VARIABLE]), number=number))


def _with_tuples(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings that came as JSON, which has no tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
    }


if __name__ == "__main__":
    main()
