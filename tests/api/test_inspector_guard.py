"""The pages are as safe as the admin API: the token, the cookie, foreign pages, hostile content."""

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from mock_server.domain.callback.payload import Outcome
from mock_server.web.inspector.routes import PAGES
from tests.support import worlds
from tests.support.inspector import HERE, Text, page, post
from tests.support.worlds import World

TOKEN = "s3cret-token"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
CALLS = "/_mock/inspect/default/calls"


@pytest.fixture
def guarded() -> Iterator[World]:
    """A simulator whose admin API requires a token."""
    real_now, postbox = worlds.RealClock(), worlds.Postbox()
    with worlds.simulator(real_now, postbox, token=TOKEN) as simulator:
        yield World(simulator, real_now, postbox)


def sign_in(world: World, token: str = TOKEN) -> TestResponse:
    return post(world, "/login", token=token)


def test_a_browser_without_the_token_gets_the_form_and_a_program_the_problem(
    guarded: World,
) -> None:
    browser = guarded.http.get(CALLS, headers=BROWSER)
    program = guarded.http.get(CALLS)

    assert (browser.status_code, browser.mimetype) == (401, "text/html")
    assert 'action="/_mock/login"' in browser.get_data(as_text=True)
    assert (program.status_code, program.mimetype) == (401, "application/problem+json")


def test_the_form_and_its_style_need_no_token(guarded: World) -> None:
    form = Text(guarded.http.get("/_mock/login").get_data(as_text=True))
    (style,) = [attrs["href"] for tag, attrs in form.tags
                if tag == "link" and attrs["rel"] == "stylesheet"]  # fmt: skip

    assert guarded.http.get(style or "").status_code == 200


def test_the_token_becomes_a_cookie_that_only_the_browser_knows(guarded: World) -> None:
    answer = sign_in(guarded)
    cookie = answer.headers["Set-Cookie"]

    assert answer.status_code == 303
    assert TOKEN not in cookie
    for part in ("HttpOnly", "SameSite=Strict", "Path=/_mock"):
        assert part in cookie
    assert guarded.http.get(CALLS).status_code == 200
    assert guarded.http.get("/_mock/accounts").status_code == 200


def test_a_wrong_token_opens_nothing(guarded: World) -> None:
    answer = sign_in(guarded, "s3cret")

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert guarded.http.get(CALLS).status_code == 401


def test_who_signs_out_has_to_sign_in_again(guarded: World) -> None:
    sign_in(guarded)
    post(guarded, "/logout")

    assert guarded.http.get(CALLS).status_code == 401


def test_a_cookie_that_somebody_made_up_opens_nothing(guarded: World) -> None:
    for value in (TOKEN, "", "x", "é"):
        guarded.http.set_cookie("artqr_mock_session", value)

        assert guarded.http.get(CALLS).status_code == 401


def test_without_a_token_there_is_nothing_to_sign_in_to(world: World) -> None:
    assert world.http.get("/_mock/login").location == "/_mock/inspect/"
    assert sign_in(world).location == "/_mock/inspect/"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.test"},
     {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}],
)  # fmt: skip
def test_a_page_of_another_site_changes_nothing(world: World, headers: dict[str, str]) -> None:
    answer = world.http.post(
        "/_mock/inspect/default/clock", data={"change": "freeze"}, headers=headers
    )

    assert answer.status_code == 403
    assert world.admin("GET", "/accounts/default/clock")["frozen"] is False


def test_a_signed_in_browser_is_not_used_by_another_site(guarded: World) -> None:
    sign_in(guarded)
    headers = {"Origin": "http://evil.test"}
    answer = guarded.http.post(
        "/_mock/inspect/default/clock", data={"change": "freeze"}, headers=headers
    )

    assert answer.status_code == 403


def test_every_page_forbids_scripts_frames_and_other_sites(world: World) -> None:
    task_id = world.submit(call_back="http://127.0.0.1:9/")
    world.clock(advance="1m")
    one = ("/default/calls/1", f"/default/tasks/{task_id}", "/default/callbacks/1", "/x/calls",
           f"/default/tasks/{task_id}/pictures/1")  # fmt: skip
    for path in (*(f"/default/{each.name}" for each in PAGES), *one):
        headers = world.http.get(f"/_mock/inspect{path}").headers
        policy = headers["Content-Security-Policy"]

        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "Access-Control-Allow-Origin" not in headers
        assert headers["Cache-Control"] == "no-store"


def test_no_page_shows_a_secret_of_its_account(world: World) -> None:
    account = world.account()
    world.submit(app_code=account["app_code"])
    for each in PAGES:
        found = world.http.get(f"/_mock/inspect/{account['id']}/{each.name}").get_data(as_text=True)

        assert account["app_code"] not in found
        assert account["app_secret"] not in found


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}{% raw %}${7*7}\u202egnp"
    "\u200f\x1b[2J\x85\u2028</pre></textarea></td>&lt;script&gt;\r\n\r\nevent: region\r\ndata: x"
)
LARGE = HOSTILE + "<marquee>" * 120_000  # over 1 MB


