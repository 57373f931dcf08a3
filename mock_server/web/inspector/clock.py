"""The forms of the clock, which every page has: advance, next event, freeze, thaw, rate."""

from flask import Blueprint, Response, request

from mock_server.actions import clock as actions
from mock_server.actions.clock import Change
from mock_server.domain.clock import forward_ms
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.web.inspector import frame
from mock_server.web.inspector.frame import Inspector, field

# What a button of the forms asks for, and what the page then says.
CHANGES = ("advance", "next_event", "freeze", "thaw", "rate")


def add_routes(routes: Blueprint, inspector: Inspector) -> None:
    """Add the route of the forms."""
    simulator = inspector.simulator

    @routes.post("/inspect/<account_id>/clock")
    def move_clock(account_id: str) -> Response:
        kind = request.form.get("change", "")
        wanted = _change(kind)
        changed, _ = actions.change_and_settle(simulator, account_id, wanted)
        if wanted.to_next_event and changed.event is None:
            return frame.back("no_event")
        return frame.back(kind)


def _change(kind: str) -> Change:
    if kind == "advance":
        return Change(advance_ms=forward_ms(field("by", least=1, most=64)))
    if kind == "next_event":
        return Change(to_next_event=True)
    if kind == "rate":
        return Change(rate=_rate(field("rate", least=1, most=32)))
    if kind in CHANGES:
        return Change(frozen=kind == "freeze")
    raise UsageError(unknown("change of the clock", kind, CHANGES))


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no rate: write a number such as 60") from None
