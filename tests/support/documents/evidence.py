"""The page of evidence: claims by certainty, and for each reading the call that shows it.

Rule: what shows a reading, and what it costs, is computed by the model: a reading shows in a call
whose answer changes when it alone is changed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from mock_server import contract
from mock_server.domain.readings import ALLOWED
from mock_server.probe import moves
from mock_server.probe.estimates import lenient
from mock_server.probe.hypotheses import MOST_OUTCOMES
from mock_server.probe.known_task import DAY
from mock_server.probe.model import ENDED, RUNNING, Model, Situation, Submitted, label, opened
from mock_server.probe.moves import LIST, Move
from mock_server.probe.tree import CHANCE
from mock_server.probe.unseen import UNSEEN

Call = tuple[Move, Situation, str, int, str]


def evidence_table() -> str:
    """Return the table of readings with the call that shows each."""
    rows = ["| Reading | Certainty | Shown by | Credits, at most |", "|---|---|---|---|"]
    with opened() as model:
        for reading in contract.load_toml("readings.toml")["reading"]:
            says, price = _shown(model, reading["id"])
            rows.append(f"| `{reading['id']}` | {reading['certainty']} | {says} | {price} |")
    return "\n".join(rows)


def readings_by_certainty() -> str:
    """Return how many readings and claims have each certainty."""
    readings = Counter(x["certainty"] for x in contract.load_toml("readings.toml")["reading"])
    claims = Counter(x["certainty"] for x in contract.load_toml("claims.toml")["claim"])
    rows = ["| Certainty | Claims | Readings |", "|---|---|---|"]
    rows += [f"| {name} | {claims[name]} | {readings[name]} |"
             for name in ("documented", "observed", "assumed")]  # fmt: skip
    return "\n".join(rows)


def _shown(model: Model, name: str) -> tuple[str, str]:
    if name in UNSEEN:
        return f"no answer: {UNSEEN[name]}", "none"
    found = shown_by(model, name)
    if found is None:
        return "no call of a probe", "none"
    (move, _, _, before, when), price, is_older = found
    under = ", if the gateway is an older instance" if is_older else ""
    return f"{move.says}{when}{under}", str(price + before)


def shown_by(model: Model, name: str) -> tuple[Call, int, bool] | None:
    """Return the first call that shows a reading, what it costs, and whether only an older instance
    of the gateway shows it; None: no call does.
    """
    for given in ({}, {"gateway.profile": "classic"}):
        for call in calls():
            move, situation, state, _, _ = call
            price = _price(model, name, move, situation, state, given)
            if price is not None:
                return call, price, bool(given)
    return None


def _price(
    model: Model, name: str, move: Move, situation: Situation, state: str, given: Mapping[str, str]
) -> int | None:
    """Return what a call costs at most that shows a reading; None: it does not show it."""
    base = {
        each: (lenient(model.acceptance.accepting, each, values),)
        for each, values in ALLOWED.items()
    }
    base |= {each: (value,) for each, value in given.items()}
    base |= {
        f"{CHANCE}state of {label(number)}": (state,) for number in range(len(situation.tasks))
    }
    tree = model.tree(move, situation)
    outcomes = tree.outcomes({**base, name: ALLOWED[name]}, MOST_OUTCOMES)
    if len({tuple(sorted(each.shape.items())) for each in outcomes}) != len(ALLOWED[name]):
        return None
    return int(move.is_own and any(each.shape["status"] == "200" for each in outcomes))


def calls() -> Iterator[Call]:
    """Yield the calls, the cheaper ones first, with the credits that come before each."""
    plain = moves.submit()
    for move in moves.FIXED:
        if move is not LIST:
            yield move, Situation(), ENDED, 0, ""
    for move in sorted(moves.submits().values(), key=lambda move: move.name.count(",")):
        if moves.LISTENER not in move.needs:
            yield move, Situation(), ENDED, 0, ""
    one = Situation(tasks=(Submitted(kind=plain.name),))
    for state, when in ((RUNNING, " before its end"), (ENDED, " after its end")):
        yield moves.query(plain), one, state, 1, when
        yield LIST, one, state, 1, when.replace("its", "the task's")
    unread = moves.submit(moves.NO_IMAGE)
    own = Situation(tasks=(Submitted(kind=unread.name),))
    yield moves.query(unread), own, ENDED, 1, " after its end"
    yield LIST, Situation(tasks=one.tasks * 2), ENDED, 2, " with two tasks"
    old = Situation(tasks=(Submitted(kind=plain.name, hours=DAY),))
    yield moves.picture(plain), old, ENDED, 2, " a day later, at the address that a query gave"
    yield moves.query(plain), old, ENDED, 1, " a day later"
    yield from _called()


def _called() -> Iterator[Call]:
    """Yield what the listener of a probe shows, with the credit of the submit before it."""
    # That no callback came for a task that has failed says something once its end is known.
    for content, before in ((moves.PLAIN, 1), (moves.NO_IMAGE, 2)):
        called = moves.submit(content, (moves.CALLBACK,))
        one = Situation(tasks=(Submitted(kind=called.called_kind),))
        yield moves.callback(called), one, ENDED, before, ""
    plain = moves.submit(moves.PLAIN, (moves.CALLBACK,))
    just = Situation(tasks=(Submitted(kind=plain.called_kind, is_called=True),))
    yield moves.query(plain), just, ENDED, 1, " just after its callback came"
    image = moves.submit(moves.IMAGE)
    yield moves.query(image), Situation(tasks=(Submitted(kind=image.kind),)), ENDED, 1, ""


PARTS = {"evidence": evidence_table, "certainties": readings_by_certainty}
