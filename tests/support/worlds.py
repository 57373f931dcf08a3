"""A simulator for tests: private database, and a real clock that only the test moves."""

import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from werkzeug.test import Client, TestResponse

from mock_server.actions.accounts import accounts
from mock_server.actions.callbacks import outbox
from mock_server.actions.callbacks.outbox import Delivery
from mock_server.delivery.qr_reader import read
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.task.source_images import SourceError, SourceRead, unreachable
from mock_server.domain.urls import Address
from mock_server.settings import Settings
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.web.flask_app import create_app

START_AT = 1_700_000_000_000  # 2023-11-14T22:13:20Z
APP_CODE = {"Authorization": "APPCODE mock-demo"}


class RealClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: int = START_AT) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Postbox:
    """Replaces the network: records the posts and returns configured outcomes."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.addresses: list[Address] = []
        self.outcome = Outcome(status=200, body=b"ok", duration_ms=1)

    def __call__(self, address: Address, posting: Posting) -> Future[Outcome]:
        self.addresses.append(address)
        self.posted.append((address.url, json.loads(posting.body)))
        future: Future[Outcome] = Future()
        future.set_result(self.outcome_of(posting))
        return future

    def outcome_of(self, posting: Posting) -> Outcome:
        """Return the configured outcome for a request that was sent."""
        head = (("Content-Type", posting.content_type),)
        return replace(self.outcome, sent_headers=head, sent=len(posting.body))


class Rawbox(Postbox):
    """A postbox that records the raw bodies, JSON or not."""

    def __init__(self) -> None:
        super().__init__()
        self.postings: list[Posting] = []

    def __call__(self, address: Address, posting: Posting) -> Future[Outcome]:
        self.postings.append(posting)
        future: Future[Outcome] = Future()
        future.set_result(self.outcome_of(posting))
        return future


class Gallery:
    """Replaces the network: serves images by address."""

    def __init__(self) -> None:
        self.images: dict[str, bytes] = {}
        self.waiting: list[Future[SourceRead]] = []
        self.is_slow = False

    def __call__(self, address: Address) -> Future[SourceRead]:
        future: Future[SourceRead] = Future()
        if self.is_slow:
            self.waiting.append(future)
        else:
            future.set_result(self._read(address.url))
        return future

    def arrive(self, url: str) -> None:
        """Complete the fetches that wait for the image at `url`."""
        waiting, self.waiting = self.waiting, []
        for future in waiting:
            future.set_result(self._read(url))

    def _read(self, url: str) -> SourceRead:
        if url not in self.images:
            return unreachable("HTTP 404").read
        try:
            return read(self.images[url])
        except SourceError as error:
            return error.read


class Entropy:
    """Replaces real entropy: different values, the same in every run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __call__(self, size: int) -> bytes:
        with self._lock:
            return next(self._numbers).to_bytes(size)


@contextmanager
def simulator(
    real_now: RealClock | None = None,
    post: Postbox | None = None,
    fetch: Gallery | None = None,
    **settings: Any,
) -> Iterator[Simulator]:
    """Return a simulator with a default account of seed 1; nothing leaves the process."""
    wanted = {"database": ":memory:", "seed": 1, **settings}
    built = build_simulator(
        Settings(**wanted),
        real_now=real_now or RealClock(),
        network=Network(post=post or Postbox(), fetch=fetch or Gallery()),
    )
    try:
        built.database.run(lambda tx: accounts.ensure_default(tx, built))
        yield built
    finally:
        built.close()


class World:
    """The Flask application with a postbox, for the client and the tester of one account."""

    def __init__(self, simulator: Simulator, real_now: RealClock, postbox: Postbox) -> None:
        self.simulator = simulator
        self.real_now = real_now
        self.postbox = postbox
        self.http = Client(create_app(simulator))

    def vendor(
        self, path: str, fields: dict[str, Any] | None = None, app_code: str = "mock-demo"
    ) -> TestResponse:
        """Call an operation with a form."""
        headers = {"Authorization": f"APPCODE {app_code}"}
        return self.http.post(path, data=fields or {}, headers=headers)

    def submit(self, app_code: str = "mock-demo", **fields: str) -> str:
        """Submit a valid task and return its id."""
        fields = {"text": "https://example.com", "style_id": "food_fryrice", **fields}
        answer = self.vendor("/submitTask", fields, app_code)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        task_id: str = body_of(answer)["task_id"]
        return task_id

    def query(self, task_id: str, app_code: str = "mock-demo") -> dict[str, Any]:
        """Query a kept task and return the body in the envelope."""
        answer = self.vendor("/queryTask", {"task_id": task_id}, app_code)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return body_of(answer)

    def admin(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """Call the admin API and return its JSON."""
        answer = self.http.open(f"/_mock{path}", method=method, json=body)
        assert answer.status_code == expect, answer.get_data(as_text=True)
        return answer.get_json(silent=True)

    def account(self, **wish: Any) -> dict[str, Any]:
        """Create an account."""
        made: dict[str, Any] = self.admin("POST", "/accounts", wish, expect=201)
        return made

    def clock(self, account: str = "default", **change: Any) -> dict[str, Any]:
        """Change a clock and wait for due callbacks."""
        body = {"settle": True, **change}
        changed: dict[str, Any] = self.admin("POST", f"/accounts/{account}/clock", body)
        return changed

    def calls(self, account: str = "default") -> list[dict[str, Any]]:
        """Return the journal of an account."""
        found: list[dict[str, Any]] = self.admin("GET", f"/accounts/{account}/calls")["calls"]
        return found

    def bill(self, account: str = "default") -> dict[str, Any]:
        """Return the bill of an account."""
        found: dict[str, Any] = self.admin("GET", f"/accounts/{account}/bill")
        return found


def claim_due(simulator: Simulator) -> list[Delivery]:
    """Claim a round of the callbacks that are due, of each account, as a deliverer does."""
    found = simulator.database.read(lambda tx: outbox.survey(tx, simulator))
    return [
        delivery
        for account_id in found.due
        for delivery in simulator.database.run(
            lambda tx, account_id=account_id: outbox.claim_batch(tx, simulator, account_id)  # type: ignore[misc]
        )
    ]


def body_of(answer: TestResponse) -> dict[str, Any]:
    """Return the body in the envelope."""
    body: dict[str, Any] = answer.get_json()["showapi_res_body"]
    return body
