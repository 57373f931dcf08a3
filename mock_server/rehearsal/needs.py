"""What must have happened in a drill for a verdict: without it, the drill says nothing.

Each need is one function: it returns why it was not met, or None.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from mock_server.audit.history import PICTURE
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import Operation
from mock_server.rehearsal.drill import RATE
from mock_server.rehearsal.evidence import Evidence

# Faults that exchange two callbacks; a single one is sent as usual.
EXCHANGES = ("callback_reordered", "callback_crossed")
# What the drill clock-skew leaves of the gateway's 15 minutes.
STALE_MS = 3000
# The vendor advises texts of at most so many characters.
ADVISED_CHARACTERS = 35

Need = Callable[[Evidence], str | None]


def unmet(evidence: Evidence) -> list[str]:
    """Return why the needs of a drill were not met; empty if they were."""
    return unmet_of(evidence, evidence.drill.needs)


def unmet_of(evidence: Evidence, names: Sequence[str]) -> list[str]:
    """Return why some needs were not met; empty if they were."""
    return list(dict.fromkeys(filter(None, [NEEDS[name](evidence) for name in names])))


def _submitted(evidence: Evidence) -> str | None:
    if evidence.submits:
        return None
    if not evidence.calls:
        return "it called no server: let it use the address in ARTQR_BASE_URL"
    return "it submitted no task"


def _fired(evidence: Evidence) -> str | None:
    idle = [each["kind"] for each in evidence.faults if not each["hits"]]
    if not idle:
        return None
    return f"the incident did not happen: {', '.join(dict.fromkeys(idle))} met no call"


def _heard_a_failure(evidence: Evidence) -> str | None:
    heard = any(each.heard and not each.call.succeeded for each in evidence.api_calls)
    return None if heard else "it heard no failure"


def _met_the_incident(evidence: Evidence) -> str | None:
    hit = any(each["hits"] and each["kind"] != "task_order" for each in evidence.faults)
    if hit or any(each.heard and not each.call.succeeded for each in evidence.api_calls):
        return None
    return "it met no failure of the scenario: let it make more calls"


def _lost_an_answer(evidence: Evidence) -> str | None:
    lost = any(not each.heard for each in evidence.api_calls)
    return None if lost else "it received every answer whole"


def _gave_up_waiting(evidence: Evidence) -> str | None:
    left = any(
        (each.call.raw["sent"] or {}).get("left_after_ms") is not None
        for each in evidence.api_calls
    )
    return None if left else "it waited until the late answer came"


def _queried(evidence: Evidence) -> str | None:
    return None if evidence.of(Operation.QUERY_TASK) else "it queried no task"


def _calls_back(evidence: Evidence) -> str | None:
    passed = any(each.call.fields.get("call_back") for each in evidence.submits)
    return None if passed else "it passed no call_back"


def _answered_the_callback(evidence: Evidence) -> str | None:
    """Its receiver answered every callback that a fault struck, and every repetition of it."""
    struck = [each for each in evidence.callbacks if each["fault"]]
    if not struck:
        return "no callback met the incident"
    if len(struck) < 2 and struck[0]["fault"]["kind"] in EXCHANGES:
        return "no other callback was planned, so nothing was exchanged"
    ids = {each["id"] for each in struck}
    copies = [each for each in evidence.callbacks if each["copy_of"] in ids]
    if all(_is_answered(each) for each in (*struck, *copies)):
        return None
    return "its receiver answered not every callback of the incident: perhaps it had ended"


def _heard_a_callback_first(evidence: Evidence) -> str | None:
    """Its receiver answered a callback before the submit of the same task was answered."""
    submits = {each.call.task_id: each for each in evidence.submits}
    for callback in evidence.callbacks:
        submit = submits.get(callback["task_id"])
        for attempt in callback["attempts"]:
            if submit is None or attempt["status"] is None:
                continue
            waited = (submit.known_at - submit.call.raw["real_at"]) * RATE
            if attempt["at"] - submit.call.at < waited:
                return None
    return "no callback reached it before the answer of its submit"


def _signs(evidence: Evidence) -> str | None:
    return None if _signed(evidence) else "it does not sign its calls"


def _signs_for_long(evidence: Evidence) -> str | None:
    """A timestamp of its first call would have been too old for its last one."""
    began = [each.began_at for each in _signed(evidence)]
    if began and max(began) - min(began) > STALE_MS:
        return None
    return f"it signed no call more than {STALE_MS // 1000} s after its first one"


def _signed(evidence: Evidence) -> list[SeenCall]:
    return [each for each in evidence.api_calls if "x-ca-signature" in each.call.headers]


def _two_open(evidence: Evidence) -> str | None:
    spans = [
        (submit.call.at, _known_end(evidence, task_id))
        for submit in evidence.submits
        if (task_id := submit.call.task_id)
    ]
    together = any(one[0] < two[1] and two[0] < one[1] for one, two in combinations(spans, 2))
    return None if together else "it never had two tasks open at once"


def _known_end(evidence: Evidence, task_id: str) -> float:
    """Return when, on the account's clock, the client heard that a task ended."""
    polled = [each.call.at for each in evidence.queries.get(task_id, ()) if each.tells_the_end]
    called = [
        attempt["at"]
        for each in evidence.callbacks
        if each["task_id"] == task_id
        for attempt in each["attempts"]
        if attempt["status"] is not None
    ]
    return min((*polled, *called), default=float("inf"))


def _is_answered(callback: Mapping[str, Any]) -> bool:
    return any(each["status"] is not None for each in callback["attempts"])


def _fetched(evidence: Evidence) -> str | None:
    return None if evidence.of(PICTURE) else "it fetched no picture"


def _long_text(evidence: Evidence) -> str | None:
    longest = max((len(each.call.fields.get("text", "")) for each in evidence.submits), default=0)
    if longest > ADVISED_CHARACTERS:
        return None
    return f"it submitted no text of more than {ADVISED_CHARACTERS} characters"


def _percent(evidence: Evidence) -> str | None:
    sent = any("%" in each.call.fields.get("text", "") for each in evidence.submits)
    return None if sent else "it submitted no text with a percent sign"


def _restarted(evidence: Evidence) -> str | None:
    if evidence.earlier:
        return None
    if evidence.drill.step:
        return "it ended before it could be killed and started again"
    return "it did not end with an error, so it was not started again"


NEEDS: dict[str, Need] = {
    "submitted": _submitted,
    "fired": _fired,
    "met-the-incident": _met_the_incident,
    "heard-a-failure": _heard_a_failure,
    "lost-an-answer": _lost_an_answer,
    "gave-up-waiting": _gave_up_waiting,
    "queried": _queried,
    "fetched": _fetched,
    "long-text": _long_text,
    "percent": _percent,
    "signs": _signs,
    "signs-for-long": _signs_for_long,
    "two-open": _two_open,
    "calls-back": _calls_back,
    "answered-the-callback": _answered_the_callback,
    "heard-a-callback-first": _heard_a_callback_first,
    "restarted": _restarted,
}
