"""A running server over real HTTP, for its client and its tester."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.processes import until

GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
SETTLED = ("delivered", "failed", "cancelled", "lost")


class Buyer:
    """One account of a running server."""

    def __init__(self, url: str, account: dict[str, Any], admin: AdminClient) -> None:
        self.url = url
        self.id: str = account["id"]
        self.app_code: str = account["app_code"]
        self.world: AccountClient = admin.account(self.id)
        self._pool = urllib3.PoolManager(retries=False, timeout=30.0, maxsize=8)

    def call(self, path: str, **fields: str) -> urllib3.BaseHTTPResponse:
        """Call an operation with a form."""
        return self._pool.request_encode_body(
            "POST",
            self.url + path,
            fields=fields,
            encode_multipart=False,
            headers={"Authorization": f"APPCODE {self.app_code}"},
        )

    def submit(self, **fields: str) -> str:
        """Submit a valid task and return its id."""
        answer = self.call("/submitTask", **{**GOOD, **fields})
        assert answer.status == 200, answer.data
        task_id: str = answer.json()["showapi_res_body"]["task_id"]
        return task_id

    def clock(self, **change: Any) -> dict[str, Any]:
        """Change the clock. Waits for deliveries only with `settle`."""
        changed: dict[str, Any] = self.world.post("/clock", change)
        return changed

    def callback(self) -> dict[str, Any]:
        """Return the only callback of the account."""
        (found,) = self.world.get("/callbacks")["callbacks"]
        shown: dict[str, Any] = found
        return shown

    def settled(self) -> dict[str, Any]:
        """Return the only callback once it has reached its end."""
        until(lambda: self.callback()["state"] in SETTLED)
        return self.callback()


class Live:
    """A running server."""

    def __init__(self, url: str, admin: AdminClient) -> None:
        self.url = url
        self.admin = admin
        self.default = Buyer(url, admin.get("/accounts/default"), admin)

    def buyer(self, **wish: Any) -> Buyer:
        """Create an account."""
        return Buyer(self.url, self.admin.post("/accounts", wish), self.admin)


@contextmanager
def live(**settings: Any) -> Iterator[Live]:
    """Run a server on a thread of this process during a `with` block."""
    wanted = {"port": 0, "database": ":memory:", "seed": 1, **settings}
    with running(Settings(**wanted)) as server, AdminClient(server.url) as admin:
        yield Live(server.url, admin)
