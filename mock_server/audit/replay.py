"""What a schedule of polling costs on given tasks, and how late it hears of their ends.

Rule 1: everything follows from the tasks alone: a poll at or after a task's end tells it.
Rule 2: a poll costs a credit if its answer is an HTTP 200 that the reading charge.polls charges; a
reading lets the service refuse a query of a task that has not ended.
Rule 3: tasks that run at the same time are a batch. A list shows a whole batch on its first page,
or a schedule by list is not tried.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from mock_server.audit.schedules import Schedule
from mock_server.domain.billing.charges import LOOSE_CREDIT_FEN, is_metered
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.paging import DEFAULT_SIZE
from mock_server.domain.readings import Readings

NO_PRICE = Fraction(LOOSE_CREDIT_FEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledTask:
    """A task that a client waits for. `known_at`: when it knew the task; `ends_at`: None for a task
    that never ends. Both in ms on the account's clock.
    """

    id: str
    known_at: int
    ends_at: int | None

    @property
    def lasts_ms(self) -> int | None:
        """How long the client has to wait for its end."""
        return None if self.ends_at is None else max(0, self.ends_at - self.known_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What polls cost: the readings, and the price of a credit in fen."""

    readings: Readings
    price: Fraction = NO_PRICE

    def fen(self, schedule: Schedule, polls: int, told: int) -> int:
        """Return the price of so many polls, of which `told` told that a task has ended."""
        operation = Operation.LIST_TASKS if schedule.by_list else Operation.QUERY_TASK
        return round(self.charges(operation, polls, told) * self.price)

    def charges(self, operation: Operation, polls: int, told: int) -> int:
        """Return how many of the polls are charged."""
        if not is_metered(operation, self.readings):
            return 0
        unfinished = self.readings.task_unfinished == "refused"
        is_free = unfinished and self.readings.refusal_status != "200"
        return told if operation is Operation.QUERY_TASK and is_free else polls

    def under(self, word: str) -> "Tariff":
        """Return the tariff under another answer to charge.polls."""
        readings = replace(self.readings, charge_polls=word)  # type: ignore[arg-type]
        return replace(self, readings=readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a schedule comes to. `lags_ms`: from each task's end to the poll that told it; `missed`:
    how many tasks ended after the schedule had given up; `fen_range`: the least and the most, by
    the answers to charge.polls.
    """

    schedule: Schedule
    polls: int
    charges: int
    fen: int
    fen_range: tuple[int, int]
    lags_ms: tuple[int, ...]
    missed: int

    @property
    def lag_ms(self) -> int:
        """The mean lag; 0 if no end was told."""
        return round(sum(self.lags_ms) / len(self.lags_ms)) if self.lags_ms else 0

    @property
    def worst_lag_ms(self) -> int:
        """The longest lag."""
        return max(self.lags_ms, default=0)


def predict(schedule: Schedule, tasks: Sequence[PolledTask], tariff: Tariff) -> Prediction:
    """Return what a schedule comes to on these tasks."""
    instants = list(schedule.instants())
    polls, missed = 0, 0
    lags: list[int] = []
    for batch in batches(tasks) if schedule.by_list else ([each] for each in tasks):
        starts_at = max(each.known_at for each in batch)
        waits = [
            None if each.ends_at is None else max(0, each.ends_at - starts_at) for each in batch
        ]
        found = [bisect_left(instants, wait) for wait in waits if wait is not None]
        told = [number for number in found if number < len(instants)]
        ends = [each.ends_at for each in batch if each.ends_at is not None]
        lags += [
            starts_at + instants[number] - end
            for number, end in zip(found, ends, strict=True)
            if number < len(instants)
        ]
        missed += len(found) - len(told)
        is_whole = len(told) == len(batch)
        polls += max(told) + 1 if is_whole else len(instants)
    fen = [
        tariff.under(word).fen(schedule, polls, len(lags)) for word in ("every-200", "submit-only")
    ]
    operation = Operation.LIST_TASKS if schedule.by_list else Operation.QUERY_TASK
    return Prediction(
        schedule=schedule,
        polls=polls,
        charges=tariff.charges(operation, polls, len(lags)),
        fen=tariff.fen(schedule, polls, len(lags)),
        fen_range=(min(fen), max(fen)),
        lags_ms=tuple(lags),
        missed=missed,
    )


def batches(tasks: Sequence[PolledTask]) -> Iterator[list[PolledTask]]:
    """Yield the tasks that run at the same time; one that never ends joins those that follow it
    only if they are known before any other has ended."""
    batch: list[PolledTask] = []
    for each in sorted(tasks, key=lambda task: (task.known_at, task.id)):
        ends = [task.ends_at for task in batch if task.ends_at is not None]
        is_together = not batch or (each.known_at < max(ends) if ends else True)
        if not is_together:
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch


def fits_lists(tasks: Sequence[PolledTask], readings: Readings) -> bool:
    """Whether polling by list can be tried: all tasks of a batch are on the first page."""
    is_first = readings.list_order == "newest-first"
    return is_first and all(len(each) <= DEFAULT_SIZE for each in batches(tasks))


def frontier(found: Sequence[Prediction]) -> list[Prediction]:
    """Return the schedules that no other one beats in cost, polls and lag, cheapest first."""
    best = [
        each
        for each in found
        if not any(_cost(other) != _cost(each) and _beats(other, each) for other in found)
    ]
    return sorted(best, key=_cost)


def _cost(each: Prediction) -> tuple[int, int, int, int]:
    return (each.missed, each.fen, each.polls, each.lag_ms)


def _beats(one: Prediction, other: Prediction) -> bool:
    return all(a <= b for a, b in zip(_cost(one), _cost(other), strict=True))


def suggested(found: Sequence[Prediction], most_lag_ms: int) -> Prediction | None:
    """Return the cheapest schedule that misses no task and is not later than that on average; if
    none is so quick, the quickest; None if there is nothing to choose from."""
    least = min((each.missed for each in found), default=0)
    fair = [each for each in found if each.missed == least]
    quick = [each for each in fair if each.lag_ms <= most_lag_ms]
    if quick:
        return min(quick, key=_cost)
    return min(fair, key=lambda each: (each.lag_ms, *_cost(each)), default=None)
