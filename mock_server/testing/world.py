"""One account of a server as its test sees it: what to configure the client with, and the truth."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.audit.records import Finding, RecordedCall
from mock_server.client_environment import client_environment
from mock_server.testing.account_history import read_history
from mock_server.testing.admin_records import CallbackRecord
from mock_server.testing.bill import AccountBill
from mock_server.testing.calls import Calls
from mock_server.testing.controls import ClockControl, Faults, ReadingsControl, Tasks

# pytest shows the line of the test that called, not the lines of this module.
__tracebackhide__ = True


class World:
    """One buyer's world: nothing in it is visible in another."""

    def __init__(
        self,
        admin: AdminClient,
        account: Mapping[str, Any],
        before_emptied: Callable[[], None] = lambda: None,
    ) -> None:
        self._before_emptied = before_emptied
        self._server_admin = admin
        self.id: str = account["id"]
        self.base_url: str = admin.base_url
        self.app_code: str = account["app_code"]
        self.app_key: str = account["app_key"]
        self.app_secret: str = account["app_secret"]
        self.seed: int = account["seed"]
        self.env: dict[str, str] = client_environment(admin.base_url, dict(account))
        self.admin: AccountClient = admin.account(self.id)
        self.clock = ClockControl(self.admin)
        self.faults = Faults(self.admin)
        self.readings = ReadingsControl(self.admin)
        self.tasks = Tasks(self.admin)

    @property
    def calls(self) -> Calls:
        """Every call so far, with what is wrong between them too."""
        return self.judged(self.calls_after(0))

    def calls_after(self, call_id: int) -> Calls:
        """Return the calls that came after one, by its id in the journal; the findings are those
        of each call alone."""
        return Calls([RecordedCall.of(each) for each in self.admin.calls(after=call_id)])

    def judged(self, calls: Calls) -> Calls:
        """Return calls with what is wrong between them as well."""
        if not calls:
            return calls
        found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for each in self.admin.findings()["findings"]:
            found[each["call"]].append(each)
        return Calls([RecordedCall.of({**each.raw, "findings": found[each.id]}) for each in calls])

    @property
    def bill(self) -> AccountBill:
        """What was spent so far."""
        bill, calls = self.admin.get("/bill"), self.calls
        history = read_history(self.admin, calls, trimmed=bill["trimmed"])
        return AccountBill(raw=bill, calls=calls, history=history)

    @property
    def callbacks(self) -> list[CallbackRecord]:
        """The planned callbacks, each with its attempts."""
        return [*map(CallbackRecord.of, self.admin.every("/callbacks", "callbacks"))]

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the requests so far, and between them."""
        return self.calls.findings

    def assert_no_duplicate_submits(self) -> None:
        """Fail if one intent was paid for, or made into a task, more than once."""
        __tracebackhide__ = True
        self.calls.assert_no_duplicate_submits()

    def submit(self, *given: Any) -> None:
        """Submit a task without the client under test: `submit(fields)`.

        Version 0.1 took a connection pool before the fields; one is accepted and not used.
        """
        fields: Mapping[str, str] = given[-1]
        self._server_admin.submit(self.app_code, fields)

    def play(self, scenario: str) -> None:
        """Empty the account and start it as a scenario says. Raises RefusedError for none."""
        self._before_emptied()
        self.admin.post("/scenario", {"name": scenario})

    def __repr__(self) -> str:
        """Name the account."""
        return f"<artqr account {self.id} at {self.base_url}>"
