"""What is known of the head of a plain call before it comes in: clients repeat their heads.

Rule 1: a head is plain if nothing in it, and nothing ordered for its account, asks for a rule: the
account has the default readings, no limit and no fault.
Rule 2: what a signature makes different in each call is no part of the remembered head, and is
looked at in each call.
"""

from collections.abc import Hashable
from dataclasses import field

from mock_server.actions.gateway.context import base_url_of
from mock_server.domain.account.accounts import Account, Standing
from mock_server.domain.answer.accepted import AcceptedForm, accepted_form
from mock_server.domain.auth.credentials import AppCode, named_credentials
from mock_server.domain.call.calls import MAX_HEAD_BYTES, Call, head_bytes
from mock_server.domain.call.redaction import header_lines, redact_target
from mock_server.domain.findings import Contract, Finding, fast_path
from mock_server.domain.readings import DEFAULT_READINGS
from mock_server.domain.records import dataclass
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store.engine.transaction import Transaction

_TABLE = "plain head"  # in the writer's memory; there is no such table
_SEEN_ONCE = object()  # many clients never send the same head again
_OFTEN_NEW = frozenset({"x-ca-nonce", "x-ca-signature", "x-ca-timestamp"})
_OF_SIGNED = fast_path.OF_A_SIGNATURE | {"x-ca-key", fast_path.SIGNATURE}
Covered = tuple[bool, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a plain head. `of_type`: what is found of its Content-Type.

    `credential` is the column and the value that the account is remembered by. `lines` and `target`
    are as the journal has them; `lines` empty: they are different in each call.
    """

    credential: tuple[str, str]
    account: Account
    contract: Contract
    of_type: tuple[Finding, ...]
    lines: str
    target: str
    base_url: str
    form: AcceptedForm
    # What was seen of a callback's address ('': none): its findings as the journal has them. And
    # of calls with and without one, and their headers: the set in which the account has shown them.
    findings: dict[str, str] = field(default_factory=dict)
    shown: dict[Covered, set[Hashable]] = field(default_factory=dict)

    @property
    def is_signed(self) -> bool:
        """Whether its calls are signed, not with the app code."""
        return self.credential[0] == "app_key"

    def remembered_account(self, tx: Transaction) -> Account | None:
        """Return the account as it is now, if the writer remembers it."""
        return account_rows.remembered(tx, *self.credential)


def head_of(tx: Transaction, simulator: Simulator, call: Call) -> Head | None:
    """Return what is known of the head of a call; None: it is not plain, or is seen first."""
    is_signed = fast_path.SIGNATURE in call.named
    headers = call.headers
    if is_signed:
        headers = tuple([pair for pair in headers if pair[0] not in _OFTEN_NEW])
    key = (call.scheme, headers, is_signed)
    known = tx.memory.get(_TABLE, key)
    if known is None:
        tx.memory.keep(_TABLE, key, _SEEN_ONCE)
        return None
    if known is _SEEN_ONCE or not _is_still_true(tx, known):
        read = _read(tx, simulator, call)
        if read is not None:
            tx.memory.keep(_TABLE, key, read)
        return read
    if is_signed and not _is_plain_again(known, call):
        return None
    return known  # type: ignore[no-any-return]


def _is_still_true(tx: Transaction, head: Head) -> bool:
    """Whether the account is as it was: its clock is the same object until its row is read anew."""
    account = head.remembered_account(tx)
    return account is not None and account.clock is head.account.clock


def _is_plain_again(head: Head, call: Call) -> bool:
    """Whether what is different in each signed call is plain too."""
    return (
        fast_path.of_head(call, head.contract) is head.of_type
        and head_bytes(call) <= MAX_HEAD_BYTES
    )


def _read(tx: Transaction, simulator: Simulator, call: Call) -> Head | None:
    contract = simulator.catalogue.requests(DEFAULT_READINGS)
    of_type = fast_path.of_head(call, contract)
    if of_type is None or head_bytes(call) > MAX_HEAD_BYTES:
        return None
    named = named_credentials(call)
    is_simple = isinstance(named, AppCode)
    allowed = frozenset() if is_simple else _OF_SIGNED
    if any(name.startswith("x-ca-") and name not in allowed for name in call.named):
        return None
    credential = ("app_code", named.code) if isinstance(named, AppCode) else ("app_key", named.key)
    account = account_rows.remembered(tx, *credential)
    if account is None or not _is_plain(account):
        return None
    return Head(
        credential=credential,
        account=account,
        contract=contract,
        of_type=of_type,
        lines=header_lines(call.headers, account.secrets) if is_simple else "",
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
