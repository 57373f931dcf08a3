"""Short links: an address of ours in place of a long one, so that the QR code has fewer modules.

Rule 1: only an address of more than 35 characters is shortened (claim short-link-length).
Rule 2: it leads there for 24 hours on the account's clock, and is gone after (claim
short-link-lifetime).
Rule 3: its code follows from seed and number; where that is taken, from more words.
"""

from dataclasses import dataclass

from mock_server.domain import dice
from mock_server.domain.urls import is_address

LONGEST_PLAIN = 35
LIFETIME_MS = 24 * 3_600_000
CODE_DIGITS = 8
DRAWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLink:
    """A short link to `target`; nothing but its code is in its address (claim short-link-form)."""

    code: str
    account: str
    task_id: str
    target: str
    expires_at: int


def is_shortened(text: str | None) -> bool:
    """Whether a text is worth a short link: nothing redirects to what is no address."""
    return text is not None and len(text) > LONGEST_PLAIN and is_address(text)


def codes(seed: int, number: int, account_id: str) -> list[str]:
    """Return the codes of the account's `number`-th task, the first that is free counts.

    Accounts of one seed draw the same; the last code is no other account's.
    """
    drawn = [
        dice.hex_digits(seed, "short link", number, draw, digits=CODE_DIGITS)
        for draw in range(DRAWS)
    ]
    return [*drawn, dice.hex_digits(seed, "short link", number, account_id, digits=4 * CODE_DIGITS)]
