"""Submits through `serve` beside the Flask application alone, which any WSGI server runs."""

from collections.abc import Iterator

from benchmarks.calls import submit_form
from benchmarks.comparison import Case, compare
from benchmarks.figures import Figure
from benchmarks.part import Bench, Part
from benchmarks.servers import Server, serving

FLASK = (
    "-m",
    "benchmarks.flask_server",
)


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the figures of both."""
    with (
        bench.server() as serve,
        serving(bench.scratch / "flask.sqlite3", program=FLASK) as flask,
    ):
        cases = {"serve": _case(serve), "Flask alone": _case(flask)}
        yield from compare(bench, cases, connections=32, rounds=bench.few_rounds)


def _case(server: Server) -> Case:
    account = server.account(frozen=True)
    return Case(
        request=submit_form(server.url, account.app_code), pid=server.pid,
        count=lambda: server.charged(account),
    )  # fmt: skip


PART = Part(
    name="flask",
    title="The fast path and Flask",
    says="A form, through `serve` and through the Flask application behind uvicorn and a2wsgi.",
    measure=measure,
)
