"""The statements on the gateway, as a client sees them: credentials, errors, headers, charges."""

import re

import pytest
from werkzeug.test import TestResponse

from mock_server import contract
from mock_server.domain.answer.answers import Stamp, gateway_answer
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.errors import GatewayError
from mock_server.web.serving.response_writer import render
from tests.support.worlds import APP_CODE, World, body_of

SUBMIT = {"text": "https://example.com", "style_id": "food_fryrice"}


def said(answer: TestResponse) -> tuple[int, str, str]:
    """Return status, code and message of an error of the gateway."""
    assert answer.data == b""
    headers = answer.headers
    return answer.status_code, headers["X-Ca-Error-Code"], headers["X-Ca-Error-Message"]


def asked(world: World, **headers: str) -> TestResponse:
    """Submit with these headers; `_` stands for `-` in their names."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.http.post("/submitTask", data=SUBMIT, headers=named)


@pytest.mark.claim("no-credentials")
@pytest.mark.claim("error-empty-body")
def test_a_call_without_credentials_is_told_what_it_needs(world: World) -> None:
    status, code, message = said(asked(world))

    assert (status, code) == (400, "A400MA")
    assert "APPCODE" in message


@pytest.mark.claim("appcode-unknown")
def test_an_app_code_never_issued_does_not_exist(world: World) -> None:
    answer = asked(world, Authorization="APPCODE nobody")

    assert said(answer) == (400, "A400AC", "Invalid AppCode `not exists`")


@pytest.mark.claim("appcode-scheme")
@pytest.mark.parametrize("value", ["APPCODE mock-demo", "appcode mock-demo", "AppCode   mock-demo"])
def test_the_scheme_word_is_read_in_any_case(world: World, value: str) -> None:
    assert asked(world, Authorization=value).status_code == 200


@pytest.mark.claim("appcode-syntax")
@pytest.mark.parametrize("value", ["mock-demo", "APPCODE", "APPCODE:mock-demo", "Bearer mock-demo"])
def test_any_other_syntax_is_no_credentials(world: World, value: str) -> None:
    assert said(asked(world, Authorization=value))[1] == "A400MA"


@pytest.mark.claim("appcode-header-only")
@pytest.mark.parametrize("name", ["AppCode", "appcode", "APPCODE"])
def test_an_app_code_in_the_query_is_no_credentials(world: World, name: str) -> None:
    answer = world.http.post("/submitTask", query_string={name: "mock-demo"}, data=SUBMIT)

    assert said(answer)[1] == "A400MA"


@pytest.mark.claim("wrong-path-or-method")
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/submitTask"), ("POST", "/submittask"), ("POST", "/submitTask/"), ("PUT", "/nothing"),
     ("HEAD", "/taskList"), ("OPTIONS", "/queryTask")],
)  # fmt: skip
def test_a_wrong_path_or_method_is_no_api(world: World, method: str, path: str) -> None:
    answer = world.http.open(path, method=method, headers=APP_CODE)

    assert said(answer)[:2] == (404, "I404NF")


@pytest.mark.claim("multipart-refused")
@pytest.mark.claim("error-rows-documented")
@pytest.mark.claim("gateway-reasons")
def test_a_multipart_body_is_refused_with_a_reason(world: World) -> None:
    answer = world.http.post(
        "/submitTask", data=SUBMIT, headers=APP_CODE, content_type="multipart/form-data"
    )

    assert said(answer) == (400, "I400CT", "Invalid Content-Type: `multipart is not supported`")


@pytest.mark.claim("limit-body")
@pytest.mark.claim("error-rows-documented")
def test_a_body_over_8_mb_is_too_large(world: World) -> None:
    bytes_8_mb = 8 * 1024 * 1024

    fits = world.http.post("/submitTask", data=b"x" * bytes_8_mb, headers=APP_CODE)
    over = world.http.post("/submitTask", data=b"x" * (bytes_8_mb + 1), headers=APP_CODE)

    assert fits.status_code == 450
    assert said(over) == (413, "I413RL", "Request body too Large")


@pytest.mark.claim("limit-head")
@pytest.mark.claim("error-rows-documented")
def test_a_head_over_8_kb_is_too_large(world: World) -> None:
    answer = world.http.post("/submitTask?" + "x" * 8192, data=SUBMIT, headers=APP_CODE)

    assert said(answer) == (413, "I413UL", "Request URL too Large")


@pytest.mark.claim("error-rows-documented")
def test_a_code_says_its_status() -> None:
    rows = contract.load_catalogue().errors.rows.values()

    assert [row.code for row in rows if int(row.code[1:4]) != row.status] == []


@pytest.mark.claim("order-of-checks")
def test_the_first_thing_that_is_wrong_is_what_is_answered(world: World) -> None:
    poor = world.account(credits=0)["app_code"]
    huge = "?" + "x" * 8192
    tries = [
        world.http.get("/nothing" + huge),
        world.http.get("/nothing"),
        world.http.post("/submitTask"),
        world.http.post("/submitTask", headers={"Authorization": f"APPCODE {poor}"}),
        world.http.post("/submitTask", headers=APP_CODE),
    ]

    codes = [answer.headers.get("X-Ca-Error-Code") for answer in tries]

    assert codes == ["I413UL", "I404NF", "A400MA", "B403MI", None]


@pytest.mark.claim("error-content-type")
@pytest.mark.claim("server-header")
def test_an_error_of_the_gateway_has_the_captured_headers_in_their_order(world: World) -> None:
    headers = asked(world).headers

    assert [name for name, _ in headers] == [
        "Server", "Date", "Content-Type", "Content-Length", "X-Ca-Request-Id", "X-Ca-Error-Code",
        "X-Ca-Error-Message",
    ]  # fmt: skip
    assert headers["Content-Type"] == "application/oct-stream"
    assert re.fullmatch(r"Kaede/3\.5\.3\.523\(.+\)", headers["Server"])


@pytest.mark.claim("request-id")
def test_every_answer_has_a_request_id_of_its_own(world: World) -> None:
    answers = [asked(world), asked(world, Authorization="APPCODE mock-demo"), world.http.get("/x")]

    ids = [answer.headers["X-Ca-Request-Id"] for answer in answers]

    form = r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"
    assert [bool(re.fullmatch(form, each)) for each in ids] == [True, True, True]
    assert len(set(ids)) == 3


@pytest.mark.claim("header-case")
@pytest.mark.claim("keep-alive")
def test_an_answer_is_written_with_its_spelling_and_says_how_long_it_is_kept() -> None:
    tables = contract.load_catalogue().errors
    answer = gateway_answer(
        GatewayError("A400MA", rule=AnswerRule.SERVED), tables, Stamp(request_id="ID", now=0)
    )

    lines = render(answer, keep_alive=True).decode("latin-1").split("\r\n")

    assert "X-Ca-Request-Id: ID" in lines
    assert "Keep-Alive: timeout=25" in lines


@pytest.mark.claim("envelope-kept")
@pytest.mark.claim("envelope-order")
@pytest.mark.claim("res-id-form")
@pytest.mark.claim("result-content-type")
@pytest.mark.parametrize("path", ["/submitTask", "/taskList", "/queryTask"])
def test_results_and_refusals_come_in_the_envelope(world: World, path: str) -> None:
    answers = [world.vendor(path, SUBMIT), world.vendor(path, {"page": "x"})]

    for answer in answers:
        assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
        assert list(answer.get_json()) == [
            "showapi_res_error", "showapi_res_id", "showapi_res_code", "showapi_fee_num",
            "showapi_res_body",
        ]  # fmt: skip
        assert re.fullmatch("[0-9a-f]{24}", answer.get_json()["showapi_res_id"])


@pytest.mark.claim("refusal-450")
@pytest.mark.claim("fee-num-free")
@pytest.mark.claim("billing-only-200")
def test_a_refusal_is_a_450_of_the_service_and_free(world: World) -> None:
    answer = world.vendor("/submitTask")

    assert (answer.status_code, body_of(answer)["ret_code"]) == (450, -1)
    assert answer.get_json()["showapi_fee_num"] == 0
    assert not {"X-Ca-Error-Code", "showapi_fee_num"} & set(answer.headers.keys())
    assert world.bill()["charges"] == 0


@pytest.mark.claim("fee-num")
@pytest.mark.claim("billing-only-200")
@pytest.mark.claim("billing-polls")
def test_each_200_of_the_three_operations_says_that_it_cost_one_credit(world: World) -> None:
    task_id = world.submit()

    for path, fields in (("/taskList", {}), ("/queryTask", {"task_id": task_id})):
        answer = world.vendor(path, fields)
        assert answer.get_json()["showapi_fee_num"] == 1
        assert answer.headers["showapi_fee_num"] == "1"
    assert (world.bill()["charges"], world.bill()["balance"]) == (3, 997)


@pytest.mark.claim("price-list")
@pytest.mark.parametrize(
    ("size", "fen"),
    [(1, 20), (50, 1500), (200, 6000), (1000, 28000), (3000, 78000), (6000, 140000),
     (15000, 300000)],
)  # fmt: skip
def test_an_account_of_a_printed_size_has_the_printed_price(
    world: World, size: int, fen: int
) -> None:
    account = world.account(credits=size)["id"]

    (package,) = world.bill(account)["packages"]

    assert (package["offer"], package["fen"]) == (str(size), fen)


@pytest.mark.claim("quota-exhausted")
@pytest.mark.claim("quota-refusals")
def test_a_package_that_is_used_up_is_exhausted(world: World) -> None:
    poor = world.account(credits=1)["app_code"]
    world.submit(poor)

    answer = world.vendor("/submitTask", SUBMIT, poor)

    assert said(answer) == (403, "B403MQ", "Api Market Subscription quota exhausted")


@pytest.mark.claim("package-validity")
@pytest.mark.claim("quota-refusals")
def test_a_package_is_expired_after_365_days_and_not_before(world: World) -> None:
    last_instant = 365 * 24 * 3_600_000 - 1
    world.clock(advance=f"{last_instant}ms")
    assert world.vendor("/submitTask", SUBMIT).status_code == 200

    world.clock(advance="1ms")

    assert said(world.vendor("/submitTask", SUBMIT))[:2] == (403, "B403ME")


@pytest.mark.claim("quota-refusals")
def test_a_buyer_who_never_bought_has_no_subscription(world: World) -> None:
    poor = world.account(credits=0)["app_code"]

    assert said(world.vendor("/submitTask", SUBMIT, poor))[:2] == (403, "B403MI")
