"""HTTP messages as JSON: headers in order, the body as text."""

import base64
from hashlib import sha256
from typing import Any

from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from mock_server.store import journal
from mock_server.store.attempts import MAX_ANSWER_BYTES
from mock_server.store.engine.transaction import Row

CUTS = (MAX_CAPTURE_BYTES, MAX_ANSWER_BYTES)  # the lengths at which long bodies are cut


def message_json(row: Row, part: str) -> dict[str, Any]:
    """Return one side of an exchange as JSON, with length and hash of the whole body."""
    return {
        **text_json(row, part),
        "length": row[f"{part}_length"],
        "sha256": _hash(row, part),
    }


def text_json(row: Row, part: str) -> dict[str, Any]:
    """Return headers and body of one side of an exchange as JSON."""
    return {"headers": journal.headers_of(row[f"{part}_headers"]), **_text(row[f"{part}_body"])}


def _hash(row: Row, part: str) -> str | None:
    """Return the hash of the whole body; None if only its length was stored."""
    if row[f"{part}_sha256"] is None:
        return sha256(row[f"{part}_body"]).hexdigest()
    return row[f"{part}_sha256"] or None


def _text(body: bytes) -> dict[str, str]:
    """Return a body as text, or in base64 if it is not text."""
    try:
        return {"body": body.decode(), "encoding": "utf-8"}
    except UnicodeDecodeError as error:
        if len(body) in CUTS and error.start > len(body) - 4:
            # A text that was cut inside its last character still counts as text.
            return {"body": body[: error.start].decode(), "encoding": "utf-8"}
        return {"body": base64.b64encode(body).decode(), "encoding": "base64"}
