"""Pictures: one that is drawn already, beside a small stub and a file server; first fetches."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import urllib3

from benchmarks.calls import Request, WrongAnswerError
from benchmarks.comparison import Case, compare, stub_cases
from benchmarks.contenders.nginx import FILES
from benchmarks.drawn import first_task, pictures_of, size_of
from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.process_cost import cost_of
from benchmarks.servers import Server

CONTENDERS = ("mountebank", "nginx")
CLIENTS = 32
FILE = "picture.png"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the figures of a cached picture, and of many first fetches at once."""
    with bench.server() as server, bench.contender_servers(*CONTENDERS) as others:
        pictures = _finished(server, bench.rounds + 1)
        firsts = [_first_fetches(server, picture) for picture in pictures][1:]
        picture = urllib3.request("GET", pictures[0]).data
        cases = {"cached picture": Case(request=_get(pictures[0], picture), pid=server.pid)}
        stubs = stub_cases(bench, others)
        if "nginx" in stubs:
            (bench.scratch / "nginx" / FILES / FILE).write_bytes(picture)
            request = _get(f"{others['nginx'].url}/{FILE}", picture)
            del stubs["nginx"]
            cases["nginx, the same file"] = Case(
                request=request, pid=others["nginx"].pid, is_contender=True
            )
        yield from compare(bench, cases | stubs, connections=32, rounds=bench.few_rounds)
        size = len(picture) / 1000
        yield figure("32 connections", "cached picture", "size", "KB", [size])
    times, costs = zip(*firsts, strict=True)
    row = f"{CLIENTS} first fetches of one picture"
    yield figure("First fetch", row, "until all have it", "ms", times)
    yield figure("First fetch", row, "CPU", "ms", costs)


def _finished(server: Server, count: int) -> list[str]:
    account = server.account(frozen=True)
    tasks = [first_task(server, account) for _ in range(count)]
    server.turn_clock(account, advance="30m")
    return pictures_of(server, account, tasks)


def _first_fetches(server: Server, picture: str) -> tuple[float, float]:
    """Fetch a picture that is not drawn with many clients at once; return time and CPU, in ms."""
    with urllib3.PoolManager(maxsize=CLIENTS) as pool, ThreadPoolExecutor(CLIENTS) as clients:
        started_at = time.perf_counter()
        sizes, cpu = cost_of(
            server.pid,
            lambda: set(clients.map(lambda _: size_of(pool, picture), range(CLIENTS))),
        )
        took = time.perf_counter() - started_at
    if len(sizes) != 1:
        raise WrongAnswerError(f"one picture came in several sizes: {sizes}")
    return took * 1000, cpu * 1000


def _get(url: str, picture: bytes) -> Request:
    def is_same(answer: bytes) -> None:
        if answer != picture:
            raise WrongAnswerError(f"{url} is not the picture that was drawn")

    return Request(method="GET", url=url, check=is_same)


PART = Part(
    name="pictures",
    title="Pictures",
    says="A picture that was drawn before, with its row in the journal for every fetch; mountebank "
    "answers its small text, nginx sends the same file.",
    measure=measure,
    uses=CONTENDERS,
)
