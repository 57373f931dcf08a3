"""A plain submit in one straight line: what the pipeline does, without asking what cannot be.

Rule 1: it looks before it changes anything. Whatever is not plain is left to the pipeline, and the
writer's memory has all that is looked at: where nothing is remembered, nothing is plain.
Rule 2: what it writes is written by the functions that write it for the pipeline, and is equal but
for the random request id: tests/store/test_plain_submits.py plays lives in both ways.
"""

from collections.abc import Hashable, Mapping
from dataclasses import field

from mock_server.actions.accounts import notices
from mock_server.actions.callbacks import planning
from mock_server.actions.gateway import kept_findings, recording
from mock_server.actions.gateway.context import base_url_of, request_id
from mock_server.actions.gateway.recording import Served
from mock_server.domain.account.accounts import Account, Standing
from mock_server.domain.answer.accepted import AcceptedForm, accepted_answer, accepted_form
from mock_server.domain.answer.answers import Stamp
from mock_server.domain.auth.credentials import AppCode, named_credentials
from mock_server.domain.billing import charges
from mock_server.domain.billing.charges import Charge, Package
from mock_server.domain.call import bodies
from mock_server.domain.call.calls import MAX_HEAD_BYTES, Answer, Call, Operation, head_bytes
from mock_server.domain.call.redaction import answer_lines, capture, header_lines, redact_target
from mock_server.domain.contract.coverage import Answered, Shape
from mock_server.domain.findings import Contract, Finding, fast_path
from mock_server.domain.findings.submit_fields import ADVISED_CHARACTERS
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.domain.records import dataclass
from mock_server.domain.task import tasks
from mock_server.domain.task.tasks import Task
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import billing as billing_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from mock_server.store.journal import Entry

METHOD, PATH = "POST", "/submitTask"
_TABLE = "plain head"  # in the writer's memory; there is no such table
MOST_ADDRESSES, LONGEST_ADDRESS = 64, 200
_SEEN_ONCE = object()  # many clients never send the same head again


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a plain head, and of the account that it names, before a call comes in.

    `lines` and `target` are as the journal has them. `of_type`: what is found of its Content-Type.
    """

    app_code: str
    account: Account
    contract: Contract
    of_type: tuple[Finding, ...]
    lines: str
    target: str
    base_url: str
    form: AcceptedForm
    # What was seen of a callback's address ('': none): its findings as the journal has them, and
    # the set in which the account has shown that it sends one.
    findings: dict[str, str] = field(default_factory=dict)
    shown: dict[bool, set[Hashable]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A plain submit at its instant, after everything was looked at: nothing can refuse it."""

    call: Call
    head: Head
    account: Account
    now: int
    real_now: int
    sent: Mapping[str, str]
    package: Package
    findings: str


def answer(tx: Transaction, simulator: Simulator, call: Call) -> Answer | None:
    """Answer and book a submit if it is plain; None: nothing was changed."""
    if call.method != METHOD or call.path != PATH or call.query or call.defect is not None:
        return None
    head = _head(tx, simulator, call)
    wanted = None if head is None else _wanted(tx, simulator, call, head)
    return None if wanted is None else _submit(tx, simulator, wanted)


def _head(tx: Transaction, simulator: Simulator, call: Call) -> Head | None:
    key = (call.scheme, call.headers)
    known = tx.memory.get(_TABLE, key)
    if known is None:
        tx.memory.keep(_TABLE, key, _SEEN_ONCE)
        return None
    if known is not _SEEN_ONCE:
        account = account_rows.remembered(tx, known.app_code)
        # An account's clock is the same object as long as its row need not be read again.
        if account is not None and account.clock is known.account.clock:
            return known  # type: ignore[no-any-return]
    read = _read_head(tx, simulator, call)
    if read is not None:
        tx.memory.keep(_TABLE, key, read)
    return read


def _read_head(tx: Transaction, simulator: Simulator, call: Call) -> Head | None:
    """Return what is known of the head of a call; None: it is not plain."""
    contract = simulator.catalogue.requests(DEFAULT_READINGS)
    of_type = fast_path.of_head(call, contract)
    if of_type is None or head_bytes(call) > MAX_HEAD_BYTES:
        return None
    if any(name.startswith("x-ca-") for name in call.named):
        return None
    named = named_credentials(call)
    account = account_rows.remembered(tx, named.code) if isinstance(named, AppCode) else None
    if account is None or not _is_plain(account):
        return None
    return Head(
        app_code=account.app_code,
        account=account,
        contract=contract,
        of_type=of_type,
        lines=header_lines(call.headers, account.secrets),
        target=redact_target(call.target, account.secrets),
        base_url=base_url_of(simulator, call),
        form=accepted_form(account.readings),
    )


def _is_plain(account: Account) -> bool:
    """Whether nothing stands between an account's calls and their answers."""
    return (
        account.readings == DEFAULT_READINGS
        and account.standing is Standing.GOOD
        and account.limit is None
        and not account.armed
    )


