"""Prism: answers the example of an OpenAPI document, and checks requests against it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders.contender import ANSWER, Contender, stub_request
from benchmarks.contenders.installing import from_npm


def _command(installed: Path, scratch: Path, port: int) -> Sequence[str]:
    document = scratch / "openapi.json"
    document.write_text(json.dumps(_document()), "utf-8")
    prism = installed / "node_modules/.bin/prism"
    return [str(prism), "mock", "-v", "silent", "-h", "127.0.0.1", "-p", str(port), str(document)]


def _document() -> dict[str, Any]:
    """Return a document whose only example is the text of the stubs."""
    answer = {"description": "ok", "content": {"application/json": {"example": ANSWER}}}
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    submit = {"requestBody": body, "responses": {"200": answer}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "A stub", "version": "1"},
        "paths": {"/submitTask": {"post": submit}},
    }


PRISM = Contender(
    name="Prism",
    says="`-v silent`; it answers the example of a small OpenAPI document",
    install=lambda folder: from_npm("@stoplight/prism-cli", folder),
    command=_command,
    request=stub_request,
)
