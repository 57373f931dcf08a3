"""Credentials that nobody has, and that show why: quotation marks, a placeholder, the secret.

Rule 1: only credentials that the gateway does not know are looked at; what it knows is right.
Rule 2: a finding shows nothing of them.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum

from mock_server.domain.auth.credentials import AppCode, Credentials
from mock_server.domain.call.redaction import HIDDEN
from mock_server.domain.findings.fields import NO_VALUES
from mock_server.domain.findings.finding import Finding
from mock_server.domain.findings.placeholders import is_unfilled

MAX_LENGTH = 256


class Held(StrEnum):
    """Which credential of an account a text is."""

    APP_CODE = "app code"
    APP_KEY = "AppKey"
    APP_SECRET = "AppSecret"  # noqa: S105 - its name


# Tells which credential of any account a text is; None: of no account.
Owner = Callable[[str], Held | None]
_QUOTES = "\"'`“”‘’«»"
_TWICE = re.compile(r"(?i)app_?code\s*[:= ]\s*(.*)")
_PLACEHOLDER = re.compile(
    r"(?i)<.*>|\[.*\]|\{.*\}|(?:your|my)[ _-]?(?:app|key|secret|code|own).*"
    r"|(?:app|api)[ _-]?(?:code|key|secret)"
    r"|你.*appcode.*|[x*.]{4,}|changeme|todo|\$[A-Z_a-z]\w*|%\w+%"
)


def nobody(_text: str) -> Held | None:
    """Return None: where no accounts are known, as in a recording."""
    return None


def mistaken(credentials: Credentials, owner: Owner = nobody) -> Finding | None:
    """Return what is wrong with credentials that the gateway does not know; None: no idea."""
    if isinstance(credentials, AppCode):
        sent, at, wanted = credentials.code, "/header/authorization", Held.APP_CODE
    else:
        sent, at, wanted = credentials.key, "/header/x-ca-key", Held.APP_KEY
    why = _why(_letters(sent[:MAX_LENGTH]), wanted, owner)
    if why is None:
        return None
    says = f"The gateway does not know this {wanted}: {why}."
    return Finding(id="credential-mistaken", at=at, sent=HIDDEN, says=says, hint=wanted)


def _letters(sent: str) -> str:
    """Return a header's value as text, where its bytes were UTF-8."""
    try:
        return sent.encode("latin-1").decode()
    except UnicodeError:
        return sent


def _why(sent: str, wanted: Held, owner: Owner) -> str | None:
    if why := _by_shape(sent):
        return why
    if (held := owner(sent)) is not None:
        return f"it is the {held}" if held is not wanted else None
    for cleaned, what in ((sent.lower(), "its letters are in the wrong case"),
                          (sent.replace("-", ""), "it was written with hyphens")):  # fmt: skip
        if cleaned != sent and owner(cleaned) is wanted:
            return what
    return None


def _by_shape(sent: str) -> str | None:
    visible = "".join(letter for letter in sent if not _is_invisible(letter))
    # Half a hard space: the other half was taken for white space around the value.
    if visible != sent or sent.endswith("\xc2"):
        return "it has characters that cannot be seen, such as a zero-width space or a line break"
    if twice := _TWICE.fullmatch(sent):
        return "the word APPCODE is in it twice" if twice[1] else "it is a placeholder"
    bare = sent.strip(_QUOTES)
    if bare != sent and bare:
        return "it has quotation marks around it"
    if sent in NO_VALUES:
        return "it is the word for no value, because the client's setting is missing"
    if is_unfilled("", sent) or _PLACEHOLDER.fullmatch(sent):
        return "it is a placeholder that nothing filled in"
    return None


def _is_invisible(letter: str) -> bool:
    return letter != " " and unicodedata.category(letter) in ("Cf", "Cc", "Zs", "Zl", "Zp", "Co")
