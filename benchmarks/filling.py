"""Fills a database with submits, in process: each goes the whole way of a call, but for HTTP."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.calls import Request, WrongAnswerError
from benchmarks.servers import Account
from mock_server.actions.gateway import pipeline
from mock_server.domain.call.calls import Answer, Call
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator

AT_ONCE = 32


def call_of(request: Request) -> Call:
    """Return a request as the simulator sees it."""
    url, body = urlsplit(request.url), request.body.encode()
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    sent = (("host", url.netloc), ("user-agent", "benchmark"), ("accept", "*/*"))
    length = ("content-length", str(len(body)))
    return Call(method=request.method, path=url.path, headers=(*sent, length, *headers), body=body)


def fill(database: Path, make: Callable[[str, str], Request], account: Account, count: int) -> None:
    """Submit so many tasks in the account of a database that no server uses meanwhile."""
    simulator = build_simulator(Settings(database=str(database)))
    try:
        submit_many(simulator, call_of(make("http://127.0.0.1", account.app_code)), count)
    finally:
        simulator.close()


def submit_many(simulator: Simulator, call: Call, count: int) -> None:
    """Handle a call so many times, 32 at once. Raises WrongAnswerError."""
    left, under_way = count, 0
    wrong: list[object] = []
    lock, over = threading.Lock(), threading.Event()

    def again() -> None:
        nonlocal left, under_way
        with lock:
            if left == 0 or wrong:
                if under_way == 0:
                    over.set()
                return
            left -= 1
            under_way += 1
        simulator.database.submit(lambda tx: pipeline.handle(tx, simulator, call), done)

    def done(answer: Any, error: BaseException | None) -> None:
        nonlocal under_way
        with lock:
            under_way -= 1
            if not isinstance(answer, Answer) or answer.status != 200:
                wrong.append(error or answer)
        again()

    for _ in range(AT_ONCE):
        again()
    over.wait()
    if wrong:
        raise WrongAnswerError(f"a submit was not booked: {wrong[0]!r}")
