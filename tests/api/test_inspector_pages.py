"""The pages Coverage, Errors and Accounts."""

import subprocess

import pytest

from mock_server.client_environment import LANGUAGES, client_environment, lines_of
from tests.support.inspector import page, post, spoken
from tests.support.worlds import World


def test_coverage_names_what_was_met_with_its_first_call_and_how_to_meet_the_rest(
    world: World,
) -> None:
    before = page(world, "/default/coverage").text
    world.submit()
    world.vendor("/wrong")
    after = page(world, "/default/coverage")

    assert before.startswith("Coverage · default")
    assert "0 of" in before
    assert "met submit_task call 1" in after.text
    assert "met I404NF call 2" in after.text
    assert "/_mock/inspect/default/calls/2" in [attrs.get("href") for _, attrs in after.tags]


def test_each_error_has_its_advice_and_comes_with_the_next_call_when_ordered(world: World) -> None:
    errors = world.simulator.catalogue.errors.rows
    found = page(world, "/default/errors").text
    for row in errors.values():
        assert row.code in found
        assert spoken(row.advice) in found
    answer = post(world, "/inspect/default/errors/arm", code="D504TO")

    assert answer.location == "/_mock/inspect/default/errors?said=armed"
    assert world.vendor("/submitTask").headers["X-Ca-Error-Code"] == "D504TO"
    assert "X-Ca-Error-Code" not in world.vendor("/queryTask").headers
    assert "call 1" in page(world, "/default/errors").text


def test_an_unknown_error_is_not_armed(world: World) -> None:
    answer = post(world, "/inspect/default/errors/arm", code="D504TX")

    assert answer.status_code == 422
    assert "did you mean" in answer.get_data(as_text=True)
    assert world.admin("GET", "/accounts/default/faults")["faults"] == []


def test_an_account_is_created_by_form(world: World) -> None:
    answer = post(world, "/inspect/default/accounts/create", name="shop", credits="5", seed="7",
                  app_code="shop-code-for-tests")  # fmt: skip
    account_id = (answer.location or "").split("/")[3]
    made = world.admin("GET", f"/accounts/{account_id}")

    assert (made["name"], made["balance"], made["seed"]) == ("shop", 5, 7)
    assert made["app_code"] == "shop-code-for-tests"
    assert "shop" in page(world, "/default/accounts").text


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"credits": "many"}, "whole number"), ({"credits": "-1"}, "whole number"),
     ({"name": "x" * 150}, "100"), ({"app_code": "mock-busy"}, "magic")],
)  # fmt: skip
def test_a_wrong_account_is_explained(world: World, fields: dict[str, str], says: str) -> None:
    answer = post(world, "/inspect/default/accounts/create", **fields)

    assert answer.status_code in (409, 422)
    assert says in answer.get_data(as_text=True)
    assert len(world.admin("GET", "/accounts")["accounts"]) == 1


def test_an_account_is_emptied_and_deleted_only_by_somebody_who_is_sure(world: World) -> None:
    account = world.account()
    world.submit(account["app_code"])
    path = f"/inspect/{account['id']}/accounts"
    assert post(world, f"{path}/reset").status_code == 422
    assert len(world.calls(account["id"])) == 1
    assert post(world, f"{path}/reset", sure="yes").status_code == 303
    assert world.calls(account["id"]) == []
    assert post(world, f"{path}/delete").status_code == 422
    assert post(world, f"{path}/delete", sure="yes").location == (
        "/_mock/inspect/default/accounts?said=account_deleted"
    )
    world.admin("GET", f"/accounts/{account['id']}", expect=404)


def test_the_default_account_has_no_form_that_deletes_it(world: World) -> None:
    actions = [attrs.get("action") for _, attrs in page(world, "/default/accounts").tags]

    assert "/_mock/inspect/default/accounts/reset" in actions
    assert "/_mock/inspect/default/accounts/delete" not in actions
    assert post(world, "/inspect/default/accounts/delete", sure="yes").status_code == 409


def test_credentials_are_shown_only_when_asked_for_by_a_form(world: World) -> None:
    account = world.account()
    path = f"/inspect/{account['id']}/accounts"
    hidden = world.http.get(f"/_mock{path}").get_data(as_text=True)
    asked = world.http.get(f"/_mock{path}/reveal")
    shown = post(world, f"{path}/reveal")

    assert account["app_secret"] not in hidden
    assert asked.status_code == 404
    for secret in (account["app_code"], account["app_key"], account["app_secret"]):
        assert secret in shown.get_data(as_text=True)
    assert shown.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_lines_for_every_language(world: World, language: str) -> None:
    account = world.account()
    shown = post(world, f"/inspect/{account['id']}/accounts/reveal").get_data(as_text=True)

    assert f"<h3>{language}</h3>" in shown


def test_what_stands_in_the_lines_is_one_text_in_every_language() -> None:
    odd = "a'b\"c\\d$e`f"
    found = {"ARTQR_X": odd}
    done = subprocess.run(["sh", "-c", f"{lines_of(found, 'Shell')}\nprintf %s \"$ARTQR_X\""],
                          capture_output=True, text=True, check=True)  # fmt: skip
    python: dict[str, str] = {}
    exec(  # noqa: S102 - that is what the line is for
        lines_of(found, "Python"), {"os": type("os", (), {"environ": python})}
    )

    assert done.stdout == odd
    assert python == found
    assert lines_of(found, "PHP") == "putenv('ARTQR_X=a\\'b\"c\\\\d$e`f');"
    credentials = {"app_code": "c", "app_key": "k", "app_secret": "s"}
    assert set(client_environment("http://x", credentials)) == {
        "ARTQR_BASE_URL", "ARTQR_APP_CODE", "ARTQR_APP_KEY", "ARTQR_APP_SECRET",
    }  # fmt: skip
