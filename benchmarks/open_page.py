"""A page of the inspector that somebody has open: a reader of its events, on a thread.

Rule: what is measured is checked. A page that hears nothing of calls, or that says another number
of them than there were, raises: a page that is cheap because it is wrong is worth nothing.
"""

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.calls import WrongAnswerError
from benchmarks.servers import Account, Server
from mock_server.actions.reports.call_list import PAGE

WAIT_S = 10.0
_SAMPLED = re.compile(r"these are (\d+) of (\d+) that came since the last look \(1 in (\d+)\)")


@dataclass(slots=True)
class OpenPage:
    """What a page was sent so far: how often, and of how many calls it showed one.

    `wrong`: what it said that was not so.
    """

    regions: int = 0
    one_in: list[int] = field(default_factory=list)
    wrong: str | None = None
    _seen: int = 0

    def take(self, mark: str, html: str) -> None:
        """Take a region, whose mark has the number of calls up to it."""
        seen = int(mark.split(".")[1])
        came, self._seen = seen - self._seen, seen
        self.regions += 1
        if self.regions == 1:  # of the calls before nothing is said
            return
        said = _SAMPLED.search(html)
        if (int(said[2]) if said else 0) != (came if came > PAGE else 0):
            self.wrong = f"{came} calls came, and the page said: {said and said[0]}"
        self.one_in.append(int(said[3]) if said else 1)


@contextmanager
def open_page(server: Server, account: Account) -> Iterator[OpenPage]:
    """Have the page of calls of an account open for a `with` block, in which calls come.

    Raises WrongAnswerError if it was told nothing, or something wrong.
    """
    page = OpenPage()
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_S)
    connection.request("GET", f"/_mock/inspect/{account.id}/calls/live")
    ours = connection.sock  # the answer takes it
    answer = connection.getresponse()
    reader = threading.Thread(target=_read, args=(answer, page), daemon=True)
    reader.start()
    try:
        yield page
        until = time.perf_counter() + WAIT_S
        while page.regions < 2 and reader.is_alive() and time.perf_counter() < until:
            time.sleep(0.01)
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        reader.join(timeout=WAIT_S)
        answer.close()
        connection.close()
    if page.regions < 2 or page.wrong:
        raise WrongAnswerError(page.wrong or f"an open page was sent {page.regions} regions")


def _read(answer: http.client.HTTPResponse, page: OpenPage) -> None:
    name, mark, data = "", "", []
    try:
        for line in iter(answer.readline, b""):
            kind, _, text = line.decode().rstrip("\n").partition(": ")
            if kind == "event":
                name = text
            elif kind == "id":
                mark = text
            elif kind == "data":
                data.append(text)
            elif not kind:
                if name == "region":
                    page.take(mark, "\n".join(data))
                name, data = "", []
    except (OSError, http.client.HTTPException, ValueError):
        return  # the page was closed
