"""A whole rehearsal: every drill in turn, or several at once, on a server of its own or another."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from mock_server.admin_client import AdminClient
from mock_server.rehearsal.conduct import Conduct
from mock_server.rehearsal.drills import Drill, chosen
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.verdicts import DrillResult, Verdict, judge, of_repeats
from mock_server.settings import Settings
from mock_server.testing import process


def rehearse_order(
    order: RehearsalOrder, told: Callable[[DrillResult], None] = lambda _: None
) -> Report:
    """Run the drills; `told` hears of each result, in the order in which they end.

    Raises UsageError for an order that cannot be, UnreachableError, RefusedError, OSError.
    """
    drills = chosen(order.only, order.skip, restartable=order.restartable)
    results: list[DrillResult] = []
    stop = threading.Event()
    interrupted = False
    with _server(order) as admin, ThreadPoolExecutor(order.jobs) as pool:
        waiting = [pool.submit(_run, order, admin, drill, stop) for drill in drills]
        try:
            for future in as_completed(waiting):
                if (result := future.result()) is None:
                    continue
                results.append(result)
                told(result)
                if order.fail_fast and result.verdict in (Verdict.FAIL, Verdict.FLAKY):
                    stop.set()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            stop.set()
            for future in waiting:
                future.cancel()
    place = {drill.id: number for number, drill in enumerate(drills)}
    results.sort(key=lambda each: place[each.evidence.drill.id])
    return Report(order=order, results=tuple(results), planned=len(drills), interrupted=interrupted)


def _run(
    order: RehearsalOrder, admin: AdminClient, drill: Drill, stop: threading.Event
) -> DrillResult | None:
    results: list[DrillResult] = []
    for _ in range(order.repeat):
        if stop.is_set():
            break
        evidence = Conduct(order, admin, drill).run()
        results.append(judge(evidence, order.waived))
    return of_repeats(results) if results else None


@contextlib.contextmanager
def _server(order: RehearsalOrder) -> Iterator[AdminClient]:
    if order.server is not None:
        with AdminClient(order.server, order.token) as admin:
            admin.get("/health")
            yield admin
        return
    settings = Settings(port=0, database=":memory:")
    with process.serving(settings) as served, AdminClient(served.url) as admin:
        yield admin
