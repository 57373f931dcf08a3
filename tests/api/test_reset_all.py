"""`POST /_mock/reset`: leaves only the default account, as it was created."""

from tests.support.worlds import World

JSON = "application/json"


def test_only_the_default_account_is_left_and_starts_again(world: World) -> None:
    before = world.admin("GET", "/accounts/default")
    other = world.account(name="other")
    world.submit(other["app_code"])
    world.submit()
    world.vendor("/submitTask", {}, "mock-expired")
    world.vendor("/submitTask", {}, "unknown-code")
    world.admin("PATCH", "/accounts/default", {"standing": "arrears"})

    done = world.admin("POST", "/reset")

    assert done == {"deleted": 2, "account": {**before, "clock": done["account"]["clock"]}}
    assert [each["id"] for each in world.admin("GET", "/accounts")["accounts"]] == ["default"]
    assert world.calls() == []
    assert world.admin("GET", "/accounts/default/tasks")["tasks"] == []
    nobodys = world.admin("GET", "/calls")
    assert (nobodys["calls"], nobodys["dropped"]) == ([], 0)
    assert world.vendor("/taskList", {}, other["app_code"]).status_code == 400
    assert world.submit()


def test_the_coverage_of_the_calls_stays(world: World) -> None:
    world.submit(world.account()["app_code"])
    met = world.admin("GET", "/coverage")["met"]

    world.admin("POST", "/reset")

    assert world.admin("GET", "/coverage")["met"] == met > 0


def test_magic_accounts_are_made_again(world: World) -> None:
    world.vendor("/submitTask", {}, "mock-expired")
    world.admin("POST", "/reset")

    assert world.vendor("/submitTask", {}, "mock-expired").status_code == 403


def test_it_is_guarded_and_checks_its_body(world: World) -> None:
    foreign = world.http.post("/_mock/reset", headers={"Host": "evil.test"})
    wrong = world.http.post("/_mock/reset", json={"account": "default"})

    assert (foreign.status_code, wrong.status_code) == (403, 422)
    assert world.http.get("/_mock/reset").status_code == 405


def test_an_app_code_is_unique(world: World) -> None:
    made = world.account(app_code="my-tests")

    again = world.admin("POST", "/accounts", {"app_code": "my-tests"}, expect=409)
    world.admin("POST", "/accounts", {"app_code": "a b"}, expect=422)

    assert f"belongs to account {made['id']}" in again["detail"]
    assert world.submit("my-tests")
    world.http.delete(f"/_mock/accounts/{made['id']}")
    assert world.account(app_code="my-tests")["id"] != made["id"]


def test_no_row_shows_an_app_code_that_was_chosen(world: World) -> None:
    account = world.account(app_code="my-tests")
    world.vendor("/submitTask?appcode=my-tests", {"text": "my-tests"}, "my-tests")

    (call,) = world.calls(account["id"])
    assert "my-tests" not in str(call)
