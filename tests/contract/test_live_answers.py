"""The documents allow every answer of a simulator with a history."""

from dataclasses import replace
from typing import Any

import pytest

from mock_server.contract import load_catalogue
from tests.contract.documents import ADMIN, DEFAULT, VENDOR
from tests.support.signed import Request, Signer, send
from tests.support.worlds import APP_CODE, START_AT, World

OUTCOMES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "submitted": ("POST", "/submitTask", {"text": "t", "style_id": "pet_cat"}, 200),
    "refused": ("POST", "/submitTask", {}, 450),
    "listed": ("POST", "/taskList", {}, 200),
    "no such page": ("POST", "/taskList", {"page": "0"}, 450),
    "past the last page": ("POST", "/taskList", {"page": "99"}, 200),
    "unknown task": ("POST", "/queryTask", {"task_id": "0" * 24}, 450),
}


@pytest.mark.parametrize(("method", "path", "fields", "status"), OUTCOMES.values(), ids=OUTCOMES)
def test_an_outcome_of_the_vendor_is_in_its_document(
    busy: World, method: str, path: str, fields: dict[str, Any], status: int
) -> None:
    as_form = busy.http.open(path, method=method, headers=APP_CODE, data=fields)
    as_json = busy.http.open(path, method=method, headers=APP_CODE, json=fields)

    for answer in (as_form, as_json):
        assert answer.status_code == status
        assert DEFAULT.complaints(method, path, answer) == []


def test_a_query_is_in_the_document_whatever_the_status_of_the_task(busy: World) -> None:
    tasks = busy.admin("GET", "/accounts/default/tasks")["tasks"]

    for task in tasks:
        answer = busy.vendor("/queryTask", {"task_id": task["task_id"]})
        assert DEFAULT.complaints("POST", "/queryTask", answer) == []
    assert {task["status"] for task in tasks} == {"pending", "running", "succeeded", "failed"}


