"""A model of a buyer's money: a list of events, replayed from the start, without our code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
PRICE_FEN = {1: 20, 50: 1_500, 200: 6_000, 1_000: 28_000, 6_000: 140_000}
LOOSE_FEN = 28
NO_STANDING = {"arrears": "B403MO", "unauthorized": "I403AA"}


@dataclass(frozen=True)
class Bought:
    """A package; `number` is its id in the simulator."""

    at: int
    number: int
    size: int
    fen: int
    expires_at: int


@dataclass(frozen=True)
class Called:
    """A call with right credentials. `operation` None: the path is not an API. `wrong`: the
    service refuses it. `task`: the task that a served call concerned.
    """

    at: int
    operation: str | None
    wrong: bool = False
    task: str | None = None


@dataclass(frozen=True)
class Changed:
    """A change of a reading, the standing, the throttle or the address for notices."""

    at: int
    what: str
    value: str | int | None


@dataclass(frozen=True)
class Settled:
    """Every notice with an address has been posted."""

    at: int


Event = Bought | Called | Changed | Settled


@dataclass(frozen=True)
class Answer:
    """The result of a call. `worth`: its price (fen) if the service answered, None otherwise.
    `package`: the package with that credit.
    """

    event: Called
    status: int
    code: str | None = None
    worth: int | None = None
    package: int = 0
    charged: bool = False

    @property
    def fen(self) -> int:
        """The amount paid."""
        return (self.worth or 0) if self.charged else 0

    @property
    def refused(self) -> bool:
        """Whether the service refused."""
        return self.worth is not None and self.event.wrong

    @property
    def task(self) -> str | None:
        """The task that it concerned."""
        return self.event.task if self.worth is not None and not self.event.wrong else None


@dataclass(frozen=True)
class SentNotice:
    """A notice, with the beginning of its text and its address."""

    kind: str
    at: int
    package: int
    remaining: int
    text: str
    url: str | None
    posted: bool = False
    repeated: bool = False


@dataclass
class Shelf:
    """A package, and the credits taken from it."""

    bought: Bought
    taken: int = 0
    paid: int = 0
    expiry_told: bool = False

    @property
    def left(self) -> int:
        """The credits that are left."""
        return self.bought.size - self.taken

    @property
    def next_fen(self) -> int:
        """The price of the next credit: the first n credits cost n parts of the price, rounded
        down.
        """
        return int(Fraction((self.taken + 1) * self.bought.fen, self.bought.size)) - self.paid

    @property
    def expiry_notice_at(self) -> int | None:
        """Seven days before the expiry; at once if six days or more are left."""
        bought = self.bought
        if bought.expires_at - bought.at < 6 * DAY_MS:
            return None
        return max(bought.at, bought.expires_at - 7 * DAY_MS)


@dataclass
class Books:
    """Everything that follows from a buyer's events."""

    readings: dict[str, str | int | None]
    state: dict[str, str | int | None] = field(default_factory=dict)
    shelves: list[Shelf] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    notices: list[SentNotice] = field(default_factory=list)
    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)
    base: int = 0
    warned_at: int | None = None
    repeats: int = 0
    quiet: bool = False
    contested: int = 0

    def balance(self, at: int) -> int:
        """Return the credits that can be spent at an instant."""
        return sum(each.left for each in self.shelves if at < each.bought.expires_at)

    def payer(self, at: int) -> Shelf | None:
        """Return the package that pays next."""
        can = [each for each in self.shelves if each.left and at < each.bought.expires_at]
        if not can:
            return None
        oldest, *_ = by_age = sorted(can, key=lambda each: (each.bought.at, each.bought.number))
        soonest, *_ = sorted(by_age, key=lambda each: each.bought.expires_at)  # stable
        self.contested += oldest is not soonest
        return soonest if self.readings["packages.order"] == "earliest-expiry" else oldest

    def in_paying_order(self) -> list[Shelf]:
        """Return every package in the order they pay, expired ones too."""
        by_age = sorted(self.shelves, key=lambda each: (each.bought.at, each.bought.number))
        if self.readings["packages.order"] == "oldest-purchase":
            return by_age
        return sorted(by_age, key=lambda each: each.bought.expires_at)

    def pass_time(self, to: int) -> None:
        """Send the notices that come by themselves up to an instant."""
        while coming := self._coming(to):
            at, shelf = min(coming, key=lambda each: each[0])  # a repetition comes before an expiry
            if shelf is None:
                self._repeat(at)
            else:
                shelf.expiry_told = True
                if shelf.left:
                    self._tell_of_expiry(shelf, at)

    def apply(self, event: Event) -> None:
        """Apply an event."""
        if isinstance(event, Bought):
            self.shelves.append(Shelf(event))
            self.base = self.balance(event.at)
            self.warned_at, self.repeats, self.quiet = None, 0, False
        elif isinstance(event, Called):
            self._answer(event)
        elif isinstance(event, Settled):
            self.notices = [replace(each, posted=bool(each.url)) for each in self.notices]
        elif event.what in self.readings:
            self.readings[event.what] = event.value
        else:
            self.state[event.what] = event.value
            if event.what == "throttle":
                self.tokens = {}

    def _coming(self, to: int) -> list[tuple[int, Shelf | None]]:
        found: list[tuple[int | None, Shelf | None]] = [
            (shelf.expiry_notice_at, shelf) for shelf in self.shelves if not shelf.expiry_told
        ]
        if self.warned_at is not None and not self.quiet:
            found.insert(0, (self.warned_at + 3 * DAY_MS * (self.repeats + 1), None))
        return [(at, shelf) for at, shelf in found if at is not None and at <= to]

    def _repeat(self, at: int) -> None:
        self.repeats += 1
        if any(at < each.bought.expires_at for each in self.shelves):
            self._tell_of_balance(at, repeated=True)
        else:
            self.quiet = True

    def _tell_of_balance(self, at: int, *, repeated: bool = False) -> None:
        left = self.balance(at)
        if left == 0 and self.readings["notices.at_zero"] == "once":
            self.quiet = True
        text = f"{left} of {self.base} credits are left"
        last = self.shelves[-1].bought.number
        self._send(SentNotice("low_balance", at, last, left, text, None, repeated=repeated))

    def _tell_of_expiry(self, shelf: Shelf, at: int) -> None:
        bought = shelf.bought
        days = 7 if bought.expires_at - at > 6 * DAY_MS else 6
        text = f"{shelf.left} of {bought.size} credits expire in {days} days"
        self._send(SentNotice("expiry", at, bought.number, shelf.left, text, None))

    def _send(self, notice: SentNotice) -> None:
        url = self.state.get("notify_url")
        self.notices.append(replace(notice, url=str(url) if url else None))

    def _answer(self, event: Called) -> None:
        answer = self._gateway(event) or self._service(event)
        self.answers.append(answer)
        if answer.charged:
            left = self.balance(event.at)
            if self.warned_at is None and left < Fraction(self.base, 5):
                self.warned_at = event.at
                self._tell_of_balance(event.at)
            elif self.warned_at is not None and left == 0:
                self._tell_of_balance(event.at)

    def _gateway(self, event: Called) -> Answer | None:
        """Return the answer of a gateway that refuses the call."""
        if event.operation is None:
            return Answer(event, 404, "I404NF")
        standing = self.state.get("standing", "good")
        if standing != "good":
            return Answer(event, 403, NO_STANDING[str(standing)])
        if self._is_metered(event) and self.payer(event.at) is None:
            return Answer(event, 403, self._no_credit(event.at))
        return None if self._passes(event) else Answer(event, 429, "T429PA")

    def _no_credit(self, at: int) -> str:
        if not self.shelves:
            return "B403MI"
        some_valid = any(at < each.bought.expires_at for each in self.shelves)
        return "B403MQ" if some_valid else "B403ME"

    def _passes(self, event: Called) -> bool:
        """A token for each millisecond, at most `throttle` of them; each operation has its own."""
        most = self.state.get("throttle")
        if most is None:
            return True
        tokens, at = self.tokens.get(str(event.operation), (int(most), event.at))
        tokens = min(int(most), tokens + event.at - at)
        self.tokens[str(event.operation)] = (max(0, tokens - 1), event.at)
        return tokens >= 1

    def _service(self, event: Called) -> Answer:
        shelf = self.payer(event.at)
        status = 450 if event.wrong and self.readings["refusal.status"] == "450" else 200
        if shelf is None:
            last = self.shelves[-1].bought if self.shelves else None
            return Answer(event, status, worth=last.fen // last.size if last else LOOSE_FEN)
        charged = status == 200 and self._is_metered(event)
        worth, number = shelf.next_fen, shelf.bought.number
        if charged:
            shelf.taken += 1
            shelf.paid += worth
        return Answer(event, status, worth=worth, package=number, charged=charged)

    def _is_metered(self, event: Called) -> bool:
        return event.operation == "submit_task" or self.readings["charge.polls"] == "every-200"


def replay(readings: Mapping[str, str], events: Iterable[Event], until: int) -> Books:
    """Replay all events, from the start to an instant."""
    books = Books(readings=dict(readings))
    for event in events:
        books.pass_time(event.at)
        books.apply(event)
    books.pass_time(until)
    return books
