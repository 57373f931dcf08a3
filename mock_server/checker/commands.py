"""The call of a report as a command: pasted into bash or zsh, it makes the same call again."""

import re
import shlex

from mock_server.checker.order import CheckCredentials
from mock_server.checker.transport import SentRequest, Who, body_of
from mock_server.curl_words import body_words, fed, header_words, method_words, no_header
from mock_server.domain.call import redaction
from mock_server.formatting import shell_word

UNASKED = frozenset({"user-agent", "accept-encoding", "connection", "content-length", "accept"})
CODE = '"$ARTQR_APP_CODE"'


def curl(sent: SentRequest, own: CheckCredentials, trusted: str | None = None) -> str:
    """Return a command that makes the same call, with the credentials of whoever runs it.

    `trusted` is a file with the certificates that the call trusted.
    """
    request = sent.request
    url, body = str(request.url), body_of(sent.request)
    words = ["curl", "-i", *_flags(str(request.method), url), _url(url, own)]
    if trusted is not None and url.startswith("https:"):
        words += ["--cacert", shell_word(trusted)]
    words += _headers(sent, own)
    if body or request.method in ("POST", "PUT", "PATCH"):
        if "Content-Type" not in request.headers:
            words += no_header("Content-Type")  # curl would call it a form
        words += body_words(body)
    command = redaction.redact_text(" ".join(words), own.hidden)
    if own.key and sent.who in (Who.OWN, Who.STALE):
        key = shell_word(own.key)
        command = f'artqr-mock sign --key {key} --secret "$ARTQR_APP_SECRET" -- {command} | bash'
    return fed(command, body)


def _flags(method: str, url: str) -> list[str]:
    flags = method_words(method)
    if re.search(r"[\[\]{}]", url):
        flags.append("-g")  # curl would take them for a list of URLs
    if re.search(r"/(?:\.|%2[eE]){1,2}(?:/|$)", url.partition("?")[0]):
        flags.append("--path-as-is")
    return flags


def _url(url: str, own: CheckCredentials) -> str:
    """Return an address as a word; the own app code in it comes from the environment."""
    if not own.app_code or own.app_code not in own.hidden:
        return shell_word(url)
    parts = url.split(own.app_code)
    return CODE.join(shell_word(part) if part else "" for part in parts)


def _headers(sent: SentRequest, own: CheckCredentials) -> list[str]:
    headers = sent.request.headers
    words = []
    for name, value in headers.items():
        lower = name.lower()
        if lower in UNASKED or lower in redaction.SECRET_HEADERS or lower.startswith("x-ca-"):
            continue
        raw = value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
        words += header_words(name, raw)
    if sent.who is Who.OWN and not own.key:
        words += ["-H", '"Authorization: APPCODE $ARTQR_APP_CODE"']
    elif sent.who is Who.UNKNOWN_CODE:
        words += ["-H", shlex.quote(f"Authorization: {headers['Authorization']!s}")]
    elif sent.who is Who.WRONG_SIGNATURE:
        words += ["-H", shlex.quote(f"X-Ca-Key: {headers['X-Ca-Key']!s}")]
        words += ["-H", "'X-Ca-Signature: x'"]
    return words
