"""What the inspector costs with a million calls: its first page, searches, and the live view."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from werkzeug.test import Client

from benchmarks.calls import WrongAnswerError, submit_form
from benchmarks.figures import Figure, figure
from benchmarks.filled import HOST, closed_in
from benchmarks.filling import call_of, submit_many
from benchmarks.part import Bench, Part
from mock_server.actions.accounts import accounts
from mock_server.domain.account import DEFAULT_ID
from mock_server.store.engine.transaction import Transaction
from mock_server.web.flask_app import create_app
from mock_server.web.serving.event_streams import REST_MS, SHARE

CALLS, QUICK = 1_000_000, 20_000
LOOKS, QUICK_LOOKS = 10, 3
PAGE = f"/_mock/inspect/{DEFAULT_ID}/calls"
# Nothing is found, so each looks at as many calls as a request may.
SEARCHES = {"finding": "?finding=nonce-reused", "text": "?text=zzzzzz"}


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the CPU of the first page, of searches, and of the live view."""
    calls, looks = bench.pick(CALLS, QUICK), bench.pick(LOOKS, QUICK_LOOKS)
    column = f"{calls:,} calls"
    live = f"an open page of {column} while more come"
    with closed_in(":memory:") as simulator:
        account = simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))
        submit = partial(submit_many, simulator, call_of(submit_form(HOST, account.app_code)), 1)
        submit()
        simulator.database.run(partial(_multiply, calls=calls))
        http = Client(create_app(simulator))
        yield figure("Inspector", "first page", column, "ms", _ms(looks, partial(http.get, PAGE)))
        for what, search in SEARCHES.items():
            took = _ms(looks, partial(http.get, PAGE + search))
            yield figure("Inspector", f"search for a {what}", column, "ms", took)
        region = _ms(looks, partial(http.get, f"{PAGE}/region"), before=submit)
    yield figure("Live view", live, f"CPU every {REST_MS} ms", "ms", region)
    shares = [100 * each / (REST_MS + each) for each in region]
    yield figure("Live view", live, "of a core", "%", shares)


def _multiply(tx: Transaction, calls: int) -> None:
    """Repeat the only call of the journal."""
    (row,) = tx.all("select * from call")
    names = ", ".join(name for name in row.keys() if name != "id")  # noqa: SIM118 - a row
    there = 1
    while there < calls:
        more = min(there, calls - there)
        tx.execute(
            f"insert into call ({names}) select {names} from call order by id limit ?", (more,)
        )
        there += more
    tx.execute("update call_total set seen = ?, kept = ?", (calls, calls))


def _ms(looks: int, look: Callable[[], Any], before: Callable[[], Any] = int) -> list[float]:
    """Return the CPU time of requests, in ms; the first, which compiles the templates, is none."""
    took = []
    for _ in range(looks + 1):
        before()
        started_at = time.process_time()
        answer = look()
        took.append((time.process_time() - started_at) * 1000)
        if answer.status_code != 200:
            raise WrongAnswerError(f"the inspector answered {answer.status}")
    return took[1:]


PART = Part(
    name="inspector",
    title="Inspector",
    says="The CPU time of a page in process, with 1,000,000 calls in the journal (`--quick`: "
    "20,000). Searches that find nothing look at as many calls as one request may. A page that is "
    f"open asks for news, rests {REST_MS} ms, and never takes more than {100 * SHARE:.0f} % of a "
    "core; while none is open, nothing is done.",
    measure=measure,
)
