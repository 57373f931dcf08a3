"""What the console shows of charges: the credits left before and after some calls."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mock_server.domain.billing.charges import is_metered
from mock_server.domain.call.calls import Operation
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, with_readings
from mock_server.probe import moves

if TYPE_CHECKING:
    from mock_server.probe.session import Session

POLLS = "charge.polls"


def look(session: "Session", shown: int) -> None:
    """Learn from what the console shows which calls were charged since it was looked at."""
    before, session.balance = session.balance, (shown, session.calls)
    if before is None or before[1] == session.calls:
        return
    called = [moves.find(name) for number, (name, answer) in session.answers.items()
              if number > before[1] and answer.status == 200]  # fmt: skip
    operations = [move.operation for move in called if move.is_own and move.operation]
    gone, unsure, session.unsure = before[0] - shown, session.unsure, 0
    fits = fitting(operations, gone, unsure)
    says = f"{gone} credits for {len(operations)} answers with HTTP 200"
    if not fits:
        session.notes.append(f"the console shows what no known rule explains: {says}")
    elif len(fits) == 1 and POLLS not in session.hypotheses.settled:
        session.hypotheses.possible[POLLS] = frozenset(fits)
        session.evidence[POLLS] = session.evidence_of("", 0, 0, {"the console": says})


def fitting(answered: Iterable[Operation], gone: int, unsure: int) -> list[str]:
    """Return the values of charge.polls under which these answers with HTTP 200 cost `gone`
    credits; of `unsure` more calls it is not known whether they were answered.
    """
    operations = list(answered)
    fits = []
    for value in ALLOWED[POLLS]:
        readings = with_readings(DEFAULT_READINGS, {POLLS: value})
        least = sum(is_metered(each, readings) for each in operations)
        if least <= gone <= least + unsure:
            fits.append(value)
    return fits
