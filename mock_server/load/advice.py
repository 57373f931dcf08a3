"""What to do about what an audit found: one sentence each, the most expensive first."""

from collections.abc import Iterator

from mock_server.audit.charge import ChargeClass
from mock_server.formatting import counted, yuan
from mock_server.load.audit import Audit

BAD_STORM = 2.0
PACED = {
    ChargeClass.DUPLICATE_SUBMIT: (
        "submits that paid a second time",
        "after a submit without an answer, look into the task list before you submit again; keep "
        "the task's id with the order",
    ),
    ChargeClass.POLL_BEFORE_THE_END: (
        "polls sooner than a second after the last",
        "poll every 5 s; or pass call_back, and poll only if no callback comes",
    ),
    ChargeClass.POLL_AFTER_THE_END: (
        "polls after the end was known", "stop polling once a query has told the end"
    ),
    ChargeClass.REFUSAL_IN_200: (
        "refusals inside a 200", "check each request before you send it"
    ),
    ChargeClass.ORPHAN: (
        "tasks whose pictures nobody fetched",
        "keep the ids of open tasks where a restart finds them, and fetch every picture",
    ),
}  # fmt: skip


def advice(audit: Audit) -> list[str]:
    """Return what to do, most expensive first."""
    return [*_of_money(audit), *_of_storms(audit), *_of_callbacks(audit)]


def _of_money(audit: Audit) -> Iterator[str]:
    sums = {each["class"]: each for each in audit.bill.sums}
    for kind in sorted(PACED, key=lambda each: -sums[each]["fen"]):
        count, fen = sums[kind]["charges"], sums[kind]["fen"]
        if count:
            what, do = PACED[kind]
            yield f"{counted(count, 'charge')} ({yuan(fen)} yuan) for {what}: {do}."


def _of_storms(audit: Audit) -> Iterator[str]:
    for each in audit.storms:
        if (each.factor or 0) > BAD_STORM:
            yield (
                f"{each.says!r} made an intent take {each.factor:g} times the requests: wait "
                "longer after each failure, with some chance in it, and give up after a few tries."
            )
        if each.calm_ms is None and each.factor is not None and each.was_watched:
            yield (
                f"After {each.says!r} the rate did not come back to what it was: spread what has "
                "piled up, or let the load run longer."
            )


def _of_callbacks(audit: Audit) -> Iterator[str]:
    callbacks = audit.evidence.callbacks
    lost = callbacks.states["failed"]
    if lost:
        yield (
            f"{counted(lost, 'callback')} never got an answer of 2xx: answer at once, work later, "
            "and query the tasks of which nobody told you."
        )
