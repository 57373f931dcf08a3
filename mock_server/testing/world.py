"""One account of a server as its test sees it: what to configure the client with, and the truth."""

from collections.abc import Mapping
from typing import Any

from mock_server.client import AccountClient, AdminClient, RefusedError, client_environment
from mock_server.testing.bill import Bill
from mock_server.testing.calls import Calls
from mock_server.testing.controls import Clock, Faults, Readings, Tasks
from mock_server.testing.records import Call, Finding


class World:
    """One buyer's world: nothing in it is visible in another."""

    def __init__(self, admin: AdminClient, account: Mapping[str, Any]) -> None:
        self.id: str = account["id"]
        self.base_url: str = admin.base_url
        self.app_code: str = account["app_code"]
        self.app_key: str = account["app_key"]
        self.app_secret: str = account["app_secret"]
        self.seed: int = account["seed"]
        self.env: dict[str, str] = client_environment(admin.base_url, dict(account))
        self.admin: AccountClient = admin.account(self.id)
        self.clock = Clock(self.admin)
        self.faults = Faults(self.admin)
        self.readings = Readings(self.admin)
        self.tasks = Tasks(self.admin)

    @property
    def calls(self) -> Calls:
        """Every call so far."""
        return self.calls_after(0)

    def calls_after(self, call_id: int) -> Calls:
        """Return the calls that came after one, by its id in the journal."""
        return Calls([Call.of(each) for each in self.admin.calls(after=call_id)])

    @property
    def bill(self) -> Bill:
        """What was spent so far."""
        return Bill(raw=self.admin.get("/bill"), calls=self.calls)

    @property
    def callbacks(self) -> list[dict[str, Any]]:
        """The planned callbacks, each with its attempts."""
        return self.admin.every("/callbacks", "callbacks")

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the requests so far."""
        return self.calls.findings

    def assert_no_duplicate_submits(self) -> None:
        """Fail if one intent was paid for, or made into a task, more than once."""
        __tracebackhide__ = True
        self.calls.assert_no_duplicate_submits()

    def play(self, scenario: str) -> None:
        """Put the account into a named scenario. Raises RefusedError if there is none."""
        try:
            self.admin.post("/scenario", {"name": scenario})
        except RefusedError as error:
            if error.status != 404 or "no such route" not in str(error):
                raise
            raise RefusedError(
                404, f"this server knows no scenarios, {scenario!r} neither"
            ) from None

    def __repr__(self) -> str:
        """Name the account."""
        return f"<artqr account {self.id} at {self.base_url}>"
