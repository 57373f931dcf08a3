"""Accounts: make, look up, reset, delete."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mock_server.domain.accounts import (
    DEFAULT_APP_CODE,
    DEFAULT_CREDITS,
    DEFAULT_ID,
    MAX_SEED,
    Account,
    Origin,
    first_clock,
)
from mock_server.domain.billing import LOOSE_CREDIT_FEN, VALIDITY_MS, Package
from mock_server.domain.clock import LATEST_AT, MAX_RATE, MIN_RATE, ClockError
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.wrong_use import ConflictError, NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store import billing as billing_rows
from mock_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new account is asked to be; None and empty take the default."""

    name: str = ""
    credits: int = DEFAULT_CREDITS
    seed: int | None = None
    readings: Mapping[str, str] | None = None
    clock_at: int | None = None
    rate: float = 1.0
    frozen: bool = False


def create(tx: Transaction, simulator: Simulator, wish: Wish) -> Account:
    """Make an account with credentials of its own."""
    account_id = _letters(simulator.draw_bytes(5))
    account = _account(
        simulator, wish, account_id=account_id, app_code=simulator.draw_bytes(16).hex()
    )
    while rows.has_app_key(tx, account.app_key):  # nine digits: two in ten thousand meet
        account = replace(account, app_key=_app_key(simulator))
    rows.insert(tx, account)
    _grant(tx, simulator, account)
    return account


def ensure_default(tx: Transaction, simulator: Simulator) -> Account:
    """Return the default account, made on the first start."""
    account = rows.get(tx, DEFAULT_ID)
    if account is None:
        wish = Wish(name="the default account", seed=simulator.settings.seed)
        account = _account(simulator, wish, account_id=DEFAULT_ID, app_code=DEFAULT_APP_CODE)
        rows.insert(tx, account)
        _grant(tx, simulator, account)
    return account


def find(tx: Transaction, account_id: str) -> Account:
    """Return an account. Raises NotFoundError."""
    account = rows.get(tx, account_id)
    if account is None:
        raise NotFoundError(
            f"no account has the id {account_id[:64]!r}: GET /_mock/accounts lists them, "
            "POST /_mock/accounts makes one"
        )
    return account


def reset(tx: Transaction, simulator: Simulator, account_id: str) -> Account:
    """Empty an account's world and start it again as it was made; others are untouched."""
    account = find(tx, account_id)
    rows.empty(tx, account_id)
    account = replace(
        account,
        readings=with_readings(DEFAULT_READINGS, account.origin.readings),
        clock=first_clock(account.origin, simulator.real_now()),
        submits=0,
        answers=0,
    )
    rows.set_world(tx, account)
    _grant(tx, simulator, account)
    return account


def delete(tx: Transaction, account_id: str) -> None:
    """Remove an account and its world. The default account stays."""
    find(tx, account_id)
    if account_id == DEFAULT_ID:
        raise ConflictError("the default account cannot be deleted: reset it instead")
    rows.delete(tx, account_id)


def _account(simulator: Simulator, wish: Wish, *, account_id: str, app_code: str) -> Account:
    real_now = simulator.real_now()
    origin = Origin(
        credits=wish.credits,
        readings=dict(wish.readings or {}),
        clock_at=wish.clock_at,
        rate=wish.rate,
        frozen=wish.frozen,
    )
    _check_clock(origin)
    seed = wish.seed
    if seed is None:
        seed = int.from_bytes(simulator.draw_bytes(8)) & MAX_SEED
    clock = first_clock(origin, real_now)
    return Account(
        id=account_id,
        name=wish.name or account_id,
        app_code=app_code,
        app_key=_app_key(simulator),
        app_secret=simulator.draw_bytes(16).hex(),
        seed=seed,
        readings=with_readings(DEFAULT_READINGS, origin.readings),
        origin=origin,
        created_at=clock.now(real_now),
        clock=clock,
    )


def _check_clock(origin: Origin) -> None:
    if origin.clock_at is not None and not 0 <= origin.clock_at <= LATEST_AT:
        raise ClockError(f"clock.now is in ms since 1970: 0 to {LATEST_AT}")
    if not MIN_RATE <= origin.rate <= MAX_RATE:
        raise ClockError(f"clock.rate is out of range: {MIN_RATE:g} to {MAX_RATE:g}")


def _grant(tx: Transaction, simulator: Simulator, account: Account) -> None:
    """Give the first package, bought at the account's now. No credits: no package."""
    size = account.origin.credits
    if not size:
        return
    offer = simulator.catalogue.offers.get(size)
    now = account.clock.now(simulator.real_now())
    package = Package(
        id=0,
        account=account.id,
        offer=str(size) if offer else "custom",
        credits=size,
        remaining=size,
        fen=offer.fen if offer else size * LOOSE_CREDIT_FEN,
        bought_at=now,
        expires_at=now + VALIDITY_MS,
    )
    billing_rows.add_package(tx, package)


def _app_key(simulator: Simulator) -> str:
    return str(200_000_000 + int.from_bytes(simulator.draw_bytes(4)) % 800_000_000)


def _letters(entropy: bytes) -> str:
    return base64.b32encode(entropy).decode().rstrip("=").lower()
