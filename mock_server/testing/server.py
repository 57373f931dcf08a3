"""A server for tests: started here on a free port, or one that is running already."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mock_server.admin_client import AdminClient, RefusedError, UnreachableError
from mock_server.audit.records import RecordedCall
from mock_server.domain.suggestions import unknown
from mock_server.settings import Settings
from mock_server.testing import process
from mock_server.testing.calls import Calls
from mock_server.testing.world import World

NOT_FOUND = 404
NOBODY = ""
WISHES = ("credits", "seed", "readings", "clock", "name", "notify_url", "app_code")


class SimulatorBugError(AssertionError):
    """The simulator failed on a call: nothing that a client did."""


class MockServer:
    """A running server; `account` makes a world in it."""

    def __init__(self, admin: AdminClient, log: process.ServerProcess | None = None) -> None:
        self.admin = admin
        self._log = log
        self._log_read = log.log_size if log else 0
        self.url = admin.base_url
        self.worlds: list[World] = []
        # What every world is made with, unless its wish says otherwise.
        self.readings: Mapping[str, str] = {}
        self._image: World | None = None
        # Told of the calls of a world that somebody lets go of.
        self.on_retired: Callable[[Calls], None] = lambda _: None
        # Told that the calls of a world are about to go.
        self.before_emptied: Callable[[], None] = lambda: None

    def account(self, **wish: Any) -> World:
        """Make an account: `credits`, `seed`, `readings`, `clock`, `name`, all with defaults.

        Raises TypeError for what it does not take, RefusedError for what cannot be.
        """
        _check(wish)
        if self.readings:
            wish["readings"] = {**self.readings, **wish.get("readings", {})}
        world = self._world(self.admin.post("/accounts", wish))
        self.worlds.append(world)
        return world

    def sync_accounts(self) -> Mapping[str, int]:
        """Take in every account that there is as a world, and let go of those that were deleted.

        For a server of one's own: accounts may be made by magic credentials, or by hand. Return the
        id of the latest call of each; the calls that name no account are under `NOBODY`.
        """
        known = {world.id: world for world in self.worlds}
        listed = self.admin.get("/accounts")
        there = listed["accounts"]
        image = self._image.id if self._image else None
        self.worlds = [
            known.get(each["id"]) or self._world(each) for each in there if each["id"] != image
        ]
        last_calls: dict[str, int] = listed["last_calls"]
        return last_calls

    def detach(self, world: World) -> None:
        """Let go of a world, and leave its account as it is."""
        if world in self.worlds:
            self.worlds.remove(world)

    def delete(self, world: World) -> None:
        """Delete a world that nobody wants to look at any more."""
        self.detach(world)
        try:
            self.admin.delete(f"/accounts/{world.id}")
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise

    def source_image(self) -> str:
        """Return the address of a picture whose QR code can be read: that of a finished task, in
        an account that is nobody's world and ends with the server."""
        if self._image is None:
            readings = {"picture.lifetime": "unlimited"}
            account = self.admin.post("/accounts", {"name": "source image", "readings": readings})
            self._image = World(self.admin, account)
            fields = {"text": "https://example.com", "style_id": "food_fryrice"}
            self._image.submit(fields)
            self._image.tasks.force(self._image.tasks[0]["task_id"], "succeeded")
        address: str = self._image.tasks[0]["pictures"][0]
        return address

    def forget_image(self) -> None:
        """Delete the account of the source image."""
        if self._image is not None:
            self.admin.delete(f"/accounts/{self._image.id}")
            self._image = None

    def archive(self, world: World, calls: Calls) -> None:
        """Delete a world that is done with; `calls` are those that count."""
        self.delete(world)
        self.on_retired(calls)

    @property
    def default(self) -> World:
        """The account that is always there, `APPCODE mock-demo`."""
        return self._world(self.admin.get("/accounts/default"))

    def _world(self, account: Mapping[str, Any]) -> World:
        return World(self.admin, account, self.before_emptied)

    def nobodys_calls(self, after: int = 0) -> list[RecordedCall]:
        """Return the calls that named no account."""
        return [RecordedCall.of(each) for each in self.admin.every("/calls", "calls", after)]

    def bug_text(self, calls: list[RecordedCall]) -> str:
        """Return what to say of calls on which the simulator failed, with what it logged of them:
        since the last time, if the server is ours."""
        if self._log is None:
            return bug_text(calls)
        since, self._log_read = self._log_read, self._log.log_size
        return bug_text(calls) + self._log.log_since(since)

    # What these methods were called up to 0.1.
    adopt = sync_accounts
    let_go = detach
    discard = delete
    retire = archive


def _check(wish: Mapping[str, Any]) -> None:
    for name in wish:
        if name == "scenario":
            raise TypeError("account() takes no scenario: play one in a world, world.play('...')")
        if name not in WISHES:
            raise TypeError(f"account(): {unknown('argument', name, WISHES)}")


@contextlib.contextmanager
def artqr_mock_server(**settings: Any) -> Iterator[MockServer]:
    """Serve on a free port, in a process of its own, for the length of a `with` block.

    Takes the settings of `serve`, such as `seed` or `callback_hosts`; nothing is kept. Raises
    SimulatorBugError at the end if the simulator itself failed on a call; an exception that is
    under way goes on, with a note of it.
    """
    with started(**settings) as server:
        try:
            yield server
        except SimulatorBugError:
            raise
        except Exception as error:
            with contextlib.suppress(UnreachableError, RefusedError):
                if bugs := _bugs(server):
                    error.add_note(server.bug_text(bugs))
            raise
        if bugs := _bugs(server):
            raise SimulatorBugError(server.bug_text(bugs))


@contextlib.contextmanager
def started(**settings: Any) -> Iterator[MockServer]:
    """Serve, and leave it to the caller to look for bugs of the simulator."""
    wanted = Settings(**{"port": 0, "database": ":memory:", **settings})
    with (
        process.serving(wanted) as served,
        AdminClient(served.url, wanted.token, _authority(wanted)) as admin,
    ):
        yield MockServer(admin, served.process)


@contextlib.contextmanager
def attached(url: str, token: str | None = None) -> Iterator[MockServer]:
    """Use a server that is running. Raises UnreachableError, RefusedError."""
    from mock_server.tls import ca_file  # noqa: PLC0415 - it loads slowly

    with AdminClient(url, token, ca_file()) as admin:
        admin.get("/health")
        server = MockServer(admin)
        yield server
        server.forget_image()


def _authority(settings: Settings) -> Path | None:
    """Return the certificates to trust, if the server has one that nobody else does."""
    if settings.tls_cert is not None:
        return Path(settings.tls_cert)
    if not settings.tls:
        return None
    from mock_server.tls import ca_file  # noqa: PLC0415 - it loads slowly

    return ca_file()


def _bugs(server: MockServer) -> list[RecordedCall]:
    server.sync_accounts()
    calls = [*server.nobodys_calls(), *(call for world in server.worlds for call in world.calls)]
    return [call for call in calls if call.is_bug]


def bug_text(calls: list[RecordedCall]) -> str:
    """Return what to say of calls on which the simulator failed."""
    named = ", ".join(f"{call.operation} (call {call.id})" for call in calls)
    return (
        f"the simulator failed on {named}: this is a bug of artqr-mock, not of your client, even "
        "if the client made nothing of the 500. Please report it with the log of the server."
    )
