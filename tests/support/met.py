"""What the journal says of a call beside what its client got."""

from dataclasses import dataclass
from typing import Any

BEFORE_BODY = b"\r\n\r\n"
# What an answer looks like to a client that reads until the connection ends.
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Got:
    """An answer that is well formed, whatever it says."""

    status: int
    headers: Pairs
    body: bytes


def answer_of(call: dict[str, Any]) -> Got:
    """Return the answer that was decided, as the journal has it."""
    answer = call["answer"]
    body = answer["body"].encode()
    assert len(body) == answer["length"], "the journal keeps these whole"
    pairs = [(name, value) for name, value in answer["headers"]]
    return Got(status=call["status"] or 0, headers=pairs, body=body)


def damage_of(call: dict[str, Any], orders: dict[int, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the order that damaged an answer, None if nothing did."""
    damages = [orders[met["id"]] for met in call["faults"] if met["kind"] in DAMAGES]
    assert len(damages) <= 1, call["faults"]
    return damages[0] if damages else None


DAMAGES = {"dribble", "truncate", "wrong_length", "reset", "close", "garbage", "invalid_json",
           "html_page"}  # fmt: skip


def check_got(call: dict[str, Any], order: dict[str, Any] | None, got: Got) -> None:
    """Check that what came is the answer, or what a rule that needs no connection makes of it."""
    decided, kind = answer_of(call), order["kind"] if order else None
    if order is None or kind == "dribble":
        assert got == decided
        assert (call["sent"] or {"what": "whole"})["what"] == "whole"
        return
    sent = call["sent"]
    assert (sent["what"], sent["status"], sent["bytes"]) == ("altered", got.status, len(got.body))
    if kind == "invalid_json":
        assert (got.status, got.body) == (decided.status, decided.body[:-1] or b"{")
    else:
        assert kind == "html_page"
        assert got.status == order.get("status", 502)
        assert got.body.startswith(b"<html>")
        assert decided.status == 0 if order.get("commit") == "before" else decided.status