def _wanted(tx: Transaction, simulator: Simulator, call: Call, head: Head) -> Wanted | None:
    sent = _sent(call, head)
    found = None if sent is None else _findings(simulator, head, sent)
    account = account_rows.remembered(tx, head.app_code)
    if (
        sent is None
        or found is None
        or account is None
        or not _is_covered(simulator, account, head, sent)
    ):
        return None
    real_now = simulator.real_now()
    now = account.clock.now(real_now)
    watch_at = account.watch.due_at
    if watch_at is not None and watch_at <= now:
        return None
    package = billing_rows.paying_package(tx, account.id, now, account.readings)
    if package is None or not notices.is_quiet(account, package):
        return None
    return Wanted(
        call=call, head=head, account=account, now=now, real_now=real_now, sent=sent,
        package=package, findings=found,
    )  # fmt: skip


def _sent(call: Call, head: Head) -> Mapping[str, str] | None:
    """Return the fields of a plain body, which are all texts; None: it is not plain."""
    body = bodies.read_body(call.body, call.named.get("content-type"))
    return fast_path.plain_texts(call, Operation.SUBMIT_TASK, body, head.of_type)


def _findings(simulator: Simulator, head: Head, sent: Mapping[str, str]) -> str | None:
    """Return the findings of plain fields as the journal has them; None: they are not plain."""
    text, catalogue = sent.get("text"), simulator.catalogue
    if text is None or len(text) > ADVISED_CHARACTERS or text in catalogue.magic_texts:
        return None
    if sent.get("style_id") not in catalogue.styles:
        return None
    if not head.contract.fits[Operation.SUBMIT_TASK]({"body": sent}):
        return None
    address = sent.get("call_back", "")
    known = head.findings.get(address)
    if known is None:
        hits = fast_path.of_fields(Operation.SUBMIT_TASK, sent, head.of_type)
        if hits is None:
            return None
        known = kept_findings.of_plain(simulator, hits, head.account)
        if len(head.findings) < MOST_ADDRESSES and len(address) <= LONGEST_ADDRESS:
            head.findings[address] = known
    return known


def _is_covered(
    simulator: Simulator, account: Account, head: Head, sent: Mapping[str, str]
) -> bool:
    """Whether the account has shown a call of this shape before."""
    shown = simulator.coverage_cache.of(account.id, account.answers)
    calls_back = "call_back" in sent
    if head.shown.get(calls_back) is shown:  # what is in it stays in it
        return True
    names = head.contract.fields[Operation.SUBMIT_TASK]
    shape = Shape(
        operation=Operation.SUBMIT_TASK,
        answered=Answered.RESULT,
        way="app-code",
        fields=tuple([name for name in names if name in sent]),
        headers=(),
        error=None,
        readings=account.readings,
    )
    if shape not in shown:
        return False
    head.shown[calls_back] = shown
    return True


def _submit(tx: Transaction, simulator: Simulator, wanted: Wanted) -> Answer:
    account = wanted.account
    stamp = Stamp(request_id=request_id(simulator.draw_bytes(16)), now=wanted.now)
    task = _task(wanted)
    task_rows.insert(tx, task)
    if task.call_back is not None:
        planning.plan(tx, simulator, account, task, wanted.now)
    account_rows.count(tx, account.id, submits=1, answers=1)
    answer = accepted_answer(wanted.head.form, task.id, account.res_id, stamp)
    _book(tx, simulator, wanted, task, answer, stamp)
    return answer


def _task(wanted: Wanted) -> Task:
    account, sent = wanted.account, wanted.sent
    number = account.submits + 1
    return Task(
        account=account.id,
        id=tasks.task_id(account.seed, number, account.readings),
        number=number,
        content=sent["text"],
        text=sent["text"],
        qr_code_url=None,
        style_id=sent["style_id"],
        your_prompt=None,
        call_back=sent.get("call_back"),
        base_url=wanted.head.base_url,
        pictures=int(account.readings.result_count),
        plan=tasks.plan_task(account.seed, number, wanted.now),
    )


def _book(
    tx: Transaction,
    simulator: Simulator,
    wanted: Wanted,
    task: Task,
    answer: Answer,
    stamp: Stamp,
) -> None:
    call, account, package = wanted.call, wanted.account, wanted.package
    secrets = account.secrets
    entry = Entry(
        account=account.id,
        at=wanted.now,
        real_at=wanted.real_now,
        jumped_ms=account.clock.jumped_ms,
        request_id=stamp.request_id,
        operation=Operation.SUBMIT_TASK,
        method=METHOD,
        path=wanted.head.target,
        status=answer.status,
        error_code=None,
        charge=Charge.CHARGED,
        fen=charges.credit_fen(package),
        task_id=task.id,
        findings=wanted.findings,
        request_headers=wanted.head.lines,
        request=capture(call.body, secrets),
        answer_headers=answer_lines(answer.headers, call.headers, secrets),
        answer=capture(answer.body, secrets),
    )
    call_id = simulator.add_to_journal(tx, entry, account.origin)
    recording.count(tx, entry, Served(package=package, charged=True), account.id)
    recording.charge(tx, entry, package, call_id, task.number)
