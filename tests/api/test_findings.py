"""Findings in the journal, in the report and in the commands; no finding changes an answer."""

import json
from typing import Any

import pytest

from mock_server.domain.readings import as_mapping
from tests.contract.documents import ADMIN
from tests.support.requests import FORM, PAIRS, Sent
from tests.support.signed import Request, Signer, send
from tests.support.worlds import APP_CODE, World, body_of

GOOD = "text=https://example.com&style_id=food_fryrice"
TYPED = APP_CODE | {"Content-Type": FORM}


def ids(call: dict[str, Any]) -> list[str]:
    return [each["id"] for each in call["findings"]]


def post(world: World, path: str, body: str | bytes, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.http.post(path, data=body, headers=TYPED | named).status_code


def report(world: World, query: str = "", account: str = "default") -> dict[str, Any]:
    found: dict[str, Any] = world.admin("GET", f"/accounts/{account}/findings{query}")
    return found


def test_right_requests_of_both_ways_of_authentication_have_no_finding(world: World) -> None:
    account = world.account()
    signer = Signer.of(account)
    code = {"Authorization": f"APPCODE {account['app_code']}", "Content-Type": FORM}
    submitted = world.http.post("/submitTask", data=GOOD, headers=code)
    task = f"task_id={body_of(submitted)['task_id']}".encode()
    world.http.post("/taskList", data=b"page=1", headers=code)
    world.http.post("/queryTask", data=task, headers=code)
    fresh = {"Content-Type": FORM, "X-Ca-Nonce": "n-1"}
    other = b"text=https://example.org&style_id=pet_cat"
    send(world, signer.signed(Request(target="/submitTask", body=other, headers=fresh)))

    calls = world.calls(account["id"])

    assert [call["status"] for call in calls] == [200, 200, 200, 200]
    assert [ids(call) for call in calls] == [[], [], [], []]
    assert report(world, account=account["id"])["findings"] == []


def test_a_finding_is_in_the_journal_and_changes_nothing(world: World) -> None:
    body = f"{GOOD}&qr_code_url=http://example.com/q.png"

    answer = world.http.post("/submitTask", data=body, headers=TYPED)

    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if "finding" in name.lower()]
    (call,) = world.calls()
    assert call["findings"] == [
        {
            "id": "image-shadowed",
            "severity": "warning",
            "says": "The service ignores qr_code_url, because text is also present.",
            "at": "/body/qr_code_url",
            "sent": "http://example.com/q.png",
            "instead": "Send only one of the two.",
            "claim": "text-wins",
            "contract": None,
        }
    ]


def send_pair(world: World, sent: Sent) -> dict[str, Any]:
    call = sent.call
    world.admin("PATCH", "/accounts/default/readings", as_mapping(sent.readings))
    headers = [(name, value) for name, value in call.headers if name != "content-type"]
    world.http.open(
        call.target, method=call.method, data=call.body,
        headers=headers, content_type=sent.content_type,
    )  # fmt: skip
    found = [*world.calls(), *world.admin("GET", "/calls")["calls"]]
    return max(found, key=lambda each: int(each["id"]))


@pytest.mark.parametrize("finding", PAIRS)
def test_each_rule_of_findings_applies_to_a_real_call(world: World, finding: str) -> None:
    call = send_pair(world, PAIRS[finding][0])

    assert finding in ids(call)


def test_a_long_body_is_read_by_the_vendor_and_not_judged(world: World) -> None:
    status = post(world, "/submitTask", f"text=x&your_prompt={'x' * 70_000}")

    assert status == 200
    assert [ids(call) for call in world.calls()] == [["body-not-judged"]]


def test_the_report_counts_pages_and_filters(world: World) -> None:
    post(world, "/taskList", "page=0&maxResult=99")
    post(world, "/taskList", "page=1")
    post(world, "/taskList", "page=0&x=1")
    post(world, "/submitTask", f"{GOOD}&call_back=")

    whole = report(world)
    errors = report(world, "?severity=error")
    first = report(world, "?limit=1")
    second = report(world, f"?limit=1&after={first['next']}")
    last = report(world, f"?limit=1&after={second['next']}")

    assert whole["counts"] == {
        "page-out-of-range": 2, "page-size-out-of-range": 1, "field-unknown": 1, "empty-field": 1
    }  # fmt: skip
    assert whole["severities"] == {"error": 3, "warning": 1, "advice": 1}
    assert (whole["calls"], whole["dropped"], whole["next"]) == (4, 0, None)
    assert errors["counts"] == {"page-out-of-range": 2, "page-size-out-of-range": 1}
    assert errors["severities"] == whole["severities"]
    pages = [first, second, last]
    assert [[each["call"] for each in page["findings"]] for page in pages] == [[1, 1], [3, 3], [4]]
    assert last["next"] is None


def test_the_report_has_what_only_several_calls_show(world: World) -> None:
    order = {"code": "D504TO", "calls": 1, "operation": "submit_task"}
    world.admin("POST", "/accounts/default/faults", order, expect=201)
    task_id = body_of(world.http.post("/taskList", headers=TYPED))  # a call without any field
    assert task_id
    post(world, "/submitTask", GOOD)
    post(world, "/submitTask", GOOD)

    found = report(world)["findings"]

    assert [(each["call"], each["id"]) for each in found] == [
        (3, "submit-after-failure"),
        (3, "retry-at-once"),
    ]
    assert ids(world.calls()[-1]) == []


