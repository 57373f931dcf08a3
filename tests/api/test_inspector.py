"""The inspector: frame, clock, accounts, the page of calls, and one call in full."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.support.inspector import Text, page, post
from tests.support.signed import Request, Signer, content_md5, header, send
from tests.support.worlds import World


def rows(found: Text) -> list[str]:
    return [attrs["id"] or "" for tag, attrs in found.tags
            if tag == "a" and (attrs.get("id") or "").startswith("call-")]  # fmt: skip


def test_the_way_in_leads_to_the_calls_of_the_default_account(world: World) -> None:
    for path in ("", "/", "/inspect", "/inspect/"):
        answer = world.http.get(f"/_mock{path}")

        assert (answer.status_code, answer.location) == (302, "/_mock/inspect/default/calls")


def test_an_empty_page_has_a_curl_line_that_reaches_this_server(world: World) -> None:
    found = page(world, "/default/calls")

    assert "curl http://localhost/submitTask" in found.text
    assert "APPCODE mock-demo" in found.text


def test_the_line_of_another_account_has_a_variable_in_place_of_its_code(world: World) -> None:
    account = world.account()
    found = page(world, f"/{account['id']}/calls")

    assert "$ARTQR_APP_CODE" in found.text
    assert account["app_code"] not in found.text


def test_calls_are_listed_the_newest_first_with_what_they_cost(world: World) -> None:
    task_id = world.submit()
    world.vendor("/wrong")
    found = page(world, "/default/calls")

    assert rows(found) == ["call-2", "call-1"]
    assert "0.28" in found.text
    assert task_id in found.text
    assert "I404NF" in found.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [("operation=submit_task", ["call-1"]), ("status=404", ["call-2"]), ("status=4xx", ["call-2"]),
     ("status=2xx", ["call-3", "call-1"]), ("charged=yes", ["call-3", "call-1"]),
     ("charged=no", ["call-2"]), ("finding=wrong-path", ["call-2"]),
     ("text=EXAMPLE.com", ["call-1"]),
     ("text=/wrong&status=2xx", []), ("before=2", ["call-1"]), ("task=TASK", ["call-3", "call-1"]),
     ("operation=&status=&text=&task=", ["call-3", "call-2", "call-1"])],
)  # fmt: skip
def test_filters_choose_among_the_calls(world: World, query: str, shown: list[str]) -> None:
    task_id = world.submit()
    world.vendor("/wrong")
    world.query(task_id)

    assert rows(page(world, f"/default/calls?{query.replace('TASK', task_id)}")) == shown


@pytest.mark.parametrize(
    ("query", "says"),
    [("operation=submit", "did you mean 'submit_task'"), ("status=abc", "three digits"),
     ("charged=maybe", "yes, no"), ("finding=x", "unknown finding"), ("before=-1", "number")],
)  # fmt: skip
def test_a_wrong_filter_is_explained_on_a_page(world: World, query: str, says: str) -> None:
    assert says in page(world, f"/default/calls?{query}", 422).text


def test_an_account_that_is_not_there_is_explained_on_a_page(world: World) -> None:
    assert "no account has the id" in page(world, "/nobody/calls", 404).text


def test_calls_without_an_account_have_a_list_of_their_own(world: World) -> None:
    world.vendor("/submitTask", app_code="never-issued")

    assert rows(page(world, "/-/calls")) == ["call-1"]
    assert rows(page(world, "/default/calls")) == []


def test_the_journal_is_paged_and_a_search_says_that_it_can_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.actions.reports.call_list.PAGE", 2)
    monkeypatch.setattr("mock_server.actions.reports.call_list.BITE", 3)
    world.submit()
    for _ in range(4):
        world.vendor("/wrong")
    first = page(world, "/default/calls")
    searched = page(world, "/default/calls?operation=submit_task")

    assert rows(first) == ["call-5", "call-4"]
    assert link(first, "before=4")
    assert "Earlier calls" in first.text
    assert rows(searched) == []
    assert "Search further" in searched.text
    further = link(searched, "before=3")
    assert "operation=submit_task" in further
    assert rows(page(world, further.removeprefix("/_mock/inspect"))) == ["call-1"]


def link(found: Text, part: str) -> str:
    return next(attrs["href"] or "" for tag, attrs in found.tags
                if tag == "a" and part in (attrs["href"] or ""))  # fmt: skip


def test_a_search_for_a_text_stops_and_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TEXT_BITE", 4), ("CHUNK", 2)):
        monkeypatch.setattr(f"mock_server.actions.reports.call_list.{name}", value)
    world.submit(text="https://example.com/needle")
    for _ in range(6):
        world.vendor("/wrong")
    found = page(world, "/default/calls?text=NEEDLE")

    assert rows(found) == []
    further = link(found, "before=4")
    assert rows(page(world, further.removeprefix("/_mock/inspect"))) == ["call-1"]


@pytest.mark.parametrize("mark", ["x", "1.²", "1." + "9" * 5000, "a%0Aevent: region", "é", ""])
def test_a_mark_that_is_none_of_ours_counts_as_nothing(world: World, mark: str) -> None:
    world.submit()
    for query, headers in ((f"?mark={mark}", {}), ("", {"Last-Event-ID": mark.replace("%0A", "")})):
        sent = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        answer = world.http.get(f"/_mock/inspect/default/calls/region{query}", headers=sent)

        assert answer.status_code == 200
        assert 'id="call-1"' in answer.get_data(as_text=True)


def test_an_address_with_odd_characters_leads_nowhere_else(world: World) -> None:
    for path in ("/inspect/%0d%0aSet-Cookie:x", "/inspect/go?account=%0d%0a//evil.test",
                 "/inspect/%2F%2Fevil.test"):  # fmt: skip
        answer = world.http.get(f"/_mock{path}")

        assert answer.status_code in (303, 404)
        assert (answer.location or "/_mock/inspect/").startswith("/_mock/inspect/")
        assert "Set-Cookie" not in answer.headers


def test_one_call_shows_request_answer_cost_and_findings(world: World) -> None:
    world.vendor("/submitTask", {"text": "x", "style_id": "no_such_style"})
    found = page(world, "/default/calls/1")

    assert "style_id=no_such_style" in found.text
    assert "style-unknown" in found.text
    assert "APPCODE ***" in found.text
    assert "anything but HTTP 200 is free" in found.text


def test_one_call_says_what_a_fault_did_and_what_went_over_the_wire(world: World) -> None:
    world.admin(
        "POST", "/accounts/default/faults", {"kind": "gateway_error", "code": "D504TO"}, 201
    )
    world.vendor("/submitTask")
    found = page(world, "/default/calls/1")

    assert "gateway_error" in found.text
    assert "The gateway answers with an error from the error table" in found.text


def test_a_call_is_sent_again_with_the_code_of_the_account(world: World) -> None:
    world.submit()
    answer = post(world, "/inspect/default/calls/1/again")

    assert answer.location == "/_mock/inspect/default/calls/2?said=sent_again"
    assert [call["status"] for call in world.calls()] == [200, 200]
    assert world.calls()[0]["request"]["body"] == world.calls()[1]["request"]["body"]


def test_a_signed_call_is_sent_again_with_a_new_signature(
    world: World, account: dict[str, Any], signer: Signer
) -> None:
    assert send(world, signer.signed()).status == 200
    post(world, f"/inspect/{account['id']}/calls/1/again")
    first, second = world.calls(account["id"])

    assert (first["status"], second["status"]) == (200, 200)
    nonces = [dict(each["request"]["headers"])["x-ca-nonce"] for each in (first, second)]
    assert nonces[0] != nonces[1]


JSON_BODY = '{"text": "二维码", "style_id": "pet_cat"}'.encode()
ODD = b"text=%E4%BD%A0+%26%0D%0A%00&text=b&style_id=pet_cat&=x&z"


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (Request(body=ODD), None),
        (Request(target="/submitTask?b=%20&a=1&a=2&c"), None),
        (Request(body=JSON_BODY, headers={"Content-Type": "application/json; charset=UTF-8",
                                          "Content-MD5": content_md5(JSON_BODY)}), None),
        (Request(body=b"\xff\x00\xfe", headers={"Content-Type": "application/octet-stream"}), None),
        (Request(headers={"X-Shop": "a  b", "X-Ca-Stage": "RELEASE"}),
         ["X-Ca-Key", "x-shop", "X-Ca-Stage", "X-Ca-Nonce"]),
        (Request(headers={"Accept": "*/*", "Date": "Mon, 01 Jan 2024 00:00:00 GMT"}), []),
    ],
    ids=["form", "query", "json", "bytes", "headers", "date"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["HmacSHA256", "HmacSHA1"])
def test_whatever_was_signed_is_signed_anew(
    world: World, account: dict[str, Any], signer: Signer, method: str, request_: Request,
    names: list[str] | None,
) -> None:  # fmt: skip
    signed = replace(signer, method=method).signed(request_, names=names)
    answer = send(world, signed)
    post(world, f"/inspect/{account['id']}/calls/1/again")
    first, second = world.calls(account["id"])

    assert header(answer, "X-Ca-Error-Code") is None
    assert (first["status"], first["error_code"]) == (second["status"], second["error_code"])
    assert first["request"]["body"] == second["request"]["body"]


def test_what_the_journal_did_not_keep_whole_is_not_sent_again(world: World) -> None:
    world.vendor("/submitTask", {"text": "x", "app_secret": "y" * 20})
    answer = post(world, "/inspect/default/calls/1/again")

    assert answer.status_code == 409
    assert "cannot be sent again" in answer.get_data(as_text=True)
    assert len(world.calls()) == 1


def test_the_copied_curl_command_has_a_placeholder_for_the_code(world: World) -> None:
    world.submit()
    found = page(world, "/default/calls/1")

    assert 'Authorization: APPCODE $ARTQR_APP_CODE"' in found.text
    assert "mock-demo" not in found.text.partition("As a curl command")[2]


def test_the_clock_is_on_every_page_and_its_forms_move_it(world: World) -> None:
    task_id = world.submit()
    before = page(world, "/default/calls")
    assert "a task ends" in before.text
    assert task_id in before.text
    here = "/_mock/inspect/default/calls?status=200&said=freeze"
    answer = post(world, "/inspect/default/clock", change="next_event", here=here, settle="1")

    assert answer.status_code == 303
    assert answer.location == "/_mock/inspect/default/calls?status=200&said=next_event"
    assert world.query(task_id)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("change", "more", "clock"),
    [("freeze", {}, ("frozen", True)), ("rate", {"rate": "60"}, ("rate", 60.0)),
     ("advance", {"by": "1h"}, ("now", 1_700_003_600_000))],
)  # fmt: skip
def test_each_form_of_the_clock_does_what_it_says(
    world: World, change: str, more: dict[str, str], clock: tuple[str, Any]
) -> None:
    post(world, "/inspect/default/clock", change=change, **more)

    assert world.admin("GET", "/accounts/default/clock")[clock[0]] == clock[1]


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"change": "advance", "by": "soon"}, "duration"), ({"change": "advance", "by": ""}, "by"),
     ({"change": "rate", "rate": "fast"}, "no rate"), ({"change": "back"}, "unknown change"),
     ({"change": "advance", "by": "-5m"}, "forward"), ({}, "unknown change")],
)  # fmt: skip
def test_a_wrong_form_of_the_clock_is_explained(
    world: World, fields: dict[str, str], says: str
) -> None:
    answer = post(world, "/inspect/default/clock", **fields)

    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "here", ["https://evil.test/", "//evil.test/_mock/inspect/", "/_mock/inspect/\\evil", "", "/x",
             "/_mock/inspect/..//evil.test", "/_mock/inspect/x\r\nSet-Cookie: a=b",
             "/_mock/inspect/é"]
)  # fmt: skip
def test_a_form_never_leads_to_another_site(world: World, here: str) -> None:
    answer = post(world, "/inspect/default/clock", change="freeze", here=here)

    assert answer.location == "/_mock/inspect/default/calls?said=freeze"


def test_only_words_of_the_catalogue_are_said(world: World) -> None:
    found = page(world, "/default/calls?said=%3Cb%3Ehi")

    assert not [tag for tag, _ in found.tags if tag == "b"]
    assert "hi" not in re.sub(r"[a-z]hi|hi[a-z]", "", found.text)
    assert "is frozen" in page(world, "/default/calls?said=freeze").text


def test_the_switch_goes_to_the_same_page_of_another_account(world: World) -> None:
    account = world.account(name="shop")
    answer = world.http.get(f"/_mock/inspect/go?account={account['id']}&page=calls")

    assert answer.location == f"/_mock/inspect/{account['id']}/calls"
    assert "shop" in page(world, "/default/calls").text


def test_under_another_server_the_page_asks_for_news(world: World) -> None:
    (region,) = [attrs for _, attrs in page(world, "/default/calls").tags if attrs.get("hx-get")]
    unchanged = world.http.get(region["hx-get"] or "")
    world.submit()
    news = world.http.get(region["hx-get"] or "")

    assert region["hx-trigger"] == "every 2s"
    assert unchanged.status_code == 204
    assert 'id="call-1"' in news.get_data(as_text=True)
    (again,) = [attrs for _, attrs in Text(news.get_data(as_text=True)).tags if attrs.get("hx-get")]
    assert world.http.get(again["hx-get"] or "").status_code == 204


def test_a_browser_at_the_address_of_the_server_is_led_to_the_pages(world: World) -> None:
    browser = world.http.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    posted = world.http.post("/", headers={"Accept": "text/html"})

    assert (browser.status_code, browser.location) == (303, "/_mock/")
    assert posted.headers["X-Ca-Error-Code"] == "I404NF"
    assert world.http.get("/").headers["X-Ca-Error-Code"] == "I404NF"


def test_the_updates_of_a_page_can_be_paused(world: World) -> None:
    running = page(world, "/default/calls?status=200&said=freeze")
    pause = link(running, "live=off")
    paused = page(world, pause.removeprefix("/_mock/inspect"))

    assert pause == "/_mock/inspect/default/calls?status=200&live=off"
    assert not [1 for _, attrs in paused.tags if attrs.get("hx-get") or attrs.get("sse-connect")]
    assert "This page is paused: go on" in paused.text
    assert "/_mock/inspect/default/calls?status=200" in [
        attrs.get("href") for _, attrs in paused.tags
    ]
