"""Reads a request that a person has at hand (curl, HAR, raw HTTP), and makes the headers that
sign it.
"""

import codecs
import re
import time
import uuid
from dataclasses import replace

from mock_server.domain.auth import signatures
from mock_server.domain.call.bodies import FORM_TYPE, media_type
from mock_server.domain.call.calls import MAX_BODY_BYTES, Call, header
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import curl, har, raw_http
from mock_server.recordings.har import FORMS

MOST_BYTES = MAX_BODY_BYTES
WRONG_DIGEST = (
    "X-Ca-Signature-Method names a digest that is not supported: send HmacSHA256 or HmacSHA1."
)


def read_request(given: bytes) -> Call:
    """Return the request in a text. Raises UsageError."""
    if len(given) > MOST_BYTES:
        raise UsageError("the request is larger than 8 MiB, the limit")
    given = given.removeprefix(codecs.BOM_UTF8)  # what editors of Windows put in front
    if not given.strip():
        raise UsageError(f"standard input is empty: give {FORMS}")
    start = given.lstrip()
    if re.match(rb"(?:\$\s+)?curl(?:\.exe)?\s", start):
        return curl.call_of(curl.items_of(curl.words_of(_text(given))))
    if start[:1] in (b"{", b"["):
        return har.one_call(_text(given))
    return raw_http.call_of(start)


def _text(given: bytes) -> str:
    try:
        return given.decode()
    except UnicodeDecodeError:
        raise UsageError("the request is not UTF-8 text") from None


def signing_headers(
    call: Call, items: list[curl.CurlItem], pair: tuple[str, str], *, md5: bool
) -> dict[str, str]:
    """Return the headers that sign a curl command's call correctly.

    `pair` is AppKey and AppSecret. Raises UsageError.
    """
    method = header(call, "x-ca-signature-method") or signatures.DEFAULT_METHOD
    if method not in signatures.DIGESTS:
        raise UsageError(WRONG_DIGEST)
    given = {name.lower() for name, _ in curl.given_headers(items)}
    added = {}
    # Explicit headers, so that every version of curl sends exactly the signed ones.
    for name in ("Accept", "Content-Type"):
        value = header(call, name.lower())
        if value is not None and name.lower() not in given:
            added[name] = value
    is_form = media_type(header(call, "content-type")) == FORM_TYPE
    if md5 and call.body and not is_form and "content-md5" not in given:
        added["Content-MD5"] = signatures.content_md5(call.body)
    key, secret = pair
    at, nonce = time.time_ns() // 1_000_000, str(uuid.uuid4())
    signer = signatures.Signer(key=key, secret=secret, at=at, nonce=nonce)
    # These come before the headers that curl adds: the first one of a name counts.
    headers = (*((name.lower(), value) for name, value in added.items()), *call.headers)
    own = [name for name, _ in call.headers if name.startswith("x-ca-")]
    sent = replace(call, headers=headers)
    return {**added, **signatures.signing_headers(sent, signer, method=method, also=own)}
