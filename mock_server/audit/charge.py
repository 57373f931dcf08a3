"""A charge with its explanation: what a credit was paid for, and whether it was lost."""

from dataclasses import dataclass
from enum import StrEnum

from mock_server.audit.seen_call import SeenCall


class ChargeClass(StrEnum):
    """What a charge was for. All but the first are a waste."""

    USEFUL = "useful"
    DUPLICATE_SUBMIT = "duplicate-submit"
    POLL_BEFORE_THE_END = "poll-before-the-end"
    POLL_AFTER_THE_END = "poll-after-the-end"
    REFUSAL_IN_200 = "refusal-in-200"
    ORPHAN = "orphan"


WASTED = tuple(each for each in ChargeClass if each is not ChargeClass.USEFUL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charged call. `intent`: what it was for, None if that is not known; `why`: a sentence on
    its class."""

    call: SeenCall
    kind: ChargeClass
    intent: str | None
    why: str

    @property
    def id(self) -> int:
        """The number of the call in the journal."""
        return self.call.id

    @property
    def fen(self) -> int:
        """What it cost, in 1/100 yuan."""
        return self.call.call.fen

    @property
    def is_wasted(self) -> bool:
        """Whether the credit was lost."""
        return self.kind is not ChargeClass.USEFUL


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The class of a charge, and why. `about`: the number of the submit that it was made for, where
    the call itself does not show that."""

    kind: ChargeClass
    why: str
    about: int | None = None


def useful(why: str, about: int | None = None) -> Judgement:
    """Return the class of a charge that the client needed."""
    return Judgement(kind=ChargeClass.USEFUL, why=why, about=about)


def wasted(kind: ChargeClass, why: str) -> Judgement:
    """Return the class of a charge that the client lost."""
    return Judgement(kind=kind, why=why)