@pytest.mark.parametrize(
    ("status", "headers", "data"),
    [
        (400, {}, b""),
        (400, {"Authorization": "APPCODE nobody"}, b""),
        (400, APP_CODE | {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"),
        (413, APP_CODE | {"X-Long": "x" * 8192}, b""),
        (413, APP_CODE, b"x" * (8 * 1024 * 1024 + 1)),
    ],
)
def test_an_error_of_the_gateway_is_in_the_document(
    busy: World, status: int, headers: dict[str, str], data: bytes
) -> None:
    for path in VENDOR.value["paths"]:
        answer = busy.http.post(path, headers=headers, data=data)

        assert answer.status_code == status
        assert DEFAULT.complaints("POST", path, answer) == []


def test_a_buyer_without_credits_and_a_wrong_method_are_in_the_document(busy: World) -> None:
    poor = busy.account(credits=0)["app_code"]

    for path in VENDOR.value["paths"]:
        refused = busy.vendor(path, app_code=poor)
        missing = busy.http.get(path, headers=APP_CODE)
        assert (refused.status_code, missing.status_code) == (403, 404)
        assert DEFAULT.complaints("POST", path, refused) == []
        assert DEFAULT.complaints("POST", path, missing) == []


@pytest.mark.parametrize("code", load_catalogue().errors.rows)
def test_every_row_that_is_ordered_is_in_the_document(busy: World, code: str) -> None:
    busy.admin("POST", "/accounts/default/faults", {"code": code, "calls": 3}, expect=201)

    for path in VENDOR.value["paths"]:
        answer = busy.http.post(path, headers=APP_CODE | {"X-Ca-Request-Mode": "debug"})
        assert answer.headers["X-Ca-Error-Code"] == code
        assert DEFAULT.complaints("POST", path, answer) == []


@pytest.mark.claim("gateway-profiles")
def test_what_an_older_instance_answers_is_in_the_document(busy: World) -> None:
    readings = {"gateway.profile": "classic"}
    older, document = busy.account(readings=readings), VENDOR.under(readings)
    assert busy.vendor("/taskList", {}, older["app_code"]).status_code == 200

    catalogue = load_catalogue().errors
    for what in (*catalogue.classic, *catalogue.rows):
        order = {"code": what, "calls": 1}
        busy.admin("POST", f"/accounts/{older['id']}/faults", order, expect=201)
        answer = busy.vendor("/taskList", {}, older["app_code"])
        assert document.complaints("POST", "/taskList", answer) == []
    for path in VENDOR.value["paths"]:
        answer = busy.vendor(path, {"text": "t", "style_id": "pet_cat"}, older["app_code"])
        assert document.complaints("POST", path, answer) == []


def test_the_posted_callback_is_in_the_document(world: World) -> None:
    world.submit(call_back="http://127.0.0.1:9/callback")
    world.clock(advance="20s")
    callback = VENDOR.value["paths"]["/submitTask"]["post"]["callbacks"]["taskCompleted"]
    body = callback["{$request.body#/call_back}"]["post"]["requestBody"]

    ((_, posted),) = world.postbox.posted

    assert VENDOR.errors(body["content"]["application/json"]["schema"], posted) == []


CHANGES: dict[str, tuple[str, str, Any, int]] = {
    "account made": ("POST", "/accounts", {"name": "n", "credits": 7}, 201),
    "clock moved": ("POST", "/accounts/default/clock", {"advance": "1s", "settle": True}, 200),
    "clock at the next event": ("POST", "/accounts/default/clock", {"to_next_event": True}, 200),
    "time turned back": ("POST", "/accounts/default/clock", {"now": START_AT}, 422),
    "not a wish": ("POST", "/accounts", {"credits": -1}, 422),
    "no such task": ("POST", "/accounts/default/tasks/x", {"state": "failed"}, 404),
    "not this state": ("POST", "/accounts/default/tasks/{ended}", {"state": "pending"}, 409),
    "the same state": ("POST", "/accounts/default/tasks/{ended}", {"state": "succeeded"}, 200),
    "account changed": (
        "PATCH",
        "/accounts/default",
        {"standing": "good", "skew_ms": 1, "throttle": {"per_second": 9e5, "burst": 1_000_000}},
        200,
    ),
    "no such standing": ("PATCH", "/accounts/default", {"standing": "bad"}, 422),
    "error ordered": ("POST", "/accounts/default/faults", {"code": "D504TO", "calls": 1}, 201),
    "refusal ordered": (
        "POST",
        "/accounts/default/faults",
        {"remark": "no", "operation": "query_task", "calls": 1},
        201,
    ),
    "no such code": ("POST", "/accounts/default/faults", {"code": "X999XX"}, 422),
    "all disarmed": ("DELETE", "/accounts/default/faults", None, 204),
    "default stays": ("DELETE", "/accounts/default", None, 409),
    "too large": ("POST", "/accounts", {"name": "x" * 1024 * 1024}, 413),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), CHANGES.values(), ids=CHANGES)
def test_an_outcome_of_the_admin_api_is_in_its_document(
    busy: World, method: str, path: str, body: Any, status: int
) -> None:
    tasks = busy.admin("GET", "/accounts/default/tasks")["tasks"]
    (ended, *_) = [task["task_id"] for task in tasks if task["status"] == "succeeded"]

    answer = busy.http.open(f"/_mock{path.format(ended=ended)}", method=method, json=body)

    assert answer.status_code == status
    template = path.replace("default", "{account_id}")
    template = template.replace("tasks/x", "tasks/{ended}").replace("{ended}", "{task_id}")
    assert ADMIN.complaints(method, f"/_mock{template}", answer) == []


# What only `serve` has, and only with its own certificate and its metrics.
OF_SERVE = {"/_mock/ca.pem": 404, "/_mock/metrics": 501}
READS = [(path, item["get"]) for path, item in ADMIN.value["paths"].items() if "get" in item]


@pytest.mark.parametrize(("path", "operation"), READS, ids=[path for path, _ in READS])
def test_everything_that_can_be_read_is_in_the_document(
    busy: World, path: str, operation: dict[str, Any]
) -> None:
    tasks = busy.admin("GET", "/accounts/default/tasks")["tasks"]
    (ended, *_) = [task["task_id"] for task in tasks if task["status"] == "succeeded"]

    link = busy.submit(text="https://example.com/" + "x" * 36, is_use_temp_short_link="1")
    (made,) = [each for each in busy.admin("GET", "/accounts/default/tasks")["tasks"]
               if each["task_id"] == link]  # fmt: skip
    code = made["content"].rpartition("/")[2]

    (callback, *_) = busy.admin("GET", "/accounts/default/callbacks")["callbacks"]
    names = {"account_id": "default", "task_id": ended, "number": 1, "code": code, "call_id": 1}

    answer = busy.http.get(path.format(**names, callback_id=callback["id"]))

    expected = OF_SERVE.get(path, 302 if "{code}" in path else 200)
    assert answer.status_code == expected, operation["operationId"]
    assert ADMIN.complaints("GET", path, answer) == []


def test_findings_and_magic_accounts_are_in_the_document(busy: World) -> None:
    account = busy.account()
    signer = Signer.of(account)
    for request in (
        replace(signer, secret="guess").signed(),
        signer.signed(Request(headers={"X-Ca-Timestamp": "1700000000"})),
        signer.signed(Request(headers={"Content-MD5": "x"})),
        signer.signed().with_headers(X_Ca_Signature=signer.signature("GET")),
    ):
        send(busy, request)
    # Codes with faults of the wire need a server that controls its connections.
    magic = {code for code, each in load_catalogue().magic.items() if not each.faults}
    for code in magic:
        busy.vendor("/taskList", {}, code)

    calls = busy.http.get(f"/_mock/accounts/{account['id']}/calls")
    accounts = busy.http.get("/_mock/accounts")

    assert [len(call["findings"]) for call in calls.get_json()["calls"]] == [1, 1, 2, 1]
    assert ADMIN.complaints("GET", "/_mock/accounts/{account_id}/calls", calls) == []
    assert {each["id"] for each in accounts.get_json()["accounts"]} >= magic
    assert ADMIN.complaints("GET", "/_mock/accounts", accounts) == []


@pytest.mark.parametrize("path", [path for path, _ in READS if "{account_id}" in path])
def test_what_is_not_there_is_in_the_document(busy: World, path: str) -> None:
    names = {"account_id": "nobody", "task_id": "x", "number": 1, "callback_id": 999_999}
    answer = busy.http.get(path.format(**names))

    assert answer.status_code == 404
    assert ADMIN.complaints("GET", path, answer) == []
