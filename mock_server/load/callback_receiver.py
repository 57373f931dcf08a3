"""A receiver of callbacks for the users of a load, in the process of Locust, on loopback.

It is for locustfiles only: it runs on gevent.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from gevent.event import Event  # type: ignore[import-untyped]
from gevent.pywsgi import WSGIServer  # type: ignore[import-untyped]

MOST_BYTES = 1024 * 1024
MOST_WAITING = 100_000


class CallbackReceiver:
    """Takes callbacks at `url`, and tells whoever waits for one."""

    def __init__(self) -> None:
        self._came: dict[str, Event] = {}
        self._server = WSGIServer(("127.0.0.1", 0), self._take, log=None, error_log=None)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/callback"

    def wait_for(self, task_id: str, seconds: float) -> bool:
        """Wait for the callback of a task; False if none came in time."""
        try:
            return bool(self._event(task_id).wait(seconds))
        finally:
            self._came.pop(task_id, None)

    def _event(self, task_id: str) -> Event:
        if len(self._came) >= MOST_WAITING:  # callbacks that nobody waits for any more
            self._came.pop(next(iter(self._came)))
        return self._came.setdefault(task_id, Event())

    def _take(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(MOST_BYTES)
        try:
            task_id = str(json.loads(body)["task_id"])
        except (ValueError, KeyError, TypeError):
            start("400 Bad Request", [("Content-Length", "0")])
            return []
        self._event(task_id).set()
        start("200 OK", [("Content-Length", "0")])
        return []
