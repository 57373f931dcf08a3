"""What the journal and the log may show of a call.

Rule 1: credentials never leave the account routes and `artqr-mock env`.
Rule 2: a captured body is cut at `MAX_CAPTURE_BYTES`; length and SHA-256 are those of the whole.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from mock_server.domain.calls import Headers

MAX_CAPTURE_BYTES = 64 * 1024
HIDDEN = "***"

SECRET_HEADERS = frozenset(
    {
        "appcode",
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-ca-signature",
        "x-mock-token",
    }
)
SCHEMES = frozenset({"APPCODE", "BASIC", "BEARER"})
# An app code that came in the query names no account we know, so its value is hidden by name.
_QUERY_SECRET = re.compile(r"(?i)\b(app_?code|app_?secret)=[^&\s]*")
_BODY_SECRET = re.compile(rb"""(?i)\b(app_?(?:code|secret)["']?\s*[:=]\s*["']?)[^&\s"',}]+""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A body as it is kept."""

    body: bytes
    length: int
    sha256: str


def header_lines(headers: Headers, secrets: tuple[str, ...]) -> str:
    """Return the headers, a line each, with every credential hidden.

    The scheme of an authentication stays readable.
    """
    lines = [
        f"{name}: {_hidden(value) if name.lower() in SECRET_HEADERS else value}"
        for name, value in headers
    ]
    return redact_text("\n".join(lines), secrets)


def redact_text(text: str, secrets: tuple[str, ...]) -> str:
    """Return the text with every known secret hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def redact_target(target: str, secrets: tuple[str, ...]) -> str:
    """Return a request target with every credential hidden, known or not."""
    return _QUERY_SECRET.sub(rf"\1={HIDDEN}", redact_text(target, secrets))


def capture(body: bytes, secrets: tuple[str, ...] = ()) -> Capture:
    """Return what is kept of a body."""
    kept = body
    for secret in secrets:
        kept = kept.replace(secret.encode(), HIDDEN.encode())
    if not secrets:  # nobody we know: what looks like a credential may be somebody's
        kept = _BODY_SECRET.sub(rb"\1" + HIDDEN.encode(), kept)
    return Capture(body=kept[:MAX_CAPTURE_BYTES], length=len(body), sha256=sha256(body).hexdigest())


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and scheme.upper() in SCHEMES else HIDDEN
