"""The status that a client was sent, and the one it can go by."""

from typing import Any

import pytest

from mock_server.domain.call.wire_script import status_seen, status_sent


def sent(what: str, status: int | None, left_after_ms: int | None = None) -> dict[str, Any]:
    return {"what": what, "status": status, "left_after_ms": left_after_ms}


@pytest.mark.parametrize(
    ("decided", "told", "was_sent", "seen"),
    [
        (200, None, 200, 200),
        (None, None, 0, 0),
        (200, sent("whole", 200), 200, 200),
        (200, sent("whole", 200, left_after_ms=5), 0, 0),
        (200, sent("cut", 200), 200, 0),
        (200, sent("garbage", 200), 200, 0),
        (200, sent("nothing", None), 0, 0),
        (200, sent("altered", 502), 502, 502),
        (200, sent("altered", 200), 200, 0),
        (None, sent("nothing", None, left_after_ms=5), 0, 0),
    ],
)
def test_half_an_answer_was_sent_but_nobody_can_go_by_it(
    decided: int | None, told: dict[str, Any] | None, was_sent: int, seen: int
) -> None:
    assert (status_sent(decided, told), status_seen(decided, told)) == (was_sent, seen)
