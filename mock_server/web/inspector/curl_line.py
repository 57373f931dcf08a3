"""Commands of curl that a person copies from a page.

Rule 1: a credential is never in them: a variable of the shell stands for it.
Rule 2: whatever a client sent is one word of the shell, see formatting.shell_word.
"""

from mock_server.domain.usage_errors import UsageError
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
FIRST_TEXT = "https://example.com"
FIRST_STYLE = "food_fryrice"


def of_call(row: Row, base_url: str) -> str:
    """Return a command that sends a call of the journal once more, with an app code.

    Raises UsageError for a body that no word of a shell can hold.
    """
    words = ["curl", "-X", shell_word(row["method"]), shell_word(base_url + row["path"])]
    lines = [" ".join(words), _code(CODE)]
    for name, *value in journal.headers_of(row["request_headers"]):
        if name.lower() not in LEFT_OUT:
            lines.append(f"-H {shell_word(': '.join([name, *value]))}")
    if row["request_body"]:
        lines.append(f"--data-binary {shell_word(bytes(row['request_body']))}")
    return " \\\n  ".join(lines)


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


def or_why_not(row: Row, base_url: str) -> tuple[str | None, str | None]:
    """Return the command, or why there can be none."""
    try:
        return of_call(row, base_url), None
    except UsageError as error:
        return None, str(error)


def _code(code: str) -> str:
    if code == CODE:
        return f'-H "Authorization: APPCODE {CODE}"'
    return f"-H {shell_word(f'Authorization: APPCODE {code}')}"
