"""Accounts: create, list, show, reset and delete them; reset everything."""

from dataclasses import asdict
from typing import Any, Literal

from flask import Blueprint, Response, jsonify

from mock_server.actions.accounts import accounts as actions
from mock_server.actions.accounts import lookup
from mock_server.actions.accounts.accounts import NewAccount, Patch
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Overview
from mock_server.domain.account.accounts import ALL, KEEP_ALL, Account, AccountTemplate, Standing
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.call.throttle import Limit
from mock_server.domain.readings import as_mapping
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.parsing import body_of


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of accounts."""
    run, read = simulator.database.run, simulator.database.read

    def shown(tx: Transaction, account: Account) -> dict[str, Any]:
        return account_json(reports.overview(tx, simulator, account))

    @routes.post("/accounts")
    def create_account() -> tuple[Response, int]:
        wish = wish_of(body_of("NewAccount"))
        made = run(lambda tx: shown(tx, actions.create(tx, simulator, wish)))
        return jsonify(made), 201

    @routes.get("/accounts")
    def list_accounts() -> Response:
        return jsonify(read(lambda tx: _listed(tx, simulator)))

    @routes.get("/accounts/<account_id>")
    def get_account(account_id: str) -> Response:
        return jsonify(read(lambda tx: shown(tx, lookup.find(tx, account_id))))

    @routes.delete("/accounts/<account_id>")
    def delete_account(account_id: str) -> tuple[str, int]:
        run(lambda tx: actions.delete(tx, simulator, account_id))
        return "", 204

    @routes.patch("/accounts/<account_id>")
    def change_account(account_id: str) -> Response:
        patch = _patch(body_of("AccountChange"))
        return jsonify(run(lambda tx: shown(tx, actions.change(tx, simulator, account_id, patch))))

    @routes.post("/accounts/<account_id>/reset")
    def reset_account(account_id: str) -> Response:
        body_of("Empty")
        return jsonify(run(lambda tx: shown(tx, actions.reset(tx, simulator, account_id))))

    @routes.post("/reset")
    def reset_all() -> Response:
        body_of("Empty")
        return jsonify(run(lambda tx: _reset_all(tx, simulator)))


def _listed(tx: Transaction, simulator: Simulator) -> dict[str, Any]:
    found = rows.list_all(tx)
    last_calls = reports.last_calls(tx, [each.id for each in found])
    shown = [account_json(reports.overview(tx, simulator, each)) for each in found]
    return {"accounts": shown, "last_calls": last_calls}


def _reset_all(tx: Transaction, simulator: Simulator) -> dict[str, Any]:
    deleted, default = actions.reset_all(tx, simulator)
    return {"deleted": deleted, "account": account_json(reports.overview(tx, simulator, default))}


def account_json(overview: Overview) -> dict[str, Any]:
    """Return an account as JSON, with its credentials."""
    account = overview.account
    return {
        "id": account.id,
        "name": account.name,
        "app_code": account.app_code,
        "app_key": account.app_key,
        "app_secret": account.app_secret,
        "balance": overview.balance,
        "seed": account.seed,
        "clock": {
            "now": overview.now,
            "rate": account.clock.rate,
            "frozen": account.clock.frozen,
        },
        "standing": account.standing,
        "skew_ms": account.skew_ms,
        "throttle": asdict(account.limit) if account.limit else None,
        "notify_url": account.notify_url and redact_address(account.notify_url),
        "readings": as_mapping(account.readings),
        "keep_calls": ALL if account.origin.keep_calls == KEEP_ALL else account.origin.keep_calls,
    }


def wish_of(body: dict[str, Any]) -> NewAccount:
    """Return the account that a body of schema NewAccount wishes for."""
    return NewAccount(
        name=body.get("name", ""),
        seed=body.get("seed"),
        app_code=body.get("app_code"),
        origin=AccountTemplate.of(body),
    )


def _patch(body: dict[str, Any]) -> Patch:
    throttle = body.get("throttle")
    limit: Limit | Literal[False] | None = None
    if "throttle" in body:
        limit = Limit(**throttle) if throttle else False
    standing = body.get("standing")
    return Patch(
        standing=Standing(standing) if standing else None,
        skew_ms=body.get("skew_ms"),
        limit=limit,
        notify_url=(body["notify_url"] or False) if "notify_url" in body else None,
    )
