"""Findings follow the readings of the called account, and the answers that the client received."""

from typing import Any

import pytest

from tests.support.requests import FORM, GOOD, JSON
from tests.support.worlds import World

LONG = "https://example.com/" + "a" * 20


def found(world: World, account: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return id, severity and place of the findings in an account's last call."""
    call = world.calls(account["id"])[-1]
    return [(each["id"], each["severity"], each["at"]) for each in call["findings"]]


def send(
    world: World,
    account: dict[str, Any],
    target: str = "/submitTask",
    body: str = GOOD,
    method: str = "POST",
    content_type: str | None = FORM,
) -> int:
    """Send one request with the account's app code."""
    headers = {"Authorization": f"APPCODE {account['app_code']}"}
    answer = world.http.open(
        target, method=method, data=body.encode(), headers=headers, content_type=content_type
    )
    return answer.status_code


def test_a_query_by_get_is_judged_by_its_query_where_get_is_answered(world: World) -> None:
    account = world.account(readings={"query.method": "post-or-get"})

    statuses = [
        send(world, account, target, "", "GET", None)
        for target in ("/taskList?page=2", "/taskList?page=0&Page=1")
    ]

    assert statuses == [200, 450]
    first, _ = world.calls(account["id"])
    assert first["findings"] == []
    assert found(world, account) == [
        ("field-misspelt", "error", "/query/Page"),
        ("page-out-of-range", "error", "/query/page"),
    ]


def test_a_query_by_get_is_the_wrong_method_where_it_is_not_answered(world: World) -> None:
    account = world.account()

    assert send(world, account, "/taskList?page=2", "", "GET", None) == 404

    assert [each[0] for each in found(world, account)] == ["wrong-method"]


@pytest.mark.parametrize(
    ("body", "content_type", "finding"),
    [
        ('{"text": "https://example.com", "style_id": "food_fryrice"}', JSON, "json-body"),
        (GOOD, JSON, "form-sent-as-json"),
        (GOOD, "text/plain; charset=utf-8", "content-type-other"),
        (GOOD, None, "content-type-missing"),
    ],
)
def test_a_body_that_is_no_form_is_an_error_where_only_forms_are_taken(
    world: World, body: str, content_type: str | None, finding: str
) -> None:
    lax, strict = world.account(), world.account(readings={"body.type": "form-only"})

    statuses = [send(world, each, body=body, content_type=content_type) for each in (lax, strict)]

    assert statuses == [200, 400]
    place = "/header/content-type"
    assert (finding, "warning", place) in found(world, lax)
    assert (finding, "error", place) in found(world, strict)
    says = {each["id"]: each["says"] for each in world.calls(strict["id"])[0]["findings"]}
    assert says[finding].endswith("Under this account's readings, it is refused.")


@pytest.mark.parametrize(
    ("reading", "body", "statuses", "findings"),
    [
        ({"style.unknown": "accepted"}, "text=https://a.cn&style_id=new_one", [450, 200],
         [["style-unknown"], []]),
        ({"text.not_url": "refused"}, "text=hello&style_id=pet_cat", [200, 450],
         [[], ["address-not-http"]]),
    ],
)  # fmt: skip
def test_the_contract_is_narrowed_to_the_readings(
    world: World,
    reading: dict[str, str],
    body: str,
    statuses: list[int],
    findings: list[list[str]],
) -> None:
    accounts = [world.account(), world.account(readings=reading)]

    assert [send(world, each, body=body) for each in accounts] == statuses

    assert [[hit[0] for hit in found(world, each)] for each in accounts] == findings


def test_an_unknown_style_is_no_finding_beside_another_where_it_is_accepted(world: World) -> None:
    account = world.account(readings={"style.unknown": "accepted"})

    send(world, account, body="text=https://a.cn&style_id=new_one&colour=red")

    assert [hit[0] for hit in found(world, account)] == ["field-unknown"]


@pytest.mark.parametrize("target", ["/submitTask?{}", "/taskList?page=1&{}"])
def test_an_app_code_in_the_query_is_no_error_where_it_counts(world: World, target: str) -> None:
    account = world.account(
        readings={"appcode.in_query": "accepted", "query.method": "post-or-get"}
    )
    method = "GET" if "taskList" in target else "POST"
    body = "" if method == "GET" else GOOD

    answer = world.http.open(
        target.format(f"AppCode={account['app_code']}"), method=method, data=body,
        content_type=FORM if body else None,
    )  # fmt: skip

    assert answer.status_code == 200
    assert found(world, account) == [("appcode-in-query", "advice", "/query/AppCode")]
    assert account["app_code"] not in str(world.calls(account["id"]))


@pytest.mark.parametrize(
    ("text", "finding"),
    [(LONG, "short-link-stored"), ("a" * 40, "short-link-needless"), ("a", "short-link-needless")],
)
def test_findings_on_short_links_follow_whether_the_task_has_one(
    world: World, text: str, finding: str
) -> None:
    account = world.account()

    send(world, account, body=f"text={text}&style_id=pet_cat&is_use_temp_short_link=1")

    expected = [finding] if len(text) != 40 or text == LONG else [finding, "text-long"]
    assert [hit[0] for hit in found(world, account)] == expected


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        ({"kind": "html_page", "status": 502}, "submit-after-failure"),
        ({"kind": "invalid_json"}, "submit-after-failure"),
        ({"kind": "delay", "for_ms": 1}, "submit-twice"),
    ],
)
def test_a_repeated_submit_is_judged_by_the_answer_to_the_first(
    world: World, fault: dict[str, Any], finding: str
) -> None:
    account = world.account()
    world.admin("POST", f"/accounts/{account['id']}/faults", {**fault, "calls": 1}, expect=201)

    for _ in range(2):
        send(world, account)

    report = world.admin("GET", f"/accounts/{account['id']}/findings")
    assert finding in report["counts"]
    assert len({"submit-after-failure", "submit-twice"} & set(report["counts"])) == 1


def test_a_refusal_with_status_200_is_covered_as_a_refusal(world: World) -> None:
    account = world.account(readings={"refusal.status": "200"})

    assert send(world, account, "/taskList", "page=0") == 200

    lines = world.admin("GET", f"/accounts/{account['id']}/coverage?groups=answers")
    (group,) = lines["groups"]
    met = [each["name"] for each in group["items"] if each["met"]]
    assert met == ["list_tasks.refusal"]


def test_no_credential_is_in_a_finding_that_most_calls_share(world: World) -> None:
    """The address of a callback may hold one; another account has the same finding in full."""
    account, other = world.account(), world.account()
    address = f"http://127.0.0.1:9/{account['app_secret']}"
    body = f"{GOOD}&call_back={address}"

    assert send(world, other, body=body) == send(world, account, body=body) == 200

    sent = [world.calls(each["id"])[0]["findings"][0]["sent"] for each in (other, account)]
    assert all(account["app_secret"] not in each for each in sent)


def test_the_journal_keeps_a_finding_without_its_words(world: World) -> None:
    account = world.account()
    send(world, account, content_type=JSON, body='{"text": "x", "style_id": "pet_cat"}')

    row = world.simulator.database.read(
        lambda tx: tx.one("select findings from call where account = ?", (account["id"],))
    )
    (worded,) = world.calls(account["id"])[0]["findings"]
    assert row is not None
    assert row["findings"] == (
        '[{"id":"json-body","at":"/header/content-type","sent":"application/json"}]'
    )
    assert worded["says"] == world.simulator.catalogue.findings["json-body"].says