def test_polls_are_held_to_the_clock_that_moved_more(world: World) -> None:
    task_id = world.submit()
    world.admin("POST", "/accounts/default/clock", {"freeze": True})
    body = f"task_id={task_id}"
    post(world, "/queryTask", body)
    world.real_now.now += 1_000
    post(world, "/queryTask", body)
    world.clock(advance="1s")
    post(world, "/queryTask", body)
    post(world, "/queryTask", body)

    found = [each for each in report(world)["findings"] if each["severity"] == "warning"]

    assert [(each["call"], each["id"]) for each in found] == [(5, "poll-too-fast")]


def test_polls_after_the_end_are_found(world: World) -> None:
    task_id = world.submit()
    world.clock(advance="1h")
    for _ in range(2):
        world.clock(advance="5s")
        post(world, "/queryTask", f"task_id={task_id}")

    found = [each["id"] for each in report(world, "?severity=warning")["findings"]]

    assert found == ["poll-after-end"]


def test_a_nonce_that_is_too_old_to_be_enforced_is_found_all_the_same(world: World) -> None:
    assert post(world, "/taskList", "", X_Ca_Nonce="n") == 200
    world.real_now.now += 16 * 60 * 1000
    assert post(world, "/taskList", "", X_Ca_Nonce="n") == 200

    (found,) = report(world)["findings"]

    assert (found["id"], found["sent"]) == ("nonce-reused", "n, as in call 1")


def test_a_client_that_goes_on_without_credits_is_found_on_both_kinds_of_instance(
    world: World,
) -> None:
    for readings in ({}, {"gateway.profile": "classic"}):
        account = world.account(credits=0, readings=readings)
        headers = {"Authorization": f"APPCODE {account['app_code']}", "Content-Type": FORM}
        for _ in range(2):
            world.http.post("/taskList", headers=headers)

        assert report(world, account=account["id"])["counts"] == {"went-on": 1}


def test_no_secret_is_in_a_finding(world: World) -> None:
    account = world.account()
    code, secret = account["app_code"], account["app_secret"]
    stranger = "0123456789abcdef" * 2
    for target, body in (
        (f"/taskList?{code}=1&x={secret}&y={stranger}", f"{secret}={code}&appcode={code}"),
        (f"/{code}", f"page={code}"),
        ("/taskList", f'{{"{secret}": "{code}", "page": "{stranger}"}}'),
    ):
        headers = {"Authorization": f"appcode {code}", "Content-Type": "application/json"}
        world.http.post(target, data=body, headers=headers)

    shown = json.dumps(report(world, account=account["id"]))

    assert report(world, account=account["id"])["severities"]["error"]
    for each in (code, secret, stranger):
        assert each not in shown


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?severity=bad", "valid: error, warning, advice"),
        ("?limit=0", "limit must be a whole number from 1"),
        ("?after=x", "after must be a whole number"),
        ("?page=1", "valid: severity, after, limit"),
    ],
)
def test_a_wrong_question_is_told_what_can_be_asked(world: World, query: str, words: str) -> None:
    problem = world.admin("GET", f"/accounts/default/findings{query}", expect=422)

    assert words in problem["detail"]


def test_an_unknown_account_has_no_findings_report(world: World) -> None:
    world.admin("GET", "/accounts/nobody/findings", expect=404)


def test_calls_without_an_account_have_a_report_without_findings_between_calls(
    world: World,
) -> None:
    for _ in range(2):
        world.http.post("/submitTask", data=GOOD, headers={"Content-Type": FORM})

    answer = world.http.get("/_mock/findings?limit=1")

    assert ADMIN.complaints("GET", "/_mock/findings", answer) == []
    found = answer.get_json()
    assert (found["calls"], found["counts"]) == (2, {"credentials-missing": 2})
    assert (len(found["findings"]), found["next"]) == (1, 1)
    assert report(world)["calls"] == 0


def test_one_call_is_read_by_its_number_for_every_account(world: World) -> None:
    account = world.account()
    world.http.post("/submitTask", data=GOOD, headers={"Content-Type": FORM})
    world.vendor("/submitTask", {"text": "x"}, account["app_code"])

    answers = [world.http.get(f"/_mock/calls/{number}") for number in ("1", "2", "3", "x")]

    assert [ADMIN.complaints("GET", "/_mock/calls/{call_id}", each) for each in answers] == [[]] * 4
    assert [each.status_code for each in answers] == [200, 200, 404, 422]
    assert [each.get_json()["account"] for each in answers[:2]] == [None, account["id"]]


def test_a_report_with_findings_is_in_the_document(world: World) -> None:
    for has, _ in PAIRS.values():
        send_pair(world, has)

    answer = world.http.get("/_mock/accounts/default/findings?limit=1000")

    assert len(answer.get_json()["findings"]) > 50
    assert ADMIN.complaints("GET", "/_mock/accounts/{account_id}/findings", answer) == []
