"""The example exchanges of fixtures/calls: read them, play them to a server, compare.

A fixture is an account and steps. A step either calls the API (`request`, `answer`) or calls the
admin API in between (`admin`). Placeholders in requests: `{app_code}`, `{account}`, and `{task_1}`,
`{task_2}` ... for the ids that submits have returned so far.

In answers a request id is `{uuid}`; all other values are fixed by seed and clock. `python -m
tests.support.exchanges` writes the answers again, through Flask.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mock_server import contract

HOST = "qr.test:3040"
REQUEST_ID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-A[0-9A-F]{3}-[0-9A-F]{12}")
# Hop-by-hop headers belong to the server, not to the answer.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: headers in the spelling and order of the wire."""

    status: int
    headers: Headers
    body: bytes


class Server(Protocol):
    """A server under test."""

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Reply:
        """Send a request exactly as given."""

    def admin(self, method: str, path: str, body: Any) -> Any:
        """Call the admin API and return its JSON."""


def files() -> list[Path]:
    """Return every fixture of exchanges."""
    return sorted((contract.folder("fixtures") / "calls").glob("*.json"))


def play(fixture: dict[str, Any], server: Server) -> list[dict[str, Any]]:
    """Play a fixture in a new account and return the answers, one per request."""
    account = server.admin("POST", "/accounts", fixture["account"])
    known = {"app_code": account["app_code"], "account": account["id"]}
    answers = []
    for step in fixture["steps"]:
        if "admin" in step:
            server.admin("POST", f"/accounts/{account['id']}{step['admin']}", step["body"])
            continue
        reply = _send(server, step["request"], known)
        found = re.search(rb'"task_id":"([0-9a-f]{24})"', reply.body)
        if step["request"]["target"] == "/submitTask" and found:
            number = sum(name.startswith("task_") for name in known) + 1
            known[f"task_{number}"] = found.group(1).decode()
        answers.append(_answer(reply, account["id"]))
    return answers


def _send(server: Server, request: dict[str, Any], known: dict[str, str]) -> Reply:
    def filled(text: str) -> str:
        for name, value in known.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    headers = [("Host", HOST)]
    headers += [(name, filled(value)) for name, value in request.get("headers", [])]
    body = filled(request.get("body", "")).encode()
    return server.send(request["method"], filled(request["target"]), headers, body)


def _answer(reply: Reply, account_id: str) -> dict[str, Any]:
    headers = []
    for name, value in reply.headers:
        if name.lower() not in HOP_BY_HOP:
            shown = "{uuid}" if REQUEST_ID.fullmatch(value) else value
            headers.append([name, shown])
    body = reply.body.decode().replace(f"/pictures/{account_id}/", "/pictures/{account}/")
    # The id of an account always has eight letters, so the length stays the same.
    return {"status": reply.status, "headers": headers, "body": body}


def expected(fixture: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the answers of a fixture."""
    return [step["answer"] for step in fixture["steps"] if "request" in step]


def rewrite() -> None:
    """Write the answers of every fixture."""
    from tests.support.flask_and_serve import flask_server  # noqa: PLC0415 - servers import this module

    for path in files():
        fixture = json.loads(path.read_text("utf-8"))
        with flask_server() as server:
            answers = iter(play(fixture, server))
        for step in fixture["steps"]:
            if "request" in step:
                step["answer"] = next(answers)
        path.write_text(json.dumps(fixture, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    rewrite()