def attack(world: World) -> None:
    """Send hostile text wherever a client can, in calls of every operation."""
    code = {
        "Authorization": "APPCODE mock-demo",
        "X-<marquee>": "<i>\u202e".encode().decode("latin-1"),
    }
    fields = {"text": HOSTILE, "style_id": "food_fryrice"}
    world.http.post("/submitTask", data=fields, headers=code)
    world.http.post("/submitTask", data={"text": LARGE, "style_id": HOSTILE}, headers=code)
    world.http.post("/submitTask", data={HOSTILE: HOSTILE, "call_back": HOSTILE}, headers=code)
    world.http.post("/submitTask", data={"text": "\0", "style_id": "a\0b"}, headers=code)
    ours = {
        **fields,
        "your_prompt": HOSTILE,
        "call_back": "http://127.0.0.1:9/<marquee>?\u202e=<i>",
    }
    world.http.post("/submitTask", data={**ours, "style_id": ""}, headers=code)
    world.http.post("/queryTask", data={"task_id": HOSTILE}, headers=code)
    world.http.post("/<script>alert(1)</script>", data=HOSTILE.encode(), headers=code)
    world.http.open("/taskList?page=<script>", method="<marquee>", headers=code)
    signed = {"X-Ca-Key": HOSTILE.replace("\r\n", ""), "X-Ca-Signature": "<marquee>"}
    world.http.post("/submitTask", data=fields, headers={
        name: value.encode().decode("latin-1") for name, value in signed.items()
    })  # fmt: skip
    world.admin("POST", "/accounts", {"name": HOSTILE[:80]}, expect=201)
    world.http.post("/_mock/inbox/default", data=HOSTILE.encode(), headers={"X-<marquee>": "<i>"})
    world.http.post("/_mock/inbox/default", data=LARGE.encode()[:1_000_000])
    world.http.post("/_mock/inbox/default", json={"task_id": HOSTILE, HOSTILE: HOSTILE})
    world.postbox.outcome = Outcome(status=500, body=LARGE.encode()[:4096],
                                    headers=(("X-<marquee>", "<i>"),))  # fmt: skip


def assert_harmless(html: str) -> None:
    """Fail if a text of others became a tag, or stands there as it is."""
    found = Text(html)
    tags = {tag for tag, _ in found.tags}
    odd = {char for char in html if not char.isprintable() and char != "\n"}

    assert not tags & {"marquee", "i", "iframe", "object", "style", "textarea"}
    assert not [attrs for tag, attrs in found.tags if tag == "img" and attrs["src"] == "x"]
    for tag, attrs in found.tags:
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        if tag == "script":
            assert (attrs["src"] or "").startswith("/_mock/assets/")
        assert not (attrs.get("href") or "").lower().startswith(("javascript", "data", "//"))
    assert not odd, odd
    assert "49" not in found.text.replace("{{7*7}}", "").split()


def test_what_clients_send_is_never_markup_on_any_page(world: World) -> None:
    attack(world)
    world.clock(advance="1h")
    accounts = ["default", *(each["id"] for each in world.admin("GET", "/accounts")["accounts"])]
    paths = [f"/{account}/{each.name}" for account in accounts for each in PAGES]
    paths += [f"/-/{each.name}" for each in PAGES if each.for_nobody]
    found = world.calls() + world.admin("GET", "/calls")["calls"]
    paths += [f"/{call['account'] or '-'}/calls/{call['id']}" for call in found]
    paths += ["/default/calls?text=%3Cscript%3E&operation=", "/default/calls?text=" + "a" * 3000]
    paths += [f"/default/tasks/{each['task_id']}"
              for each in world.admin("GET", "/accounts/default/tasks")["tasks"]]  # fmt: skip
    called_back = world.admin("GET", "/accounts/default/callbacks")["callbacks"]
    paths += [f"/default/callbacks/{each['id']}" for each in called_back]
    assert len(found) >= 9
    assert called_back
    for path in paths:
        answer = world.http.get(f"/_mock/inspect{path}")

        assert answer.status_code == 200, path
        assert_harmless(answer.get_data(as_text=True))
        assert len(answer.get_data()) < 400_000, path


def test_an_error_page_repeats_nothing_as_markup(world: World) -> None:
    for path in ("/default/calls?operation=%3Cscript%3Ealert(1)%3C/script%3E",
                 "/%3Cscript%3E/calls", "/default/calls?status=%22%3E%3Cimg%3E"):  # fmt: skip
        assert_harmless(world.http.get(f"/_mock/inspect{path}").get_data(as_text=True))


def test_the_forms_refuse_what_is_too_long(world: World) -> None:
    answer = post(world, "/inspect/default/clock", change="advance", by="1" * 1000)

    assert answer.status_code == 422
    assert page(world, "/default/calls").text
    assert HERE["Origin"] == "http://localhost"
