"""Hidden worlds: servers whose readings the probe does not know, and what it finds out of them.

`python -m tests.support.hidden_worlds N [YUAN]` probes N random worlds and prints the table.
"""

import itertools
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from mock_server.actions.accounts import accounts
from mock_server.actions.accounts import readings as reading_actions
from mock_server.checker.budget import Budget
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import DEFAULT_CREDITS
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping, with_readings
from mock_server.formatting import yuan
from mock_server.probe.journal import Record
from mock_server.probe.lone_world import lone_simulator
from mock_server.probe.model import HOUR_MS, Model, opened
from mock_server.probe.planner import Planner
from mock_server.probe.request import ProbeRequest, Sender
from mock_server.probe.run import Run
from mock_server.probe.session import Session
from mock_server.probe.shape import SeenAnswer
from mock_server.probe.transport import Listener, LostError, Transport
from mock_server.probe.unseen import CALLED_BACK, UNSEEN
from mock_server.probe.world_transport import WorldClock, WorldListener, WorldTransport
from mock_server.settings import Settings
from mock_server.simulator import Simulator
from mock_server.store import billing

START = 1_800_000_000_000
PRICE_FEN = 30
Wrap = Callable[[Transport, Simulator], Transport]


@dataclass(slots=True)
class Found:
    """What a probe made of a world. `truth`: its readings; `paid`: the credits that it took."""

    truth: Mapping[str, str]
    session: Session
    run: Run
    records: list[Record] = field(default_factory=list)
    paid: int = 0
    tasks: int = 0

    @property
    def settled(self) -> dict[str, str]:
        """The readings that were settled."""
        return self.session.hypotheses.settled

    @property
    def wrong(self) -> dict[str, tuple[str, str]]:
        """The readings that were settled wrongly, with the value found and the true one."""
        return {
            name: (value, self.truth[name])
            for name, value in self.settled.items()
            if self.truth[name] != value
        }

    @property
    def missed(self) -> set[str]:
        """The readings that somebody with enough money and time could have settled."""
        hidden = {*UNSEEN, *(() if self.session.has_listener else CALLED_BACK)}
        # Older instances have one row for both codes; no text that is too long is a URL.
        hidden.add("classic.route" if self.truth["gateway.profile"] == "vpc" else "appcode.unknown")
        if self.truth["text.not_url"] == "refused":
            hidden.add("text.too_long")
        if self.truth["picture.lifetime"] == "unlimited":
            hidden.add("picture.gone")
        if self.truth["image.content"] == "address":
            hidden.add("image.charset")
            if self.truth["text.too_long"] == "refused" or self.truth["text.not_url"] == "refused":
                hidden.add("callback.on_failure")  # no task fails
        return self.truth.keys() - self.settled.keys() - hidden


@dataclass(slots=True, kw_only=True)
class World:
    """A hidden world on a clock of its own, probed once or several times."""

    simulator: Simulator
    clock: WorldClock
    sender: Sender
    readings: Mapping[str, str]
    bought: int

    def probe(
        self, model: Model, planner: Planner, *, fen: int = 100, signed: bool = True,
        wrap: Wrap = lambda transport, _: transport, records: Iterable[Record] = (), days: int = 0,
        listens: bool = False, unclear: Iterable[str] = (),
        listener: Listener | None = None,
    ) -> Found:  # fmt: skip
        """Probe the world; `records` are those of an earlier probe, `days` how often to go on."""
        budget = Budget(most_calls=10**6, most_fen=fen, price_fen=PRICE_FEN)
        session = Session(model=model, budget=budget, has_signature=signed, has_listener=listens)
        kept = list(records)
        for record in kept:
            session.apply(record)
        session.end_pending("the probe was interrupted")
        numbers = itertools.count(session.calls)
        transport = wrap(WorldTransport(self.simulator), self.simulator)
        run = Run(
            session=session, planner=planner, transport=transport, clock=self.clock,
            sender=self.sender, nonce=lambda: f"nonce {next(numbers)}",
            write=lambda record: kept.append(dict(record)),
            listener=(listener or WorldListener(self.simulator, self.clock)) if listens else None,
        )  # fmt: skip
        if listens:
            run.note({"kind": "listener", "unclear": list(unclear), "at": self.clock.now()})
        run.go()
        for _ in range(days):
            self.clock.wait(26 * HOUR_MS)
            run.go()
        truth = as_mapping(with_readings(DEFAULT_READINGS, self.readings))
        paid, tasks = self.simulator.database.run(self._books)
        return Found(truth, session, run, kept, paid, tasks)

    def _books(self, tx: object) -> tuple[int, int]:
        packages = billing.packages(tx, DEFAULT_ID)  # type: ignore[arg-type]
        account = accounts.ensure_default(tx, self.simulator)  # type: ignore[arg-type]
        return self.bought - sum(each.remaining for each in packages), account.submits

    def change(self, readings: Mapping[str, str]) -> None:
        """Change readings of the world, as a vendor may do at any time."""
        self.simulator.database.run(
            lambda tx: reading_actions.change(tx, self.simulator, DEFAULT_ID, dict(readings))
        )


