"""Hears what other processes do to the rows, over LISTEN and NOTIFY.

Rule 1: it is only faster than looking: whoever listens looks by itself too, so nothing depends on
a message. A lost connection is opened again, and then it says "look", for what was missed.
Rule 2: NOTIFY makes commits wait for each other, so it is for rare events, not for calls.
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable

import psycopg
from psycopg import sql

from mock_server.store.engine.postgres_text_codec import Connection, connection_options

CHANNEL = "'artqr_mock_' || hashtext(current_schema())"
# An idle connection is asked whether it lives, and a lost one opened again, so often.
ALIVE_S = 30.0
AGAIN_S = 1.0

log = logging.getLogger(__name__)


class Listener:
    """Calls `told` on a thread of its own whenever another process has told of a change.

    `own` is what this process says of itself: its own messages are not for it.
    """

    def __init__(self, address: str, own: str, told: Callable[[], None]) -> None:
        self._address = address
        self._own = own
        self._told = told
        self._end, self._ended = socket.socketpair()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="database-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more; close the connection."""
        self._closed = True
        self._end.close()
        self._thread.join(timeout=10)
        self._ended.close()

    def _run(self) -> None:
        is_first, is_lost = True, False
        while not self._closed:
            try:
                with psycopg.connect(
                    self._address, autocommit=True, **connection_options(self._address)
                ) as connection:
                    _listen(connection)
                    if not is_first:
                        log.warning("changes of other servers are heard of again")
                        self._told()
                    is_lost = False
                    self._hear(connection)
            except psycopg.Error as error:
                if self._closed:
                    return
                if not is_lost:  # once, however long it lasts
                    log.warning(
                        "changes of other servers are not heard of at once (%s): this one looks "
                        "once a second",
                        type(error).__name__,
                    )
                is_lost = True
            is_first = False
            self._wait(AGAIN_S)

    def _hear(self, connection: Connection) -> None:
        while not self._closed:
            if not self._wait(ALIVE_S, connection):
                connection.execute("select 1")
            messages = [each.payload for each in connection.notifies(timeout=0)]
            if any(payload != self._own for payload in messages):
                self._told()

    def _wait(self, seconds: float, *connections: Connection) -> bool:
        """Return whether something came on these connections; at `close` it returns at once."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._ended, selectors.EVENT_READ)
            for connection in connections:
                waiting.register(connection.fileno(), selectors.EVENT_READ)
            return bool(waiting.select(seconds))


def _listen(connection: Connection) -> None:
    row = connection.execute(f"select {CHANNEL} as name".encode()).fetchone()
    assert row is not None  # noqa: S101 - a select without a table has one row
    connection.execute(sql.SQL("listen {}").format(sql.Identifier(row["name"])))
