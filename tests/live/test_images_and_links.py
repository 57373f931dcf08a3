"""Source images and short links on a running server, over real HTTP."""

import io
from collections.abc import Iterator

import pytest
import urllib3
import zxingcpp
from PIL import Image

from mock_server import render
from tests.support.live import Buyer, Live, live
from tests.support.receivers import Receiver, Reply, receiving

TEXT = "https://example.com/from-an-image"


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server that fetches images over real sockets."""
    with live() as running:
        yield running


@pytest.fixture
def gallery() -> Iterator[Receiver]:
    """A server with one image."""
    image = render.draw(TEXT, style_id="", seed=1)
    with receiving(lambda _: Reply(body=image, headers={"Content-Type": "image/png"})) as running:
        yield running


def finished(buyer: Buyer, task_id: str) -> tuple[str, str]:
    """Jump to the end of a task; return the address of its picture and the content of its QR
    code.
    """
    buyer.clock(advance="1m", settle=True)
    body = buyer.call("/queryTask", task_id=task_id).json()["showapi_res_body"]
    assert body["status"] == "succeeded", body
    (address,) = body["resList"]
    png = urllib3.request("GET", address).data
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    return address, str(code.text)


@pytest.mark.claim("image-is-content")
def test_settling_waits_for_the_source_image_before_it_moves_the_clock(
    server: Live, gallery: Receiver
) -> None:
    buyer = server.buyer()
    task_id = buyer.submit(text="", qr_code_url=f"{gallery.url}/qr.png")

    assert finished(buyer, task_id)[1] == TEXT
    assert [each.path for each in gallery.received] == ["/qr.png"]
    (task,) = buyer.world.get("/tasks")["tasks"]
    assert 5_000 <= task["ends_at"] - task["submitted_at"] <= 20_000


def test_a_picture_of_the_simulator_itself_can_be_the_source_of_another(server: Live) -> None:
    buyer = server.buyer()
    address, _ = finished(buyer, buyer.submit(text=TEXT))

    _, said = finished(buyer, buyer.submit(text="", qr_code_url=address, style_id="pet_fox"))

    assert said == TEXT


def test_a_submit_does_not_wait_for_its_image(server: Live) -> None:
    buyer = server.buyer()
    with receiving(lambda _: Reply(silent=True)) as silent:
        task_id = buyer.submit(text="", qr_code_url=silent.url)
        silent.wait_for(1)

        buyer.clock(advance="1h")
        body = buyer.call("/queryTask", task_id=task_id).json()["showapi_res_body"]

    assert body["status"] == "running"


@pytest.mark.claim("short-link-form")
def test_a_short_link_leads_to_the_text_until_it_is_gone(server: Live) -> None:
    buyer = server.buyer()
    text = "https://example.com/码?" + "x" * 36
    task_id = buyer.submit(text=text, is_use_temp_short_link="1")
    _, link = finished(buyer, task_id)

    leads = urllib3.request("GET", link, redirect=False)
    buyer.clock(advance="24h", settle=True)
    gone = urllib3.request("GET", link, redirect=False)

    assert link.startswith(f"{server.url}/s/")
    assert (leads.status, leads.headers["Location"]) == (
        302, "https://example.com/%E7%A0%81?" + "x" * 36,
    )  # fmt: skip
    assert gone.status == 410
    followed = [call["status"] for call in buyer.world.get("/calls")["calls"]
                if call["operation"] == "follow_short_link"]  # fmt: skip
    assert followed == [302, 410]
