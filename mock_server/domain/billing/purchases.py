"""Purchases: a package of the price list, a number of credits, or credits without end."""

from mock_server.domain.billing.charges import (
    LOOSE_CREDIT_FEN,
    UNLIMITED,
    WITHOUT_END,
    Offer,
    Package,
    expiry,
)
from mock_server.domain.billing.notices import expiry_notice_at
from mock_server.domain.clock import LATEST_AT


def purchased(
    account: str, size: int, offer: Offer | None, bought_at: int, valid_days: int | None
) -> Package:
    """Return the package that a purchase creates, not yet stored (id 0).

    `offer` None: `size` credits outside the offers, each at the price of a loose credit.
    `valid_days` None: a year.
    """
    expires_at = expiry(bought_at, valid_days)
    return Package(
        id=0,
        account=account,
        offer=str(size) if offer else "custom",
        credits=size,
        remaining=size,
        fen=offer.fen if offer else size * LOOSE_CREDIT_FEN,
        bought_at=bought_at,
        expires_at=expires_at,
        notice_at=expiry_notice_at(bought_at, expires_at),
    )


def without_end(account: str, bought_at: int) -> Package:
    """Return a package, not yet stored (id 0), that no call uses up and that does not expire, so no
    notice tells of it. A credit of it costs what a loose one does.
    """
    return Package(
        id=0,
        account=account,
        offer=UNLIMITED,
        credits=WITHOUT_END,
        remaining=WITHOUT_END,
        fen=WITHOUT_END * LOOSE_CREDIT_FEN,
        bought_at=bought_at,
        expires_at=LATEST_AT,
    )
