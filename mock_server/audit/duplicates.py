"""Charged submits that bought more tasks than their client wanted.

Rule 1: a task that was made for free counts: with it the client has what it wanted, so a charged
submit that follows is one too many. Of n tasks of an intent, made in this order, those after the
wanted `copies` are too many; each of these that was charged is one duplicate.
Rule 2: the duplicates are the charged submits whose tasks the client used least: it fetched no
picture, heard of no end, knows of no task. Of two that it used alike, it is the later one.
"""

from collections.abc import Iterable, Mapping

from mock_server.audit.history import History, Intent
from mock_server.audit.seen_call import SeenCall

HAS_PICTURE, HEARD_END, KNOWS_TASK = 3, 2, 1


def duplicates(history: History, intents: Iterable[Intent]) -> list[SeenCall]:
    """Return the charged submits that bought a task too many for their intents."""
    copies = history.copies
    crowded = [each for each in intents if len(each.task_ids) > copies]
    uses = _uses(history) if crowded else {}
    return [each for intent in crowded for each in _duplicates(intent, copies, uses)]


def _duplicates(intent: Intent, copies: int, uses: Mapping[str, int]) -> list[SeenCall]:
    extra = set(intent.task_ids[copies:])
    paid = [each for each in intent.submits if each.call.charged and each.call.task_id]
    count = sum(each.call.task_id in extra for each in paid)
    by_use = sorted(paid, key=lambda each: -uses.get(each.call.task_id or "", 0))
    found = {each.id for each in by_use[len(paid) - count :]}  # of equals, the later ones
    return [each for each in paid if each.id in found]


def _uses(history: History) -> dict[str, int]:
    """Return how far the client came with each task that it knew of."""
    found: dict[str, int] = {}

    def note(task_id: str | None, use: int) -> None:
        if task_id:
            found[task_id] = max(use, found.get(task_id, 0))

    for each in history.calls:
        page = each.page
        for listed in page.ids if page is not None else ():
            note(listed, HEARD_END if page and listed in page.ended else KNOWS_TASK)
        if each.brings_a_picture:
            note(each.call.task_id, HAS_PICTURE)
        elif each.answered and each.status == 200:
            note(each.call.task_id, HEARD_END if each.tells_the_end else KNOWS_TASK)
    return found
