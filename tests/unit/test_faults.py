"""Rules on order: which can be, and what they answer."""

import pytest

from mock_server.contract import load_catalogue
from mock_server.domain.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.errors import GatewayError, Refusal, classic_row
from mock_server.domain.faults import Fault, FaultError, Kind, check, raised

TABLES = load_catalogue().errors


def fault(what: str, kind: Kind = Kind.GATEWAY_ERROR, operation: Operation | None = None) -> Fault:
    return Fault(
        id=1, account="a", kind=kind, what=what, operation=operation, calls_left=None, hits=0
    )


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("code", TABLES.rows)
def test_every_code_can_be_armed_and_is_answered(code: str, *, classic: bool) -> None:
    armed = check(fault(code), TABLES, classic=classic)

    error = raised(armed)

    assert isinstance(error, GatewayError)
    assert (error.code, error.reason, error.classic) == (code, "ordered", None)


@pytest.mark.parametrize("message", TABLES.classic)
def test_every_message_of_older_instances_is_answered_word_for_word(message: str) -> None:
    error = raised(check(fault(message), TABLES, classic=True))

    assert isinstance(error, GatewayError)
    assert classic_row(error, TABLES) == (TABLES.classic[message].status, message)


@pytest.mark.parametrize("message", TABLES.classic)
def test_a_message_of_older_instances_needs_one(message: str) -> None:
    with pytest.raises(FaultError, match="older instances"):
        check(fault(message), TABLES, classic=False)


@pytest.mark.parametrize("what", ["", "X999XX", "x500er", "Quota", "X500ER "])
@pytest.mark.parametrize("classic", [False, True])
def test_what_is_in_no_table_is_refused_with_what_there_is(what: str, *, classic: bool) -> None:
    with pytest.raises(FaultError, match="D504TO") as refused:
        check(fault(what), TABLES, classic=classic)

    assert all(code in str(refused.value) for code in TABLES.rows)


@pytest.mark.parametrize("operation", Operation)
def test_only_operations_of_the_gateway_can_fail(operation: Operation) -> None:
    rule = fault("D504TO", operation=operation)
    if operation in VENDOR_OPERATIONS:
        assert check(rule, TABLES, classic=False) is rule
    else:
        with pytest.raises(FaultError, match="submit_task, list_tasks, query_task"):
            check(rule, TABLES, classic=False)


@pytest.mark.parametrize("remark", ["no", "D504TO", "Quota Exhausted", "稍后再试"])
def test_a_refusal_carries_any_remark(remark: str) -> None:
    error = raised(check(fault(remark, Kind.REFUSAL), TABLES, classic=False))

    assert isinstance(error, Refusal)
    assert error.remark == remark
