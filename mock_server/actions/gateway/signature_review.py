"""Diagnoses a refused signature after the answer was sent, and stores the finding in the journal.

The call stays in memory only during the diagnosis; the stored finding is redacted.
"""

import json
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from mock_server.actions import bugs
from mock_server.domain.account.accounts import Account
from mock_server.domain.auth import credentials
from mock_server.domain.auth.refusal_hints import EXAMINED, explain
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.charsets import escaped, with_charset
from mock_server.domain.call.redaction import SECRET_HEADERS, redact_signed, values_of
from mock_server.domain.findings import Finding, hidden, kept_finding, pointer
from mock_server.signals import FLUSH_S
from mock_server.simulator import Simulator
from mock_server.store import journal
from mock_server.store.engine.transaction import Row, Transaction

MAX_BODY_BYTES = 1024 * 1024
LOOK_S = 0.02

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
    now = credentials.signing_now(account, simulator.machine_now())
    too_long = len(call.body) > MAX_BODY_BYTES
    # Many calls may wait for their diagnosis, so they keep no body that is too large to diagnose.
    kept = replace(call, body=b"") if too_long else call

    def write(found: FindingRow) -> Future[None]:
        finding = _kept(account, call, found)
        return simulator.database.start(lambda later: journal.add_finding(later, call_id, finding))

    def examine() -> None:
        write(_finding(account, kept, code, now, too_long=too_long)).result()

    def failed(error: BaseException) -> None:
        bugs.report(simulator, error, call_id).result()

    def begin() -> None:
        if not simulator.background.start(examine, failed):
            write(_says(_about(code), "not examined: too many refused calls were waiting for it"))

    tx.after_commit.append(begin)


def wait_for_reviews(simulator: Simulator, account_id: str | None) -> None:
    """Return once the calls of an account that were refused by now are diagnosed.

    Other processes on the same rows diagnose theirs; a process that was killed never will, so this
    waits for a time that is bounded.
    """
    simulator.background.flush()
    if not simulator.database.shared or not account_id:
        return
    owner, signal = account_id, simulator.due_signal

    def refused(tx: Transaction) -> list[Row]:
        since = simulator.real_now() - int(FLUSH_S * 1000)
        return journal.refused(tx, owner, [*EXAMINED], since=since)

    for _ in range(int(FLUSH_S / LOOK_S)):
        if signal.stopped or all(_is_reviewed(row) for row in simulator.database.read(refused)):
            return
        signal.wait_for_attempt(signal.attempts, LOOK_S)


def _is_reviewed(row: Row) -> bool:
    wanted = (_about(row["error_code"]), bugs.FINDING)
    return any(found["id"] in wanted for found in json.loads(row["findings"]))


def _kept(account: Account, call: Call, found: FindingRow) -> dict[str, Any]:
    """Return the diagnosis in the form of the journal, with every credential hidden."""
    # The strings can contain any header or parameter that the client chose to sign.
    secrets = (*account.secrets, *values_of(call.headers))
    told = {name: _told(value, secrets) for name, value in found.items()}
    hit = Finding(
        id=told.pop("id"),
        at=pointer("header", HEADERS[found["id"]]),
        sent=_sent(call, HEADERS[found["id"]]),
        says=told.pop("says"),
    )
    return {**kept_finding(hit, secrets), **told}


def _finding(account: Account, call: Call, code: str, now: int, *, too_long: bool) -> FindingRow:
    if too_long and EXAMINED[code] != "timestamp":
        return _says(EXAMINED[code], f"not examined: the body is over {MAX_BODY_BYTES} bytes")
    known = {"the app code": account.app_code, "the app key": account.app_key}
    found = explain(call, code, account.app_secret, now=now, known_secrets=known)
    if found.server_string is None:
        return _says(found.finding, found.says)
    return {
        **_says(found.finding, with_charset(found.says, found.server_string)),
        "causes": list(found.causes),
        "server_string": found.server_string,
        "client_string": found.client_string,
    }


def _about(code: str) -> str:
    """Return the id of the finding that explains a refusal."""
    return {"S403TE": "timestamp", "I400I5": "content-md5"}.get(code, "signature")


def _told(value: Any, secrets: tuple[str, ...]) -> Any:
    return escaped(redact_signed(value, secrets)) if isinstance(value, str) else value


def _sent(call: Call, name: str) -> str:
    value = header(call, name) or ""
    return hidden(value) if name in SECRET_HEADERS else value


def _says(finding_id: str, sentence: str) -> FindingRow:
    return {"id": finding_id, "says": sentence}
