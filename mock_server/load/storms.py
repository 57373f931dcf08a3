"""Retry storms: what an incident did to the rate of the calls.

Rule 1: the factor compares requests per intent, each counted from its first to its last. *Before*:
the intents whose calls all came in before the incident. *In the storm*: the intents that had a call
from the beginning of the incident until the calm. A list belongs to no intent: those that came in
at that time count all the same.
Rule 2: the usual rate is the mean of the last USUAL_S seconds before the incident. Calm is the
first second after its end from which CALM_S seconds together have at most CALM times that rate.
Rule 3: the storm of an incident ends where the next incident begins.
Rule 4: an incident before which there was no intent, or no second, has no factor.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mock_server.audit.history import Intent
from mock_server.audit.seen_call import SeenCall
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.load.incidents import Incident

USUAL_S = 30
CALM_S = 3
CALM = 1.25
FAR = 2**62  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What came of one incident. Instants are real ms; `calm_ms`: after its end, None: it did not
    calm down as long as there was load. Rates are calls a second.
    """

    says: str
    began_at: int
    ended_at: int
    usual_rate: float
    peak_rate: int
    before: float | None
    during: float | None
    calm_ms: int | None

    @property
    def factor(self) -> float | None:
        """How many times more requests an intent took."""
        return round(self.during / self.before, 2) if self.before and self.during else None


def storms(
    incidents: Sequence[Incident], calls: Sequence[SeenCall], intents: Sequence[Intent], end_at: int
) -> list[Storm]:
    """Return what came of each incident of a load that ended at an instant; `calls` in the order
    in which they began."""
    api = [each for each in calls if each.operation in VENDOR_OPERATIONS]
    owners = _owners(api, intents)
    rates = Counter(each.began_at // 1000 for each in api)
    begins = [each.began_at for each in incidents]
    found = []
    for number, incident in enumerate(incidents):
        last = begins[number + 1] if number + 1 < len(begins) else end_at
        found.append(_storm(incident, api, owners, rates, last))
    return found


def _storm(
    incident: Incident, api: Sequence[SeenCall], owners: Mapping[int, int], rates: Counter[int],
    last_at: int,
) -> Storm:  # fmt: skip
    began_at = incident.began_at
    ended_at = min(incident.ended_at or last_at, last_at)
    first_at = api[0].began_at if api else began_at
    usual = _usual_rate(rates, max(first_at, began_at - USUAL_S * 1000), began_at)
    calm_ms = _calm_ms(rates, ended_at, last_at, usual)
    until = last_at if calm_ms is None else ended_at + calm_ms
    in_storm = _between(api, began_at, until)
    touched = {owners[each.id] for each in in_storm if each.id in owners}
    earlier = _between(api, 0, began_at)
    settled = {owners[each.id] for each in earlier if each.id in owners}
    settled -= {owners[each.id] for each in _between(api, began_at, FAR) if each.id in owners}
    seconds = range(began_at // 1000, max(began_at, until) // 1000 + 1)
    return Storm(
        says=incident.event.says, began_at=began_at, ended_at=ended_at,
        usual_rate=round(usual, 1), peak_rate=max((rates[each] for each in seconds), default=0),
        before=_per_intent(api, earlier, settled, owners),
        during=_per_intent(api, in_storm, touched, owners), calm_ms=calm_ms,
    )  # fmt: skip


def _per_intent(
    api: Iterable[SeenCall], then: Iterable[SeenCall], intents: Collection[int],
    owners: Mapping[int, int],
) -> float | None:  # fmt: skip
    """Return the requests per intent; `then`: the calls at whose time lists count."""
    if not intents:
        return None
    own = sum(owners.get(each.id) in intents for each in api)
    lists = sum(each.operation == Operation.LIST_TASKS for each in then)
    return round((own + lists) / len(intents), 2)


def _owners(api: Iterable[SeenCall], intents: Sequence[Intent]) -> dict[int, int]:
    """Return the number of the intent of each call that belongs to one."""
    by_task: dict[str, int] = {}
    found: dict[int, int] = {}
    for number, intent in enumerate(intents):
        by_task |= dict.fromkeys(intent.task_ids, number)
        found |= {each.id: number for each in intent.submits}
    for each in api:
        owner = by_task.get(each.call.task_id or "", by_task.get(each.asked_id))
        if owner is not None:
            found.setdefault(each.id, owner)
    return found


def _usual_rate(rates: Counter[int], from_at: int, to_at: int) -> float:
    # The second in which the incident begins is not whole, nor is that of the first call.
    seconds = range(-(-from_at // 1000), to_at // 1000)
    return sum(rates[each] for each in seconds) / len(seconds) if seconds else 0.0


def _calm_ms(rates: Counter[int], ended_at: int, last_at: int, usual: float) -> int | None:
    first, last = -(-ended_at // 1000), last_at // 1000
    for second in range(first, last - CALM_S + 1):
        some = sum(rates[each] for each in range(second, second + CALM_S))
        if usual and some <= CALM * usual * CALM_S:
            return max(0, second * 1000 - ended_at)
    return None


def _between(api: Sequence[SeenCall], from_at: int, to_at: int) -> Sequence[SeenCall]:
    low = bisect_left(api, from_at, key=lambda each: each.began_at)
    high = bisect_left(api, to_at, key=lambda each: each.began_at)
    return api[low:high]
