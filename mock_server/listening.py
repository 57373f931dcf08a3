"""The socket that a server listens on, and the port that several processes of one server share.

Rule 1: on Linux each process has a socket of its own on the port (SO_REUSEPORT): the kernel deals
the connections out, which came out more even than one socket for all (docs/internals/workers.md).
Rule 2: elsewhere the kernel does not deal them out, and all processes accept from one socket.
Rule 3: a port that another program listens on is refused; SO_REUSEPORT by itself would share it.
"""

import contextlib
import socket
import sys
from collections.abc import Iterator

from mock_server.settings import Settings

BACKLOG = 2048
HAS_SOCKETS_OF_THEIR_OWN = sys.platform.startswith("linux")


class CannotListenError(OSError):
    """The server cannot listen on the address; the message says why and what to do."""


def listen(settings: Settings) -> socket.socket:
    """Return a listening socket. Raises CannotListenError."""
    with _opened(settings) as listener:
        _bind(listener, settings.host, settings.port)
        listener.listen(BACKLOG)
    return listener


class SharedPort:
    """A port that the processes of one server share, kept until it is closed."""

    def __init__(self, settings: Settings) -> None:
        """Take the port of the settings, or a free one for 0. Raises CannotListenError."""
        self._settings = settings
        if HAS_SOCKETS_OF_THEIR_OWN:
            if settings.port:
                listen(settings).close()  # rule 3
            # Bound and never listening: no connection comes here, and the port stays ours.
            self._kept = self._bound(settings.port)
        else:
            self._kept = listen(settings)
        self.number: int = self._kept.getsockname()[1]

    @contextlib.contextmanager
    def lent(self) -> Iterator[int]:
        """Lend the descriptor of the socket that a process is to inherit."""
        if not HAS_SOCKETS_OF_THEIR_OWN:
            yield self._kept.fileno()
            return
        with self._bound(self.number) as own:
            yield own.fileno()

    def close(self) -> None:
        """Give the port up."""
        self._kept.close()

    def _bound(self, port: int) -> socket.socket:
        with _opened(self._settings) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            _bind(bound, self._settings.host, port)
        return bound


def inherited(descriptor: int) -> socket.socket:
    """Return the socket that this process was lent; whoever serves on it listens."""
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)  # noqa: FBT003 - the standard library wants it so
    return listener


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[socket.socket]:
    """Give a new socket for the address of the settings; close it if it cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        yield opened
    except OSError as error:
        opened.close()
        raise CannotListenError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; stop "
            "what uses it, or choose another with --port (0 takes a free one)"
        ) from None


def _bind(listener: socket.socket, host: str, port: int) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.setblocking(False)  # noqa: FBT003 - as above
