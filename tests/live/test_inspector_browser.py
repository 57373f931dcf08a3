"""The pages of the inspector in a real browser: live, by form, by keyboard, in both themes."""

from collections.abc import Iterator

import pytest
import urllib3
from playwright.sync_api import Browser, expect

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.inspector.routes import PAGES
from tests.support.browser import Tab, tab
from tests.support.live import Buyer, Live, live
from tests.support.lively_account import lively_account, things

pytestmark = pytest.mark.slow

WIDTHS = (360, 1280, 2560)


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server without a token."""
    with live() as started:
        yield started


def address(server: Live, buyer: Buyer, page: str = "calls") -> str:
    return f"{server.url}/_mock/inspect/{buyer.id}/{page}"


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
        page.locator("#region section a").first.click()

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


HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def full(server: Live) -> Buyer:
    """An account to which much has happened, hostile things among it."""
    buyer = lively_account(server)
    buyer.call("/submitTask", text=HOSTILE, style_id=HOSTILE)
    buyer.call("/submitTask", text=HOSTILE, style_id="pet_cat")
    urllib3.request("POST", f"{buyer.url}/_mock/inbox/{buyer.id}", body=HOSTILE.encode())
    return buyer


@pytest.fixture(scope="module")
def paths(server: Live, full: Buyer) -> list[str]:
    """Every page of that account, and one of each of its things."""
    found = things(full)
    ones = (server.url + found[what] for what in ("refused", "task", "unheard"))
    filtered = f"{address(server, full)}?text=x&status=4xx"
    return [*(address(server, full, each.name) for each in PAGES), *ones, filtered]


def test_no_page_runs_a_script_that_a_client_sent(
    browser: Browser, server: Live, full: Buyer, paths: list[str]
) -> None:
    with tab(browser) as opened:
        for path in paths:
            opened.page.goto(path, wait_until="domcontentloaded")
            assert "owned" not in opened.page.title()
        opened.page.goto(address(server, full))
        full.call("/" + HOSTILE.replace(" ", "%20"))
        expect(opened.page.locator("#region")).to_contain_text("onerror")
        assert "owned" not in opened.page.title()


def test_every_page_is_accessible_in_both_themes_and_fits_every_screen(
    browser: Browser, paths: list[str]
) -> None:
    wrong: list[tuple[str, ...]] = []
    with tab(browser) as opened:
        for path in paths:
            opened.page.goto(path)
            wrong += [(path, each) for each in opened.barriers()]
            opened.page.emulate_media(color_scheme="dark")
            wrong += [(path, "dark", each) for each in opened.barriers("color-contrast")]
            opened.page.emulate_media(color_scheme="light")
            wrong += [(path, f"{width} px") for width in too_wide(opened)]

    assert not wrong


def test_every_empty_page_fits_every_screen(browser: Browser, server: Live) -> None:
    empty = server.buyer()
    wrong = []
    with tab(browser) as opened:
        for each in PAGES:
            opened.page.goto(address(server, empty, each.name))
            wrong += [(each.name, width) for width in too_wide(opened)]

    assert not wrong


def too_wide(opened: Tab) -> list[int]:
    """Return the widths of a screen at which a page has to be scrolled sideways."""
    found = []
    for width in WIDTHS:
        opened.page.set_viewport_size({"width": width, "height": 800})
        found += [width] if opened.is_too_wide() else []
    return found


def test_a_page_is_whole_without_scripts(browser: Browser, server: Live, full: Buyer) -> None:
    with tab(browser, java_script_enabled=False) as opened:
        opened.page.goto(server.url + things(full)["task"], wait_until="domcontentloaded")
        expect(opened.page.get_by_role("heading", level=1)).to_be_visible()
        expect(opened.page.get_by_text("a phone reads", exact=True)).to_be_visible()
        opened.page.goto(address(server, server.buyer()))
        opened.page.get_by_role("button", name="Freeze").click()
        expect(opened.page.get_by_text("The clock is frozen")).to_be_visible()


def test_one_task_is_updated_while_somebody_looks(browser: Browser, server: Live) -> None:
    buyer = server.buyer(clock={"now": 1_700_000_000_000, "frozen": True})
    task_id = buyer.submit()
    with tab(browser) as opened:
        page = opened.page
        page.goto(f"{address(server, buyer, 'tasks')}/{task_id}")
        page.get_by_role("button", name="Let it run now").focus()
        buyer.call("/queryTask", task_id=task_id)
        expect(page.locator(".moments")).to_contain_text("query_task")
        # What is new takes nothing out of the hands of who looks.
        expect(page.get_by_role("button", name="Let it run now")).to_be_focused()
        buyer.clock(to_next_event=True)

        expect(page.get_by_text("a phone reads", exact=True)).to_be_visible()
        expect(page.locator("h1")).to_contain_text("succeeded")
