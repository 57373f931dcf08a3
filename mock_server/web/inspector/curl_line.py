"""Commands of curl that a person copies from a page.

Rule 1: a credential is never in them: a variable of the shell stands for it.
Rule 2: whatever a client sent is one word of the shell, see formatting.shell_word.
"""

import re

from mock_server import curl_words
from mock_server.formatting import shell_word
from mock_server.store import journal
from mock_server.store.engine.transaction import Row

CODE = "$ARTQR_APP_CODE"
# What curl adds by itself, what a signature needs anew, and what may hold a credential.
LEFT_OUT = frozenset({
    "host", "content-length", "connection", "user-agent", "accept-encoding", "transfer-encoding",
    "expect", "authorization", "cookie", "proxy-authorization",
    "x-ca-key", "x-ca-signature", "x-ca-signature-headers", "x-ca-signature-method",
    "x-ca-timestamp", "x-ca-nonce", "x-ca-secret",
})  # fmt: skip
# A path that curl sends as it is, and dots in one, which it would resolve.
PLAIN_PATH = re.compile(r"/[^\s#\[\]{}\\\x00-\x1f\x7f-\U0010ffff]*")
DOTS = re.compile(r"/(?:\.|%2[eE]){1,2}(?:[/?]|$)")
FIRST_TEXT = "https://example.com"
FIRST_STYLE = "food_fryrice"


def of_call(row: Row, base_url: str) -> str:
    """Return a command that sends a call of the journal once more, with an app code."""
    body = bytes(row["request_body"])
    words = [*curl_words.method_words(row["method"]), *_target(row["path"], base_url)]
    lines = [" ".join(["curl", *words]), _code(CODE)]
    sent = [(pair[0], pair[-1]) for pair in journal.headers_of(row["request_headers"])]
    for name, value in sent:
        if name.lower() not in LEFT_OUT:
            lines.append(
                " ".join(curl_words.header_words(name, value.encode("latin-1", "replace")))
            )
    if body:
        if "content-type" not in {name.lower() for name, _ in sent}:
            lines.append(" ".join(curl_words.no_header("Content-Type")))
        lines.append(" ".join(curl_words.body_words(body)))
    return curl_words.fed(" \\\n  ".join(lines), body)


def _target(path: str, base_url: str) -> list[str]:
    """Return the address of this server, and a path in which curl would change something, or that
    is none, by an option of its own: the command never calls another server.
    """
    if PLAIN_PATH.fullmatch(path) and not DOTS.search(path):
        return [shell_word(base_url + path)]
    return [
        shell_word(base_url + "/"),
        "--request-target",
        shell_word(path.encode("latin-1", "replace")),
    ]


def first_submit(base_url: str, app_code: str | None, call_back: str | None = None) -> str:
    """Return a command that submits a task. `app_code` None: the variable stands for it."""
    lines = [
        f"curl {shell_word(base_url + '/submitTask')}",
        _code(CODE if app_code is None else app_code),
        f"-d {shell_word(f'text={FIRST_TEXT}')}",
        f"-d {shell_word(f'style_id={FIRST_STYLE}')}",
    ]
    if call_back is not None:
        lines.append(f"-d {shell_word(f'call_back={call_back}')}")
    return " \\\n  ".join(lines)


def _code(code: str) -> str:
    if code == CODE:
        return f'-H "Authorization: APPCODE {CODE}"'
    return f"-H {shell_word(f'Authorization: APPCODE {code}')}"
