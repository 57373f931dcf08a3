"""A plain submit in one straight line: what the pipeline does, without asking what cannot be.

Rule 1: it looks before it changes anything. Whatever is not plain is left to the pipeline, and the
writer's memory has all that is looked at: where nothing is remembered, nothing is plain.
Rule 2: what it writes is written by the functions that write it for the pipeline, and is equal but
for the random request id: tests/store/test_plain_submits.py plays lives in both ways.
"""

from collections.abc import Mapping
from functools import partial

from mock_server.actions.accounts import notices
from mock_server.actions.callbacks import planning
from mock_server.actions.gateway import admission, kept_findings, recording
from mock_server.actions.gateway.context import request_id
from mock_server.actions.gateway.plain_heads import Head, head_of
from mock_server.actions.gateway.recording import Served
from mock_server.domain.account.accounts import Account
from mock_server.domain.answer.accepted import accepted_answer
from mock_server.domain.answer.answers import Stamp
from mock_server.domain.auth.credentials import named_credentials
from mock_server.domain.billing import charges
from mock_server.domain.billing.charges import Charge, Package
from mock_server.domain.call import bodies
from mock_server.domain.call.calls import Answer, Call, Operation
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.call.redaction import answer_lines, capture, header_lines
from mock_server.domain.contract.coverage import Answered, Shape
from mock_server.domain.findings import fast_path
from mock_server.domain.findings.submit_fields import ADVISED_CHARACTERS
from mock_server.domain.records import dataclass
from mock_server.domain.task import task_ids, tasks
from mock_server.domain.task.tasks import Task
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import billing as billing_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction
from mock_server.store.journal import Entry

METHOD, PATH = "POST", "/submitTask"
MOST_ADDRESSES, LONGEST_ADDRESS = 64, 200


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
    head = head_of(tx, simulator, call)
    wanted = None if head is None else _wanted(tx, simulator, call, head)
    return None if wanted is None else _submit(tx, simulator, wanted)


def _wanted(tx: Transaction, simulator: Simulator, call: Call, head: Head) -> Wanted | None:
    sent = _sent(call, head)
    found = None if sent is None else _findings(simulator, head, call, sent)
    account = head.remembered_account(tx)
    if sent is None or found is None or account is None:
        return None
    real_now = simulator.real_now()
    now = account.clock.now(real_now)
    watch_at = account.watch.due_at
    if watch_at is not None and watch_at <= now:
        return None
    package = billing_rows.paying_package(tx, account.id, now, account.readings)
    if package is None or not notices.is_quiet(account, package):
        return None
    if not _is_covered(simulator, account, head, call, sent):
        return None
    if head.is_signed and not _is_genuine(tx, simulator, account, call):
        return None
    return Wanted(
        call=call, head=head, account=account, now=now, real_now=real_now, sent=sent,
        package=package, findings=found,
    )  # fmt: skip


def _is_genuine(tx: Transaction, simulator: Simulator, account: Account, call: Call) -> bool:
    """Whether a signature is right; its nonce is used then, so nothing may be asked after this."""
    try:
        admission.authenticate(tx, account, call, named_credentials(call), simulator.machine_now())
    except GatewayError:  # the pipeline finds it too, and answers
        return False
    return True


def _sent(call: Call, head: Head) -> Mapping[str, str] | None:
    """Return the fields of a plain body, which are all texts; None: it is not plain."""
    body = bodies.read_body(call.body, call.named.get("content-type"))
    return fast_path.plain_texts(call, Operation.SUBMIT_TASK, body, head.of_type)


def _findings(simulator: Simulator, head: Head, call: Call, sent: Mapping[str, str]) -> str | None:
    """Return the findings of plain fields as the journal has them; None: they are not plain."""
    text, catalogue = sent.get("text"), simulator.catalogue
    if text is None or len(text) > ADVISED_CHARACTERS or text in catalogue.magic_texts:
        return None
    if sent.get("style_id") not in catalogue.styles:
        return None
    if not fast_path.fits(call, Operation.SUBMIT_TASK, sent, head.contract):
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
    simulator: Simulator, account: Account, head: Head, call: Call, sent: Mapping[str, str]
) -> bool:
    """Whether the account has shown a call of this shape before."""
    shown = simulator.coverage_cache.of(account.id, account.answers)
    headers: tuple[str, ...] = ()
    if head.is_signed:
        headers = tuple([name for name, _ in call.headers if name in head.contract.headers])
    covered = ("call_back" in sent, headers)
    if head.shown.get(covered) is shown:  # what is in it stays in it
        return True
    names = head.contract.fields[Operation.SUBMIT_TASK]
    shape = Shape(
        operation=Operation.SUBMIT_TASK,
        answered=Answered.RESULT,
        way="signature" if head.is_signed else "app-code",
        fields=tuple([name for name in names if name in sent]),
        headers=headers,
        error=None,
        readings=account.readings,
    )
    if shape not in shown:
        return False
    head.shown[covered] = shown
    return True


def _submit(tx: Transaction, simulator: Simulator, wanted: Wanted) -> Answer:
    account = wanted.account
    stamp = Stamp(request_id=request_id(simulator.draw_bytes(16)), now=wanted.now)
    task = _task(wanted)
    task_rows.insert(tx, task)
    if task.call_back is not None:
        planning.plan(tx, simulator, account, task, wanted.now)
    if simulator.recorder is not None:
        tx.after_commit.append(partial(simulator.recorder.task_planned, task.plan))
    account_rows.count(tx, account.id, submits=1, answers=1)
    answer = accepted_answer(wanted.head.form, task.id, account.res_id, stamp)
    _book(tx, simulator, wanted, task, answer, stamp)
    return answer


def _task(wanted: Wanted) -> Task:
    account, sent = wanted.account, wanted.sent
    number = account.submits + 1
    return Task(
        account=account.id,
        id=task_ids.task_id(account.seed, number, account.readings),
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
        request_headers=wanted.head.lines or header_lines(call.headers, secrets),
        request=capture(call.body, secrets),
        answer_headers=answer_lines(answer.headers, call.headers, secrets),
        answer=capture(answer.body, secrets),
    )
    call_id = simulator.add_to_journal(tx, entry, account.origin)
    recording.count(tx, entry, Served(package=package, charged=True), account.id)
    recording.charge(tx, entry, package, call_id, task.number)
