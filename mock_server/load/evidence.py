"""What an audit rests on: the journal of an account, its tasks and callbacks, read page by page.

Rule 1: of each call as little is kept as the rules need (slim_call.py), and of no more than
MOST_EXPLAINED calls: what comes after them is counted, and the audit is inconclusive.
Rule 2: rates are calls of the three operations, by the second in which they came in.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server import contract
from mock_server.admin_client import AccountClient
from mock_server.audit.history import History
from mock_server.audit.met_errors import MetError, met_error
from mock_server.audit.records import BUG_FINDING
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.load.client_log import Latencies
from mock_server.load.slim_call import slim_seen
from mock_server.real_clock import wall_clock

MOST_EXPLAINED = 500_000
MOST_BETWEEN = 100_000  # the server compares so many calls in half a minute
MOST_ERRORS = 200
LATE_MS = 1_000
OPERATIONS = (*map(str, VENDOR_OPERATIONS), str(Operation.GET_PICTURE))


@dataclass(slots=True)
class OperationSums:
    """The calls of one operation. `whole_200s`: results and refusals with 200 that were sent
    whole; `held`: how long the simulator held answers back, as faults told it to."""

    calls: int = 0
    charges: int = 0
    fen: int = 0
    whole_200s: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    held: Latencies = field(default_factory=Latencies)


@dataclass(slots=True)
class CallbackSums:
    """Callbacks by state, and how long after they were due their first tries came, in real time.
    `is_timed`: nobody moved the account's clock meanwhile, by which instants of tries are.
    """

    states: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    answered: int = 0  # attempts with a 2xx
    late: int = 0
    lag: Latencies = field(default_factory=Latencies)
    is_timed: bool = True

    @property
    def all(self) -> int:
        """How many there are."""
        return self.states.total()


@dataclass(slots=True)
class Evidence:
    """All that is known of a load's account. `history` has at most MOST_EXPLAINED calls, `unread`
    says how many more there are; `dropped` how many the journal let go. `spent`: charges and fen of
    its bill, which forgets nothing. `first_at`, `last_at`: when the first and the last call came
    in, real ms. `has_between`: findings between calls were looked for.
    """

    account: Mapping[str, Any]
    history: History
    operations: dict[str, OperationSums]
    errors: dict[MetError, int]
    findings: Counter[str]
    callbacks: CallbackSums
    by_second: dict[int, Counter[str]]
    spent: Mapping[str, int]
    dropped: int = 0
    unread: int = 0
    bugs: int = 0
    first_at: int | None = None
    last_at: int | None = None
    has_between: bool = True

    @property
    def calls(self) -> int:
        """How many calls the journal has."""
        return sum(each.calls for each in self.operations.values())


def read_evidence(account: AccountClient, copies: int | None, most: int | None = None) -> Evidence:
    """Read everything of an account. Raises UnreachableError, RefusedError."""
    reader = _Reader(most or MOST_EXPLAINED)
    for page in account.pages("/calls", "calls"):
        for call in page:
            reader.take(call)
    shown, spent = account.get(), account.get("/bill")
    callbacks, told = _callbacks(account, shown["clock"]["rate"])
    callbacks.is_timed = reader.times.is_even(shown["clock"])
    history = _history(account, reader, copies, spent.get("trimmed"), told)
    has_between = reader.count <= MOST_BETWEEN
    if has_between:
        _add_between(account, reader.findings)
    return Evidence(
        account=shown, history=history, operations=dict(reader.operations),
        errors=reader.errors, findings=reader.findings, callbacks=callbacks,
        by_second=dict(reader.by_second), spent=spent, dropped=history.dropped,
        unread=reader.unread, bugs=reader.bugs, has_between=has_between,
        first_at=reader.times.first_at, last_at=reader.times.last_at,
    )  # fmt: skip


def _history(
    account: AccountClient, reader: "_Reader", copies: int | None,
    trimmed: Mapping[str, int] | None, told: Sequence[Mapping[str, Any]],
) -> History:  # fmt: skip
    """Return what can be explained. `trimmed`: what the bill says is no longer kept one by one."""
    kept_after = trimmed["before"] if trimmed else None
    calls = [each for each in reader.calls if kept_after is None or each.call.at > kept_after]
    tasks = {
        each["task_id"]: {"status": each["status"], "pictures": bool(each["pictures"])}
        for page in account.pages("/tasks", "tasks")
        for each in page
    }
    return History(
        calls=tuple(sorted(calls, key=lambda each: each.began_at)), tasks=tasks,
        callbacks=told, copies=copies or 1, repeats=copies is None,
        dropped=account.dropped_calls(), unexplained=len(reader.calls) - len(calls),
        kept_after=kept_after,
    )  # fmt: skip


@dataclass(slots=True)
class _Times:
    """When calls came in, in real ms, and what the account's clock showed then."""

    first_at: int | None = None
    last_at: int | None = None
    jumps: set[int] = field(default_factory=set)
    last_shown: int = 0

    def take(self, call: SeenCall) -> None:
        """Take in a call."""
        at = call.began_at
        self.first_at = at if self.first_at is None else min(at, self.first_at)
        if self.last_at is None or at >= self.last_at:
            self.last_at, self.last_shown = at, call.call.at
        if len(self.jumps) < 2:
            self.jumps.add(call.call.raw["jumped_ms"])

    def is_even(self, clock: Mapping[str, Any]) -> bool:
        """Whether the clock, as it is now, ran evenly all the time since the first call."""
        if self.last_at is None:
            return True
        passed_ms = (wall_clock() - self.last_at) * clock["rate"]
        return len(self.jumps) < 2 and clock["now"] - self.last_shown <= passed_ms + LATE_MS


