"""What the inspector costs with a million calls: `python -m benchmarks.inspector`."""

import time
from collections.abc import Callable
from typing import Any

from werkzeug.test import Client

from mock_server.actions.accounts import accounts
from mock_server.actions.gateway import pipeline
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.call.calls import Call
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.flask_app import create_app
from mock_server.web.serving.event_streams import REST_MS, SHARE

CALLS = 1_000_000
LOOKS = 10
PAGE = f"/_mock/inspect/{DEFAULT_ID}/calls"
# Nothing is found, so each looks at as many calls as a request may.
SEARCHES = {"finding": "?finding=nonce-reused", "text": "?text=zzzzzz"}
CALL = Call(
    method="POST",
    path="/submitTask",
    headers=(
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("authorization", "APPCODE mock-demo"),
    ),
    body=b"text=https%3A%2F%2Fexample.com&style_id=food_fryrice",
)


def measure() -> str:
    """Return the results as lines."""
    settings = Settings(database=":memory:", journal_calls=CALLS * 2, journal_mib=1_000_000)
    simulator = build_simulator(settings)
    try:
        simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))
        _submit(simulator)
        simulator.database.run(_multiply)
        http = Client(create_app(simulator))
        page = _cpu_ms(lambda: http.get(PAGE))
        searches = {name: _cpu_ms(lambda: http.get(PAGE + query))  # noqa: B023 - called at once
                    for name, query in SEARCHES.items()}  # fmt: skip
        region = _cpu_ms(lambda: _news(simulator, http))
    finally:
        simulator.close()
    return (
        f"the inspector with {CALLS:,} calls: first page {page:.1f} ms of CPU, "
        + ", ".join(f"search for a {name} {ms:.1f} ms" for name, ms in searches.items())
        + f"\nan open page while calls come: {region:.1f} ms of CPU every {REST_MS} ms, "
        f"{100 * region / (REST_MS + region):.1f} % of a core (never over {100 * SHARE:.0f} %); "
        "none open: nothing"
    )


def _submit(simulator: Simulator) -> None:
    simulator.database.run(lambda tx: pipeline.handle(tx, simulator, CALL))


def _multiply(tx: Transaction) -> None:
    """Repeat the only call of the journal."""
    (row,) = tx.all("select * from call")
    names = ", ".join(name for name in row.keys() if name != "id")  # noqa: SIM118 - a row
    there = 1
    while there < CALLS:
        more = min(there, CALLS - there)
        tx.execute(
            f"insert into call ({names}) select {names} from call order by id limit ?", (more,)
        )
        there += more
    tx.execute("update call_total set seen = ?, kept = ?", (CALLS, CALLS))


def _news(simulator: Simulator, http: Client) -> Any:
    """Ask for the region of a page that has nothing yet, after a call."""
    _submit(simulator)
    return http.get(f"{PAGE}/region")


def _cpu_ms(look: Callable[[], Any]) -> float:
    """Return the least CPU time of a request, in ms; the first of all compiles the templates."""
    look()
    took = []
    for _ in range(LOOKS):
        started_at = time.process_time()
        assert look().status_code == 200
        took.append((time.process_time() - started_at) * 1000)
    return min(took)


if __name__ == "__main__":
    print(measure())
