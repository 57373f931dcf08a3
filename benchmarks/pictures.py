"""Pictures: the CPU of one that is drawn already, and the memory of many first fetches at once."""

import statistics
from concurrent.futures import ThreadPoolExecutor

import psutil
import urllib3

from benchmarks.flask_and_serve import SERVE
from benchmarks.servers import rich_app_code, started

CLIENTS = 32
FETCHES = 300
ROUNDS = 5


def measure() -> str:
    """Return the results as lines."""
    with started(*SERVE) as url, urllib3.PoolManager(maxsize=CLIENTS) as pool:
        server = psutil.Process().children()[-1]
        picture = _finished(pool, url)
        before = server.memory_info().rss
        with ThreadPoolExecutor(CLIENTS) as clients:
            sizes = set(clients.map(lambda _: _size(pool, picture), range(CLIENTS)))
        grown = (server.memory_info().rss - before) / 1e6
        took = [_cpu(pool, server, picture) for _ in range(ROUNDS)]
    return (
        f"{CLIENTS} first fetches of a picture at once: {grown:.0f} MB more memory\n"
        f"a picture of {sizes.pop() / 1000:.0f} KB that is drawn: {statistics.median(took):.0f} us "
        f"of CPU ({min(took):.0f} to {max(took):.0f} in {ROUNDS} rounds of {FETCHES})"
    )


def _finished(pool: urllib3.PoolManager, url: str) -> str:
    """Submit a task, let it succeed, and return the address of its picture."""
    fields = {"text": "https://example.com", "style_id": "pet_cat"}
    headers = {"Authorization": f"APPCODE {rich_app_code(url)}"}
    pool.request_encode_body(
        "POST", f"{url}/submitTask", fields=fields, encode_multipart=False, headers=headers
    )
    account = pool.request("GET", f"{url}/_mock/accounts").json()["accounts"][-1]["id"]
    pool.request("POST", f"{url}/_mock/accounts/{account}/clock", json={"advance": "1m"})
    (task,) = pool.request("GET", f"{url}/_mock/accounts/{account}/tasks").json()["tasks"]
    return str(task["pictures"][0])


def _size(pool: urllib3.PoolManager, picture: str) -> int:
    answer = pool.request("GET", picture)
    assert answer.status == 200, answer.status
    return len(answer.data)


def _cpu(pool: urllib3.PoolManager, server: psutil.Process, picture: str) -> float:
    """Return the CPU time of the server for one fetch, in microseconds."""
    before = server.cpu_times()
    for _ in range(FETCHES):
        _size(pool, picture)
    after = server.cpu_times()
    return float(after.user + after.system - before.user - before.system) / FETCHES * 1e6
