"""Bugs of clients that sign: one entry per bug, with the cause that the diagnosis must name."""

import base64
import hashlib
import hmac
from urllib.parse import quote

from tests.support.bug_kit import (
    app_key,
    b64,
    bug,
    digesting,
    setting,
    writing,
)
from tests.support.signing_bugs_head import FIXED_BUGS, HEADER_BUGS
from tests.support.signing_bugs_parameters import LINE_BUGS
from tests.support.signing_bugs_values import VALUE_BUGS

KEY_SECRETS = {"the app code": "4f1e5a0c8d9b4b0fa1c2d3e4f5a6b7c8"}

WHOLE_BUGS = [
    bug(
        "CRLF",
        "newline-differs",
        setting("text", text=lambda work: work.text.replace("\n", "\r\n")),
    ),
    bug(
        "escaped newline",
        "newline-differs",
        setting("text", text=lambda work: work.text.replace("\n", "\\n")),
    ),
    bug("newline at the end", "end-added", setting("text", text=lambda work: work.text + "\n")),
    bug("space at the end", "end-added", setting("text", text=lambda work: work.text + " ")),
    bug("GBK", "charset-differs", setting("text", encoding="gbk"), "chinese"),
    bug(
        "app code for the secret",
        "secret-wrong",
        setting("facts", secret=KEY_SECRETS["the app code"]),
    ),
    bug("app key for the secret", "secret-wrong", setting("facts", secret=app_key)),
    bug("no secret", "secret-wrong", setting("facts", secret="")),
    bug(
        "newline after the secret",
        "secret-whitespace",
        setting("facts", secret=lambda work: work.secret + "\n"),
    ),
    bug(
        "secret in quotes",
        "secret-whitespace",
        setting("facts", secret=lambda work: f'"{work.secret}"'),
    ),
    bug(
        "ampersand after the secret",
        "secret-ampersand",
        setting("facts", secret=lambda work: work.secret + "&"),
    ),
    bug(
        "the other digest",
        "digest-differs",
        setting("facts", digest=lambda work: "sha1" if work.digest == "sha256" else "sha256"),
    ),
    bug("HmacMD5", "digest-differs", setting("facts", digest="md5")),
    bug(
        "key and message swapped",
        "roles-swapped",
        (
            "mac",
            lambda work: setattr(
                work, "mac", lambda key, text: hmac.new(text, key, work.digest).digest()
            ),
        ),
    ),
    bug(
        "SHA-256 without a key",
        "hash-without-key",
        digesting(lambda _, text: hashlib.sha256(text).digest()),
    ),
    bug(
        "SHA-1 of secret and text",
        "hash-without-key",
        digesting(lambda key, text: hashlib.sha1(key + text, usedforsecurity=False).digest()),
    ),
    bug("hex", "signature-hex", writing(bytes.hex)),
    bug("HEX", "signature-hex", writing(lambda raw: raw.hex().upper())),
    bug("base64 of hex", "signature-hex-in-base64", writing(lambda raw: b64(raw.hex().encode()))),
    bug("no padding", "signature-unpadded", writing(lambda raw: b64(raw).rstrip("="))),
    bug("one = too many", "signature-overpadded", writing(lambda raw: b64(raw) + "=")),
    bug(
        "URL-safe base64",
        "signature-base64url",
        writing(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    ),
    bug(
        "URL-safe base64, no padding",
        "signature-base64url",
        writing(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")),
    ),
    bug(
        "percent-encoded base64", "signature-quoted", writing(lambda raw: quote(b64(raw), safe=""))
    ),
]

ALL = [*FIXED_BUGS, *HEADER_BUGS, *LINE_BUGS, *WHOLE_BUGS, *VALUE_BUGS]
UNKNOWN_SECRET = bug("unknown secret", "", setting("facts", secret="f" * 31))
BY_NAME = {planted.name: planted for planted in [*ALL, UNKNOWN_SECRET]}
