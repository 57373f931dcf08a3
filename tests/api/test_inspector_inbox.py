"""The inbox: takes callbacks of anybody, bounded; shows them only to who may see the pages."""

from collections.abc import Iterator

import pytest

from mock_server.domain.callback.inbox import MOST_KEPT, is_inbox
from tests.support import worlds
from tests.support.inspector import page, post
from tests.support.worlds import World

INBOX = "/_mock/inbox/default"


@pytest.fixture
def guarded() -> Iterator[World]:
    """A simulator whose pages require a token."""
    real_now, postbox = worlds.RealClock(), worlds.Postbox()
    with worlds.simulator(real_now, postbox, token="s3cret") as simulator:
        yield World(simulator, real_now, postbox)


def test_what_is_posted_is_kept_and_shown(world: World) -> None:
    answer = world.http.post(INBOX, json={"resList": [], "task_id": "0123456789abcdef"})
    shown = page(world, "/default/inbox")

    assert answer.status_code == 200
    assert '"task_id": "0123456789abcdef"' in shown.text
    assert "Content-Type: application/json" in shown.text
    assert "/_mock/inspect/default/tasks/0123456789abcdef" in [
        attrs.get("href") for _, attrs in shown.tags
    ]
    assert world.http.get(INBOX).location == "/_mock/inspect/default/inbox"
    assert world.calls() == []


def test_an_empty_inbox_has_a_curl_line_that_leads_to_it(world: World) -> None:
    shown = page(world, "/default/inbox").text

    assert "Nothing has come in yet" in shown
    assert f"-d call_back=http://localhost{INBOX}" in shown


def test_the_form_submits_a_task_that_is_called_back_here(world: World) -> None:
    answer = post(world, "/inspect/default/inbox/submit", text="https://a.test", style_id="pet_cat")
    world.clock(advance="1m")

    assert answer.location == "/_mock/inspect/default/inbox?said=submitted"
    assert world.postbox.posted[0][0] == f"http://localhost{INBOX}"
    (call,) = world.calls()
    assert call["charged"] is True


def test_a_submit_that_is_refused_leads_to_its_call(world: World) -> None:
    answer = post(world, "/inspect/default/inbox/submit", text="https://a.test", style_id="no")
    empty = post(world, "/inspect/default/inbox/submit", text="", style_id="no")

    assert answer.location == "/_mock/inspect/default/calls/1?said=not_submitted"
    assert empty.status_code == 422


def test_number_and_size_are_bounded(world: World) -> None:
    for number in range(MOST_KEPT + 3):
        world.http.post(INBOX, data=f"body {number}.")
    shown = page(world, "/default/inbox").text
    kept = world.simulator.database.read(
        lambda tx: tx.one("select count(*) as many, min(id) as first from inbox")
    )

    assert dict(kept or {}) == {"many": MOST_KEPT, "first": 4}
    assert f"body {MOST_KEPT + 2}." in shown
    assert "body 0." not in shown
    world.http.post(INBOX, data="x" * 300_000)
    assert world.http.post(INBOX, data=b"x" * 1_100_000).status_code == 413
    assert len(world.http.get("/_mock/inspect/default/inbox").data) < 100_000
    assert "300000 bytes in the body" in page(world, "/default/inbox").text


def test_it_is_emptied_by_form_and_with_its_account(world: World) -> None:
    world.http.post(INBOX, data="first")
    answer = post(world, "/inspect/default/inbox/empty")
    assert answer.location == "/_mock/inspect/default/inbox?said=inbox_emptied"
    assert "first" not in page(world, "/default/inbox").text
    world.http.post(INBOX, data="second")
    world.admin("POST", "/accounts/default/reset")
    assert "second" not in page(world, "/default/inbox").text


def test_another_account_sees_nothing_and_an_unknown_one_takes_nothing(world: World) -> None:
    other = world.account()
    world.http.post(INBOX, data="mine")

    assert "mine" not in page(world, f"/{other['id']}/inbox").text
    assert world.http.post("/_mock/inbox/nobody", data="x").status_code == 404


@pytest.mark.parametrize("body", [
    b"<script>alert(1)</script>", b"\0\xff\xfe", "\u202e{{7*7}}".encode(), b"[" * 50_000,
    b'{"task_id": "../../x"}', b'{"task_id": ["0123456789"]}',
])  # fmt: skip
def test_hostile_bodies_stay_text(world: World, body: bytes) -> None:
    headers = {"X-Odd": "<b>\u00ff</b>"}
    assert world.http.post(INBOX, data=body, headers=headers).status_code == 200
    shown = page(world, "/default/inbox")

    assert "script" not in [tag for tag, attrs in shown.tags if "src" not in attrs]
    assert "b" not in [tag for tag, _ in shown.tags]
    assert ("{{7*7}}" in shown.text) == (b"{{7*7}}" in body)
    assert not any("/tasks/" in (attrs.get("href") or "") for _, attrs in shown.tags)


def test_secrets_of_the_account_are_hidden(world: World) -> None:
    account = world.account()
    world.http.post(f"/_mock/inbox/{account['id']}", data=f"got {account['app_secret']}",
                    headers={"Authorization": f"APPCODE {account['app_code']}"})  # fmt: skip
    shown = page(world, f"/{account['id']}/inbox").text

    assert "got ***" in shown
    assert account["app_code"] not in shown


def test_it_takes_without_a_token_but_shows_nothing(guarded: World) -> None:
    assert guarded.http.post(INBOX, data="x").status_code == 200
    assert guarded.http.get(INBOX).status_code == 401
    assert guarded.http.get("/_mock/inspect/default/inbox").status_code == 401
    for path in (f"{INBOX}/", f"{INBOX}/x", "/_mock/inbox/", "/_mock/inbox/../accounts",
                 "/_mock/inbox/%2e%2e", "/_mock/inspect/default/inbox/empty"):  # fmt: skip
        assert guarded.http.post(path, data="x").status_code == 401


def test_a_page_of_another_site_posts_nothing_to_it(world: World) -> None:
    for headers in ({"Origin": "http://evil.test"}, {"Host": "evil.test"},
                    {"Sec-Fetch-Site": "cross-site"}):  # fmt: skip
        assert world.http.post(INBOX, data="x", headers=headers).status_code == 403


@pytest.mark.parametrize("target", [
    "/_mock/inbox/", "/_mock/inbox", "/_mock/inbox/a/", "/_mock/inbox/a/b", "/_mock/inbox/a?b",
    "/_mock/inbox/a#b", "/_mock/inbox/..", "/_mock/inbox/../accounts", "/_mock/inbox/%61",
    "/_mock//inbox/a", "//_mock/inbox/a", "/x/../_mock/inbox/a", "/_MOCK/inbox/a",
    "/_mock/inbox/a;b", "/_mock/inbox/a\n", "/_mock/inbox/\u0661", "/_mock/inbox/" + "a" * 65,
    "/_mock/inbox/a.b", "http://127.0.0.1/_mock/inbox/a", "/_mock/accounts", "",
])  # fmt: skip
def test_only_the_plain_spelling_is_the_inbox(target: str) -> None:
    assert not is_inbox(target)


def test_every_account_has_an_inbox(world: World) -> None:
    busy = world.vendor("/submitTask", {"text": "x"}, "mock-busy")

    assert busy.status_code > 0
    for account in world.admin("GET", "/accounts")["accounts"]:
        assert is_inbox(f"/_mock/inbox/{account['id']}")
