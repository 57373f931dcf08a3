"""Deliveries of callbacks: what many cost, and the time from the jump of a clock until one comes.

Rule: afterwards each callback must have been delivered, with one attempt.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import urllib3

from benchmarks.calls import WrongAnswerError, is_submitted, submit_json
from benchmarks.process_cost import cpu_seconds
from benchmarks.receivers import Counter, Noting
from benchmarks.servers import Account, Server

ACCOUNTS = 4
LATER_MINUTES = 30  # every task has ended by then
LATER = f"{LATER_MINUTES}m"
SETTLE_S = 0.3  # in which the last attempts are recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one round came to. `cpu_us`: the CPU time of one callback, process by process."""

    cpu_us: tuple[float, ...]
    per_second: float


def delivered(server: Server, receiver: Counter, each: int, pids: Sequence[int]) -> Delivered:
    """Deliver the callbacks of new accounts; return what they cost these processes."""
    accounts = [server.account(frozen=True) for _ in range(ACCOUNTS)]
    with ThreadPoolExecutor(ACCOUNTS) as clients:
        list(clients.map(lambda account: _submit(server, account, receiver.url, each), accounts))
    count = ACCOUNTS * each
    before, at = [cpu_seconds(pid) for pid in pids], time.perf_counter()
    for account in accounts:
        server.turn_clock(account, advance=LATER)
    receiver.wait(count)
    took = time.perf_counter() - at
    time.sleep(SETTLE_S)
    after = [cpu_seconds(pid) for pid in pids]
    for account in accounts:
        _check_delivered(server, account, each)
    costs = tuple((b - a) / count * 1e6 for a, b in zip(before, after, strict=True))
    return Delivered(cpu_us=costs, per_second=count / took)


def arrival_ms(
    server: Server, account: Account, receiver: Noting, jump: Callable[[], None]
) -> float:
    """Return the time from a jump of an account's clock to the arrival of its callback, in ms."""
    receiver.forget()
    _submit(server, account, receiver.url, 1)
    started_at = time.perf_counter()
    jump()
    return (receiver.arrival() - started_at) * 1000


def _submit(server: Server, account: Account, call_back: str, count: int) -> None:
    request = submit_json(server.url, account.app_code, call_back)
    with urllib3.PoolManager() as pool:
        for _ in range(count):
            answer = pool.request("POST", request.url, body=request.body, headers=request.headers)
            is_submitted(answer.data)


def _check_delivered(server: Server, account: Account, count: int) -> None:
    """Check that each callback was delivered, and each with one attempt."""
    pages = server.admin.pages(f"/accounts/{account.id}/callbacks", "callbacks")
    found = [(each["state"], len(each["attempts"])) for page in pages for each in page]
    if found != [("delivered", 1)] * count:
        raise WrongAnswerError(f"not each of {count} callbacks was delivered: {found[:3]} …")
