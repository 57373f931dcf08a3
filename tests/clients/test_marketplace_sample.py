"""APPCODE, with a client written after the sample code that buyers copy from the marketplace.

It reads the text of `X-Ca-Error-Message` and does not know error codes.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any

import pytest

from mock_server.admin_client import AdminClient
from tests.clients.buyers import Buyer

GOOD = {"text": "https://例子.测试/", "style_id": "food_fryrice"}


class SampleError(Exception):
    """The error text that the sample code prints."""


def sample(host: str, path: str, app_code: str, bodys: dict[str, str]) -> dict[str, Any]:
    """Call in the way of the sample code."""
    request = urllib.request.Request(host + path, urllib.parse.urlencode(bodys).encode())
    request.add_header("Authorization", "APPCODE " + app_code)
    request.add_header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
    request.add_header("X-Ca-Nonce", str(uuid.uuid4()))  # must differ in every request
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.loads(response.read())
            return answer
    except urllib.error.HTTPError as error:
        with error:
            raise SampleError(error_text(error)) from None


def error_text(error: urllib.error.HTTPError) -> str:
    message = error.headers.get("X-Ca-Error-Message", "no message")
    texts = {
        (400, "Invalid AppCode `not exists`"): "AppCode错误",
        (400, "Invalid Url"): "请求的 Method、Path 或者环境错误",
        (400, "Invalid Param Location"): "参数错误",
        (403, "Unauthorized"): "服务未被授权（或URL和Path不正确）",
        (403, "Quota Exhausted"): "套餐包次数用完",
        (403, "Api Market Subscription quota exhausted"): "套餐包次数用完，请续购套餐",
    }
    return texts.get((error.code, message), f"{error.code} {message}")


def complaint(buyer: Buyer, path: str = "/submitTask", app_code: str | None = None) -> str:
    with pytest.raises(SampleError) as refused:
        sample(buyer.url, path, app_code or buyer.app_code, GOOD)
    return str(refused.value)


@pytest.fixture
def classic(server_url: str, admin: AdminClient) -> Buyer:
    """A buyer behind an older instance."""
    return Buyer(server_url, admin, readings={"gateway.profile": "classic"}, credits=1)


@pytest.mark.claim("submit-route")
@pytest.mark.claim("envelope-kept")
def test_all_three_operations(buyer: Buyer) -> None:
    submitted = sample(buyer.url, "/submitTask", buyer.app_code, GOOD)["showapi_res_body"]
    task_id = submitted["task_id"]

    queried = sample(buyer.url, "/queryTask", buyer.app_code, {"task_id": task_id})
    listed = sample(buyer.url, "/taskList", buyer.app_code, {})

    assert queried["showapi_res_body"]["task_id"] == task_id
    assert len(listed["showapi_res_body"]["contentlist"]) == 1
    assert buyer.task()["text"] == GOOD["text"]
    assert buyer.charges == 3
    assert buyer.errors == []


@pytest.mark.claim("nonce-window")
def test_the_same_nonce_twice_is_refused(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: "fixed")
    sample(buyer.url, "/submitTask", buyer.app_code, GOOD)

    assert complaint(buyer) == "403 Nonce Used"


@pytest.mark.claim("appcode-unknown")
@pytest.mark.claim("classic-appcode")
def test_a_wrong_code_is_recognised_on_both_kinds_of_instance(buyer: Buyer, classic: Buyer) -> None:
    assert complaint(buyer, app_code="0123456789abcdef") == "AppCode错误"
    classic.world.post("/faults", {"code": "A400AC"})
    assert complaint(classic) == "AppCode错误"


@pytest.mark.claim("quota-exhausted")
def test_a_spent_package_is_recognised_on_both_kinds_of_instance(
    classic: Buyer, server_url: str, admin: AdminClient
) -> None:
    newer = Buyer(server_url, admin, credits=1)
    sample(newer.url, "/submitTask", newer.app_code, GOOD)
    sample(classic.url, "/submitTask", classic.app_code, GOOD)

    assert complaint(newer) == "套餐包次数用完，请续购套餐"
    assert complaint(classic) == "套餐包次数用完"
    assert (newer.charges, classic.charges) == (1, 1)


@pytest.mark.claim("classic-rows")
def test_a_wrong_path_is_an_invalid_url_on_an_older_instance(classic: Buyer) -> None:
    assert complaint(classic, "/submit") == "请求的 Method、Path 或者环境错误"


@pytest.mark.claim("wrong-path-or-method")
def test_a_wrong_path_is_an_unknown_api_on_a_newer_one(buyer: Buyer) -> None:
    assert complaint(buyer, "/submit") == "404 API not found POST /submit"


@pytest.mark.claim("classic-rows")
def test_without_an_authorisation_it_is_unauthorized(buyer: Buyer) -> None:
    buyer.world.patch({"standing": "unauthorized"})

    assert complaint(buyer) == "服务未被授权（或URL和Path不正确）"


@pytest.mark.claim("refusal-450")
def test_a_refusal_of_the_service_has_a_body_and_no_message(buyer: Buyer) -> None:
    with pytest.raises(SampleError, match="450 no message"):
        sample(buyer.url, "/submitTask", buyer.app_code, {"text": "x"})
    assert buyer.charges == 0
