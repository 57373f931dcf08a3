"""Money: the bill, the charges of each task, notices and invoices."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify

from mock_server.actions.accounts import lookup, notices, packages
from mock_server.actions.reports import reports
from mock_server.actions.reports.reports import Bill
from mock_server.domain.billing import bills
from mock_server.domain.billing.bills import ChargingRule, Sum
from mock_server.domain.billing.charges import Package, invoices_for
from mock_server.domain.retention import Trimmed
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Row, Transaction
from mock_server.web.admin.packages import package_json
from mock_server.web.admin.parsing import page_of_query


def add_routes(routes: Blueprint, simulator: Simulator) -> None:
    """Add the routes of money."""
    read = simulator.database.read

    @routes.get("/accounts/<account_id>/bill")
    def get_bill(account_id: str) -> Response:
        return jsonify(bill_json(read(lambda tx: reports.bill(tx, simulator, account_id))))

    @routes.get("/accounts/<account_id>/bill/tasks")
    def list_task_charges(account_id: str) -> Response:
        after, limit = page_of_query()
        rows = read(lambda tx: reports.task_charges(tx, account_id, after=after, limit=limit))
        following = rows[-1]["number"] if len(rows) == limit else None
        names = ("number", "task_id", "charges", "fen")
        return jsonify(tasks=[{name: row[name] for name in names} for row in rows], next=following)

    @routes.get("/accounts/<account_id>/notices")
    def list_notices(account_id: str) -> Response:
        after, limit = page_of_query()

        def look(tx: Transaction) -> list[dict[str, Any]]:
            account = lookup.find(tx, account_id)
            listed = notices.listed(tx, simulator, account, after=after, limit=limit)
            return [notice_json(row, delivery) for row, delivery in listed]

        found = simulator.database.run(look)
        following = found[-1]["id"] if len(found) == limit else None
        return jsonify(notices=found, next=following)

    @routes.get("/accounts/<account_id>/invoices")
    def list_invoices(account_id: str) -> Response:
        bought = read(lambda tx: packages.listed(tx, account_id))
        return jsonify(invoices=[invoice_json(each) for each in bought if not each.is_unlimited])


def bill_json(bill: Bill) -> dict[str, Any]:
    """Return a bill as JSON; money is whole fen."""
    totals = bill.totals
    by_day = bills.paid_by(totals, lambda total: total.day)
    by_package = bills.paid_by(totals, lambda total: total.package_id)
    by_operation = bills.paid_by(totals, lambda total: total.operation)
    return {
        **_sum(bills.paid(totals)),
        "by_operation": {name: _sum(by_operation[name]) for name in sorted(by_operation)},
        "by_day": [{"day": bills.day_name(day), **_sum(by_day[day])} for day in sorted(by_day)],
        "by_package": [{"package": each, **_sum(by_package[each])} for each in sorted(by_package)],
        "without_task": _sum(bills.paid(filter(bills.is_without_task, totals))),
        "under_readings": [_rule_json(rule, bill) for rule in bills.RULES],
        "balance": bill.balance,
        "packages": [package_json(package) for package in bill.packages],
        "trimmed": trimmed_json(bill.trimmed),
    }


def trimmed_json(trimmed: Trimmed | None) -> dict[str, int] | None:
    """Return what is no longer kept one by one as JSON; None: everything is kept."""
    return None if trimmed is None else asdict(trimmed)


def notice_json(row: Row, delivery: Row | None) -> dict[str, Any]:
    """Return a notice as JSON; `delivery` is the state of its post, None: it is not posted."""
    return {**notices.shown(row), "delivery": delivery["state"] if delivery else None}


def invoice_json(package: Package) -> dict[str, Any]:
    """Return the invoices that a purchase can get, as JSON."""
    return {
        "package": package.id,
        "offer": package.offer,
        "bought_at": package.bought_at,
        "fen": package.fen,
        "eligible": invoices_for(package.fen),
    }


def _rule_json(rule: ChargingRule, bill: Bill) -> dict[str, Any]:
    return {
        "title": rule.title,
        "readings": {"charge.polls": rule.polls, "refusal.status": rule.refusal},
        "current": rule == bill.rule,
        **asdict(bills.valued(bill.totals, rule, bill.paying)),
    }


def _sum(found: Sum) -> dict[str, int]:
    return {"charges": found.charges, "fen": found.fen}
