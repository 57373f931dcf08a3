"""The journal: every call, with secrets hidden, by filter and by page."""

import json
from hashlib import sha256
from typing import Any

import pytest

from mock_server.domain.call.redaction import MAX_CAPTURE_BYTES
from tests.support.worlds import START_AT, World

FIELDS = {
    "id", "at", "operation", "method", "path", "status", "error_code", "charged", "request",
    "answer", "findings",
}  # fmt: skip


def found(world: World, query: str = "", account: str = "default") -> dict[str, Any]:
    page: dict[str, Any] = world.admin("GET", f"/accounts/{account}/calls{query}")
    return page


@pytest.fixture
def busy(world: World) -> World:
    """A simulator with two submits, a query, a list, a refusal, a wrong path and a picture."""
    task_id = world.submit()
    world.submit()
    world.query(task_id)
    world.vendor("/taskList")
    world.vendor("/submitTask", {"text": "x"})
    world.vendor("/nothing")
    world.http.get(f"/pictures/default/{task_id}/1.png")
    return world


def test_a_call_is_kept_whole(world: World) -> None:
    world.clock(advance="1s")
    answer = world.vendor("/submitTask?a=b", {"text": "码", "style_id": "pet_cat"})

    (call,) = world.calls()
    assert set(call) >= FIELDS
    assert (call["method"], call["path"], call["at"]) == (
        "POST",
        "/submitTask?a=b",
        START_AT + 1_000,
    )
    assert (call["status"], call["error_code"]) == (200, None)
    found = {each["id"] for each in call["findings"]}
    assert found == {"query-unused", "charset-of-text-missing"}
    assert call["request_id"] == answer.headers["X-Ca-Request-Id"]
    assert call["request"]["body"] == "text=%E7%A0%81&style_id=pet_cat"
    assert call["answer"]["body"] == answer.get_data(as_text=True)
    assert call["answer"]["sha256"] == sha256(answer.data).hexdigest()
    assert [tuple(pair) for pair in call["answer"]["headers"]] == list(answer.headers)
    assert ["content-type", "application/x-www-form-urlencoded"] in call["request"]["headers"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [200, 200, 200, 200, 450, 404, 404]),
        ("?operation=submit_task", [200, 200, 450]),
        ("?operation=query_task", [200]),
        ("?operation=list_tasks", [200]),
        ("?operation=get_picture", [404]),
        ("?status=450", [450]),
        ("?status=404", [404, 404]),
        ("?status=599", []),
        ("?charged=true", [200, 200, 200, 200]),
        ("?charged=false", [450, 404, 404]),
        ("?charged=false&status=404&operation=get_picture", [404]),
        ("?operation=submit_task&charged=true&limit=1", [200]),
    ],
)
def test_a_filter_lets_through_what_it_names(busy: World, query: str, wanted: list[int]) -> None:
    assert [call["status"] for call in found(busy, query)["calls"]] == wanted


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_the_pages_show_every_call_once_in_order(busy: World, limit: int) -> None:
    ids: list[int] = []
    after = 0
    while after is not None:
        page = found(busy, f"?limit={limit}&after={after}")
        ids += [call["id"] for call in page["calls"]]
        after = page["next"]

    assert ids == [call["id"] for call in found(busy)["calls"]]
    assert len(ids) == 7


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?operation=delete", "valid: submit_task"),
        ("?status=x", "status must be a whole number"),
        ("?status=600", "status must be a whole number from 0 to 599"),
        ("?charged=1", "charged must be true or false"),
        ("?limit=1001", "limit must be a whole number from 1 to 1000"),
        ("?limit=-1", "limit must be"),
        ("?after=%D9%A3", "after must be"),
        ("?after=9" + "9" * 30, "after must be"),
        ("?colour=red", "valid: operation, status, charged, after, limit"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(world: World, query: str, said: str) -> None:
    assert said in world.admin("GET", f"/accounts/default/calls{query}", expect=422)["detail"]


def test_calls_without_an_account_are_journalled_without_one(world: World) -> None:
    world.http.post("/submitTask")
    world.vendor("/submitTask", {"text": "x"}, "unknown-code")
    world.http.get("/")
    world.submit()

    page = world.admin("GET", "/calls")
    assert [(call["account"], call["error_code"]) for call in page["calls"]] == [
        (None, "A400MA"),
        (None, "A400AC"),
        (None, "I404NF"),
    ]
    assert (page["next"], page["dropped"]) == (None, 0)
    assert [call["status"] for call in world.calls()] == [200]
    assert "unknown-code" not in json.dumps(page)
    assert len(world.admin("GET", "/calls?limit=2")["calls"]) == 2


def test_no_secret_is_in_the_journal_wherever_a_client_puts_it(world: World) -> None:
    account = world.account()
    code, secret = account["app_code"], account["app_secret"]
    everywhere = {"text": code, "style_id": "pet_cat", "call_back": f"http://h/{secret}", code: "x"}
    headers = {
        "Authorization": f"APPCODE {code}", "X-Custom": f"a {secret} b", "Cookie": f"c={code}",
        "X-Ca-Signature": "c2lnbmF0dXJl", "Referer": f"http://h/?AppCode={code}",
    }  # fmt: skip
    world.http.post(f"/submitTask?AppCode={code}&s={secret}", data=everywhere, headers=headers)
    world.http.post(f"/{code}", json={"nested": [{"deep": secret}]}, headers=headers)
    world.vendor("/submitTask", {"text": "x", "style_id": code}, code)
    world.http.get(f"/pictures/{account['id']}/f00d/1.png?{code}", headers=headers)
    world.http.post("/submitTask", data={"AppCode": code, "text": "x"})
    world.http.post(f"/submitTask?appcode={code}", json={"appCode": code, "app_secret": secret})

    shown = json.dumps([found(world, account=account["id"]), world.admin("GET", "/calls")])
    rows = world.simulator.database.read(
        lambda tx: [dict(row) for row in tx.all("select * from call")]
    )
    assert len(rows) == 6
    for hidden in (code, secret, "c2lnbmF0dXJl"):
        assert hidden not in shown
        assert all(hidden not in str(row) for row in rows)
    assert "APPCODE ***" in shown


def test_a_large_body_is_cut_with_its_true_length_and_hash(world: World) -> None:
    body = b"text=x&style_id=pet_cat&pad=" + b"y" * 100_000
    headers = {"Authorization": "APPCODE mock-demo"}
    world.http.post("/submitTask", data=body, headers=headers)

    (call,) = world.calls()
    request = call["request"]
    assert request["body"].encode() == body[:MAX_CAPTURE_BYTES]
    assert (request["length"], request["sha256"]) == (len(body), sha256(body).hexdigest())


def test_a_body_that_is_no_text_is_shown_in_base64(world: World) -> None:
    headers = {"Authorization": "APPCODE mock-demo"}
    world.http.post("/submitTask", data=b"\xff\xfe", headers=headers)

    (call,) = world.calls()
    assert (call["request"]["body"], call["request"]["encoding"]) == ("//4=", "base64")


def test_an_odd_header_is_kept_as_it_came(world: World) -> None:
    headers = {"Authorization": "APPCODE mock-demo", "X-Odd": "a: b: \xe9 ", "X-Empty": ""}
    world.http.post("/taskList", headers=headers)

    (call,) = world.calls()
    kept = {name.lower(): value.strip() for name, value in call["request"]["headers"]}
    assert (kept["x-odd"], kept["x-empty"]) == ("a: b: \xe9", "")


def test_the_admin_api_and_the_documents_are_not_in_the_journal(world: World) -> None:
    for path in ("/_mock/health", "/openapi.json", "/_mock/nothing", "/_mock/openapi.yaml"):
        world.http.get(path)

    assert world.calls() == world.admin("GET", "/calls")["calls"] == []
