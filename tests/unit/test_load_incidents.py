"""The events of a timeline happen to an account, and are taken back."""

from typing import Any, cast

import pytest

from mock_server.admin_client import AccountClient, RefusedError
from mock_server.domain.usage_errors import UsageError
from mock_server.load.incidents import Incidents
from mock_server.load.timeline import timeline_of

THROTTLE = {"per_second": 1.0, "burst": 2}


class FakeAccount:
    """Takes down what is ordered."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.armed: dict[int, Any] = {}
        self.throttle: Any = THROTTLE
        self._refuses = refuses
        self._count = 0

    def get(self) -> Any:
        return {"throttle": self.throttle}

    def post(self, _: str, order: dict[str, Any]) -> Any:
        if self._refuses:
            raise RefusedError(422, "this can never fire")
        self._count += 1
        self.armed[self._count] = order
        return {"id": self._count}

    def patch(self, body: dict[str, Any]) -> None:
        self.throttle = body["throttle"]

    def delete(self, what: str) -> None:
        del self.armed[int(what.rpartition("/")[2])]


def incidents(account: FakeAccount, *texts: str) -> Incidents:
    return Incidents(cast("AccountClient", account), timeline_of(texts))


def test_an_event_begins_and_ends_in_its_time() -> None:
    account = FakeAccount()
    found = incidents(account, "at 1s: outage for 2s")

    for passed_ms, armed in ((0, 0), (999, 0), (1000, 1), (2999, 1), (3000, 0), (9000, 0)):
        found.advance(passed_ms)
        assert len(account.armed) == armed

    (incident,) = found.all
    assert incident.ended_at is not None
    assert incident.began_at <= incident.ended_at


def test_events_overlap_and_the_end_of_the_load_ends_them() -> None:
    account = FakeAccount()
    found = incidents(account, "at 1s: outage; at 2s: lost answers; at 9s: arrears")
    found.advance(5000)
    assert len(account.armed) == 2

    found.end()
    found.advance(10_000)

    assert account.armed == {}
    assert [each.event.what for each in found.all] == ["outage", "lost answers"]


def test_a_throttle_becomes_what_it_was() -> None:
    account = FakeAccount()
    found = incidents(account, "at 0s: throttle 5/10 for 1s")

    found.advance(0)
    assert account.throttle == {"per_second": 5.0, "burst": 10}
    found.advance(1000)
    assert account.throttle == THROTTLE


def test_everything_is_tried_before_and_taken_back() -> None:
    account = FakeAccount()

    incidents(account, "at 5s: outage; at 6s: throttle 5/10").check()

    assert (account.armed, account.throttle) == ({}, THROTTLE)


def test_what_the_server_refuses_is_told_with_its_event() -> None:
    with pytest.raises(UsageError, match="'at 5s: outage': this can never fire"):
        incidents(FakeAccount(refuses=True), "at 5s: outage").check()
