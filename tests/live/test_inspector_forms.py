"""In a real browser: failures armed by form and counted, the growing bill, calls by the viewer."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import tab
from tests.support.live import Live, live

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server without a token."""
    with live() as started:
        yield started


def test_a_failure_is_armed_by_form_and_counted_as_it_fires(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    with tab(browser) as opened:
        page = opened.page
        page.goto(f"{server.url}/_mock/inspect/{buyer.id}/failures")
        page.get_by_label("Kind").select_option("refusal")
        page.get_by_role("button", name="Show its form").click()
        page.get_by_label("remark").fill("busy <b>now</b>")
        page.get_by_text("Conditions: empty fields do not count").first.click()
        page.get_by_label("nth").fill("2")
        page.get_by_role("button", name="Arm").click()
        expect(page.get_by_role("status")).to_contain_text("armed")
        buyer.submit()
        answer = buyer.call("/submitTask", text="https://example.com", style_id="pet_cat")

        assert answer.status == 450
        assert "busy <b>now</b>" in answer.data.decode()
        row = page.locator("#region tbody tr")
        expect(row.locator("td.number").nth(1)).to_have_text("2")
        expect(row.locator("td.number").nth(2)).to_have_text("1")
        page.get_by_role("button", name="Disarm all").click()
        expect(page.get_by_text("No failure is armed")).to_be_visible()


def test_the_bill_grows_while_somebody_looks(browser: Browser, server: Live) -> None:
    buyer = server.buyer(credits=5)
    with tab(browser) as opened:
        page = opened.page
        page.goto(f"{server.url}/_mock/inspect/{buyer.id}/bill")
        expect(page.locator(".tile").first).to_contain_text("5")
        buyer.submit()
        expect(page.locator(".tile").first).to_contain_text("4")
        page.get_by_text("Buy a package").click()
        page.get_by_label("Package", exact=True).select_option("1000")
        page.get_by_role("button", name="Buy").click()

        expect(page.get_by_role("status")).to_contain_text("was bought")
        expect(page.locator(".tile").first).to_contain_text("1004")
        expect(page.get_by_role("img", name="The credits left")).to_be_visible()


def test_the_viewer_loads_nothing_from_elsewhere_and_is_accessible(
    browser: Browser, server: Live
) -> None:
    asked: list[str] = []
    with tab(browser) as opened:
        opened.page.on("request", lambda request: asked.append(request.url))
        for name in ("admin", "api"):
            opened.page.goto(f"{server.url}/_mock/docs/{name}")
            opened.page.locator("rapi-doc").get_by_text("Expand all").first.wait_for()
        wrong = opened.barriers()
        opened.page.emulate_media(color_scheme="dark")
        # Drawn anew: colours that still change have no contrast yet.
        opened.page.reload()
        opened.page.locator("rapi-doc").get_by_text("Expand all").first.wait_for()
        wrong += opened.barriers("color-contrast")
        opened.page.set_viewport_size({"width": 360, "height": 800})

        assert not opened.is_too_wide()
    assert not wrong
    assert asked
    assert [each for each in asked if not each.startswith((server.url, "data:", "blob:"))] == []


def test_what_is_tried_in_the_viewer_comes_to_this_server(browser: Browser, server: Live) -> None:
    buyer = server.buyer()
    with tab(browser) as opened:
        page = opened.page
        page.goto(f"{server.url}/_mock/docs/api")
        viewer = page.locator("rapi-doc")
        viewer.get_by_text("/submitTask").first.click()
        viewer.get_by_placeholder("api-token").first.fill(f"APPCODE {buyer.app_code}")
        viewer.get_by_role("button", name="SET").first.click()
        viewer.locator("[data-pname=text]").first.fill("https://example.com")
        viewer.locator("[data-pname=style_id]").first.fill("pet_cat")
        viewer.get_by_role("button", name="Try").first.click()
        viewer.get_by_text("showapi_res_body").first.wait_for()

        (call,) = buyer.world.get("/calls")["calls"]
        assert (call["operation"], call["status"]) == ("submit_task", 200)
