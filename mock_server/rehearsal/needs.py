"""What must have happened in a drill for a verdict: without it, the drill says nothing.

Each need is one function: it returns why it was not met, or None.
"""

from collections.abc import Callable
from itertools import combinations

from mock_server.domain.call.calls import Operation
from mock_server.rehearsal.evidence import Evidence

Need = Callable[[Evidence], str | None]


def unmet(evidence: Evidence) -> list[str]:
    """Return why the needs of a drill were not met; empty if they were."""
    reasons = [NEEDS[name](evidence) for name in evidence.drill.needs]
    return list(dict.fromkeys(filter(None, reasons)))


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
    heard = any(each.heard and (each.status >= 400 or _is_bad_200(each.call.raw))
                for each in evidence.api_calls)  # fmt: skip
    return None if heard else "it heard no failure"


def _is_bad_200(raw: dict[str, object] | object) -> bool:
    return isinstance(raw, dict) and bool(raw["faults"])


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


def _was_called_back(evidence: Evidence) -> str | None:
    if _calls_back(evidence):
        return _calls_back(evidence)
    tried = any(each["attempts"] for each in evidence.callbacks)
    return None if tried else "no callback was sent while it ran"


def _signs(evidence: Evidence) -> str | None:
    signed = any("x-ca-signature" in each.call.headers for each in evidence.submits)
    return None if signed else "it does not sign its calls"


def _uses_app_code(evidence: Evidence) -> str | None:
    used = any("authorization" in each.call.headers for each in evidence.submits)
    return None if used else "it does not use the app code"


def _two_open(evidence: Evidence) -> str | None:
    spans = [
        (each.known_at, _end_of(evidence, each.call.task_id))
        for each in evidence.submits
        if each.call.task_id
    ]
    together = any(one[0] < two[1] and two[0] < one[1] for one, two in combinations(spans, 2))
    return None if together else "it never had two tasks open at once"


def _end_of(evidence: Evidence, task_id: str) -> float:
    end = next((each for each in evidence.queries.get(task_id, ()) if each.tells_the_end), None)
    return end.known_at if end else float("inf")


def _fetched(evidence: Evidence) -> str | None:
    return None if evidence.of("get_picture") else "it fetched no picture"


def _older_pages(evidence: Evidence) -> str | None:
    """The list has more than one page, so that one page is not enough."""
    return None if evidence.drill.older_tasks else "there are no older tasks"


NEEDS: dict[str, Need] = {
    "submitted": _submitted,
    "fired": _fired,
    "heard-a-failure": _heard_a_failure,
    "lost-an-answer": _lost_an_answer,
    "gave-up-waiting": _gave_up_waiting,
    "queried": _queried,
    "calls-back": _calls_back,
    "was-called-back": _was_called_back,
    "signs": _signs,
    "uses-app-code": _uses_app_code,
    "two-open": _two_open,
    "fetched": _fetched,
    "older-pages": _older_pages,
}
