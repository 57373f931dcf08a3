"""The process that Locust runs in: `python -m mock_server.load.locust_program`.

It starts Locust under the guard of `targets.py`, writes down what the clients see, and ends once
the parent says so or is gone, or once the last call that is allowed is made. The environment has
all of its orders: locust_settings.py.
"""

import json
import logging
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psutil

from mock_server.domain.call.calls import ROUTES, Operation
from mock_server.load import locust_settings as names
from mock_server.load.client_log import NO_ANSWER, ClientLog
from mock_server.load.targets import Guard

LOOK_S = 0.2
CUT_S = 0.5  # for calls on their way, when the load has to end now
OPERATIONS = {path.lower(): str(operation) for (_, path), operation in ROUTES.items()}
PICTURES = "/pictures/"
OTHER = "other"
SHAPED = (
    "the locustfile has a LoadTestShape, {}: take it out, because --users, --spawn-rate and "
    "--run-time say how many users work, and how long"
)
MOST_RAISED = 1_000  # characters of an exception


def main() -> None:
    """Run Locust."""
    hosts = [each for each in os.environ[names.ALLOWED].split(",") if each]
    guard = Guard(hosts, _addresses)
    sys.addaudithook(guard)
    sys.argv = ["artqr-mock load", *os.environ[names.USER_CLASSES].split()]
    import locust.main  # noqa: PLC0415 - it patches the sockets, and is an extra

    watch = Watch(Path(os.environ[names.FOLDER]), int(os.environ[names.MOST_CALLS]), guard)
    locust.events.init.add_listener(watch.begin)
    locust.events.test_start.add_listener(watch.started)
    locust.events.request.add_listener(watch.take)
    locust.events.user_error.add_listener(watch.raised)
    locust.events.quitting.add_listener(watch.end)
    locust.main.main()


class Watch:
    """What this process writes down, and what ends it."""

    def __init__(self, folder: Path, most_calls: int, guard: Guard) -> None:
        self._folder = folder
        self._most_calls = most_calls
        self._guard = guard
        self._parent = int(os.environ[names.PARENT])
        self._log = ClientLog(folder / names.LOG_FILE)
        self._host = os.environ["LOCUST_HOST"]
        self._raised: tuple[int, str] = (0, "")
        self._runner: Any = None
        self._environment: Any = None

    def begin(self, environment: Any, **_: Any) -> None:
        """Look from now on whether to end. A shape would go beyond the bounds of the load."""
        import gevent  # type: ignore[import-untyped] # noqa: PLC0415 - as above

        if environment.shape_class is not None:
            sys.exit(SHAPED.format(type(environment.shape_class).__name__))
        logging.getLogger("locust.stats_logger").disabled = True  # what it printed last says why
        self._environment, self._runner = environment, environment.runner
        gevent.spawn(self._look, gevent.sleep)

    def started(self, **_: Any) -> None:
        """Tell the parent that the users come now."""
        (self._folder / names.STARTED_FILE).touch()

    def take(self, response_time: float | None, response: Any = None, **more: Any) -> None:
        """Count a call that a user made."""
        status = int(getattr(response, "status_code", None) or NO_ANSWER)
        operation = operation_of(str(more.get("url") or more.get("name") or ""), self._host)
        self._log.add(int(time.time()), operation, status, response_time or 0.0)
        if self._log.calls >= self._most_calls:
            (self._folder / names.FULL_FILE).touch()

    def raised(self, exception: Exception, tb: TracebackType | None = None, **_: Any) -> None:
        """Count an exception that a user did not catch."""
        count, first = self._raised
        self._raised = (count + 1, first or shown_exception(exception, tb))

    def end(self, **_: Any) -> None:
        """Write the last second, what was called in vain, and what users did not catch."""
        self._log.write()
        refused = self._folder / names.REFUSED_FILE
        refused.write_text("\n".join(self._guard.refused), "utf-8")
        (self._folder / names.RAISED_FILE).write_text(json.dumps(self._raised), "ascii")

    def _look(self, sleep: Callable[[float], None]) -> None:
        stops = [self._folder / name for name in (names.STOP_FILE, names.FULL_FILE)]
        while not any(file.exists() for file in stops) and psutil.pid_exists(self._parent):
            sleep(LOOK_S)
        self._environment.stop_timeout = CUT_S
        self._runner.quit()


def shown_exception(exception: Exception, tb: TracebackType | None) -> str:
    """Return an exception with the line of the user's own code that it came from, on one line."""
    says = " ".join(f"{type(exception).__name__}: {exception}".split())[:MOST_RAISED]
    found = list(traceback.extract_tb(tb))
    lines = [each for each in found if "site-packages" not in each.filename] or found
    return f"{says} ({Path(lines[-1].filename).name}, line {lines[-1].lineno})" if lines else says


def operation_of(url: str, host: str = "") -> str:
    """Return which operation of the API an address is. `host`: the server of the API; what is asked
    at another port, such as that of a program of the user's own, is no operation."""
    place = urlsplit(url)
    if host and place.netloc and place.port != urlsplit(host).port:
        return OTHER
    path = place.path
    if path.startswith(PICTURES):
        return str(Operation.GET_PICTURE)
    return OPERATIONS.get(path.lower(), OTHER)


def _addresses(host: str) -> list[str]:
    try:
        return [str(each[4][0]) for each in socket.getaddrinfo(host, None)]
    except OSError:
        return []  # Locust will say so


if __name__ == "__main__":
    main()
