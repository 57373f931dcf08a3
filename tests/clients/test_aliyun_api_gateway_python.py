"""The published package `aliyun-api-gateway-python`, signing against a running server."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from aliyun_api_gateway import ApiGatewayClient, ApiGatewayRequest, ApiGatewayResponse

from mock_server.admin_client import AdminClient
from tests.clients.buyers import Buyer

DIGESTS = ["HmacSHA256", "HmacSHA1"]
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}


def client(buyer: Buyer, **options: Any) -> ApiGatewayClient:
    return ApiGatewayClient(buyer.url, buyer.key, options.pop("secret", buyer.secret), **options)


def body(answer: ApiGatewayResponse) -> dict[str, Any]:
    assert answer.status == 200, answer.headers
    found: dict[str, Any] = answer.json()["showapi_res_body"]
    return found


def refused(answer: ApiGatewayResponse) -> tuple[int, str | None]:
    assert answer.body == b""
    return answer.status, answer.get_header("X-Ca-Error-Code")


@pytest.mark.claim("string-to-sign")
@pytest.mark.claim("signature-digest")
@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("kind", ["form", "json_body"])
def test_all_three_operations(buyer: Buyer, digest: str, kind: str) -> None:
    api = client(buyer, signature_method=digest)

    def post(path: str, fields: dict[str, Any]) -> dict[str, Any]:
        return body(api.request("POST", path, **{kind: fields}))

    task_id = post("/submitTask", GOOD)["task_id"]
    assert post("/queryTask", {"task_id": task_id})["task_id"] == task_id
    assert [each["task_id"] for each in post("/taskList", {"page": "1"})["contentlist"]] == [
        task_id
    ]
    assert buyer.charges == 3
    assert buyer.errors == []


@pytest.mark.claim("content-md5")
def test_a_json_body_comes_with_its_md5(buyer: Buyer) -> None:
    sent = client(buyer).sign(ApiGatewayRequest("POST", "/submitTask", json_body=GOOD))
    assert "Content-MD5" in sent.headers

    body(client(buyer).request("POST", "/submitTask", json_body=GOOD))
    (call,) = buyer.world.calls()
    assert "content-md5" in dict(call["request"]["headers"])


@pytest.mark.claim("string-parameters")
@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize(
    "text",
    ["https://例子.测试/路径?问=答", "a+b c%20d&e=f", "https://x.test/?q=1&r=%E4%BD%A0#f",
     "🍜 ~*'()!", "\ttab\r\nnewline", " both ends ", "=&=", "%", "%zz", "+"],
)  # fmt: skip
def test_any_text_arrives_as_it_was_signed(buyer: Buyer, digest: str, text: str) -> None:
    api = client(buyer, signature_method=digest)
    for kind in ("form", "json_body"):
        body(api.request("POST", "/submitTask", **{kind: {**GOOD, "text": text}}))
        assert buyer.task()["text"] == text


@pytest.mark.claim("string-empty-value")
def test_empty_values_repeated_names_and_a_query_are_signed_alike(buyer: Buyer) -> None:
    form = [*GOOD.items(), ("call_back", ""), ("text", "second"), ("", "no name"), ("页", "一")]
    query = [("debug", ""), ("q", "你 好+"), ("q", "again"), ("Z", "1"), ("a", "2")]

    body(client(buyer).request("POST", "/submitTask", form=form, query=query))

    assert buyer.task()["text"] == GOOD["text"]


@pytest.mark.claim("string-name-clash")
def test_this_client_signs_the_querys_value_on_a_clash_and_the_form_counts(buyer: Buyer) -> None:
    body(client(buyer).request("POST", "/submitTask", form=GOOD, query={"text": "in the query"}))

    assert buyer.task()["text"] == GOOD["text"]


def test_more_headers_can_be_signed(buyer: Buyer) -> None:
    headers = {"X-Trace": "a b", "Date": "Wed, 09 May 2018 13:30:29 GMT", "X-Empty": ""}
    names = ["X-Trace", "X-Empty"]

    body(client(buyer).request("POST", "/submitTask", form=GOOD, headers=headers,
                               additional_signed_headers=names))  # fmt: skip


@pytest.mark.claim("signature-echo")
@pytest.mark.parametrize("digest", DIGESTS)
def test_a_wrong_secret_is_answered_with_the_clients_own_string(buyer: Buyer, digest: str) -> None:
    now, nonce = time.time(), f"nonce-{digest}"
    frozen: dict[str, Callable[[], Any]] = {"clock": lambda: now, "nonce_factory": lambda: nonce}
    api = client(buyer, secret="not the secret", signature_method=digest, **frozen)
    form = {**GOOD, "text": "https://例子.测试/?a=b"}
    own = api.sign(ApiGatewayRequest("POST", "/submitTask", form=form)).string_to_sign

    answer = api.request("POST", "/submitTask", form=form)

    assert refused(answer) == (403, "A403IS")
    message = (answer.get_header("X-Ca-Error-Message") or "").encode("latin-1").decode()
    echoed = own.replace("\n", "#")
    assert message == f"Invalid Signature, Server StringToSign:`{echoed}`"
    assert buyer.charges == 0


def test_an_unknown_key_is_refused(buyer: Buyer) -> None:
    api = ApiGatewayClient(buyer.url, "nobody", buyer.secret)

    assert refused(api.request("POST", "/submitTask", form=GOOD)) == (400, "A400IK")


@pytest.mark.claim("nonce-window")
def test_a_nonce_is_good_once(buyer: Buyer) -> None:
    api = client(buyer, nonce_factory=lambda: "always the same")
    body(api.request("POST", "/submitTask", form=GOOD))

    assert refused(api.request("POST", "/taskList", form={})) == (403, "S403NU")


@pytest.mark.claim("timestamp-window")
@pytest.mark.parametrize(("off", "good"), [(-16, False), (-14, True), (14, True), (16, False)])
def test_a_clock_may_be_fifteen_minutes_off(buyer: Buyer, off: int, *, good: bool) -> None:
    api = client(buyer, clock=lambda: time.time() + off * 60)

    answer = api.request("POST", "/taskList", form={})

    if good:
        body(answer)
    else:
        assert refused(answer) == (403, "S403TE")


def test_moving_the_accounts_time_by_days_does_not_break_the_client(buyer: Buyer) -> None:
    for change in ({"advance": "40d"}, {"freeze": True}, {"advance": "3d"}, {"freeze": False}):
        buyer.world.post("/clock", change)
        body(client(buyer).request("POST", "/submitTask", form=GOOD))


def test_a_client_frozen_with_the_account_can_replay_an_instant(
    server_url: str, admin: AdminClient
) -> None:
    at = 1_646_365_291_734
    buyer = Buyer(server_url, admin, clock={"now": at, "frozen": True})

    body(client(buyer, clock=lambda: at / 1000).request("POST", "/submitTask", form=GOOD))
    today = client(buyer).request("POST", "/submitTask", form=GOOD)
    assert refused(today) == (403, "S403TE")


@pytest.mark.claim("refusal-450")
def test_a_refusal_of_the_service_and_a_wrong_path_are_told_apart(buyer: Buyer) -> None:
    refusal = client(buyer).request("POST", "/submitTask", form={"text": "x"})
    assert (refusal.status, refusal.get_header("X-Ca-Error-Code")) == (450, None)
    assert refusal.json()["showapi_res_body"]["ret_code"] == -1

    assert refused(client(buyer).request("GET", "/submitTask", query=GOOD)) == (404, "I404NF")
    assert buyer.charges == 0
