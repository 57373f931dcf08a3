"""Hints on refused calls: the client's mistake, where the gateway's message does not say it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from mock_server.domain.auth.credentials import WINDOW_MS
from mock_server.domain.call.calls import Call, header

# The refusals that a client's author cannot explain from the message alone, each with its finding.
EXAMINED = {"A403IS": "signature", "I400I5": "content-md5", "S403TE": "timestamp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why the signature of a call was refused: the id of the finding, a sentence, the mistakes.

    The two strings to sign are those of a signature that was examined; `client_string` is None if
    it was not found.
    """

    finding: str
    says: str
    causes: tuple[str, ...]
    server_string: str | None = None
    client_string: str | None = None


def explain(
    call: Call, code: str, secret: str, *, now: int, known_secrets: Mapping[str, str]
) -> Explanation:
    """Return why a call was refused with one of the codes in EXAMINED.

    `now` is what its timestamp was held to. `known_secrets` are wrong secrets worth trying, by what
    to call them.
    """
    finding = EXAMINED[code]
    if finding == "timestamp":
        return Explanation(finding=finding, says=explain_timestamp(call, now), causes=(finding,))
    if finding == "content-md5":
        return Explanation(finding=finding, says=explain_md5(call), causes=(finding,))
    # A server answers before it loads this: most never have to explain anything.
    from mock_server.domain.auth.diagnosis import diagnose  # noqa: PLC0415

    found = diagnose(call, secret, known_secrets=known_secrets)
    return Explanation(
        finding=finding,
        says=found.sentence,
        causes=found.causes,
        server_string=found.server_string,
        client_string=found.client_string,
    )


def explain_md5(call: Call) -> str:
    """Return a sentence that explains why the Content-MD5 was refused."""
    sent = header(call, "content-md5") or ""
    digest = hashlib.md5(call.body, usedforsecurity=False)
    if not call.body:
        return "Content-MD5 is not valid with an empty body: leave the header out."
    if sent.lower() == digest.hexdigest():
        return "Content-MD5 is the hex digest: send the base64 of the 16 bytes instead."
    if sent == base64.b64encode(digest.hexdigest().encode()).decode():
        return "Content-MD5 is the base64 of the hex digest: send the base64 of the 16 bytes."
    return (
        "Content-MD5 was not computed over the bytes of the body: encode the body first, compute "
        "the MD5 of the encoded bytes, and send exactly these bytes."
    )


def explain_timestamp(call: Call, now: int) -> str:
    """Return a sentence on a refused X-Ca-Timestamp; it was checked against `now` (ms)."""
    sent = int(header(call, "x-ca-timestamp") or "0")
    if abs(now - sent * 1000) <= WINDOW_MS:
        return "X-Ca-Timestamp is in seconds: send milliseconds since 1970."
    if abs(now - sent // 1000) <= WINDOW_MS:
        return "X-Ca-Timestamp is in microseconds: send milliseconds since 1970."
    minutes = abs(now - sent) // 60_000
    side = "behind" if sent < now else "ahead"
    return f"X-Ca-Timestamp is {minutes} minutes {side}: set the clock of the client's machine."
