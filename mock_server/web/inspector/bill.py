"""The page of the bill: the balance over time, what was charged and why, packages, notices."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from mock_server import contract
from mock_server.actions.accounts import packages
from mock_server.actions.accounts.packages import PackagePurchase
from mock_server.actions.reports import bill_view
from mock_server.actions.reports.bill_view import BillView
from mock_server.domain.billing import bills
from mock_server.domain.billing.balances import Point
from mock_server.domain.billing.bills import Total
from mock_server.domain.billing.charges import WITHOUT_END, Package
from mock_server.domain.billing.notices import LINE
from mock_server.domain.durations import DAY_MS
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import SHANGHAI, instant
from mock_server.pages.charts import steps_line
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import frame
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.page import Page, View

# So many of the last charges are listed one by one.
LISTED = 10
# From this length on, an axis of time shows days; up to this one, seconds.
LONG_MS, SHORT_MS = 60 * DAY_MS, 10 * 60_000
MIDDLES = (0.0, 0.5, 1.0)


def _mark(tx: Transaction, view: View) -> str:
    return bill_view.mark(tx, view.simulator, account_of(view))


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    account = account_of(view)
    found = bill_view.view(tx, view.simulator, account)
    bill = found.bill
    is_unlimited = bill.balance >= WITHOUT_END
    return {
        "balance": None if is_unlimited else bill.balance,
        # The line below which the vendor warns the buyer.
        "is_low": LINE * bill.balance < account.watch.base,
        "paid": bills.paid(bill.totals),
        "without_task": bills.paid(filter(bills.is_without_task, bill.totals)),
        "chart": _chart(found.points),
        "followed_since": _when(found.followed_since),
        "operations": _by_operation(bill.totals),
        "rules": [
            {"rule": rule, "is_current": rule == bill.rule,
             "value": bills.valued(bill.totals, rule, bill.paying)}
            for rule in bills.RULES
        ],
        "packages": [_package(each, found) for each in bill.packages],
        "notices": [{**each, "at": instant(each["at"])} for each in found.notices],
        "trimmed": bill.trimmed,
        "trimmed_before": _when(bill.trimmed.before if bill.trimmed else None),
        "charges": [
            {"entry": each, "at": instant(each.at),
             "href": address(account.id, "calls", each.call_id)}
            for each in found.last[:LISTED]
        ],
        "zone": SHANGHAI.tzname(None),
    }  # fmt: skip


def _when(at: int | None) -> str | None:
    return None if at is None else instant(at)


def _by_operation(totals: Sequence[Total]) -> list[dict[str, Any]]:
    """Return calls, charges and price of each operation, served and refused ones apart."""
    groups: dict[tuple[str, bool], list[Total]] = {}
    for total in totals:
        groups.setdefault((total.operation, total.refused), []).append(total)
    return [
        {
            "operation": operation,
            "what": "refused" if refused else "served",
            "calls": sum(each.calls for each in groups[operation, refused]),
            "sum": bills.paid(groups[operation, refused]),
        }
        for operation, refused in sorted(groups)
    ]


def _package(package: Package, found: BillView) -> dict[str, Any]:
    if package.is_unlimited:
        state = "unlimited"
    elif found.now >= package.expires_at:
        state = "expired"
    else:
        state = "used" if package.remaining == 0 else "valid"
    return {
        "package": package,
        "state": state,
        "bought": instant(package.bought_at),
        "expires": None if package.is_unlimited else instant(package.expires_at),
    }


def _chart(points: Sequence[Point]) -> dict[str, Any] | None:
    """Return the balance over time as a drawing; None: it has never changed."""
    begin, end = points[0].at, points[-1].at
    top = max(point.balance for point in points)
    if begin == end or not top:
        return None
    length = end - begin
    drawn = [((point.at - begin) / length, point.balance / top) for point in points]
    return {
        "path": steps_line(drawn),
        "top": top,
        "first": points[0].balance,
        "last": points[-1].balance,
        "begin": instant(begin),
        "end": instant(end),
        "ticks": [(100 * each, _tick(begin + int(each * length), length)) for each in MIDDLES],
    }


def _tick(at: int, length: int) -> str:
    """Return an instant as an axis of this length shows it."""
    shown = instant(at)
    if length >= LONG_MS:
        return shown[:10]
    return shown[11:] if length <= SHORT_MS else shown[5:16]


def _top(tx: Transaction, view: View) -> dict[str, Any]:  # noqa: ARG001 - see Page.top
    offers = view.simulator.catalogue.offers.values()
    return {"offers": offers, "buy": address(account_of(view).id, "bill", "buy")}


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/bill/buy")
    def buy(account_id: str) -> Response:
        order = _order()
        simulator.database.run(lambda tx: packages.buy(tx, simulator, account_id, order))
        return frame.done(account_id, PAGE.name, "package_bought")


def _order() -> PackagePurchase:
    """Return the purchase that the form stands for. Raises UsageError."""
    body: dict[str, Any] = {"offer": frame.field("offer", least=1, most=64)}
    if days := frame.field("valid_days", most=9):
        body["valid_days"] = frame.whole("valid_days", days)
    if wrong := contract.misfits("NewPackage", body):
        raise UsageError(wrong)
    return PackagePurchase(**body)


PAGE = Page(name="bill", mark=_mark, region=_region, top=_top, has_top=True, add_routes=_add_routes)
