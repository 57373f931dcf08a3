"""Magic credentials: each does what its row says, without any other setup."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from mock_server.cli.main import main
from mock_server.contract import load_catalogue
from tests.support.exchanges import Reply
from tests.support.signed import Request, Signer, header, seen, send, with_app_code
from tests.support.worlds import World, body_of

# Magic codes with faults of the wire need a live server: tests/live/test_magic.py.
MAGIC = {code: each for code, each in load_catalogue().magic.items() if not each.faults}
TARGETS = ("/submitTask", "/taskList", "/queryTask")

Login = Callable[[str, Request], Request]


def by_key(code: str, request: Request) -> Request:
    return Signer(key=code, secret=code).signed(request)


LOGINS: dict[str, Login] = {"app code": with_app_code, "key pair": by_key}


def promised(code: str) -> tuple[int, str | None]:
    """Return the result that the row describes for people: `...: 403 B403MQ`."""
    found = re.search(r": (\d{3})(?: ([A-Z]\d{3}[A-Z0-9]{2}))?$", MAGIC[code].says)
    return (int(found[1]), found[2]) if found else (200, None)


def test_every_failure_that_needs_no_wire_damage_has_a_name() -> None:
    assert {promised(code) for code in MAGIC} >= {
        (403, "B403MQ"), (403, "B403ME"), (403, "B403MI"), (403, "B403MO"), (403, "I403AA"),
        (429, "T429PA"), (504, "D504TO"), (503, "D503CB"), (500, "X500ER"), (450, None),
    }  # fmt: skip
    assert all(code.startswith("mock-") for code in MAGIC)


@pytest.mark.claim("billing-only-200")
@pytest.mark.claim("quota-refusals")
@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("code", MAGIC)
def test_a_magic_credential_does_what_it_says(world: World, code: str, login: str) -> None:
    requests = [Request(target=target) for target in TARGETS for _ in range(2)]
    answers: list[Reply] = [send(world, LOGINS[login](code, request)) for request in requests]

    if promised(code)[0] == 200:
        assert [reply.status for reply in answers] == [200, 200, 200, 200, 450, 450]
    else:
        assert {seen(reply) for reply in answers} == {promised(code)}
        assert world.bill(code)["charges"] == 0


@pytest.mark.claim("gateway-profiles")
def test_mock_classic_is_an_older_instance(world: World) -> None:
    reply = send(world, with_app_code("mock-classic"))

    assert (header(reply, "X-Ca-Error-Message"), header(reply, "Server")) == ("OK", "Tengine")
    missing = send(world, with_app_code("mock-classic", Request(target="/nowhere")))
    assert header(missing, "X-Ca-Error-Message") == "Invalid Url"


def test_mock_refused_carries_its_remark(world: World) -> None:
    answer = world.vendor("/submitTask", {}, "mock-refused")

    assert body_of(answer)["remark"] == MAGIC["mock-refused"].remark


@pytest.mark.parametrize("code", MAGIC)
def test_each_magic_code_is_an_account_created_on_first_use(world: World, code: str) -> None:
    world.admin("GET", f"/accounts/{code}", expect=404)
    send(world, with_app_code(code))

    account = world.admin("GET", f"/accounts/{code}")
    assert (account["id"], account["name"]) == (code, MAGIC[code].says)
    assert (account["app_code"], account["app_key"], account["app_secret"]) == (code,) * 3
    (call,) = world.calls(code)
    assert (call["account"], call["operation"]) == (code, "submit_task")
    assert world.calls() == []


@pytest.mark.parametrize("code", MAGIC)
def test_reset_keeps_the_magic(world: World, code: str) -> None:
    send(world, with_app_code(code))
    world.admin("POST", f"/accounts/{code}/reset")
    assert world.calls(code) == []

    assert seen(send(world, with_app_code(code))) == promised(code)


@pytest.mark.parametrize("code", MAGIC)
def test_deleted_it_comes_back_with_the_next_call(world: World, code: str) -> None:
    send(world, with_app_code(code))
    world.admin("DELETE", f"/accounts/{code}", expect=204)

    assert seen(send(world, by_key(code, Request()))) == promised(code)


@pytest.mark.claim("appcode-unknown")
@pytest.mark.parametrize("code", ["mock-", "mock-nothing", "MOCK-EXPIRED", "mock-expired-"])
def test_a_name_that_is_no_magic_is_just_unknown(world: World, code: str) -> None:
    assert seen(send(world, with_app_code(code))) == (400, "A400AC")
    assert seen(send(world, by_key(code, Request()))) == (400, "A400IK")
    assert len(world.admin("GET", "/accounts")["accounts"]) == 1


def test_a_wrong_secret_is_refused_even_of_a_magic_key(world: World) -> None:
    signer = Signer(key="mock-classic", secret="x")

    assert header(send(world, signer.signed()), "X-Ca-Error-Message") is not None
    assert world.bill("mock-classic")["charges"] == 0


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_the_command_line_lists_every_one_without_a_server(flags: list[str]) -> None:
    result = CliRunner().invoke(main, ["env", "--magic", "--url", "http://127.0.0.1:9", *flags])

    assert result.exit_code == 0
    for code, magic in MAGIC.items():
        assert code in result.output
        assert magic.says in result.output
    for text, magic_text in load_catalogue().magic_texts.items():
        assert text in result.output
        assert magic_text.says in result.output
