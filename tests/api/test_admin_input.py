"""Wrong use of the admin API: problem details say what was wrong and what to do."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.worlds import World

BODY_ROUTES = ["/accounts", "/accounts/default/reset", "/accounts/default/clock", "/reset"]


def problem_of(answer: TestResponse, status: int) -> dict[str, Any]:
    """Return the problem, after checking that it cannot pass for an answer of the vendor."""
    assert answer.status_code == status, answer.data
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not [name for name in answer.headers.keys() if name.startswith("X-Ca-")]  # noqa: SIM118
    problem: dict[str, Any] = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("path", BODY_ROUTES)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"text=x", "not JSON"),
        (b"\x0b", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"a":' * 50_000, "not JSON"),
        (b'{"seed":' + b"9" * 5_000 + b"}", "not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"x"', "object"),
        (b"5", "object"),
        (b'{"name":"\\ud800","\\udfff":1}', "lone surrogate"),
        (b'{"unheard_of":1}', "unheard_of"),
    ],
)
def test_a_body_that_is_not_what_the_route_takes_is_refused(
    world: World, path: str, body: bytes, said: str
) -> None:
    answer = world.http.post(f"/_mock{path}", data=body)

    detail = problem_of(answer, 422)["detail"]
    if not (path.endswith("reset") and said == "unheard_of"):
        assert said in detail
    assert world.admin("GET", "/accounts")["accounts"][0]["clock"]["now"] == world.real_now.now


def test_one_error_lists_several_mistakes(world: World) -> None:
    wish = {"seed": "x", "credits": -1, "colour": "red"}
    detail = world.admin("POST", "/accounts", wish, expect=422)["detail"]

    assert "/seed" in detail
    assert "/credits" in detail
    assert "colour" in detail
    assert "see schema NewAccount in /_mock/openapi.json" in detail


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/accounts", {"credit": 3}, "'credit' was unexpected); did you mean 'credits'?"),
        ("/accounts", {"clock": {"frosen": True}}, "/clock: "),
        ("/accounts", {"clock": {"frosen": True}}, "did you mean 'frozen'?"),
        ("/accounts/default/faults", {"code": "D504TO", "cals": 1}, "did you mean 'calls'?"),
    ],
)
def test_a_misspelt_field_is_refused_with_the_nearest_one(
    world: World, path: str, body: dict[str, Any], said: str
) -> None:
    assert said in world.admin("POST", path, body, expect=422)["detail"]


def test_problems_have_the_usual_titles(world: World) -> None:
    lost = world.admin("GET", "/acounts", expect=404)
    assert lost["detail"] == "no such route; GET /_mock/openapi.json lists all routes"
    wrong = world.admin("POST", "/accounts", {"seed": "x"}, expect=422)
    assert wrong["title"] == "Invalid request"


def test_a_content_type_is_not_needed_and_no_body_is_an_empty_wish(world: World) -> None:
    assert world.http.post("/_mock/accounts", data=b'{"seed": 5}').get_json()["seed"] == 5
    assert world.http.post("/_mock/accounts").status_code == 201
    assert world.http.post("/_mock/accounts/default/reset").status_code == 200


def test_a_body_over_a_megabyte_is_refused(world: World) -> None:
    problem_of(world.http.post("/_mock/accounts", data=b"x" * 1_100_000), 413)


@pytest.mark.parametrize(
    "path",
    ["/_mock/nothing", "/_mock/inspect/a/b/c/d", "/_mock/accounts/", "/_mock//accounts",
     "/_mock/Health", "/_mock/accounts/default/nothing", "/_mock/%00", "/_mock/%ff", "/pictures",
     "/pictures/a", "/pictures/a/b/c/1.png"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_route_of_ours_is_404_with_where_to_look(
    world: World, path: str, method: str
) -> None:
    if path == "/pictures":  # the prefix ends with a slash; without it the path is the gateway's
        assert world.http.open(path, method=method).headers["X-Ca-Error-Code"] == "I404NF"
        return
    answer = world.http.open(path, method=method)

    assert "openapi.json" in problem_of(answer, 404)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/_mock/accounts", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/_mock/accounts/default", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
        ("GET", "/_mock/accounts/default/reset", {"OPTIONS", "POST"}),
        ("DELETE", "/_mock/accounts/default/clock", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/_mock/health", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/_mock/calls", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_405_with_the_right_ones(
    world: World, method: str, path: str, allowed: set[str]
) -> None:
    answer = world.http.open(path, method=method)

    problem_of(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["tasks", "callbacks"])
@pytest.mark.parametrize("query", ["limit=x", "limit=1001", "limit=-1", "after=x", "page=2"])
def test_a_query_that_cannot_be_is_refused(world: World, path: str, query: str) -> None:
    problem_of(world.http.get(f"/_mock/accounts/default/{path}?{query}"), 422)


def test_health_shows_the_server_and_the_probes_say_ok(world: World) -> None:
    health = world.admin("GET", "/health")

    assert list(health) == ["status", "version", "contract_version", "database"]
    assert health["status"] == "ok"
    for path in ("/_mock/livez", "/_mock/readyz"):
        assert world.http.get(path).data == b"ok\n"


def test_money_and_instants_are_whole_numbers_on_the_wire(world: World) -> None:
    world.account(seed=3.0, credits=9.0, clock={"now": 1_000.0})
    for account in world.admin("GET", "/accounts")["accounts"]:
        bill = world.bill(account["id"])
        numbers = [account["seed"], account["balance"], account["clock"]["now"], bill["fen"]]
        numbers += [value for value in bill["packages"][0].values() if not isinstance(value, str)]
        assert {type(number) for number in numbers} == {int}


NESTED = {
    "lists": (b"[", b"]"),
    "objects": (b'{"a":', b"}"),
    "in a member": (b'{"clock":[', b"]}"),
    "both": (b'[{"a":', b"}]"),
}


@pytest.mark.parametrize("depth", [65, 300, 900, 2_000, 100_000])
@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("path", [*BODY_ROUTES, "/accounts/default/faults"])
def test_a_body_that_is_nested_too_deep_is_refused(
    world: World, path: str, kind: str, depth: int
) -> None:
    opening, closing = NESTED[kind]
    depth = min(depth, 1_000_000 // len(opening + closing))  # what fits into an admin body
    body = opening * depth + (b"1" if opening.endswith(b":") else b"") + closing * depth

    answer = world.http.post(f"/_mock{path}", data=body, content_type="application/json")

    assert "nested" in problem_of(answer, 422)["detail"]
    assert world.admin("GET", "/calls")["calls"] == []


@pytest.mark.parametrize("depth", [300, 900, *range(930, 1_000, 2), 100_000])
def test_a_vendor_call_that_is_nested_deep_is_no_bug(world: World, depth: int) -> None:
    body = b'{"text":' + b"[" * depth + b"]" * depth + b',"style_id":"pet_cat"}'

    answer = world.http.post(
        "/submitTask",
        data=body,
        headers={"Authorization": "APPCODE mock-demo"},
        content_type="application/json",
    )

    assert answer.status_code in (200, 450)
