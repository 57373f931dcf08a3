"""Hints on refused calls: the client's mistake, where the gateway's message does not say it."""

import base64
import hashlib

from mock_server.domain.auth.credentials import WINDOW_MS
from mock_server.domain.call.calls import Call, header


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
