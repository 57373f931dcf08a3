"""Accounts: create, change, reset, delete."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from mock_server.actions.accounts import lookup, notices
from mock_server.actions.accounts.setup import set_up
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import (
    DEFAULT_APP_CODE,
    MAX_SEED,
    Account,
    AccountTemplate,
    Standing,
    first_clock,
)
from mock_server.domain.account.older_tasks import begin_ms
from mock_server.domain.call.throttle import Limit
from mock_server.domain.clock import LATEST_AT, MAX_RATE, MIN_RATE, ClockError
from mock_server.domain.readings import as_mapping, with_readings
from mock_server.domain.task.magic import PackageState
from mock_server.domain.urls import AddressError, parse_address
from mock_server.domain.usage_errors import ConflictError, UsageError
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store import coverage, journal
from mock_server.store import throttles as throttle_rows
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """The wanted properties of a new account. `seed` and `app_code` None: drawn at random."""

    name: str = ""
    seed: int | None = None
    app_code: str | None = None
    origin: AccountTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCredentials:
    """The id and the credentials of an account."""

    id: str
    app_code: str
    app_key: str
    app_secret: str


def create(tx: Transaction, simulator: Simulator, wish: NewAccount) -> Account:
    """Create an account with credentials of its own. Raises ConflictError for a taken app code."""
    draw = simulator.draw_bytes
    while True:  # until id and credentials are unique
        if wish.app_code is not None:
            _check_app_code(tx, simulator, wish.app_code)
        credentials = AccountCredentials(
            id=_letters(draw(5)),
            app_code=wish.app_code or draw(16).hex(),
            app_key=_app_key(draw),
            app_secret=draw(16).hex(),
        )
        account = _add(tx, simulator, wish, credentials)
        if account is not None:
            return account


DEFAULT_TRIES = 3


def ensure_default(tx: Transaction, simulator: Simulator) -> Account:
    """Return the default account; create it on the first start."""
    wish = NewAccount(
        name="the default account",
        seed=simulator.settings.seed,
        origin=AccountTemplate(readings={}),
    )
    account = rows.get(tx, DEFAULT_ID)
    for _ in range(DEFAULT_TRIES):
        if account is not None:
            return observe(tx, simulator, account)
        # Another process may be creating it at this moment.
        credentials = AccountCredentials(
            id=DEFAULT_ID,
            app_code=DEFAULT_APP_CODE,
            app_key=_app_key(simulator.draw_bytes),
            app_secret=simulator.draw_bytes(16).hex(),
        )
        _add(tx, simulator, wish, credentials)
        account = rows.get(tx, DEFAULT_ID)
    if account is None:
        raise RuntimeError("the default account can neither be found nor made")
    return account


def observe(tx: Transaction, simulator: Simulator, account: Account) -> Account:
    """Give an account of an earlier start what was observed since; what its scenario says, and what
    was set by hand, stays.
    """
    values = as_mapping(account.readings)
    kept = {name: values[name] for name in account.by_hand}
    readings = with_readings(simulator.base_readings, {**account.origin.readings, **kept})
    if readings == account.readings:
        return account
    account = replace(account, readings=readings)
    rows.set_world(tx, account)
    return account


def create_magic_account(tx: Transaction, simulator: Simulator, name: str) -> Account | None:
    """Create and return the account of a magic credential; None if the name is not magic."""
    magic = simulator.catalogue.magic.get(name)
    if magic is None:
        return None
    origin = AccountTemplate(
        credits=magic.credits,
        package=PackageState(magic.package),
        readings=magic.readings,
        standing=Standing(magic.standing),
        per_second=magic.per_second,
        burst=magic.burst,
        faults=magic.armed,
    )
    credentials = AccountCredentials(id=name, app_code=name, app_key=name, app_secret=name)
    made = _add(tx, simulator, NewAccount(name=magic.says, origin=origin), credentials)
    return made or rows.get(tx, name)  # another process created it at this moment


def reset(
    tx: Transaction, simulator: Simulator, account_id: str, origin: AccountTemplate | None = None
) -> Account:
    """Empty an account and set it up again from its template; other accounts do not change.

    `origin`: a new template, used now and by later resets.
    """
    account = lookup.find(tx, account_id)
    _leave(tx, simulator, account_id)
    rows.empty(tx, account_id)
    if origin is not None:
        _check_clock(origin)
        _check_notify_url(origin.notify_url)
        account = replace(account, origin=origin)
        rows.set_origin(tx, account_id, origin)
    account = replace(
        account,
        readings=with_readings(simulator.base_readings, account.origin.readings),
        clock=first_clock(account.origin, simulator.real_now()),
        standing=account.origin.standing,
        skew_ms=0,
        limit=account.origin.limit,
        notify_url=account.origin.notify_url,
        submits=0,
        answers=0,
        by_hand=frozenset(),
    )
    rows.set_world(tx, account)
    set_up(tx, simulator, account)
    return lookup.find(tx, account_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The changes to an account; None keeps a value. False removes the throttle or the address."""

    standing: Standing | None = None
    skew_ms: int | None = None
    limit: Limit | Literal[False] | None = None
    notify_url: str | Literal[False] | None = None


