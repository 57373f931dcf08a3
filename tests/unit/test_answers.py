import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract import load_catalogue
from mock_server.domain.answer.answers import Stamp, gateway_answer, refusal_answer, result_answer
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.errors import ErrorRow, GatewayError, Refusal
from mock_server.domain.readings import Readings

STAMP = Stamp(request_id="0A1B2C3D-0000-4000-A000-000000000000", now=1_700_000_000_999)
RES_ID = "6744207dfb638c7d8463597b"
COMMON = [
    ("Server", "Kaede/3.5.3.523(simulator)"),
    ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
]
ENVELOPE = [
    "showapi_res_error",
    "showapi_res_id",
    "showapi_res_code",
    "showapi_fee_num",
    "showapi_res_body",
]
ERRORS = load_catalogue().errors


@pytest.mark.claim("error-empty-body")
@pytest.mark.claim("error-content-type")
@pytest.mark.claim("quota-exhausted")
@pytest.mark.claim("server-header")
def test_a_gateway_error_has_the_captured_headers_in_their_order_and_no_body() -> None:
    answer = gateway_answer(GatewayError("B403MQ", rule=AnswerRule.SERVED), ERRORS, STAMP)

    assert (answer.status, answer.body) == (403, b"")
    assert list(answer.headers) == [
        *COMMON,
        ("Content-Type", "application/oct-stream"),
        ("Content-Length", "0"),
        ("X-Ca-Request-Id", STAMP.request_id),
        ("X-Ca-Error-Code", "B403MQ"),
        ("X-Ca-Error-Message", "Api Market Subscription quota exhausted"),
    ]


@pytest.mark.claim("appcode-unknown")
def test_the_reason_of_a_gateway_error_stands_in_its_message() -> None:
    answer = gateway_answer(
        GatewayError("A400AC", "`not exists`", rule=AnswerRule.SERVED), ERRORS, STAMP
    )

    assert dict(answer.headers)["X-Ca-Error-Message"] == "Invalid AppCode `not exists`"


def test_a_message_without_a_reason_has_no_loose_end() -> None:
    answer = gateway_answer(GatewayError("I404NF", rule=AnswerRule.SERVED), ERRORS, STAMP)

    assert dict(answer.headers)["X-Ca-Error-Message"] == "API not found"


@given(reason=st.text())
def test_whatever_is_echoed_a_header_stays_one_line_of_latin_1(reason: str) -> None:
    answer = gateway_answer(GatewayError("I404NF", reason, rule=AnswerRule.SERVED), ERRORS, STAMP)
    message = dict(answer.headers)["X-Ca-Error-Message"]

    assert len(message.encode("latin-1").splitlines()) == 1
    assert all(char >= " " and char != "\x7f" for char in message)


@pytest.mark.claim("error-rows-documented")
@pytest.mark.parametrize("row", ERRORS.rows.values(), ids=lambda row: row.code)
def test_the_status_of_a_gateway_error_stands_in_its_code(row: ErrorRow) -> None:
    assert row.status == int(row.code[1:4])
    assert (
        gateway_answer(GatewayError(row.code, rule=AnswerRule.SERVED), ERRORS, STAMP).status
        == row.status
    )


@pytest.mark.claim("envelope-order")
@pytest.mark.claim("result-content-type")
@pytest.mark.claim("fee-num")
def test_a_result_is_enveloped_in_the_order_of_the_samples_and_says_its_fee() -> None:
    answer = result_answer(
        {"ret_code": 0, "remark": "提交成功!"}, Readings(), RES_ID, STAMP, charged=True
    )

    assert answer.status == 200
    assert list(answer.headers) == [
        *COMMON,
        ("Content-Type", "application/json;charset=utf-8"),
        ("Content-Length", str(len(answer.body))),
        ("X-Ca-Request-Id", STAMP.request_id),
        ("showapi_fee_num", "1"),
    ]
    assert answer.body.decode() == (
        '{"showapi_res_error":"","showapi_res_id":"6744207dfb638c7d8463597b",'
        '"showapi_res_code":0,"showapi_fee_num":1,'
        '"showapi_res_body":{"ret_code":0,"remark":"提交成功!"}}'
    )


@pytest.mark.claim("fee-num")
def test_a_free_result_has_no_fee_header_and_a_fee_of_zero() -> None:
    answer = result_answer({"ret_code": 0}, Readings(), RES_ID, STAMP, charged=False)

    assert "showapi_fee_num" not in dict(answer.headers)
    assert json.loads(answer.body)["showapi_fee_num"] == 0


@pytest.mark.claim("refusal-450")
@pytest.mark.claim("envelope-kept")
def test_a_refusal_is_a_free_450_in_the_envelope_without_an_error_code() -> None:
    answer = refusal_answer(
        Refusal("条码不正确！", rule=AnswerRule.SERVED), Readings(), RES_ID, STAMP, charged=False
    )

    envelope = json.loads(answer.body)
    assert answer.status == 450
    assert list(envelope) == ENVELOPE
    assert (envelope["showapi_res_code"], envelope["showapi_fee_num"]) == (0, 0)
    assert envelope["showapi_res_body"] == {"ret_code": -1, "remark": "条码不正确！"}
    assert "X-Ca-Error-Code" not in dict(answer.headers)


@pytest.mark.claim("refusal-450")
def test_under_a_reading_a_refusal_is_a_charged_200() -> None:
    readings = Readings(refusal_status="200")
    answer = refusal_answer(
        Refusal("x", rule=AnswerRule.SERVED), readings, RES_ID, STAMP, charged=True
    )

    assert (answer.status, dict(answer.headers)["showapi_fee_num"]) == (200, "1")
    assert json.loads(answer.body)["showapi_res_body"]["ret_code"] == -1
