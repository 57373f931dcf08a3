"""What a load is asked to do, within bounds.

Rule 1: a load is bounded in users, in time and in calls. `unbounded` lifts the bounds on what may
be asked for, never what was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mock_server.domain.durations import show_duration
from mock_server.domain.suggestions import unlisted
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted, printable
from mock_server.load.targets import check_allowed, check_target
from mock_server.load.timeline import TimelineEvent, check_length

MOST_USERS = 1_000
MOST_RUN_MS = 3_600_000
MOST_CALLS = 1_000_000
LEAST_RUN_MS = 1_000
LONGEST_DRAIN_MS = 600_000
MOST_RATE = 1_000.0
# What a call takes in the database, with the rows of its task and charge. Measured: 1030 with short
# headers; callbacks and longer headers take more.
BYTES_PER_CALL = 1_500
# The users that come with us, and their classes.
SHIPPED_USERS = {
    "submit-then-poll": "SubmitThenPoll",
    "submit-with-callback": "SubmitWithCallback",
    "batch": "Batch",
    "poll-storm": "PollStorm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOrder:
    """Virtual users and how long they work. Raises UsageError for a value that cannot be.

    `locustfile` None: the shipped users; `user_classes`: those to run, by name; empty: the first of
    the shipped, or all of a file. `drain_ms`: how long users may finish what they have begun.
    `clock_rate`: how fast the account's clock runs. `page_port` None: no page of Locust.
    `server` None: one of our own.
    """

    users: int = 10
    spawn_rate: float = 10.0
    run_ms: int = 60_000
    drain_ms: int = 30_000
    most_calls: int = 100_000
    unbounded: bool = False
    locustfile: Path | None = None
    user_classes: Sequence[str] = ()
    scenario: str | None = None
    events: Sequence[TimelineEvent] = ()
    clock_rate: float = 1.0
    page_port: int | None = None
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    allowed_hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        _at_least(self.users, 1, "--users", "a load needs a user")
        if not 0 < self.spawn_rate <= MOST_RATE:
            raise UsageError(f"--spawn-rate: {self.spawn_rate:g} users a second cannot be started; "
                             f"write a number above 0, up to {MOST_RATE:g}")  # fmt: skip
        if self.run_ms < LEAST_RUN_MS:
            raise UsageError("--run-time: a load runs for 1s at least")
        if self.drain_ms > LONGEST_DRAIN_MS:
            raise UsageError(f"--drain: at most {show_duration(LONGEST_DRAIN_MS)}")
        if not 0.001 <= self.clock_rate <= MOST_RATE:
            raise UsageError(f"--clock-rate: 0.001 to {MOST_RATE:g}, not {self.clock_rate:g}")
        _at_least(self.most_calls, 1, "--most-calls", "a load needs a call")
        if not self.unbounded:
            self._check_bounds()
        check_length(self.events, self.run_ms)
        self._check_users()
        for host in self.allowed_hosts:
            check_allowed(host)
        if self.server is not None:
            check_target(self.server, self.allowed_hosts)

    def _check_users(self) -> None:
        if self.locustfile is not None and not self.locustfile.is_file():
            raise UsageError(f"there is no locustfile {printable(str(self.locustfile))}")
        for name in self.user_classes if self.locustfile is None else ():
            if name not in SHIPPED_USERS:
                says = unlisted("user", name, SHIPPED_USERS)
                raise UsageError(f"--user: {says}; a class of your own needs --locustfile")

    def _check_bounds(self) -> None:
        for value, most, what in (
            (self.users, MOST_USERS, "--users {}: at most {}"),
            (self.run_ms, MOST_RUN_MS, "--run-time {}: at most {}"),
            (self.most_calls, MOST_CALLS, "--most-calls {}: at most {}"),
        ):
            if value > most:
                shown = [show_duration(each) if "time" in what else each for each in (value, most)]
                raise UsageError(f"{what.format(*shown)}; --unbounded allows more")

    @property
    def says(self) -> str:
        """Return who the users are, and how many."""
        default = "submit-then-poll" if self.locustfile is None else self.locustfile.name
        named = ", ".join(self.user_classes) or default
        users = counted(self.users, "user")
        return f"{users} ({printable(named, 100)}) for {show_duration(self.run_ms)}"

    @property
    def space(self) -> str:
        """Say how many calls are kept, and how much space that takes."""
        mib = self.most_calls * BYTES_PER_CALL / 1024 / 1024
        size = f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{max(1, mib):.0f} MiB"
        where = "in a temporary file" if self.server is None else "in the database of the server"
        return f"every call is kept: up to {counted(self.most_calls, 'call')}, about {size} {where}"


def _at_least(value: int, least: int, option: str, why: str) -> None:
    if value < least:
        raise UsageError(f"{option} {value}: {why}; write a number from {least} on")
