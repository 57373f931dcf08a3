"""Queries and lists, beside a stub that answers a fixed text."""

from collections.abc import Iterator

from benchmarks.calls import checked, query, submit_form, task_id_of, task_list
from benchmarks.comparison import Case, compare, stub_cases
from benchmarks.figures import Figure
from benchmarks.part import Bench, Part

CONTENDERS = ("mountebank",)
TASKS, PAGE = 600, 30


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the figures of one task's query and of the first and the last page of a list."""
    with bench.server() as server, bench.contender_servers(*CONTENDERS) as others:
        account = server.account(frozen=True)
        submit = submit_form(server.url, account.app_code)
        task_id = [task_id_of(checked(submit)) for _ in range(TASKS)][-1]
        requests = {
            "query": query(server.url, account.app_code, task_id),
            "list, first page": task_list(server.url, account.app_code, 1, PAGE),
            "list, last page": task_list(server.url, account.app_code, TASKS // PAGE, PAGE),
        }
        ours = {name: Case(request=each, pid=server.pid) for name, each in requests.items()}
        yield from compare(
            bench, ours | stub_cases(bench, others), connections=32, rounds=bench.few_rounds
        )


PART = Part(
    name="query",
    title="Query and list",
    says=f"One task, and pages of {PAGE} of the {TASKS} tasks of an account; large lists are in "
    "the part `growth`.",
    measure=measure,
    uses=CONTENDERS,
)
