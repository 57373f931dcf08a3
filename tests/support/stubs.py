"""A stub server on a free port; one function answers every request."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def silent(*_: Any) -> None:
    """Log nothing."""


@contextmanager
def answering(
    answer: Callable[[BaseHTTPRequestHandler], None], methods: Sequence[str]
) -> Iterator[str]:
    """Serve during a `with` block; yields the address."""
    members = {f"do_{method}": answer for method in methods}
    handler = type("Handler", (BaseHTTPRequestHandler,), {**members, "log_message": silent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
