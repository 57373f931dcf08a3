"""Hides credentials in everything that the journal and the log show of a call.

Rule 1: credentials appear only in the account routes and in `artqr-mock env`.
Rule 2: a captured body is cut at `MAX_CAPTURE_BYTES`; its length and SHA-256 are those of the whole
body.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from mock_server.domain.call.calls import Headers

MAX_CAPTURE_BYTES = 64 * 1024
HIDDEN = "***"

SECRET_HEADERS = frozenset(
    {
        "app-code",
        "app-secret",
        "app_code",
        "app_secret",
        "appcode",
        "appsecret",
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-ca-secret",
        "x-ca-signature",
        "x-mock-token",
    }
)
SCHEMES = frozenset({"APPCODE", "BASIC", "BEARER"})
# An app code in the query may be unknown to us, so the name of the parameter hides its value.
_QUERY_SECRET = re.compile(r"(?i)\b(app_?code|app_?secret)=[^&\s]*")
# A line of a string to sign that is such a header, and in its echo, where a newline is #.
_SIGNED_SECRET = re.compile(rf"(?i)(^|[\n#`])({'|'.join(sorted(SECRET_HEADERS))}):[^\n#`]*")
_BODY_SECRET = re.compile(rb"""(?i)\b(app_?(?:code|secret)["']?\s*[:=]\s*["']?)[^&\s"',}]+""")

# App codes and secrets are 32 hexadecimal digits, the vendor's as well as ours.
_CREDENTIAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])")
_CREDENTIAL_BYTES = re.compile(_CREDENTIAL.pattern.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A body as the journal keeps it. `sha256` None: the body is whole, so its hash can be
    computed.
    """

    body: bytes
    length: int
    sha256: str | None


def header_lines(headers: Headers, secrets: tuple[str, ...]) -> str:
    """Return one line per header, with every credential hidden.

    The scheme of an authentication stays readable.
    """
    text = "\n".join(
        [
            f"{name}: {_hidden(value) if name.lower() in SECRET_HEADERS else value}"
            for name, value in headers
        ]
    )
    return redact_text(text, secrets) if secrets else redact_shapes(text)


def answer_lines(headers: Headers, asked: Headers, secrets: tuple[str, ...]) -> str:
    """Return one line per header of an answer; `asked` are the headers of its call.

    Only the gateway's message can contain a credential: it echoes the string to sign.
    """
    lines = "\n".join([f"{name}: {value}" for name, value in headers])
    if "X-Ca-Error-Message: " not in lines:
        return redact_text(lines, secrets)
    return redact_signed(redact_text(lines, values_of(asked)), secrets)


def redact_text(text: str, secrets: tuple[str, ...]) -> str:
    """Return the text with every known secret hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def redact_target(target: str, secrets: tuple[str, ...]) -> str:
    """Return a request target with every credential hidden, known or not."""
    target = redact_text(target, secrets) if secrets else redact_shapes(target)
    return _QUERY_SECRET.sub(rf"\1={HIDDEN}", target)


def redact_signed(text: str, secrets: tuple[str, ...]) -> str:
    """Return a string to sign, or the gateway's echo of it, with every credential hidden."""
    return _SIGNED_SECRET.sub(rf"\1\2:{HIDDEN}", redact_target(text, secrets))


def values_of(headers: Headers) -> tuple[str, ...]:
    """Return the values of a call's secret headers, to hide them in every other place."""
    found: set[str] = set()
    for name, value in headers:
        if name.lower() in SECRET_HEADERS:
            _, _, credential = value.partition(" ")
            found |= {value.strip(), credential.strip()}
    # The longest first: otherwise hiding a short value would break up a longer one.
    return tuple(sorted((each for each in found if len(each) > 3), key=len, reverse=True))


def redact_shapes(text: str) -> str:
    """Hide every text in the form of a credential.

    For calls that belong to no account: their credentials may be anybody's.
    """
    return _CREDENTIAL.sub(HIDDEN, text)


def capture(body: bytes, secrets: tuple[str, ...] = ()) -> Capture:
    """Return the body as the journal keeps it."""
    kept = body
    for secret in secrets:
        kept = kept.replace(secret.encode(), HIDDEN.encode())
    if not secrets:
        kept = _CREDENTIAL_BYTES.sub(HIDDEN.encode(), kept)
    # Without an account, any text in the form of a credential may be a real one.
    kept = _BODY_SECRET.sub(rb"\1" + HIDDEN.encode(), kept[:MAX_CAPTURE_BYTES])
    kept = kept[:MAX_CAPTURE_BYTES]
    digest = None if kept == body else sha256(body).hexdigest()
    return Capture(body=kept, length=len(body), sha256=digest)


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and scheme.upper() in SCHEMES else HIDDEN
