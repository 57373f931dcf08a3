"""A client that polls by a schedule on a clock that only the test moves, and what it did."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from mock_server.audit.history import History
from mock_server.audit.records import RecordedCall
from mock_server.audit.schedules import Schedule
from mock_server.audit.seen_call import seen
from tests.support import worlds
from tests.support.worlds import RealClock, World

ENDED = ("succeeded", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """An account before its client starts; `gaps_ms`: from one submit to the next."""

    seed: int = 1
    gaps_ms: Sequence[int] = (0, 0, 0)
    faults: Sequence[Mapping[str, Any]] = ()
    readings: Mapping[str, str] = field(default_factory=dict)


class Town:
    """A simulator whose accounts live one after the other, on a clock of the test."""

    def __init__(self, world: World, clock: RealClock) -> None:
        self._world = world
        self._clock = clock
        self._app_code = ""

    def polled(self, life: Life, schedule: Schedule) -> History:
        """Return what a client did in a new account that polls by a schedule."""
        wish = {"seed": life.seed, "credits": 1000, "readings": dict(life.readings)}
        account = self._world.account(**wish)
        self._app_code = account["app_code"]
        path = f"/accounts/{account['id']}"
        for fault in life.faults:
            self._world.admin("POST", f"{path}/faults", dict(fault), expect=201)
        self._run(schedule, life.gaps_ms)
        return History(
            calls=tuple(seen(RecordedCall.of(each)) for each in self._every(path, "calls")),
            tasks={each["task_id"]: each for each in self._every(path, "tasks")},
        )

    def _every(self, path: str, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = self._world.admin("GET", f"{path}/{name}?after={after}&limit=500")
            rows += page[name]
            after = page["next"]
        return rows

    def _run(self, schedule: Schedule, gaps_ms: Sequence[int]) -> None:
        """Submit the tasks in time, and poll each of them, or the list for all of them."""
        queue: list[tuple[int, int, str, int]] = []  # instant, order, task, number of the poll
        order, instants = count(), list(schedule.instants())
        task_ids: list[str] = []
        for number in range(len(gaps_ms)):
            at = self._clock.now + sum(gaps_ms[: number + 1])
            heapq.heappush(queue, (at, next(order), "", 0))
        while queue:
            self._clock.now, _, task_id, number = heapq.heappop(queue)
            if not task_id:
                text = f"https://example.com/{len(task_ids)}"
                task_ids.append(self._world.submit(self._app_code, text=text))
                if not schedule.by_list or len(task_ids) == len(gaps_ms):
                    name = "list" if schedule.by_list else task_ids[-1]
                    heapq.heappush(queue, (self._clock.now + instants[0], next(order), name, 0))
                continue
            is_over = self._all_listed(task_ids) if task_id == "list" else self._has_ended(task_id)
            if not is_over and number + 1 < len(instants):
                then = self._clock.now - instants[number] + instants[number + 1]
                heapq.heappush(queue, (then, next(order), task_id, number + 1))

    def _has_ended(self, task_id: str) -> bool:
        answer = self._world.vendor("/queryTask", {"task_id": task_id}, self._app_code)
        return answer.status_code == 200 and worlds.body_of(answer).get("status") in ENDED

    def _all_listed(self, task_ids: Sequence[str]) -> bool:
        answer = self._world.vendor("/taskList", app_code=self._app_code)
        listed = worlds.body_of(answer)["contentlist"]
        ended = {each["task_id"] for each in listed if each["status"] in ENDED}
        return ended.issuperset(task_ids)


@contextmanager
def town() -> Iterator[Town]:
    """Build a simulator for such accounts."""
    clock, postbox = RealClock(), worlds.Postbox()
    with worlds.simulator(clock, postbox) as simulator:
        yield Town(World(simulator, clock, postbox), clock)
