"""Which mistakes are tried together: pairs of all that are frequent, and realistic triples.

Rule 1: mistakes go together when they change different fields of the candidate.
Rule 2: a rare mistake goes with the first variants of what clients often do wrong.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mock_server.domain.auth.diagnosis.candidate import Change, Rendering
from mock_server.domain.auth.diagnosis.mistakes import Mistake

# A change that alone makes no difference can make one together with a change of these fields.
WOKEN_BY = {
    "names": frozenset({"timestamp", "nonce", "spelling", "separator", "newlines_after_headers"}),
    "parameters": frozenset({"written", "sign_empty"}),
}

# What clients do wrong most often, with how many variants of each go with a rare mistake.
FREQUENT = {
    "newline-missing": 3, "accept-differs": 3, "content-type-differs": 4, "timestamp-unit": 1,
    "values-encoded": 4, "parameters-unsorted": 2, "form-missing": 1, "query-missing": 1,
    "parameters-missing": 1, "secret-wrong": 2, "secret-whitespace": 2, "digest-differs": 1,
    "headers-none": 1, "headers-all": 1, "headers-unsorted": 2, "headers-case": 2,
    "headers-separator": 1, "headers-last-newline": 1, "md5-hex": 1, "md5-not-signed": 1,
    "md5-not-sent": 1, "date-not-signed": 1, "path-slash": 2, "path-prefix": 1, "empty-sign": 1,
    "newline-differs": 1, "end-added": 1,
}  # fmt: skip
# How many variants of a rare mistake go with another rare one.
MOST_OF_BOTH_RARE = 3

_HEADERS = ("headers-none", "headers-all", "headers-unsorted", "headers-case", "headers-separator",
            "headers-last-newline")  # fmt: skip
_PARAMETERS = ("values-encoded", "parameters-unsorted", "form-missing", "query-missing",
               "parameters-missing", "empty-sign")  # fmt: skip
_BODY = ("md5-hex", "md5-not-signed", "md5-not-sent", "date-not-signed", "body-signed")
_WHOLE = ("timestamp-unit", "secret-whitespace", "secret-wrong", "digest-differs", "path-slash",
          "path-prefix", "method-case", "newline-differs", "end-added", "nothing-as-word",
          "date-not-sent")  # fmt: skip
_TOP = ("newline-missing", "fixed-lines-empty", "accept-differs", "nothing-as-word")

# Three groups each: one mistake of every group.
TRIPLES: tuple[tuple[tuple[str, ...], ...], ...] = (
    # A library adds both headers, and something else is wrong.
    (("accept-differs",), ("content-type-differs",),
     (*_PARAMETERS, *_HEADERS, *_BODY, *_WHOLE, "newline-missing")),
    # A signer written from memory: the top, the encoding, the order.
    (_TOP, ("values-encoded",), ("parameters-unsorted", *_HEADERS, "timestamp-unit", "end-added")),
    (_TOP, ("parameters-unsorted", "form-missing", "parameters-missing"),
     (*_HEADERS, "timestamp-unit")),
    (_TOP, ("timestamp-unit",), _HEADERS),
    (("headers-case",), ("headers-unsorted", "headers-last-newline"), _PARAMETERS),
    (("values-encoded",), ("parameters-unsorted",), ("timestamp-unit", "empty-sign")),
)  # fmt: skip
# How many variants of each mistake a triple takes; of others two.
IN_TRIPLES = {"newline-missing": 3, "accept-differs": 2, "content-type-differs": 8,
              "values-encoded": 4, "fixed-lines-empty": 2}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A mistake in one of its variants."""

    mistake: Mistake
    change: Change
    what: str
    fields: frozenset[str]
    made: Rendering  # what it makes of the candidate when it is alone

    def goes_with(self, other: "Step") -> bool:
        """Whether both can be made at once."""
        return self.mistake is not other.mistake and not self.fields & other.fields


def pairs(effective: list[Step], inert: list[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the pairs that go together, the likelier first: the catalogue is in that order.

    `inert` are those that make no difference alone.
    """
    every = [step for step in effective if step.mistake.rare is None]
    count = len(every)
    for total in range(1, 2 * count - 2):
        for low in range(max(0, total - count + 1), (total + 1) // 2):
            first, second = every[low], every[total - low]
            if first.goes_with(second):
                yield first, second
    for first in every:
        woken = frozenset().union(*(WOKEN_BY.get(name, ()) for name in first.fields))
        if not woken:
            continue
        for second in inert:
            if second.fields <= woken:
                yield first, second


def rare_pairs(effective: list[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the pairs of a rare mistake and a frequent one, or another rare one."""
    frequent = _first_of_each(effective, lambda each: FREQUENT.get(each.id, 0))
    rare = _first_of_each(effective, lambda each: each.rare or 0)
    for first in frequent:
        for second in rare:
            if first.goes_with(second):
                yield first, second
    few = _first_of_each(rare, lambda _: MOST_OF_BOTH_RARE)
    for at, first in enumerate(few):
        for second in few[at + 1 :]:
            if first.goes_with(second):
                yield first, second


def triples(effective: list[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the triples that clients are known for."""
    few = _first_of_each(effective, lambda each: IN_TRIPLES.get(each.id, 2))
    for groups in TRIPLES:
        one, two, three = ([step for step in few if step.mistake.id in ids] for ids in groups)
        for first in one:
            for second in filter(first.goes_with, two):
                for third in three:
                    if first.goes_with(third) and second.goes_with(third):
                        yield first, second, third


def _first_of_each(steps: list[Step], most: Callable[[Mistake], int]) -> list[Step]:
    """Return the first steps of each mistake, as many as `most` says."""
    counts: dict[str, int] = {}
    found = []
    for step in steps:
        count = counts.get(step.mistake.id, 0)
        if count < most(step.mistake):
            counts[step.mistake.id] = count + 1
            found.append(step)
    return found
