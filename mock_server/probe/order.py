"""The order of a probe: which server, whose account, how much money, and which file."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from mock_server import __version__, observed
from mock_server.actions.accounts import accounts
from mock_server.checker.budget import Budget
from mock_server.domain.call.calls import OWN_PATHS, VENDOR_HOST, Operation
from mock_server.domain.urls import Address, is_path, is_this_machine
from mock_server.domain.usage_errors import UsageError
from mock_server.probe import findings, journal, paths
from mock_server.probe.http_transport import HttpTransport, RealClock
from mock_server.probe.journal import Journal, Record
from mock_server.probe.listener import HttpListener, address_of, listening, new_token
from mock_server.probe.lone_world import lone_simulator
from mock_server.probe.model import Model
from mock_server.probe.paths import PathSearch
from mock_server.probe.planner import PATIENCE_MS, Choice, Planner
from mock_server.probe.request import Sender
from mock_server.probe.run import Run
from mock_server.probe.session import Session
from mock_server.probe.transport import Listener, ProbeClock, Transport
from mock_server.probe.world_transport import WorldClock, WorldListener, WorldTransport
from mock_server.settings import Settings

MOST_CALLS = 1000
LEAST_PATIENCE_MS = 10_000
LISTEN = "127.0.0.1:3041"
FLAGS = {Operation.QUERY_TASK: "--query-path", Operation.LIST_TASKS: "--list-path"}


def paths_of(query: str | None, listing: str | None) -> dict[Operation, str]:
    """Return the paths of the operations. Raises UsageError."""
    found: dict[Operation, str] = {}
    for operation, path in ((Operation.QUERY_TASK, query), (Operation.LIST_TASKS, listing)):
        if path is None:
            continue
        if not is_path(path):
            raise UsageError(f"{path[:80]!r} is no path: write one such as {OWN_PATHS[operation]}")
        found[operation] = path
    return found


def listen_at(listen: str | None, url: str | None, server: Address) -> tuple[str, int] | None:
    """Return host and port to listen on for callbacks; None: nobody is called. Raises UsageError.

    `url` is the public address that leads there; without one the service calls host and port.
    """
    if listen is None and url is None:
        return None
    host, _, port = (listen or LISTEN).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        raise UsageError(f"--callback-listen: write HOST:PORT, such as {LISTEN}")
    called = host if url is None else address_of(url).host
    if is_this_machine(called) and not is_this_machine(server.host):
        raise UsageError(
            f"{server.netloc} cannot call {called}, which is this machine: name the public address "
            "of your tunnel with --callback-url"
        )
    return host, int(port)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOrder:
    """See the module. `records`: those of an earlier run that this one goes on with. `listen`:
    host and port to listen on for callbacks; `callback_url`: what leads there, '' for nothing else.
    """

    place: Address
    app_code: str = field(repr=False)
    key: str = ""
    secret: str = field(default="", repr=False)
    max_fen: int | None
    price_fen: int
    paths: Mapping[Operation, str]
    patience_ms: int = PATIENCE_MS
    file: Path
    listen: tuple[str, int] | None = None
    callback_url: str = ""
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check that silence can mean something. Raises UsageError."""
        is_far = not is_this_machine(self.place.host)  # a simulator's clock may be a fast one
        if self.listen is not None and is_far and self.patience_ms < LEAST_PATIENCE_MS:
            raise UsageError(
                f"--patience: callbacks need {LEAST_PATIENCE_MS // 1000}s or more, for a callback "
                "that is late must not be taken for one that does not come"
            )

    def continued(self) -> "ProbeOrder":
        """Return the order with what the file holds. Raises UsageError."""
        records = journal.read(self.file)
        head = records[0]
        if head.get("url") != self.place.sent_url:
            raise UsageError(
                f"{self.file} is a probe of {head.get('url')}: probe that, or begin a new file"
            )
        budgets = [each["fen"] for each in records if each["kind"] == "budget"]
        most = self.max_fen if self.max_fen is not None else budgets[-1] if budgets else 0
        return replace(self, records=records, max_fen=most)

    @property
    def sender(self) -> Sender:
        """What real requests are made with."""
        return Sender(
            app_code=self.app_code, key=self.key, secret=self.secret, host=self.place.authority,
            paths={**OWN_PATHS, **self.paths},
        )  # fmt: skip

    def session(self, model: Model) -> Session:
        """Return where the probe stands. Raises UsageError for a file that was changed."""
        budget = Budget(most_calls=MOST_CALLS, most_fen=self.max_fen, price_fen=self.price_fen)
        session = Session(
            model=model,
            budget=budget,
            has_signature=bool(self.key),
            has_listener=self.listen is not None,
            is_at_vendor_host=self.place.host == VENDOR_HOST,
        )
        for record in self.records:
            try:
                session.apply(record)
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError(f"{self.file} was changed: {error!r} in one record") from None
        session.end_pending("the probe was interrupted")
        return session

    def journal(self) -> AbstractContextManager[Journal]:
        """Open the file."""
        secrets = [self.app_code, self.secret]
        return journal.opened(self.file, secrets, is_new=not self.records)

    def listener(self) -> AbstractContextManager[HttpListener | None]:
        """Listen for callbacks, if that is ordered. Raises UsageError."""
        if self.listen is None:
            return nullcontext()
        tokens = [str(each["token"]) for each in self.records if each["kind"] == "listener"]
        token = tokens[-1] if tokens else new_token()
        return listening(self.listen, self.callback_url, token, RealClock())

    def run(
        self, model: Model, session: Session, write: Callable[[Mapping[str, Any]], None],
        show: Callable[[Choice, int], None], listener: HttpListener | None = None,
    ) -> Run:  # fmt: skip
        """Return the run over HTTP."""
        return Run(
            session=session, planner=Planner(model, self.patience_ms),
            transport=HttpTransport(self.place),
            clock=RealClock(), sender=self.sender, write=write, show=show, listener=listener,
        )  # fmt: skip

    def begin(self, run: Run) -> None:
        """Write down what this run may do, and find the paths. Raises UsageError, LostError."""
        if not self.records:
            run.write({"kind": "probe", "url": self.place.sent_url, "at": run.clock.now(),
                       "made_by": f"artqr-mock {__version__}"})  # fmt: skip
        run.write({"kind": "budget", "fen": self.max_fen, "price_fen": self.price_fen})
        if isinstance(run.listener, HttpListener):
            url = run.listener.url
            unclear = run.listener.check(HttpTransport(address_of(url)))
            run.note({"kind": "listener", "url": url, "token": url.rpartition("/")[2],
                      "unclear": unclear, "at": run.clock.now()})  # fmt: skip
        known = {Operation(each["operation"]): str(each["path"])
                 for each in self.records if each["kind"] == "path"}  # fmt: skip
        search = PathSearch(run.transport, run.sender)
        found = search.find({**known, **self.paths}, run.write)
        missing = [name for operation, name in FLAGS.items() if operation not in found]
        if missing:
            raise UsageError(
                "none of the likely paths leads to an operation: check the address, or say "
                f"{' and '.join(missing)}, as your console shows; the last answer was: "
                f"{search.said}"
            )
        run.sender = replace(run.sender, paths={**OWN_PATHS, **found})

    def unknown_paths(self) -> dict[str, tuple[str, ...]]:
        """Return the paths to try, by the name of the operation."""
        known = {each["operation"] for each in self.records if each["kind"] == "path"}
        return {operation.value: candidates for operation, candidates in paths.LIKELY.items()
                if operation not in self.paths and operation.value not in known}  # fmt: skip

    def observed(self, run: Run) -> str:
        """Return the content of observed.toml."""
        return observed.toml(
            findings.tables(run.session, run.sender, self.place.sent_url, run.clock.now())
        )

    def rehearsed(self, model: Model) -> list[tuple[Choice, int]]:
        """Return the calls that a world with the defaults would get, each with its credits."""
        clock = WorldClock(RealClock().now())
        settings = Settings(database=":memory:", seed=1)
        with closing(lone_simulator(settings, clock.now)) as world:
            account = world.database.run(lambda tx: accounts.ensure_default(tx, world))
            own = Sender(
                app_code=account.app_code, key=account.app_key if self.key else "",
                secret=account.app_secret if self.key else "", host=self.place.authority,
            )  # fmt: skip
            return _planned(
                self.session(model),
                Planner(model, self.patience_ms),
                WorldTransport(world),
                clock,
                own,
                WorldListener(world, clock) if self.listen else None,
            )


def _planned(
    session: Session,
    planner: Planner,
    transport: Transport,
    clock: ProbeClock,
    sender: Sender,
    listener: Listener | None,
) -> list[tuple[Choice, int]]:
    """Run a session against a world, and return its calls with what they cost."""
    run = Run(session=session, planner=planner, transport=transport, clock=clock, sender=sender,
              listener=listener, write=lambda _: None)  # fmt: skip
    if listener is not None:
        run.note({"kind": "listener", "unclear": [], "at": clock.now()})
    spent: list[int] = [session.spent.fen]
    run.after = lambda: spent.append(session.spent.fen)
    run.go()
    costs = [after - before for before, after in pairwise(spent)]
    return list(zip(run.made, costs, strict=True))
