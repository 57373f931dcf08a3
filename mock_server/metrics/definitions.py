"""The table of all metrics: name, kind, labels and meaning. docs/reference/metrics.md shows it.

Names follow Prometheus' conventions: a prefix, a base unit as suffix, `_total` for what only grows.
Money is whole fen, as everywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

from mock_server.domain.call.calls import Operation

PREFIX = "artqr_mock_"
# For what takes milliseconds, and may take seconds.
SHORT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# For what the vendor takes seconds or minutes for.
LONG_S = (1.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 30.0, 60.0, 300.0, 3600.0, 86400.0)


class Kind(StrEnum):
    """The kinds of Prometheus that are used here."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Scope(StrEnum):
    """What a metric is about, which says how to add up the servers of one database."""

    SERVER = "server"  # a server with all its workers: add them up
    DATABASE = "database"  # the shared rows: the same at every server, so take one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `name` has the prefix, and not the `_total` of a counter.

    `labels` says what the values of each label are.
    """

    name: str
    kind: Kind
    says: str
    labels: Mapping[str, str] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    scope: Scope = Scope.SERVER

    @property
    def begins_with(self) -> list[tuple[str, ...]]:
        """The labels of the series that are there from the start; the others come when they are
        met.
        """
        known = [_KNOWN.get(label, ()) for label in self.labels]
        return [*product(*known)]

    @property
    def full_name(self) -> str:
        """The name in queries; a histogram has `_bucket`, `_sum` and `_count` in addition."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


# The values that a label has from the start, where they are few.
_KNOWN: dict[str, tuple[str, ...]] = {
    "result": ("acknowledged", "refused", "unanswered", "unsent"),
    "outcome": ("succeeded", "failed"),
    "end": ("done", "failed"),
    "ends": ("time", "query", "never"),
    # Those that can cost a credit. Prometheus leaves out what a series begins with, if that is not
    # 0, so the first charges would be missing from every sum over a time.
    "operation": (Operation.SUBMIT_TASK, Operation.LIST_TASKS, Operation.QUERY_TASK),
}
_OPERATION = "the operation of the journal, such as `submit_task`; `none`: no route of the API"


def _counter(name: str, says: str, **labels: str) -> Metric:
    return Metric(name=PREFIX + name, kind=Kind.COUNTER, says=says, labels=labels)


def _gauge(name: str, says: str, scope: Scope = Scope.SERVER, **labels: str) -> Metric:
    return Metric(name=PREFIX + name, kind=Kind.GAUGE, says=says, labels=labels, scope=scope)


def _histogram(name: str, says: str, buckets: tuple[float, ...], **labels: str) -> Metric:
    return Metric(
        name=PREFIX + name, kind=Kind.HISTOGRAM, says=says, labels=labels, buckets=buckets
    )


BUILD = _gauge(
    "build_info", "1, with the versions as labels.",
    version="of artqr-mock", contract="of the vendor's API as it is simulated",
)  # fmt: skip
WORKERS = _gauge("workers", "Processes that answer the calls of this server.")
CALLS = _counter(
    "calls", "Calls in the journal, by what was answered.",
    operation=_OPERATION,
    status="the HTTP status; `none`: no answer was sent",
    error="the row of the table of errors, such as `B403MQ`; empty: none",
)  # fmt: skip
CALL_SECONDS = _histogram(
    "call_duration_seconds",
    "Time from a whole request to its answer, with the wait for the database and an ordered delay.",
    SHORT_S, operation="the operation that method and path ask for; `none`: no route of the API",
)  # fmt: skip
CHARGES = _counter("charges", "Calls that were charged.", operation=_OPERATION)
CHARGED_FEN = _counter("charged_fen", "What they cost, in fen (0.01 yuan).", operation=_OPERATION)
FINDINGS = _counter(
    "findings", "Findings in the calls of clients.", finding="the id of the finding"
)
TASKS = _counter(
    "tasks", "Tasks that were submitted, by what was planned for them.",
    outcome="`succeeded` or `failed`",
    ends="`time`, `query` (with its n-th query) or `never`",
)  # fmt: skip
TASK_SECONDS = _histogram(
    "task_duration_seconds",
    "Time from submit to end on the account's clock, as planned at the submit.",
    LONG_S, outcome="`succeeded` or `failed`",
)  # fmt: skip
ATTEMPTS = _counter(
    "callback_attempts", "Attempts to deliver callbacks and notices.",
    result="`acknowledged`; `refused`: another answer; `unanswered`: sent, and no whole answer "
    "came; `unsent`: nothing could be sent",
)  # fmt: skip
ATTEMPT_SECONDS = _histogram(
    "callback_attempt_duration_seconds", "Time that an attempt took.", SHORT_S
)
QUEUE = _gauge(
    "callback_queue", "Callbacks to come, at most 1,000,000 of them are looked at.",
    Scope.DATABASE,
    state="`planned`: for later; `due`: now; `sending`: an attempt is under way",
)  # fmt: skip
OLDEST_DUE = _gauge(
    "callback_oldest_due_seconds", "How long ago the oldest of the due callbacks was due, on the "
    "clock of its account.", Scope.DATABASE,
)  # fmt: skip
ACCOUNTS = _gauge("accounts", "Accounts in the database.", Scope.DATABASE)
TURNS = _histogram(
    "database_turn_duration_seconds",
    "Time of a turn of the database: of one commit on SQLite, however many works share it; on "
    "PostgreSQL of one transaction, with its wait for a connection.", SHORT_S,
)  # fmt: skip
WORKS = _counter(
    "database_works", "Works that the turns did; each call is at least one.",
    end="`done`; `failed`: it raised an error, and nothing of it is in the database",
)  # fmt: skip
LOOP_LAG = _histogram(
    "loop_lag_seconds", "How late the event loop ran a timer, twice a second.", SHORT_S
)
LOG_DROPPED = _counter(
    "access_log_dropped", "Lines that the access log left out because calls came faster."
)
BUGS = _counter("bugs", "Failures of the simulator itself: please report them.")
MEMORY = _gauge("resident_memory_bytes", "Memory of the server's processes.")
CPU = _counter("cpu_seconds", "Processor time of the server's processes.")
DESCRIPTORS = _gauge("open_file_descriptors", "Open files and sockets; on Windows: handles.")

COUNTED = (
    CALLS, CALL_SECONDS, CHARGES, CHARGED_FEN, FINDINGS, TASKS, TASK_SECONDS, ATTEMPTS,
    ATTEMPT_SECONDS, TURNS, WORKS, LOOP_LAG, LOG_DROPPED, BUGS, WORKERS, MEMORY, CPU, DESCRIPTORS,
)  # fmt: skip
READ = (QUEUE, OLDEST_DUE, ACCOUNTS, BUILD)
METRICS = (*COUNTED, *READ)
