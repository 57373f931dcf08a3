"""Retry storms: what an incident did to the rate of the calls.

Rule 1: the factor compares requests per intent, each counted from its first to its last. *Before*:
the intents whose calls all came in before the incident. *In the storm*: the intents that had a call
from the beginning of the incident until the calm. A list belongs to no intent: those that came in
at that time count all the same.
Rule 2: the usual rate is the mean of the last USUAL_S seconds before the incident. Calm is the
first second after its end from which CALM_S seconds together have at most CALM times that rate.
Rule 3: the storm of an incident ends where the next incident begins.
Rule 4: *before* and *usual* leave out the storms of earlier incidents, so that a first storm makes
no second one look small; only where nothing else came before do they count too.
Rule 5: an incident before which there was no intent, or no second, has no factor.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    """What came of one incident. Instants are real ms. `calm_ms`: after its end, None: it did not
    calm down before the next incident or the end of the load; `was_watched`: there was time enough
    in between to see a calm. Rates are calls a second.
    """

    says: str
    began_at: int
    ended_at: int
    usual_rate: float
    peak_rate: int
    before: float | None
    during: float | None
    calm_ms: int | None
    was_watched: bool

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
    earlier = _Earlier()
    found = []
    for number, incident in enumerate(incidents):
        next_at = begins[number + 1] if number + 1 < len(begins) else end_at
        found.append(_storm(incident, api, owners, rates, (next_at, end_at), earlier))
    return found


@dataclass(slots=True)
class _Earlier:
    """The storms of earlier incidents: when they were, and the intents that met them."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    met: set[int] = field(default_factory=set)

    def covers(self, from_at: int, to_at: int) -> bool:
        """Whether one of them was at this time."""
        return any(begin < to_at and from_at < end for begin, end in self.spans)


def _storm(
    incident: Incident, api: Sequence[SeenCall], owners: Mapping[int, int], rates: Counter[int],
    ends: tuple[int, int], earlier: _Earlier,
) -> Storm:  # fmt: skip
    """Return what came of an incident, and add it to the earlier ones. `ends`: when the next one
    began, and when the load ended."""
    began_at, (next_at, end_at) = incident.began_at, ends
    ended_at = max(began_at, min(incident.ended_at or end_at, end_at))
    over_at = min(ended_at, next_at)
    usual = _usual_rate(rates, api[0].began_at if api else began_at, began_at, earlier)
    calm_ms = _calm_ms(rates, over_at, next_at, usual)
    until = next_at if calm_ms is None else over_at + calm_ms
    in_storm = _between(api, began_at, until)
    met = {owners[each.id] for each in in_storm if each.id in owners}
    before = _before(api, began_at, owners, earlier)
    earlier.spans.append((began_at, until))
    earlier.met |= met
    seconds = range(began_at // 1000, max(began_at, until) // 1000 + 1)
    return Storm(
        says=incident.event.says, began_at=began_at, ended_at=ended_at,
        usual_rate=round(usual, 1), peak_rate=max((rates[each] for each in seconds), default=0),
        before=before, during=_per_intent(api, in_storm, met, owners), calm_ms=calm_ms,
        was_watched=next_at - over_at >= (CALM_S + 1) * 1000,
    )  # fmt: skip


def _before(
    api: Sequence[SeenCall], began_at: int, owners: Mapping[int, int], earlier: _Earlier
) -> float | None:
    """Return the requests per intent of those that were over before an incident began."""
    calls = _between(api, 0, began_at)
    settled = {owners[each.id] for each in calls if each.id in owners}
    settled -= {owners[each.id] for each in _between(api, began_at, FAR) if each.id in owners}
    if settled - earlier.met:
        settled -= earlier.met
        calls = [e for e in calls if not earlier.covers(e.began_at, e.began_at + 1)]
    return _per_intent(api, calls, settled, owners)


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


def _usual_rate(rates: Counter[int], first_at: int, to_at: int, earlier: _Earlier) -> float:
    # The second in which the incident begins is not whole, nor is that of the first call.
    whole = range(-(-first_at // 1000), to_at // 1000)
    calm = [each for each in whole if not earlier.covers(each * 1000, each * 1000 + 1000)]
    seconds = (calm or whole)[-USUAL_S:]
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
