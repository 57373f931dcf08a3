"""The pages of the inspector in a real browser: live, by form, by keyboard, in both themes."""

from collections.abc import Iterator

import pytest
import urllib3
from playwright.sync_api import Browser, expect

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.inspector.routes import PAGES
from tests.support.browser import chromium, tab
from tests.support.live import Buyer, Live, live

pytestmark = pytest.mark.slow

WIDTHS = (360, 1280, 2560)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server without a token."""
    with live() as started:
        yield started


def address(server: Live, buyer: Buyer, page: str = "calls") -> str:
    return f"{server.url}/_mock/inspect/{buyer.id}/{page}"


def a_life(buyer: Buyer) -> None:
    """Live through something of everything: good, refused, lost, called back."""
    buyer.submit(call_back="http://127.0.0.1:9/hook")
    buyer.call("/queryTask", task_id="nothing")
    buyer.call("/nowhere/" + "x" * 300)
    buyer.world.post("/faults", {"kind": "gateway_error", "code": "D504TO", "calls": 1})
    buyer.call("/submitTask", text="<script>alert(1)</script>", style_id="pet_cat")
    buyer.clock(to_next_event=True, settle=True)
    receiver = f"{buyer.url}/_mock/inbox/{buyer.id}"
    urllib3.request("POST", receiver, body=b'{"task_id":"<b>x</b>","resList":[]}')


def test_a_call_appears_on_an_empty_page_the_moment_it_comes(
    browser: Browser, server: Live
) -> None:
    buyer = server.buyer()
    with tab(browser) as opened:
        opened.page.goto(address(server, buyer))
        expect(opened.page.get_by_text("No call has come yet")).to_be_visible()
        task_id = buyer.submit()

        expect(opened.page.locator("#region td", has_text=task_id)).to_be_visible()
        opened.page.get_by_role("link", name="1", exact=False).first.wait_for()


def test_the_clock_runs_on_the_page_and_its_buttons_move_it(browser: Browser, server: Live) -> None:
    buyer = server.buyer(clock={"now": 1_700_000_000_000, "frozen": True})
    task_id = buyer.submit()
    with tab(browser) as opened:
        page = opened.page
        page.goto(address(server, buyer))
        expect(page.locator("#clock-now")).to_contain_text("2023-11-15 06:13:20")
        buyer.clock(advance="1s")
        expect(page.locator("#clock-now")).to_contain_text("2023-11-15 06:13:21")
        page.get_by_role("button", name="Go to the next event").click()

        expect(page.get_by_role("status")).to_contain_text("went to the next event")
        status = buyer.call("/queryTask", task_id=task_id).json()["showapi_res_body"]["status"]
        assert status == "succeeded"
        page.get_by_label("by", exact=True).fill("2h")
        page.get_by_role("button", name="Advance").press("Enter")
        expect(page.locator("#clock-now")).to_contain_text("2023-11-15 08:1")


def test_a_call_is_explained_and_sent_again(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    buyer.call("/submitTask", text="https://example.com", style_id="no-such-style")
    with tab(browser) as opened:
        page = opened.page
        page.goto(address(server, buyer))
        page.locator("#region a").first.click()
        expect(page.get_by_role("heading", name="Why this answer")).to_be_visible()
        expect(page.locator(".why")).to_contain_text("style-unknown")
        page.get_by_role("button", name="Send again").click()

        expect(page.get_by_role("status")).to_contain_text("sent again")
        assert len(buyer.world.get("/calls")["calls"]) == 2


def test_a_task_is_called_back_into_the_inbox_and_its_picture_read(
    browser: Browser, server: Live
) -> None:
    buyer = server.buyer(clock={"now": 1_700_000_000_000, "frozen": True})
    with tab(browser) as opened:
        page = opened.page
        page.goto(address(server, buyer, "inbox"))
        expect(page.get_by_text("Nothing has come in yet")).to_be_visible()
        page.get_by_role("button", name="Submit a task that is called back here").click()
        expect(page.get_by_role("status")).to_contain_text("was submitted")
        page.get_by_role("button", name="Go to the next event").click()
        expect(page.locator("#region pre.body")).to_contain_text("resList")
        page.locator("#region h2 a").first.click()

        expect(page.get_by_text("a phone reads", exact=True)).to_be_visible()
        picture = page.locator(".pictures img")
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("each => each.naturalWidth") > 0
        page.get_by_role("link", name="callback 1, delivered").click()
        page.get_by_role("button", name="Send it again now").click()
        expect(page.get_by_role("status")).to_contain_text("sent again")


def test_a_filter_is_a_form_and_stays_while_calls_come(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    task_id = buyer.submit()
    with tab(browser) as opened:
        page = opened.page
        page.goto(address(server, buyer))
        page.get_by_text("Filter", exact=True).click()
        page.get_by_label("Status").fill("404")
        page.get_by_label("Text in the call").press("Enter")
        expect(page.get_by_text("matches the filter")).to_be_visible()
        buyer.call("/nowhere")
        buyer.submit()

        expect(page.locator("#region td", has_text="/nowhere")).to_be_visible()
        expect(page.locator("#region")).not_to_contain_text(task_id)


def test_the_token_is_typed_once(browser: Browser) -> None:
    settings = Settings(port=0, database=":memory:", token="s3cret")
    with running(settings) as started, tab(browser) as opened:
        page = opened.page
        page.goto(started.url)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Token").fill("s3cret")
        page.get_by_role("button").click()
        expect(page.get_by_text("No call has come yet")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        # The browser itself notes each answer that refuses.
        opened.errors[:] = [each for each in opened.errors if "40" not in each]


def test_no_page_runs_a_script_that_a_client_sent(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    a_life(buyer)
    hostile = (
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    )
    buyer.call("/submitTask", text=hostile, style_id=hostile)
    with tab(browser) as opened:
        for each in PAGES:
            opened.page.goto(address(server, buyer, each.name))
            assert "owned" not in opened.page.title()
        opened.page.goto(address(server, buyer))
        buyer.call("/" + hostile.replace(" ", "%20"))
        expect(opened.page.locator("#region")).to_contain_text("onerror")
        assert "owned" not in opened.page.title()


@pytest.fixture(scope="module")
def paths(server: Live) -> list[str]:
    """Every page of an account that has lived, and of one that has not."""
    empty, full = server.buyer(), server.buyer()
    a_life(full)
    call_id = full.world.get("/calls")["calls"][-1]["id"]
    (task,) = full.world.get("/tasks")["tasks"]
    callback_id = full.callback()["id"]
    return [
        *(address(server, full, each.name) for each in PAGES),
        f"{address(server, full)}/{call_id}",
        f"{address(server, full)}?text=x&status=4xx",
        f"{address(server, full, 'tasks')}/{task['task_id']}",
        f"{address(server, full, 'callbacks')}/{callback_id}",
        *(address(server, empty, each.name) for each in PAGES),
    ]


def test_every_page_is_accessible_in_both_themes(browser: Browser, paths: list[str]) -> None:
    wrong: list[tuple[str, ...]] = []
    with tab(browser) as opened:
        for path in paths[: len(PAGES) + 4]:
            opened.page.goto(path)
            wrong += [(path, each) for each in opened.barriers()]
            opened.page.emulate_media(color_scheme="dark")
            wrong += [(path, "dark", each) for each in opened.barriers("color-contrast")]
            opened.page.emulate_media(color_scheme="light")

    assert not wrong


def test_every_page_fits_a_phone_and_a_wide_screen(browser: Browser, paths: list[str]) -> None:
    wrong = []
    with tab(browser) as opened:
        for path in paths:
            opened.page.goto(path)
            for width in WIDTHS:
                opened.page.set_viewport_size({"width": width, "height": 800})
                if opened.is_too_wide():
                    wrong.append((path, width))

    assert not wrong


def test_every_page_is_whole_without_scripts(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    a_life(buyer)
    with tab(browser, java_script_enabled=False) as opened:
        for each in PAGES:
            opened.page.goto(address(server, buyer, each.name))
            expect(opened.page.get_by_role("heading", level=1)).to_be_visible()
        opened.page.goto(address(server, buyer))
        opened.page.get_by_role("button", name="Freeze").click()
        expect(opened.page.get_by_text("The clock is frozen")).to_be_visible()
