"""How much of an account is kept: `--keep` of a server, and what lies beyond it.

Rule 1: a record goes only if it is finished: its task has ended, and no callback of it is to come.
Rule 2: an age is counted on the account's clock. A number counts tasks, by the order of their
submits; what is older than the first of them goes with the tasks before it.
Rule 3: the last charges are kept one by one; of older ones each kept task has the sum.
"""

from mock_server.domain.durations import BadDurationError, parse_duration
from mock_server.domain.records import dataclass
from mock_server.domain.task.short_links import LIFETIME_MS
from mock_server.domain.usage_errors import UsageError

ALL = "all"
# So many single charges are kept for each task that a number allows: polls are charges, too.
CHARGES_FOR_EACH = 100
MOST_TASKS = 10**12
LONGEST_MS = 100 * 365 * 86_400_000


class BadKeepError(UsageError):
    """A text that says neither an age nor a number of tasks; the message has valid ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What is kept: finished records of an age (ms), or a number of tasks; one of the two."""

    ms: int | None = None
    tasks: int | None = None

    @property
    def charges(self) -> int | None:
        """How many single charges are kept at most; None: as many as are young enough."""
        return None if self.tasks is None else self.tasks * CHARGES_FOR_EACH


def parse_keep(text: str) -> Keep | None:
    """Return what a text says: `24h` is an age, `1000` a number of tasks, `all` (None) keeps all.

    Raises BadKeepError.
    """
    word = text.strip()
    if word.lower() == ALL:
        return None
    digits = word.replace("_", "")
    if digits.isascii() and digits.isdigit():
        return Keep(tasks=_within(int(digits[:20]), MOST_TASKS, text))
    try:
        ms = parse_duration(word)
    except BadDurationError:
        raise BadKeepError(_invalid(text)) from None
    return Keep(ms=_within(ms, LONGEST_MS, text))


def _within(amount: int, most: int, text: str) -> int:
    if not 1 <= amount <= most:
        raise BadKeepError(_invalid(text))
    return amount


def _invalid(text: str) -> str:
    return (
        f"{text[:64]!r} is nothing that can be kept: write an age such as 24h, a number of tasks "
        "such as 1000 (both above 0), or all"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What lies beyond the limit at an instant of an account's clock.

    `before`: finished records up to this instant go; None: none go by their age. `upto`: so do
    finished tasks up to this number, whenever they ended; None: tasks go by their end.
    """

    now: int
    before: int | None
    upto: int | None = None

    @property
    def complete_after(self) -> int:
        """The instant after which every task was submitted that does not go yet."""
        if self.before is None:
            return self.now
        return self.before if self.upto is None else self.before + 1

    @property
    def links_before(self) -> int | None:
        """The instant up to which short links must have expired to go: no link goes before."""
        if self.before is None or self.upto is None:
            return self.before
        return min(self.now, self.before + LIFETIME_MS)


def by_age(keep_ms: int, now: int) -> Limit:
    """Return the limit of an age."""
    return Limit(now=now, before=now - keep_ms)


def by_number(upto: int, first_kept_at: int | None, now: int) -> Limit:
    """Return the limit of a number of tasks: those up to `upto` go, and what is older than the
    submit of the first that is kept."""
    return Limit(now=now, before=None if first_kept_at is None else first_kept_at - 1, upto=upto)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What is no longer kept of an account one by one.

    Tasks that were submitted, and charges that were made, after `before` are all there. `tasks` and
    `charges` have gone by now; the tasks that went had cost `task_charges` credits, `task_fen` in
    all.
    """

    before: int
    tasks: int
    charges: int
    task_charges: int
    task_fen: int
