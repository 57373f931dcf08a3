"""One run of `artqr-mock check`: makes the calls in order and judges each answer."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mock_server.checker.judge import Judge, refuses, said, service_body
from mock_server.checker.order import CheckOrder
from mock_server.checker.plan import SUBMIT, Expected, Planned, Source, examples, generated, probes
from mock_server.checker.transport import CheckAnswer, SentRequest, SpentError, Who, Wire

MODES = {"positive": (True,), "negative": (False,), "all": (True, False)}
RIGHT_STATUSES = (200, 450)  # claim refusal-450: the service may refuse a well-formed request
# An operation that failed this often is skipped, so no money is spent on known failures.
MOST_FAILURES = 10
MOST_SILENCES = 3
# A task is queried once when it is new, and once more later.
MOST_QUERIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A call and the breaches of its answer."""

    planned: Planned
    sent: SentRequest
    breaches: tuple[str, ...]


OnCall = Callable[["Run"], None]


@dataclass(slots=True, kw_only=True)
class Run:
    """The results so far. `stopped` says why the run ended early; '' if it did not.

    `on_call` is called after each call.
    """

    order: CheckOrder
    wire: Wire
    judge: Judge
    open_judge: Judge
    on_call: OnCall = lambda _: None
    checked: list[Checked] = field(default_factory=list)
    stopped: str = ""
    is_spent: bool = False
    _tasks: dict[str, int] = field(default_factory=dict)
    _failed: Counter[str] = field(default_factory=Counter)
    _silent: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> list[Checked]:
        """The calls with a wrong answer or without an answer."""
        return [each for each in self.checked if each.breaches]

    @property
    def errors(self) -> list[Checked]:
        """The calls without an answer."""
        return [each for each in self.checked if each.sent.answer is None]

    def go(self) -> None:
        """Make the calls until there are no more, or there is a reason to stop."""
        try:
            for planned in self._calls():
                if self.is_settled(planned.label):
                    continue
                self.make(planned)
                self.on_call(self)
                if len(self.errors) == len(self.checked) == MOST_SILENCES:
                    self.stopped = "the server does not answer"
                    return
        except SpentError as lacks:
            self.stopped, self.is_spent = str(lacks), True

    def _calls(self) -> Iterator[Planned]:
        order, modes = self.order, MODES[self.order.mode]
        if True in modes:
            yield from self.examples()
            if self._is_locked_out():
                self.stopped = "every call was refused because of its credentials or package"
                return
        yield from self.probes()
        self.wire.check_budget()
        most = min(200, max(20, self.wire.budget.most_calls // 2))
        source = Source(
            url=order.url, document=order.document, known=self._known, modes=modes, most=most
        )
        yield from generated(source)

    def examples(self) -> list[Planned]:
        """Return the example requests of the document."""
        return list(examples(self.order.url, self.order.document))

    def probes(self) -> list[Planned]:
        """Return the requests that must be refused, the same in each run."""
        if False not in MODES[self.order.mode]:
            return []
        is_signed = bool(self.wire.credentials.key)
        return list(probes(self.order.url, self.order.values, is_signed=is_signed))

    @property
    def unsent_probes(self) -> int:
        """The number of requests that must be refused and were not sent."""
        sent = sum(each.planned.expected is not None for each in self.checked)
        return len(self.probes()) - sent

    def _is_locked_out(self) -> bool:
        """Whether the gateway refused every call because of the buyer's credentials or package."""
        answers = [each.sent.answer for each in self.checked]
        return bool(answers) and all(each is not None and _is_of_buyer(each) for each in answers)

    def is_settled(self, label: str) -> bool:
        """Whether an operation failed often enough to skip it from now on."""
        return self._failed[label] >= MOST_FAILURES or self._silent[label] >= MOST_SILENCES

    def make(self, planned: Planned) -> None:
        """Make one call and judge its answer. Raises SpentError."""
        sent = self.wire.call(planned.request, planned.who)
        breaches = tuple(self._breaches(planned, sent))
        self.checked.append(Checked(planned=planned, sent=sent, breaches=breaches))
        self._failed[planned.label] += bool(breaches) and planned.expected is None
        if sent.answer is None:
            self._silent[planned.label] += 1
            return
        self._silent[planned.label] = 0
        if planned.path == SUBMIT and sent.answer.status == 200:
            task_id = (service_body(sent.answer) or {}).get("task_id")
            if isinstance(task_id, str) and task_id:
                self._tasks[task_id] = 0

    def _known(self) -> str | None:
        """Return the id of the task with the fewest queries, the oldest of them."""
        task_id = min(self._tasks, key=self._tasks.__getitem__, default=None)
        if task_id is None or self._tasks[task_id] >= MOST_QUERIES:
            return None
        self._tasks[task_id] += 1
        return task_id

    def _breaches(self, planned: Planned, sent: SentRequest) -> Iterator[str]:
        answer = sent.answer
        if answer is None:
            yield f"no answer: {sent.error}"
            return
        if planned.who is Who.OWN and _is_of_buyer(answer):
            # The refusal is not about the request, so it does not count as the refusal of a probe.
            yield f"the buyer was refused with {answer.status}{said(answer)}"
            return
        if planned.expected is not None and not _is_refused(planned.expected, answer):
            yield _not_refused(planned.expected, answer)
            return
        if planned.is_right and answer.status not in RIGHT_STATUSES and answer.status < 500:
            yield f"a correct request was refused with {answer.status}{said(answer)}"
        if planned.is_certain and refuses(answer):
            text = (service_body(answer) or {}).get("remark", "")
            yield f"the example of the vendor's page was refused: {text}"
        method = str(planned.request.method)
        # A call without the buyer's credentials is answered under the server's default readings.
        judge = self.judge if planned.who is Who.OWN else self.open_judge
        yield from judge.breaches(planned.path, method, answer)


def run_of(order: CheckOrder) -> Run:
    """Return a run that has not started."""
    wire = Wire(
        credentials=order.credentials, budget=order.budget, trusted=order.trusted,
        moved=order.moved,
    )  # fmt: skip
    return Run(
        order=order, wire=wire, judge=Judge(values=order.values), open_judge=Judge(values={})
    )


def _is_of_buyer(answer: CheckAnswer) -> bool:
    """Whether the gateway refused because of credentials or package, independent of the request."""
    return answer.headers.get("x-ca-error-code", "").startswith(("A", "B"))


def _is_refused(expected: Expected, answer: CheckAnswer) -> bool:
    if answer.status in expected.statuses:
        return True
    return expected.by_service and refuses(answer)


def _not_refused(expected: Expected, answer: CheckAnswer) -> str:
    ways = [str(status) for status in expected.statuses]
    if expected.by_service:
        ways.append("200 with a ret_code that is not 0")
    got = f"answered {answer.status}" + (said(answer) if answer.status != 200 else "")
    wanted = f"to be refused with {' or '.join(ways)}"
    return f"{expected.says}: {wanted}, but {got} (claim {expected.claim})"
