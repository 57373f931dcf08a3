"""The page of failures: faults by form, their counters; scenarios; the readings of the account."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from mock_server import contract
from mock_server.actions.accounts import faults, readings, scenarios
from mock_server.domain.durations import show_duration
from mock_server.domain.faults.kinds import KINDS, parameters_of
from mock_server.domain.faults.rules import AnyKind, Rule, Stage, given
from mock_server.domain.faults.spellings import UNIT, short_name
from mock_server.domain.readings import as_mapping
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import instant
from mock_server.store.engine.transaction import Transaction
from mock_server.web.admin.parsing import id_of
from mock_server.web.inspector import fault_form, frame, live
from mock_server.web.inspector.frame import Inspector, account_of, address
from mock_server.web.inspector.page import Page, View

NAME = "failures"
# The parameters of the address: the kind whose form is shown, and the part that is unfolded.
KIND, OPEN = "kind", "open"
FIRST = "gateway_error"


def _mark(tx: Transaction, view: View) -> str:
    account = account_of(view)
    if not account.armed:
        return "0"
    rules = faults.listed(tx, account.id)
    now = account.clock.now(view.simulator.real_now())
    last_id = rules[-1].id if rules else 0
    seen, hits = sum(each.seen for each in rules), sum(each.hits for each in rules)
    active = sum(each.is_active(now) for each in rules)
    return f"{len(rules)}.{last_id}.{seen}.{hits}.{active}"


def _region(tx: Transaction, view: View) -> dict[str, Any]:
    account = account_of(view)
    now = account.clock.now(view.simulator.real_now())
    return {
        "armed": [_line(rule, now) for rule in faults.listed(tx, account.id)],
        "disarm": address(account.id, NAME, "disarm"),
    }


def _line(rule: Rule, now: int) -> dict[str, Any]:
    if rule.starts_at is not None and now < rule.starts_at:
        state = "waits"
    else:
        state = "active" if rule.is_active(now) else "over"
    return {
        "rule": rule,
        "state": state,
        "parameters": _shown(parameters_of(rule.fault)),
        "conditions": _shown(given(rule.match)),
        "starts": None if rule.starts_at is None else instant(rule.starts_at),
        "expires": None if rule.expires_at is None else instant(rule.expires_at),
    }


def _shown(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{short_name(name)} {show_duration(value) if name.endswith(UNIT) else value}"
        for name, value in values.items()
        if value is not None
    ]


def _top(tx: Transaction, view: View) -> dict[str, Any]:  # noqa: ARG001 - see Page.top
    return _forms(view, view.query.get(KIND) or FIRST)


def _forms(
    view: View, kind_name: str, given: Mapping[str, str] | None = None, wrong: str | None = None
) -> dict[str, Any]:
    """Return the values of the forms; `given`, `wrong`: what was typed in, and why it cannot be."""
    kind = fault_form.kind_named(kind_name)
    account = account_of(view)
    return {
        "kind": kind,
        "says": contract.fault_texts(view.words.language),
        "stages": [(stage, _kinds_of(stage)) for stage in Stage],
        "parameters": fault_form.parameters(kind),
        "conditions": fault_form.conditions(kind),
        "codes": list(view.simulator.catalogue.errors.rows),
        "given": given or {},
        "wrong": wrong,
        "arm": address(account.id, NAME, "arm"),
        "choose": address(account.id, NAME),
        "open": view.query.get(OPEN, ""),
        "scenarios": contract.scenarios(view.words.language),
        "load": address(account.id, NAME, "scenario"),
        "readings": _readings(as_mapping(account.readings), view.words.language),
        "set": address(account.id, NAME, "reading"),
    }


def _kinds_of(stage: Stage) -> list[AnyKind]:
    return [kind for kind in KINDS.values() if kind.stage is stage]


def _readings(values: Mapping[str, str], language: str) -> list[dict[str, Any]]:
    """Return every reading with its value for the account; those that were changed come first."""
    found = [
        {**row, "value": values[row["id"]], "is_changed": values[row["id"]] != row["default"],
         "values": (row["default"], *row["alternatives"])}
        for row in contract.readings(language)
    ]  # fmt: skip
    return sorted(found, key=lambda row: not row["is_changed"])


def _add_routes(routes: Blueprint, inspector: Inspector) -> None:
    run, simulator = inspector.simulator.database.run, inspector.simulator

    @routes.post("/inspect/<account_id>/failures/arm")
    def arm_failure(account_id: str) -> Response:
        kind = fault_form.kind_named(frame.field("kind", least=1, most=64))
        try:
            order = fault_form.read(kind)
            run(lambda tx: faults.arm(tx, simulator, account_id, order))
        except UsageError as error:
            return _again(inspector, account_id, kind, str(error))
        return _said(account_id, "fault_armed", kind=kind.name)

    @routes.post("/inspect/<account_id>/failures/disarm")
    def disarm(account_id: str) -> Response:
        wanted = frame.field("fault", most=20)
        rule_id = id_of(wanted, "fault") if wanted else None
        run(lambda tx: faults.disarm(tx, account_id, rule_id))
        return _said(account_id, "fault_disarmed" if wanted else "faults_disarmed")

    @routes.post("/inspect/<account_id>/failures/scenario")
    def load_scenario(account_id: str) -> Response:
        frame.must_be_sure()
        scenario = scenarios.shipped(frame.field("scenario", least=1, most=64))
        run(lambda tx: scenarios.load(tx, simulator, account_id, scenario))
        return _said(account_id, "scenario_loaded")

    @routes.post("/inspect/<account_id>/failures/reading")
    def set_reading(account_id: str) -> Response:
        reading = frame.field("reading", least=1, most=64)
        values = {reading: frame.field("value", least=1, most=64)}
        run(lambda tx: readings.change(tx, simulator, account_id, values))
        return _said(account_id, "reading_set", open="readings")


def _said(account_id: str, said: str, **query: str) -> Response:
    return frame.to(address(account_id, NAME, **query, **{frame.SAID: said}))


def _again(inspector: Inspector, account_id: str, kind: AnyKind, wrong: str) -> Response:
    """Return the page with the form as it was filled in, and why it cannot be."""
    typed = {name: value[: fault_form.MOST_TEXT] for name, value in request.form.items()}

    def values(tx: Transaction, view: View) -> dict[str, Any]:
        forms = _forms(view, kind.name, typed, wrong)
        return {**forms, **live.page_values(tx, PAGE, view, (NAME,))}

    return inspector.show(account_id, NAME, "page.html", values, status=422)


PAGE = Page(name=NAME, mark=_mark, region=_region, top=_top, has_top=True, add_routes=_add_routes)
