"""Scripts: byte by byte what the server writes in place of an answer.

Rule 1: a script is data; only a server that controls its connections can play it.
Rule 2: its times are real time; the account's clock does not affect them.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from mock_server.domain.records import dataclass


class End(StrEnum):
    """What the server does with the connection after the script."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


class Delivered(StrEnum):
    """How much of an answer the client can have received."""

    WHOLE = "whole"
    CUT = "cut"
    GARBAGE = "garbage"
    ALTERED = "altered"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes, written `after_ms` after the previous part."""

    after_ms: int = 0
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The parts, and how the connection ends. `body_bytes` counts the bytes of the answer's
    body in them.
    """

    parts: tuple[Part, ...] = ()
    end: End
    what: Delivered
    body_bytes: int = 0


# Makes the script of an answer from the bytes of its head and of its body.
Damage = Callable[[bytes, bytes], Script]


def status_sent(status: int | None, sent: Mapping[str, Any] | None) -> int:
    """Return the status that a client was sent, of half an answer too: 0 if it was sent none.

    `status` is the one that was decided. `sent` is what the journal says about an answer that did
    not go out as it was decided.
    """
    if sent is None:
        return status or 0
    return 0 if sent["left_after_ms"] is not None else sent["status"] or 0


def status_seen(status: int | None, sent: Mapping[str, Any] | None) -> int:
    """Return the status that the client saw; 0: it got no answer, or not a whole one."""
    got = status_sent(status, sent)
    is_whole = sent is None or sent["what"] == Delivered.WHOLE
    return got if is_whole or got != status else 0
