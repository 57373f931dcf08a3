"""Compares the journal's record of a call with what its client received."""

import socket
from dataclasses import dataclass
from typing import Any

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Got:
    """A well-formed answer."""

    status: int
    headers: Pairs
    body: bytes


def answer_of(call: dict[str, Any]) -> Got:
    """Return the decided answer from the journal."""
    answer = call["answer"]
    body = answer["body"].encode()
    assert len(body) == answer["length"], "the journal keeps these whole"
    pairs = [(name, value) for name, value in answer["headers"]]
    return Got(status=call["status"] or 0, headers=pairs, body=body)


def damage_of(call: dict[str, Any], orders: dict[int, dict[str, Any]]) -> dict[str, Any] | None:
    """Return the order of the fault that damaged an answer; None if no fault did."""
    damages = [orders[met["id"]] for met in call["faults"] if met["kind"] in DAMAGES]
    assert len(damages) <= 1, call["faults"]
    return damages[0] if damages else None


DAMAGES = {"dribble", "truncate", "wrong_length", "reset", "close", "garbage", "invalid_json",
           "content_type", "html_page"}  # fmt: skip


def check_got(call: dict[str, Any], order: dict[str, Any] | None, got: Got) -> None:
    """Check that the client received the answer, or the answer that an altering fault makes of
    it.
    """
    decided, kind = answer_of(call), order["kind"] if order else None
    if order is None or kind == "dribble":
        assert got == decided
        assert (call["sent"] or {"what": "whole"})["what"] == "whole"
        return
    sent = call["sent"]
    assert (sent["what"], sent["status"], sent["bytes"]) == ("altered", got.status, len(got.body))
    if kind == "invalid_json":
        assert (got.status, got.body) == (decided.status, decided.body[:-1] or b"{")
    elif kind == "content_type":
        assert (got.status, got.body) == (decided.status, decided.body)
        assert [value for name, value in got.headers if name == "Content-Type"] == [order["value"]]
    else:
        assert kind == "html_page"
        assert got.status == order.get("status", 502)
        assert got.body.startswith(b"<html>")
        assert decided.status == 0 if order.get("commit") == "before" else decided.status


def read_to_end(connection: socket.socket) -> tuple[bool, bytes]:
    """Return whether a connection was reset, and all bytes received before."""
    connection.settimeout(10)
    received = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return True, received
        if not part:
            return False, received
        received += part


def check_bytes(
    call: dict[str, Any], order: dict[str, Any] | None, received: bytes, *, was_reset: bool
) -> None:
    """Check every received byte against the answer, or against what a fault makes of it."""
    kind = order["kind"] if order else None
    assert was_reset == (kind == "reset" or (order or {}).get("end") == "reset")
    if kind in ("reset", "close"):
        assert (received, call["sent"]["what"]) == (b"", "nothing")
        return
    if kind == "garbage":
        assert call["sent"]["what"] == "garbage"
        assert len(received) == 64
        assert not received.isascii()
        return
    got = _parsed(received)
    if kind == "truncate":
        _check_cut(call, got)
    elif kind == "wrong_length":
        assert order is not None
        there = len(answer_of(call).body)
        said = max(0, there + order["by_bytes"])
        headers = [(name, str(there) if name == "Content-Length" else value)
                   for name, value in got.headers]  # fmt: skip
        assert ("Content-Length", str(said)) in got.headers
        assert Got(status=got.status, headers=headers, body=got.body) == answer_of(call)
        assert call["sent"]["what"] == ("altered" if said != there else "whole")
    else:
        check_got(call, order, got)


def _check_cut(call: dict[str, Any], got: Got) -> None:
    decided, sent = answer_of(call), call["sent"]
    assert (got.status, got.headers) == (decided.status, decided.headers)
    assert sent["what"] == ("cut" if decided.body else "whole")
    assert got.body == decided.body[: sent["bytes"]]
    assert len(got.body) < len(decided.body) or not decided.body


def _parsed(received: bytes) -> Got:
    head, end, body = received.partition(b"\r\n\r\n")
    assert end, received
    status_line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [tuple(line.split(": ", 1)) for line in lines]
    headers = [(name, value) for name, value in pairs if name.lower() not in HOP]
    return Got(status=int(status_line.split(" ")[1]), headers=headers, body=body)


HOP = {"connection", "keep-alive"}
