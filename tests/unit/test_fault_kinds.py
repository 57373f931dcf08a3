"""Orders for faults: which are valid, and which are refused."""

from typing import Any

import pytest

from mock_server.contract import load_catalogue
from mock_server.domain.call.errors import GatewayError, classic_row
from mock_server.domain.faults import gateway
from mock_server.domain.faults.kinds import KINDS, FaultSite, check, kind_of, read_order, shown
from mock_server.domain.faults.rules import FaultError

TABLES = load_catalogue().errors


def place(*, classic: bool = False, connection: bool = True) -> FaultSite:
    return FaultSite(tables=TABLES, classic=classic, connection=connection)


def raised(code: str, *, classic: bool = False) -> GatewayError:
    """Return the answer of an ordered row."""
    order = read_order({"code": code})
    check(order, place(classic=classic))
    error: GatewayError = order.kind.act(order.fault)
    return error


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("code", TABLES.rows)
def test_every_code_can_be_armed_and_is_answered(code: str, *, classic: bool) -> None:
    error = raised(code, classic=classic)

    assert (error.code, error.reason, error.classic) == (code, "ordered", None)


@pytest.mark.parametrize("message", TABLES.classic)
def test_every_message_of_older_instances_is_answered_word_for_word(message: str) -> None:
    error = raised(message, classic=True)

    assert classic_row(error, TABLES) == (TABLES.classic[message].status, message)


@pytest.mark.parametrize("message", TABLES.classic)
def test_a_message_of_older_instances_needs_one(message: str) -> None:
    with pytest.raises(FaultError, match="older instances"):
        raised(message)


@pytest.mark.parametrize("what", ["", "X999XX", "x500er", "Quota", "X500ER ", "200"])
@pytest.mark.parametrize("classic", [False, True])
def test_what_is_in_no_table_is_refused_with_what_there_is(what: str, *, classic: bool) -> None:
    with pytest.raises(FaultError, match="D504TO") as refused:
        raised(what, classic=classic)

    assert all(code in str(refused.value) for code in TABLES.rows)


@pytest.mark.parametrize(("name", "code"), gateway.NAMED.items())
def test_a_failure_with_a_name_is_a_row_of_the_table(name: str, code: str) -> None:
    assert code in TABLES.rows
    assert KINDS[name].act(gateway.PlainFault()).code == code


@pytest.mark.parametrize("remark", ["no", "D504TO", "Quota Exhausted", "稍后再试"])
def test_a_refusal_carries_any_remark(remark: str) -> None:
    order = read_order({"remark": remark})
    check(order, place())

    assert order.kind.act(order.fault).says.remark == remark


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "refussal"}, "did you mean 'refusal'"),
        ({"kind": "zzz"}, "valid: gateway_error, quota_exhausted"),
        ({"kind": 5}, "unknown fault '5'"),
        ({}, "name the kind"),
        ({"code": "D504TO", "remark": "no"}, "one of code and remark"),
    ],
)
def test_a_kind_that_is_not_there_is_refused(order: dict[str, Any], says: str) -> None:
    with pytest.raises(FaultError, match=says):
        kind_of(order)


def test_a_maintenance_window_has_an_end() -> None:
    check(read_order({"kind": "maintenance", "expires_in_ms": 1}), place())
    with pytest.raises(FaultError, match="expires_in_ms"):
        check(read_order({"kind": "maintenance"}), place())


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ({}, "truncate needs one of keep_bytes, inside"),
        ({"keep_bytes": 0, "inside": "task_id"}, "keep_bytes and inside contradict each other"),
    ],
)
def test_a_cut_answer_ends_in_exactly_one_place(places: dict[str, Any], says: str) -> None:
    check(read_order({"kind": "truncate", "keep_bytes": 0}), place())
    check(read_order({"kind": "truncate", "inside": "task_id"}), place())
    with pytest.raises(FaultError, match=says):
        check(read_order({"kind": "truncate", **places}), place())


@pytest.mark.parametrize("value", ["a\nb", "a\n", "a\r", "\0", " a", "a ", "\x7f", "é", "文"])
def test_a_content_type_is_what_a_header_can_have(value: str) -> None:
    check(read_order({"kind": "content_type", "value": "text/plain; x=y"}), place())
    with pytest.raises(FaultError, match="cannot be sent as a Content-Type"):
        check(read_order({"kind": "content_type", "value": value}), place())


def test_a_rule_does_not_end_before_it_starts() -> None:
    order = {"kind": "throttled", "starts_in_ms": 5, "expires_in_ms": 5}
    with pytest.raises(FaultError, match="before"):
        check(read_order(order), place())


def test_an_order_is_shown_as_it_was_written() -> None:
    order = {"kind": "gateway_error", "code": "D504TO", "operation": "submit_task", "nth": 2}

    assert shown(read_order(order)) == order
