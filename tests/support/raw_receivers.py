"""Receivers that answer with bytes as they are, and keep the bytes that came."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

from mock_server.delivery.outbound import Outbound
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import parse_address

# The first byte of a TLS record that opens a connection.
TLS_HANDSHAKE = b"\x16"


class Receiver(socketserver.ThreadingTCPServer):
    """Answers every connection with the same bytes, or with silence, and keeps the requests."""

    daemon_threads = True

    def __init__(self, answer: bytes | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests: list[bytes] = []
        self.stopped = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(socketserver.StreamRequestHandler):
    server: Receiver

    def handle(self) -> None:
        if self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:  # no line end may ever come
            self.wfile.write(self.server.answer or b"")
            return
        head = b""
        while (line := self.rfile.readline()) != b"\r\n":
            if not line:  # the client left: a further read returns nothing, for ever
                return
            head += line
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        self.server.requests.append(head + b"\r\n" + self.rfile.read(length))
        if self.server.answer is None:
            self.server.stopped.wait(timeout=20)
        else:
            with contextlib.suppress(ConnectionError):
                self.wfile.write(self.server.answer)


@contextlib.contextmanager
def receiver(
    answer: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
) -> Iterator[Receiver]:
    with Receiver(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def outbound(**options: Any) -> Iterator[Outbound]:
    built = Outbound(**options)
    try:
        yield built
    finally:
        built.close()


def post(url: str, **options: Any) -> Outcome:
    with outbound(**options) as out:
        return out.post(parse_address(url), Posting(body=b'{"task_id":"1"}')).result(timeout=20)
