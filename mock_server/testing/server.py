"""A server for tests: started here on a free port, or one that is running already."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import urllib3

from mock_server.client import AdminClient
from mock_server.testing.calls import Calls
from mock_server.testing.records import Call
from mock_server.testing.world import World


class SimulatorBugError(AssertionError):
    """The simulator failed on a call: nothing that a client did."""


class MockServer:
    """A running server; `account` makes a world in it."""

    def __init__(self, admin: AdminClient) -> None:
        self.admin = admin
        self.url = admin.base_url
        self.worlds: list[World] = []
        self._image: World | None = None
        # Told of the calls of a world that somebody lets go of.
        self.on_retired: Callable[[Calls], None] = lambda _: None

    def account(self, **wish: Any) -> World:
        """Make an account: `credits`, `seed`, `readings`, `clock`, `name`, all with defaults."""
        world = World(self.admin, self.admin.post("/accounts", wish))
        self.worlds.append(world)
        return world

    def source_image(self) -> str:
        """Return the address of a picture whose QR code can be read: that of a finished task, in
        an account that is nobody's world and ends with the server."""
        if self._image is None:
            readings = {"picture.lifetime": "unlimited"}
            account = self.admin.post("/accounts", {"name": "source image", "readings": readings})
            self._image = World(self.admin, account)
            fields = {"text": "https://example.com", "style_id": "food_fryrice"}
            with urllib3.PoolManager(retries=False) as pool:
                self._image.submit(pool, fields)
            self._image.tasks.force(self._image.tasks[0]["task_id"], "succeeded")
        address: str = self._image.tasks[0]["pictures"][0]
        return address

    def forget_image(self) -> None:
        """Delete the account of the source image."""
        if self._image is not None:
            self.admin.delete(f"/accounts/{self._image.id}")
            self._image = None

    def retire(self, world: World, calls: Calls) -> None:
        """Delete a world that is done with; `calls` are those that count."""
        self.worlds.remove(world)
        self.admin.delete(f"/accounts/{world.id}")
        self.on_retired(calls)

    @property
    def default(self) -> World:
        """The account that is always there, `APPCODE mock-demo`."""
        return World(self.admin, self.admin.get("/accounts/default"))

    def nobodys_calls(self, after: int = 0) -> list[Call]:
        """Return the calls that named no account."""
        return [Call.of(each) for each in self.admin.every("/calls", "calls", after)]


@contextlib.contextmanager
def artqr_mock_server(**settings: Any) -> Iterator[MockServer]:
    """Serve on a free port of this process for the length of a `with` block.

    Takes the settings of `serve`, such as `seed` or `callback_hosts`; nothing is kept. Raises
    SimulatorBugError at the end if the simulator itself failed on a call.
    """
    with started(**settings) as server:
        yield server
        bugs = [call for world in server.worlds for call in world.calls if call.is_bug]
        bugs += [call for call in server.nobodys_calls() if call.is_bug]
        if bugs:
            raise SimulatorBugError(bug_text(bugs))


@contextlib.contextmanager
def started(**settings: Any) -> Iterator[MockServer]:
    """Serve, and leave it to the caller to look for bugs of the simulator."""
    from mock_server.server import running  # noqa: PLC0415 - Flask and uvicorn load slowly
    from mock_server.settings import Settings  # noqa: PLC0415

    wanted = Settings(**{"port": 0, "database": ":memory:", **settings})
    with running(wanted) as server, AdminClient(server.url, wanted.token) as admin:
        yield MockServer(admin)


@contextlib.contextmanager
def attached(url: str, token: str | None = None) -> Iterator[MockServer]:
    """Use a server that is running. Raises UnreachableError, RefusedError."""
    from mock_server.tls import ca_file  # noqa: PLC0415 - as above

    with AdminClient(url, token, ca_file()) as admin:
        admin.get("/health")
        server = MockServer(admin)
        yield server
        server.forget_image()


def bug_text(calls: list[Call]) -> str:
    """Return what to say of calls on which the simulator failed."""
    named = ", ".join(f"{call.operation} (call {call.id})" for call in calls)
    return (
        f"the simulator failed on {named}: this is a bug of artqr-mock, not of your client, even "
        "if the client made nothing of the 500. Please report it with the log of the server."
    )