def change(tx: Transaction, simulator: Simulator, account_id: str, patch: Patch) -> Account:
    """Change a buyer's standing, skew, throttle, or the address for notices."""
    account = lookup.find(tx, account_id)
    # Notices that came due before this change go to the old address.
    account = notices.catch_up(tx, simulator, account, account.clock.now(simulator.real_now()))
    if patch.standing is not None:
        account = replace(account, standing=patch.standing)
    if patch.skew_ms is not None:
        account = replace(account, skew_ms=patch.skew_ms)
    if patch.limit is not None:
        account = replace(account, limit=patch.limit or None)
        throttle_rows.empty(tx, account_id)
    if patch.notify_url is not None:
        _check_notify_url(patch.notify_url or None)
        account = replace(account, notify_url=patch.notify_url or None)
    rows.set_world(tx, account)
    return account


def delete(tx: Transaction, simulator: Simulator, account_id: str) -> None:
    """Delete an account and everything it owns. The default account cannot be deleted."""
    lookup.find(tx, account_id)
    if account_id == DEFAULT_ID:
        raise ConflictError("the default account cannot be deleted: reset it instead")
    _leave(tx, simulator, account_id)
    rows.delete(tx, account_id)


def reset_all(tx: Transaction, simulator: Simulator) -> tuple[int, Account]:
    """Delete all accounts but the default one, reset that, and drop the calls without an account.

    Returns the number of deleted accounts, and the default account.
    """
    deleted = 0
    for account_id in [each.id for each in rows.list_all(tx)]:
        # Another process may have deleted it meanwhile.
        if account_id != DEFAULT_ID and rows.get(tx, account_id) is not None:
            delete(tx, simulator, account_id)
            deleted += 1
    journal.empty_without_account(tx)
    return deleted, reset(tx, simulator, DEFAULT_ID)


def _leave(tx: Transaction, simulator: Simulator, account_id: str) -> None:
    """Archive the coverage of an account that is about to be emptied."""
    coverage.archive(tx, account_id)
    tx.after_commit.append(lambda: simulator.coverage_cache.forget(account_id))


def _add(
    tx: Transaction, simulator: Simulator, wish: NewAccount, credentials: AccountCredentials
) -> Account | None:
    """Add an account and set it up; None if its id or a credential is taken."""
    _check_clock(wish.origin)
    _check_notify_url(wish.origin.notify_url)
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
        readings=with_readings(simulator.base_readings, wish.origin.readings),
        origin=wish.origin,
        created_at=clock.now(real_now),
        clock=clock,
        standing=wish.origin.standing,
        limit=wish.origin.limit,
        notify_url=wish.origin.notify_url,
    )
    if not rows.insert(tx, account):
        return None
    set_up(tx, simulator, account)
    return lookup.find(tx, account.id)  # with its packages, faults and watch


def _check_clock(origin: AccountTemplate) -> None:
    if origin.clock_at is not None and not 0 <= origin.clock_at <= LATEST_AT:
        raise ClockError(f"clock.now is in ms since 1970: 0 to {LATEST_AT}")
    if not MIN_RATE <= origin.rate <= MAX_RATE:
        raise ClockError(f"clock.rate is out of range: {MIN_RATE:g} to {MAX_RATE:g}")
    earliest = begin_ms(origin.older_tasks)
    if origin.clock_at is not None and origin.clock_at < earliest:
        raise ClockError(
            f"clock.now is too early for {origin.older_tasks} older_tasks, which were submitted "
            f"one a minute before it: make it at least {earliest}, or leave it out"
        )


def _check_notify_url(url: str | None) -> None:
    try:
        if url is not None:
            parse_address(url)
    except AddressError as error:
        raise UsageError(
            f"notify_url: {error}; write one such as http://127.0.0.1:9000/notices"
        ) from None


def _check_app_code(tx: Transaction, simulator: Simulator, app_code: str) -> None:
    """Check that an app code is free. Raises ConflictError."""
    if app_code in simulator.catalogue.magic:
        raise ConflictError(
            f"app code {app_code!r} belongs to a magic account, which is created when it is first "
            "used: choose another app code"
        )
    if (owner := rows.by_app_code(tx, app_code)) is not None:
        raise ConflictError(
            f"app code {app_code!r} belongs to account {owner.id}: choose another app code, or "
            "delete that account"
        )


def _app_key(draw: Callable[[int], bytes]) -> str:
    return str(200_000_000 + int.from_bytes(draw(4)) % 800_000_000)


def _letters(entropy: bytes) -> str:
    return base64.b32encode(entropy).decode().rstrip("=").lower()