def world(readings: Mapping[str, str], *, left: int | None = None) -> "closing[_Closing]":
    """Give a hidden world for the length of a `with` block."""
    return closing(_Closing(readings, left))


class _Closing:
    def __init__(self, readings: Mapping[str, str], left: int | None) -> None:
        clock = WorldClock(START)
        built = lone_simulator(Settings(database=":memory:", seed=7), clock.now)
        account = built.database.run(lambda tx: accounts.ensure_default(tx, built))
        if left is not None:
            spent = "update package set remaining = ?"
            built.database.run(lambda tx: tx.execute(spent, (left,)))
        sender = Sender(
            app_code=account.app_code, key=account.app_key, secret=account.app_secret,
            host="127.0.0.1:3040",
        )  # fmt: skip
        self.world = World(
            simulator=built,
            clock=clock,
            sender=sender,
            readings=readings,
            bought=DEFAULT_CREDITS if left is None else left,
        )
        self.world.change(readings)

    def close(self) -> None:
        """Close the world."""
        self.world.simulator.close()


def is_sound(found: Found, fen: int) -> None:
    """Check that nothing is settled wrongly, and that no more is paid than the budget."""
    assert found.wrong == {}
    assert found.session.spent.fen <= fen
    assert found.paid * 30 <= found.session.spent.fen
    assert found.session.new_shapes == []
    assert found.session.conflicts == []


def random_worlds(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Yield random readings, the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        yield {name: dice.choice(values) for name, values in ALLOWED.items()}


def flips() -> Iterator[dict[str, str]]:
    """Yield every single value that is not the default."""
    for name, values in ALLOWED.items():
        for value in values[1:]:
            yield {name: value}


class Lossy:
    """A transport on which calls end badly; `faults` names the trouble of a call by its number."""

    def __init__(self, inner: Transport, faults: Callable[[int], str]) -> None:
        self._inner = inner
        self._faults = faults
        self.calls = 0
        self.sent: list[ProbeRequest] = []

    def send(self, request: ProbeRequest) -> SeenAnswer:
        """See Transport."""
        self.calls += 1
        self.sent.append(request)
        fault = self._faults(self.calls)
        if fault == "reset before":
            raise LostError("Connection reset by peer")
        if fault in ERRORS:
            return _error(fault)
        answer = self._inner.send(request)
        if fault == "504 after":
            return _error("504")
        if fault == "reset after":
            raise LostError("Connection reset by peer")
        return answer

    def fetch(self, url: str) -> SeenAnswer:
        """See Transport."""
        return self._inner.fetch(url)


ERRORS = {
    "504": ("D504TO", "Backend service request timeout"),
    "429": ("T429PA", "Throttled by API Flow Control"),
}
FAULTS = ("reset before", "reset after", "504", "504 after", "429")


def _error(name: str) -> SeenAnswer:
    code, message = ERRORS[name]
    headers = {"x-ca-error-code": code, "x-ca-error-message": message}
    return SeenAnswer(status=int(name), headers=headers)


def main(count: int, fen: int) -> None:
    """Print the table."""
    with opened() as model:
        planner = Planner(model)
        for title, worlds, listens in (
            ("random worlds", random_worlds(count), False), ("single flips", flips(), False),
            ("random worlds, with a listener", random_worlds(count), True),
            ("single flips, with a listener", flips(), True),
        ):  # fmt: skip
            settled, calls, paid, wrong, number, surprises = 0, 0, 0, 0, 0, 0
            least, most = 10**6, 0
            for readings in worlds:
                with world(readings) as held:
                    found = held.world.probe(model, planner, fen=fen, listens=listens)
                number += 1
                settled += len(found.settled)
                least, most = min(least, len(found.settled)), max(most, len(found.settled))
                calls += found.session.calls
                paid += found.session.spent.fen
                wrong += len(found.wrong)
                surprises += len(found.session.new_shapes) + len(found.session.conflicts)
            print(
                f"{title}: {number}; settled {settled / number:.1f} ({least} to {most}), open "
                f"{len(ALLOWED) - settled / number:.1f}, wrong {wrong}, surprises {surprises}, "
                f"{yuan(paid // number)} yuan, {calls / number:.1f} calls"
            )


if __name__ == "__main__":
    words = [*sys.argv[1:], *("500", "1")[len(sys.argv) - 1 :]]
    main(int(words[0]), int(float(words[1]) * 100))