class _Reader:
    """Takes in the calls one by one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tables = contract.load_catalogue().errors
        self.calls: list[SeenCall] = []
        self.unread = 0
        self.bugs = 0
        self.operations: defaultdict[str, OperationSums] = defaultdict(OperationSums)
        self.errors: dict[MetError, int] = {}
        self.findings: Counter[str] = Counter()
        self.by_second: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.times = _Times()

    @property
    def count(self) -> int:
        """How many calls it has taken in."""
        return len(self.calls) + self.unread

    def take(self, raw: Mapping[str, Any]) -> None:
        """Count a call, and keep what is needed of it."""
        call = slim_seen(raw)
        self.times.take(call)
        self.findings.update({found["id"] for found in raw["findings"]})
        self.bugs += call.call.is_bug or any(f["id"] == BUG_FINDING for f in raw["findings"])
        sums = self.operations[call.operation if call.operation in OPERATIONS else "other"]
        sums.calls += 1
        sums.charges += call.call.charged
        sums.fen += call.call.fen if call.call.charged else 0
        sums.whole_200s += call.answered and call.status == 200
        sums.statuses[call.status] += 1
        sums.held.add(call.known_at - call.began_at)
        if call.operation in OPERATIONS[:-1]:
            self.by_second[call.began_at // 1000][call.operation] += 1
            self._take_error(call)
        if len(self.calls) < self._most:
            self.calls.append(call)
        else:
            self.unread += 1

    def _take_error(self, call: SeenCall) -> None:
        error = met_error(call, self._tables)
        if error is None:
            return
        if error not in self.errors and len(self.errors) >= MOST_ERRORS:
            error = replace(error, code="", message="others", is_quoted=False)
        self.errors[error] = self.errors.get(error, 0) + 1


def _add_between(account: AccountClient, findings: Counter[str]) -> None:
    """Add what only several calls together show."""
    counts = account.get("/findings", limit=1, ended="true")["counts"]
    findings.update({name: count for name, count in counts.items() if name not in findings})


def _callbacks(account: AccountClient, rate: float) -> tuple[CallbackSums, list[Mapping[str, Any]]]:
    """Return the sums of the callbacks, and what each told its client. `rate`: that of the
    account's clock, by which instants of attempts are. These are those of their ends: how long the
    receiver took is not how late they came."""
    sums, told = CallbackSums(), list[Mapping[str, Any]]()
    for page in account.pages("/callbacks", "callbacks"):
        for each in page:
            sums.states[each["state"]] += 1
            attempts = [{"status": a["status"], "at": a["at"]} for a in each["attempts"]]
            sums.attempts += len(attempts)
            sums.answered += sum(a["status"] is not None and 200 <= a["status"] < 300
                                 for a in attempts)  # fmt: skip
            if each["attempts"]:
                first = each["attempts"][0]
                lag = (first["at"] - first["due_at"]) / rate - first["duration_ms"]
                sums.lag.add(max(0, lag))
                sums.late += lag > LATE_MS
                told.append({"task_id": each["task_id"], "attempts": attempts})
    return sums, told
