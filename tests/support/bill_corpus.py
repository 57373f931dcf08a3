"""The labelled corpus of client traces, and how well the retry bill agrees with its labels.

`python -m tests.support.bill_corpus [SEEDS]` prints precision and recall of every class, and of
intents, over all behaviours with so many seeds each; then what the hard ones come to.

Precision of a class: of the charges that the bill puts there, the share that the client's label
puts there too. Recall: of the charges that the label puts there, the share that the bill finds.
Of intents: the same for pairs of charges that belong to one wish.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from unittest.mock import patch

from mock_server import render
from mock_server.audit.charge import Charge, ChargeClass
from mock_server.audit.retry_bill import RetryBill, bill_of
from tests.support.bill_behaviours import BEHAVIOURS, HARD, Behaviour
from tests.support.bill_traces import Client, Label
from tests.support.worlds import Postbox, RealClock, World, simulator

INTENTS = "intents"
CREDITS = 1000


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace: the bill of it, and the client's label of each charged call."""

    behaviour: str
    bill: RetryBill
    labels: Sequence[Label]

    @property
    def wrong(self) -> list[tuple[Charge, Label]]:
        """Return the charges whose class is not that of the label."""
        pairs = zip(self.bill.charges, self.labels, strict=True)
        return [(charge, label) for charge, label in pairs if charge.kind != label.kind]


@dataclass(slots=True)
class Score:
    """How often bill and labels agree, by class: both say it, only the bill, only the label."""

    both: Counter[str] = field(default_factory=Counter)
    only_bill: Counter[str] = field(default_factory=Counter)
    only_label: Counter[str] = field(default_factory=Counter)

    def precision(self, name: str) -> float:
        """Return the share of what the bill says that is right; 1 if it says nothing."""
        return _share(self.both[name], self.only_bill[name])

    def recall(self, name: str) -> float:
        """Return the share of what is so that the bill says; 1 if nothing is so."""
        return _share(self.both[name], self.only_label[name])

    def add(self, trace: Trace) -> None:
        """Count a trace."""
        for charge, label in zip(trace.bill.charges, trace.labels, strict=True):
            self._count(charge.kind, label.kind)
        known = [
            (charge.intent, label.wish)
            for charge, label in zip(trace.bill.charges, trace.labels, strict=True)
            if label.wish is not None
        ]
        for one, two in combinations(known, 2):
            same = one[0] is not None and one[0] == two[0]
            self._count(INTENTS if same else "", INTENTS if one[1] == two[1] else "")

    def _count(self, said: str, true: str) -> None:
        if said == true:
            self.both[said] += 1
        else:
            self.only_bill[said] += 1
            self.only_label[true] += 1


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 1.0


def traces(behaviours: Iterable[Behaviour], seeds: int) -> Iterator[Trace]:
    """Yield every behaviour with so many seeds, each played in a real simulator; the same seeds
    give the same traces."""
    clock, postbox = RealClock(), Postbox()
    # What is on a picture does not matter here, and drawing it takes long.
    with simulator(clock, postbox) as built, patch.object(render, "draw", return_value=b"PNG"):
        world = World(built, clock, postbox)
        for behaviour in behaviours:
            for seed in range(seeds):
                account = world.account(seed=seed, credits=CREDITS)
                rng = random.Random(f"{behaviour.__name__} {seed}")
                client = Client(world, account, rng)
                behaviour(client)
                yield _traced(behaviour, client)


def _traced(behaviour: Behaviour, client: Client) -> Trace:
    history = client.history()
    by_call = dict(zip(sorted(each.id for each in history.calls), client.labels, strict=True))
    bill = bill_of(history)
    return Trace(behaviour.__name__, bill, [by_call[each.id] for each in bill.charges])


def score_of(found: Iterable[Trace]) -> Score:
    """Return how well bill and labels agree."""
    score = Score()
    for each in found:
        score.add(each)
    return score


def table(score: Score) -> Iterator[str]:
    """Yield a line for each class, and one for intents."""
    yield f"{'class':<22}{'charges':>8}{'precision':>11}{'recall':>8}"
    for name in (*ChargeClass, INTENTS):
        count = score.both[name] + score.only_label[name]
        yield f"{name:<22}{count:>8}{score.precision(name):>11.3f}{score.recall(name):>8.3f}"


def main(seeds: int) -> None:
    """Print the tables."""
    print(f"{len(BEHAVIOURS)} behaviours, {seeds} seeds each")
    easy = list(traces(BEHAVIOURS, seeds))
    print(*table(score_of(easy)), sep="\n")
    for trace in easy:
        for charge, label in trace.wrong:
            print(f"{trace.behaviour}: call {charge.id}: {charge.kind}, not {label.kind}")
    print(f"\nHard: {len(HARD)} behaviours, {seeds} seeds each")
    hard = list(traces(HARD, seeds))
    print(*table(score_of(hard)), sep="\n")
    mistakes = Counter(
        f"{trace.behaviour}: {charge.kind}, not {label.kind}"
        for trace in hard
        for charge, label in trace.wrong
    )
    for text, count in mistakes.items():
        print(f"{count:>4} x {text}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
