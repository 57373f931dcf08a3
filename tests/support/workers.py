"""A server of several workers: which answers, and which are alive."""

from typing import Any

import psutil
import urllib3

from tests.support.processes import Server


def workers_of(server: Server) -> list[psutil.Process]:
    """Return the processes of its workers that are alive."""
    try:
        found = psutil.Process(server.process.pid).children()
    except psutil.NoSuchProcess:
        return []
    return [each for each in found if each.status() != psutil.STATUS_ZOMBIE]


def serving_of(url: str, **pool: Any) -> dict[str, Any]:
    """Return what health says of the process that answers, on a connection of its own."""
    with urllib3.PoolManager(retries=False, timeout=30.0, **pool) as fresh:
        health = fresh.request("GET", f"{url}/_mock/health", headers={"Connection": "close"})
    serving: dict[str, Any] = health.json()["serving"]
    return serving


def pids_of_each(url: str, count: int) -> dict[int, int]:
    """Return the process id of every worker by its number, once each has answered."""
    pids: dict[int, int] = {}
    for _ in range(64 * count):  # the kernel deals connections out by chance
        serving = serving_of(url)
        pids[serving["worker"]] = serving["pid"]
        if len(pids) == count:
            return pids
    raise AssertionError(f"only these answer: {pids}")
