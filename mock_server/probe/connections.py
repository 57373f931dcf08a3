"""A connection on which nobody waits for longer than a time, whatever its other end does."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def cut_after(most_s: float, sock: socket.socket) -> Iterator[threading.Event]:
    """End a connection if the `with` block takes longer; gives the event that says so."""
    is_late = threading.Event()
    end = threading.Timer(most_s, _cut, (sock, is_late))
    end.daemon = True
    end.start()
    try:
        yield is_late
    finally:
        end.cancel()


def _cut(sock: socket.socket, is_late: threading.Event) -> None:
    """End a connection on which somebody waits."""
    is_late.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
