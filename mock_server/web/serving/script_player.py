"""Plays a script on a connection: the damage that was ordered, done where it happens."""

import os
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mock_server.domain.call.wire_script import End, Script

# Closed like this, a connection is reset: SO_LINGER on, for no time.
_NO_LINGER = struct.pack("ii", 1, 0)


class Connection(Protocol):
    """What a play needs of a connection: a timer that ends with it."""

    def wait(self, ms: int, then: Callable[[], None]) -> None:
        """Call `then` after so long, or as soon as the peer has gone."""


def play(
    connection: Connection, cycle: RequestResponseCycle, script: Script, done: Callable[[], None]
) -> None:
    """Write the parts of a script, each in its time, and end as it says; then call `done`."""
    _go_on(connection, cycle, script, 0, done)


def _go_on(
    connection: Connection,
    cycle: RequestResponseCycle,
    script: Script,
    position: int,
    done: Callable[[], None],
) -> None:
    if position == len(script.parts):
        _end(cycle, script.end)
        done()
        return
    part = script.parts[position]

    def write() -> None:
        if cycle.disconnected or cycle.transport.is_closing():
            cycle.disconnected = True
            done()
            return
        cycle.response_started = True
        cycle.transport.write(part.data)
        _go_on(connection, cycle, script, position + 1, done)

    if part.after_ms:
        connection.wait(part.after_ms, write)
    else:
        write()


def _end(cycle: RequestResponseCycle, end: End) -> None:
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    if end is End.RESET:
        reset(cycle.transport)
    elif end is End.CLOSE or not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


def reset(transport: Any) -> None:
    """End a connection at once, with a reset that its peer is told of."""
    # Through a descriptor of our own: not every event loop hands out the socket itself.
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
