"""Short links: an address of ours that redirects to a long one, so the QR code has fewer modules.

Rule 1: only an address of more than 35 characters is shortened (claim short-link-length).
Rule 2: it redirects for 24 hours on the account's clock, and answers 410 after that (claim
short-link-lifetime).
Rule 3: its code follows from seed and number; if another account has that code, the next one drawn
is taken.
"""

from mock_server.domain import dice
from mock_server.domain.records import dataclass
from mock_server.domain.urls import is_address

LONGEST_PLAIN = 35
LIFETIME_MS = 24 * 3_600_000
CODE_DIGITS = 8
DRAWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortLink:
    """A short link to `target`; its address contains only its code (claim short-link-form)."""

    code: str
    account: str
    task_id: str
    target: str
    expires_at: int


def is_shortened(text: str | None) -> bool:
    """Whether a text becomes a short link: it must be a long address."""
    return text is not None and len(text) > LONGEST_PLAIN and is_address(text)


def codes(seed: int, number: int, account_id: str) -> list[str]:
    """Return the possible codes for the account's `number`-th task; the first free one is used.

    Accounts of one seed draw the same codes, except for the last: it is unique to the account.
    """
    drawn = [
        dice.hex_digits(seed, "short link", number, draw, digits=CODE_DIGITS)
        for draw in range(DRAWS)
    ]
    return [*drawn, dice.hex_digits(seed, "short link", number, account_id, digits=4 * CODE_DIGITS)]
