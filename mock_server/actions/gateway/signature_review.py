"""Diagnoses a refused signature after the answer was sent, and stores the finding in the journal.

The call stays in memory only during the diagnosis; the stored finding is redacted.
"""

from dataclasses import replace
from typing import Any

from mock_server.domain.account.accounts import Account
from mock_server.domain.auth import credentials, diagnosis
from mock_server.domain.auth.refusal_hints import explain_md5, explain_timestamp
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.redaction import SECRET_HEADERS, redact_signed, values_of
from mock_server.domain.findings import Finding, hidden, pointer, render_finding
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.engine.transaction import Transaction

# The refusals whose message alone does not tell the author of a client what is wrong.
CODES = frozenset({"A403IS", "I400I5", "S403TE"})
MAX_BODY_BYTES = 1024 * 1024

FindingRow = dict[str, Any]
HEADERS = {
    "signature": "x-ca-signature",
    "content-md5": "content-md5",
    "timestamp": "x-ca-timestamp",
}


def examine_later(
    tx: Transaction, simulator: Simulator, call_id: int, account: Account, call: Call, code: str
) -> None:
    """Diagnose the call once it is booked, and add the finding to its journal row."""
    now = credentials.signing_now(account, simulator.real_now())
    too_long = len(call.body) > MAX_BODY_BYTES
    # Many calls may wait for their diagnosis, so they keep no body that is too large to diagnose.
    kept = replace(call, body=b"") if too_long else call

    def examine() -> None:
        found = _finding(account, kept, code, now, too_long=too_long)
        # The strings can contain any header or parameter that the client chose to sign.
        secrets = (*account.secrets, *values_of(call.headers))
        redacted = {name: _redacted(value, secrets) for name, value in found.items()}
        hit = Finding(
            id=redacted.pop("id"),
            at=pointer("header", HEADERS[found["id"]]),
            sent=_sent(call, HEADERS[found["id"]]),
            says=redacted.pop("says"),
        )
        finding = {**render_finding(hit, simulator.catalogue.findings, secrets), **redacted}
        simulator.database.start(
            lambda later: journal.add_finding(later, call_id, finding)
        ).result()

    tx.after_commit.append(lambda: simulator.background.start(examine))


def _finding(account: Account, call: Call, code: str, now: int, *, too_long: bool) -> FindingRow:
    if code == "S403TE":
        return _says("timestamp", explain_timestamp(call, now))
    about = "content-md5" if code == "I400I5" else "signature"
    if too_long:
        return _says(about, f"not examined: the body is over {MAX_BODY_BYTES} bytes")
    if code == "I400I5":
        return _says(about, explain_md5(call))
    known = {"the app code": account.app_code, "the app key": account.app_key}
    found = diagnosis.diagnose(call, account.app_secret, known_secrets=known)
    return {
        **_says(about, found.sentence),
        "causes": list(found.causes),
        "server_string": found.server_string,
        "client_string": found.client_string,
    }


def _redacted(value: Any, secrets: tuple[str, ...]) -> Any:
    return redact_signed(value, secrets) if isinstance(value, str) else value


def _sent(call: Call, name: str) -> str:
    value = header(call, name) or ""
    return hidden(value) if name in SECRET_HEADERS else value


def _says(finding_id: str, sentence: str) -> FindingRow:
    return {"id": finding_id, "says": sentence}
