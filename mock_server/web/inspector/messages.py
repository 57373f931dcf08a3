"""HTTP messages as a page shows them: JSON is set out in lines."""

import json
from typing import Any

from mock_server.formatting import json_text
from mock_server.store.engine.transaction import Row
from mock_server.web.admin.http_message import message_json, text_json

MOST_BODY = 64 * 1024


def message_of(row: Row, part: str, most: int = MOST_BODY) -> dict[str, Any]:
    """Return one side of an exchange, with at most so many characters of its body."""
    return _set_out(message_json(row, part), most)


def answer_of(row: Row) -> dict[str, Any]:
    """Return the answer to an attempt of a callback, of which no length is kept."""
    return _set_out({**text_json(row, "answer"), "length": len(row["answer_body"])}, MOST_BODY)


def _set_out(found: dict[str, Any], most: int) -> dict[str, Any]:
    body = found["body"]
    try:
        shown = json_text(json.loads(body), indent=2) if body[:1] in "{[" and body else body
    except (ValueError, RecursionError):
        shown = body
    return {**found, "shown": shown[:most], "is_set_out": shown != body}
