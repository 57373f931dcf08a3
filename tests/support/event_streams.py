"""Reads the Server-Sent Events of a page, as a browser does."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

DEADLINE_S = 30.0


@contextmanager
def stream(url: str, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """Open a stream."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE_S)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        answer.close()  # it has the connection's socket, too
        connection.close()


def event(answer: http.client.HTTPResponse, name: str) -> tuple[str, str]:
    """Return mark and HTML of the next event of a name."""
    end = time.monotonic() + DEADLINE_S
    lines: list[str] = []
    while time.monotonic() < end:
        line = answer.readline()
        assert line, "the stream ended"
        if line.strip():
            lines.append(line.decode().rstrip("\n"))
            continue
        if f"event: {name}" in lines:
            (mark,) = [each[4:] for each in lines if each.startswith("id: ")]
            return mark, "\n".join(each[6:] for each in lines if each.startswith("data: "))
        lines = []
    raise AssertionError(f"no event {name} came")


def address(url: str, account: str, page: str = "calls") -> str:
    """Return the address of the stream that a page names."""
    with stream(url, f"/_mock/inspect/{account}/{page}") as answer:
        html = answer.read().decode()
    found: list[str] = re.findall(r'sse-connect="([^"]+)"', html)
    return found[0].replace("&amp;", "&")
