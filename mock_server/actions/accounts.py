"""Accounts: make, look up, reset, delete."""

import base64
from dataclasses import dataclass, replace
from typing import Literal

from mock_server.domain.accounts import (
    DEFAULT_APP_CODE,
    DEFAULT_ID,
    MAX_SEED,
    Account,
    Origin,
    Standing,
    first_clock,
)
from mock_server.domain.billing import LOOSE_CREDIT_FEN, VALIDITY_MS, Package
from mock_server.domain.clock import LATEST_AT, MAX_RATE, MIN_RATE, ClockError
from mock_server.domain.faults import Kind
from mock_server.domain.magic import PackageState
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.domain.throttle import Limit
from mock_server.domain.wrong_use import ConflictError, NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store import billing as billing_rows
from mock_server.store import faults as fault_rows
from mock_server.store import met
from mock_server.store import throttles as throttle_rows
from mock_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new account is asked to be. `seed` None: drawn."""

    name: str = ""
    seed: int | None = None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who an account is."""

    id: str
    app_code: str
    app_key: str
    app_secret: str


def create(tx: Transaction, simulator: Simulator, wish: Wish) -> Account:
    """Make an account with credentials of its own."""
    draw = simulator.draw_bytes
    credentials = Credentials(
        id=_letters(draw(5)),
        app_code=draw(16).hex(),
        app_key=_app_key(tx, simulator),
        app_secret=draw(16).hex(),
    )
    return _add(tx, simulator, wish, credentials)


def ensure_default(tx: Transaction, simulator: Simulator) -> Account:
    """Return the default account, made on the first start."""
    account = rows.get(tx, DEFAULT_ID)
    if account is not None:
        return account
    credentials = Credentials(
        id=DEFAULT_ID,
        app_code=DEFAULT_APP_CODE,
        app_key=_app_key(tx, simulator),
        app_secret=simulator.draw_bytes(16).hex(),
    )
    wish = Wish(
        name="the default account", seed=simulator.settings.seed, origin=Origin(readings={})
    )
    return _add(tx, simulator, wish, credentials)


def conjure(tx: Transaction, simulator: Simulator, name: str) -> Account | None:
    """Return the account of a magic credential, made now; None if the name is no magic."""
    magic = simulator.catalogue.magic.get(name)
    if magic is None:
        return None
    origin = Origin(
        credits=magic.credits,
        package=PackageState(magic.package),
        readings=magic.readings,
        standing=Standing(magic.standing),
        per_second=magic.per_second,
        burst=magic.burst,
        error=magic.error,
        remark=magic.remark,
    )
    credentials = Credentials(id=name, app_code=name, app_key=name, app_secret=name)
    return _add(tx, simulator, Wish(name=magic.says, origin=origin), credentials)


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
    _leave(tx, simulator, account_id)
    rows.empty(tx, account_id)
    account = replace(
        account,
        readings=with_readings(DEFAULT_READINGS, account.origin.readings),
        clock=first_clock(account.origin, simulator.real_now()),
        standing=account.origin.standing,
        skew_ms=0,
        limit=account.origin.limit,
        submits=0,
        answers=0,
    )
    rows.set_world(tx, account)
    _equip(tx, simulator, account)
    return find(tx, account_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What to change of an account; None leaves it. `limit` False: no throttle."""

    standing: Standing | None = None
    skew_ms: int | None = None
    limit: Limit | Literal[False] | None = None


def change(tx: Transaction, account_id: str, patch: Patch) -> Account:
    """Change how a buyer stands with the marketplace."""
    account = find(tx, account_id)
    if patch.standing is not None:
        account = replace(account, standing=patch.standing)
    if patch.skew_ms is not None:
        account = replace(account, skew_ms=patch.skew_ms)
    if patch.limit is not None:
        account = replace(account, limit=patch.limit or None)
        throttle_rows.empty(tx, account_id)
    rows.set_world(tx, account)
    return account


def delete(tx: Transaction, simulator: Simulator, account_id: str) -> None:
    """Remove an account and its world. The default account stays."""
    find(tx, account_id)
    if account_id == DEFAULT_ID:
        raise ConflictError("the default account cannot be deleted: reset it instead")
    _leave(tx, simulator, account_id)
    rows.delete(tx, account_id)


def _leave(tx: Transaction, simulator: Simulator, account_id: str) -> None:
    """Keep what a world has met of the contract, for it is about to be emptied."""
    met.leave(tx, account_id)
    tx.after_commit.append(lambda: simulator.memory.forget(account_id))


def _add(tx: Transaction, simulator: Simulator, wish: Wish, credentials: Credentials) -> Account:
    _check_clock(wish.origin)
    real_now = simulator.real_now()
    seed = wish.seed
    if seed is None:
        seed = int.from_bytes(simulator.draw_bytes(8)) & MAX_SEED
    clock = first_clock(wish.origin, real_now)
    account = Account(
        id=credentials.id,
        name=wish.name or credentials.id,
        app_code=credentials.app_code,
        app_key=credentials.app_key,
        app_secret=credentials.app_secret,
        seed=seed,
        readings=with_readings(DEFAULT_READINGS, wish.origin.readings),
        origin=wish.origin,
        created_at=clock.now(real_now),
        clock=clock,
        standing=wish.origin.standing,
        limit=wish.origin.limit,
    )
    rows.insert(tx, account)
    _equip(tx, simulator, account)
    return find(tx, account.id)  # with what it was equipped with


def _equip(tx: Transaction, simulator: Simulator, account: Account) -> None:
    """Give an account what its origin says it starts with: a package, a fault."""
    _grant(tx, simulator, account)
    origin = account.origin
    if origin.error is not None:
        fault_rows.insert(tx, account.id, Kind.GATEWAY_ERROR, origin.error)
    if origin.remark is not None:
        fault_rows.insert(tx, account.id, Kind.REFUSAL, origin.remark)


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
    bought_at = account.clock.now(simulator.real_now())
    if account.origin.package is PackageState.EXPIRED:
        bought_at -= VALIDITY_MS
    package = Package(
        id=0,
        account=account.id,
        offer=str(size) if offer else "custom",
        credits=size,
        remaining=0 if account.origin.package is PackageState.SPENT else size,
        fen=offer.fen if offer else size * LOOSE_CREDIT_FEN,
        bought_at=bought_at,
        expires_at=bought_at + VALIDITY_MS,
    )
    billing_rows.add_package(tx, package)


def _app_key(tx: Transaction, simulator: Simulator) -> str:
    while True:  # nine digits: two in ten thousand meet
        key = str(200_000_000 + int.from_bytes(simulator.draw_bytes(4)) % 800_000_000)
        if rows.by_app_key(tx, key) is None:
            return key


def _letters(entropy: bytes) -> str:
    return base64.b32encode(entropy).decode().rstrip("=").lower()
