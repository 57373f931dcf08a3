"""Hides credentials in everything that the journal and the log show of a call.

Rule 1: credentials appear only in the account routes and in `artqr-mock env`.
Rule 2: a captured body is cut at `MAX_CAPTURE_BYTES`; its length and SHA-256 are those of the whole
body.
"""

import re
from functools import lru_cache
from hashlib import sha256

from mock_server.domain.call.calls import Headers
from mock_server.domain.records import dataclass

MAX_CAPTURE_BYTES = 64 * 1024
HIDDEN = "***"
_HIDDEN_BYTES = HIDDEN.encode()

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

# In a line that a program printed: such a header with its value, and a scheme with its own.
_PRINTED_HEADER = re.compile(
    rf"""(?ix)(?<![\w-])({"|".join(sorted(SECRET_HEADERS))})(["']?\s*[:=,]\s*["']?)[^"'\r\n,}}]+"""
)
_PRINTED_SCHEME = re.compile(rf"(?i)\b({'|'.join(sorted(SCHEMES))})(\s+)[^\s\"',}}]+")

# App codes and secrets are 32 hexadecimal digits, the vendor's as well as ours.
_CREDENTIAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])")
_CREDENTIAL_BYTES = re.compile(_CREDENTIAL.pattern.encode())


# User and password of an address: percent-encoded, once or more often; as it is, or in JSON. A
# delimiter that is encoded more often than the slashes is a part of the password.
_ENCODED_LOGIN = re.compile(
    r"""(?aix)
    (?P<slashes> %(?P<level>(?:25)*)3A (?: / | %(?P=level)2F ){2} )
    (?P<login> (?: %(?!(?P=level)(?:2F|3F|23)) | [^\s/?\#"<>&\\%] )* )
    (?P<at> @ | %(?P=level)40 )
    """
)
_LOGIN = re.compile(
    r"""(?aix)
    (?P<slashes> :\\?/\\?/ )
    (?P<login> (?: \\[^/\s] | [^\s/?\#"<>&\\] )* )
    (?P<at> @ | %40 | \\u0040 )
    """
)
_LOGINS = (_ENCODED_LOGIN, _LOGIN)
_LOGINS_BYTES = tuple(re.compile(each.pattern.encode()) for each in _LOGINS)
_COLON = re.compile(r"(?i):|%(?:25)*3A|\\u003a")
LONGEST_LOGIN = 32 * 1024  # an address has at most 2048 characters, each of up to 12 bytes


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
    return redact_logins(text)


def redact_logins(text: str) -> str:
    """Return a text in which no address shows its password, or a user that stands alone."""
    # Looked for first, and without a loop, because every call comes here and few have one.
    if "@" not in text and "%40" not in text and "2540" not in text and "u0040" not in text:
        return text
    for pattern in _LOGINS:
        text = pattern.sub(_without_login, text)
    return text


def redact_address(url: str) -> str:
    """Return one address without its password, or without a user that stands alone."""
    scheme, slashes, rest = url.partition("//")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login, at, host = authority.rpartition("@")
    if not slashes or not at:
        return url
    user, colon, _ = login.partition(":")
    shown = f"{user}:{HIDDEN}" if colon else HIDDEN
    return f"{scheme}//{shown}@{host}{rest[len(authority) :]}"


def redact_target(target: str, secrets: tuple[str, ...]) -> str:
    """Return a request target with every credential hidden, known or not."""
    target = redact_text(target, secrets) if secrets else redact_shapes(target)
    return _QUERY_SECRET.sub(rf"\1={HIDDEN}", target) if "=" in target else target


def redact_signed(text: str, secrets: tuple[str, ...]) -> str:
    """Return a string to sign, or the gateway's echo of it, with every credential hidden."""
    return _SIGNED_SECRET.sub(rf"\1\2:{HIDDEN}", redact_target(text, secrets))


def redact_printed(text: str, secrets: tuple[str, ...]) -> str:
    """Return what a program printed with every credential hidden, known or not."""
    text = redact_signed(redact_shapes(text), secrets)
    text = _PRINTED_HEADER.sub(rf"\1\2{HIDDEN}", text)
    return _PRINTED_SCHEME.sub(rf"\1\2{HIDDEN}", text)


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
    return redact_logins(_CREDENTIAL.sub(HIDDEN, text))


def capture(body: bytes, secrets: tuple[str, ...] = ()) -> Capture:
    """Return the body as the journal keeps it."""
    kept = body
    for secret in _encoded(secrets):
        kept = kept.replace(secret, _HIDDEN_BYTES)
    if not secrets:
        kept = _CREDENTIAL_BYTES.sub(_HIDDEN_BYTES, kept)
    if b"@" in kept or b"%40" in kept or b"2540" in kept or b"u0040" in kept:
        # Before the cut, or half of one would stay. It is found in bytes of any charset.
        kept = kept[: MAX_CAPTURE_BYTES + LONGEST_LOGIN]
        for pattern in _LOGINS_BYTES:
            kept = pattern.sub(_without_login_bytes, kept)
    # Without an account, any text in the form of a credential may be a real one.
    kept = kept[:MAX_CAPTURE_BYTES]
    if b"app" in kept.lower():  # few bodies have it, and the pattern looks at every word
        kept = _BODY_SECRET.sub(rb"\1" + _HIDDEN_BYTES, kept)[:MAX_CAPTURE_BYTES]
    digest = None if kept == body else sha256(body).hexdigest()
    return Capture(body=kept, length=len(body), sha256=digest)


@lru_cache(maxsize=1024)
def _encoded(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple([secret.encode() for secret in secrets])


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space and scheme.upper() in SCHEMES else HIDDEN


def _without_login(found: re.Match[str]) -> str:
    slashes, login, at = found["slashes"], found["login"], found["at"]
    colon = _COLON.search(login)
    return f"{slashes}{login[: colon.end()] if colon else ''}{HIDDEN}{at}" if login else found[0]


def _without_login_bytes(found: re.Match[bytes]) -> bytes:
    return redact_logins(found[0].decode("latin-1")).encode("latin-1")
