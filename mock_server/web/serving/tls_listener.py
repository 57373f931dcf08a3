"""TLS connections, accepted here: a handshake is bounded in time and ends with the server.

Left to the event loop a handshake may take a minute, and uvloop does not close before it is over.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

from mock_server.domain.call import defects
from mock_server.domain.call.calls import Defect

PAUSE_S = 1.0

log = logging.getLogger(__name__)


class TlsListener:
    """Accepts connections from now on; closed as an asyncio server is.

    `on_refused` hears of a handshake that failed because the client was set up wrongly.
    """

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        new_protocol: Callable[[], asyncio.Protocol],
        *,
        timeout: float,
        on_refused: Callable[[Defect], None],
    ) -> None:
        self._on_refused = on_refused
        self._listener = listener
        self._context = context
        self._new_protocol = new_protocol
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._tasks = {self._loop.create_task(self._accept())}

    def close(self) -> None:
        """Accept nothing more, and give up the handshakes: nobody has asked anything yet."""
        for task in self._tasks:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is left of it."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                connection, _ = await self._loop.sock_accept(self._listener)
            except OSError as error:  # such as no descriptor to spare
                log.warning("cannot accept connections for a moment: %s", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._loop.create_future(), PAUSE_S)
                continue
            task = self._loop.create_task(self._shake_hands(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _shake_hands(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(
                self._new_protocol,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=self._timeout,
            )
        except OSError as error:  # the peer speaks no TLS, was too slow, or has gone
            connection.close()
            defect = defects.refused_handshake(getattr(error, "reason", None) or "")
            if defect is not None:
                self._on_refused(defect)
