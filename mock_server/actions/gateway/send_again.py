"""A call of the journal, to be sent once more: with the account's credentials, signed anew.

Rule 1: the journal hides credentials, so the account's own take their place: an app code where the
call had one, otherwise a new signature over the same headers.
Rule 2: what the journal did not keep whole cannot be sent again.
"""

from mock_server.actions.accounts import lookup
from mock_server.actions.gateway.context import request_id
from mock_server.domain.account.accounts import Account
from mock_server.domain.auth import credentials, signatures
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.usage_errors import ConflictError
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.engine.transaction import Row, Transaction

# Headers of a signature, which are made anew.
_SIGNING = frozenset(
    {"x-ca-key", "x-ca-signature", "x-ca-signature-headers", "x-ca-timestamp", "x-ca-nonce"}
)


def is_signed(row: Row) -> bool:
    """Whether a call named an app key rather than an app code."""
    return any(
        name.lower() == "x-ca-key" for name, *_ in journal.headers_of(row["request_headers"])
    )


def why_not(row: Row) -> str | None:
    """Return why a call cannot be sent again; None: it can."""
    if not row["account"]:
        return "it names no account: whose credentials should it be sent with?"
    if not row["method"] or not row["path"].startswith("/"):
        return "its request line could not be read"
    if HIDDEN in row["path"]:
        return "its address has a credential in it, which the journal hides"
    if row["request_sha256"] is not None:
        return "the journal has not kept its whole body, because it is long or has a secret in it"
    return None


def call_of(tx: Transaction, simulator: Simulator, row: Row, scheme: str) -> Call:
    """Return the call to send. Raises ConflictError if it cannot be sent again."""
    if reason := why_not(row):
        raise ConflictError(f"call {row['id']} cannot be sent again: {reason}")
    account = lookup.find(tx, row["account"])
    path, _, query = row["path"].partition("?")
    pairs = [(pair[0].lower(), pair[-1]) for pair in journal.headers_of(row["request_headers"])]
    kept = tuple((name, value) for name, value in pairs if name not in _SIGNING)
    again = Call(
        method=row["method"], path=path, query=query, headers=kept, body=row["request_body"],
        scheme=scheme,
    )  # fmt: skip
    signed = {name for name, _ in pairs} & {"x-ca-key"}
    return _signed(simulator, account, again, pairs) if signed else _with_code(account, again)


def _with_code(account: Account, call: Call) -> Call:
    others = tuple(pair for pair in call.headers if pair[0] != "authorization")
    return _replaced(call, (*others, ("authorization", f"APPCODE {account.app_code}")))


def _signed(
    simulator: Simulator, account: Account, call: Call, before: list[tuple[str, str]]
) -> Call:
    """Return the call with a new signature over the headers that were signed before."""
    listed = dict(before[::-1]).get("x-ca-signature-headers", "").lower().split(",")
    names = {name for name, _ in call.headers}
    also = [name.strip() for name in listed if name.strip() in names - signatures.NEVER_LISTED]
    method = header(call, "x-ca-signature-method") or signatures.DEFAULT_METHOD
    signer = signatures.Signer(
        key=account.app_key,
        secret=account.app_secret,
        at=credentials.signing_now(account, simulator.machine_now()),
        nonce=request_id(simulator.draw_bytes(16)).lower(),
    )
    known = method if method in signatures.DIGESTS else signatures.DEFAULT_METHOD
    added = signatures.signing_headers(call, signer, method=known, also=also)
    return _replaced(call, (*((name.lower(), each) for name, each in added.items()), *call.headers))


def _replaced(call: Call, headers: tuple[tuple[str, str], ...]) -> Call:
    return Call(
        method=call.method, path=call.path, query=call.query, headers=headers, body=call.body,
        scheme=call.scheme,
    )  # fmt: skip
