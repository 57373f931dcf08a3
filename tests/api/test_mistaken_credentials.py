"""Credentials that the gateway does not know, and that show why."""

import json
from typing import Any

import pytest

from tests.support.requests import FORM, GOOD
from tests.support.worlds import World

VALUES = {
    "the AppSecret": ("{app_secret}", "it is the AppSecret"),
    "the AppKey": ("{app_key}", "it is the AppKey"),
    "quotation marks": ('"{app_code}"', "quotation marks"),
    "one quotation mark": ("'{app_code}", "quotation marks"),
    "curly marks": ("“{app_code}”", "quotation marks"),
    "a variable": ("${{APPCODE}}", "placeholder"),
    "a bare variable": ("$ARTQR_APP_CODE", "placeholder"),
    "a template": ("{{{{app_code}}}}", "placeholder"),
    "an example": ("<your app code>", "placeholder"),
    "the manual's": ("你自己的AppCode", "placeholder"),
    "your-app-code": ("YOUR_APP_CODE", "placeholder"),
    "a zero-width space": ("{app_code}\u200b", "cannot be seen"),
    "a byte order mark": ("\ufeff{app_code}", "cannot be seen"),
    "a hard space": ("{app_code}\u00a0", "cannot be seen"),
    "twice": ("APPCODE {app_code}", "twice"),
    "twice with a colon": ("AppCode: {app_code}", "twice"),
    "a word for nothing": ("undefined", "no value"),
    "None": ("None", "no value"),
}


def nobodys(world: World) -> list[dict[str, Any]]:
    calls = world.admin("GET", "/calls")["calls"]
    return [each for each in calls[-1]["findings"] if each["id"] == "credential-mistaken"]


def call(world: World, **headers: str) -> int:
    named = {name.replace("_", "-"): _on_the_wire(value) for name, value in headers.items()}
    named["Content-Type"] = FORM
    return world.http.post("/submitTask", data=GOOD, headers=named).status_code


def _on_the_wire(value: str) -> str:
    """A value in UTF-8, as WSGI has it."""
    return value.encode().decode("latin-1")


@pytest.mark.parametrize("name", VALUES)
def test_an_app_code_that_shows_why_it_is_unknown_is_told_so(world: World, name: str) -> None:
    account = world.account()
    pattern, words = VALUES[name]
    code = pattern.format(**account)

    assert call(world, Authorization=f"APPCODE {code}") == 400

    (found,) = nobodys(world)
    assert words in found["says"]
    assert (found["at"], found["sent"]) == ("/header/authorization", "***")
    for secret in ("app_code", "app_key", "app_secret"):
        assert account[secret] not in json.dumps(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [(str.upper, "wrong case"), (lambda code: f"{code[:8]}-{code[8:]}", "with hyphens")],
)
def test_an_app_code_that_was_rewritten_is_told_so(world: World, change: Any, words: str) -> None:
    code = world.account()["app_code"]

    call(world, Authorization=f"APPCODE {change(code)}")

    assert [words in each["says"] for each in nobodys(world)] == [True]


def test_an_app_code_in_place_of_the_app_key_is_told_so(world: World) -> None:
    account = world.account()

    call(world, X_Ca_Key=account["app_code"], X_Ca_Signature="c2lnbmF0dXJl")

    (found,) = nobodys(world)
    assert (found["at"], "it is the app code" in found["says"]) == ("/header/x-ca-key", True)


@pytest.mark.parametrize("code", ["0123456789abcdef" * 2, "staging-code", "a" * 500, "x"])
def test_a_code_that_only_is_unknown_has_no_such_finding(world: World, code: str) -> None:
    assert call(world, Authorization=f"APPCODE {code}") == 400

    assert nobodys(world) == []


def test_a_code_that_is_known_is_right_whatever_it_looks_like(world: World) -> None:
    account = world.account(app_code="YOUR_APP_CODE")

    assert call(world, Authorization=f"APPCODE {account['app_code']}") == 200

    assert world.calls(account["id"])[-1]["findings"] == []
