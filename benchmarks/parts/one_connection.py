"""One client that waits for each answer: what a caller feels, and the pauses among it."""

from collections.abc import Iterator

from benchmarks.calls import checked, query, submit_form, task_id_of
from benchmarks.comparison import Case, latencies, stub_cases
from benchmarks.figures import Figure
from benchmarks.part import Bench, Part
from benchmarks.parts.submit import submits

CONTENDERS = ("mountebank", "Prism")


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield p50 and p99 of submits and queries, and of the stubs."""
    with bench.server() as server, bench.contender_servers(*CONTENDERS) as others:
        account = server.account(frozen=True)
        task_id = task_id_of(checked(submit_form(server.url, account.app_code)))
        ours = {
            **submits(server),
            "query": Case(request=query(server.url, account.app_code, task_id), pid=server.pid),
        }
        if bench.quick:
            del ours["submit (form)"], ours["submit (signed)"]
        yield from latencies(bench, ours | stub_cases(bench, others), table="One connection")


PART = Part(
    name="one_connection",
    title="One connection",
    says="One client, which sends its next call when the last one is answered.",
    measure=measure,
    uses=CONTENDERS,
)
