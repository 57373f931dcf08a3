"""Source images: fetched after the submit and read before the task ends, otherwise the task
fails.
"""

import io
import json
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from mock_server import render
from mock_server.actions.operations import source_images
from mock_server.delivery.qr_reader import read_code
from mock_server.domain.task.source_images import unreachable
from tests.support.codes import code_png
from tests.support.worlds import Gallery, RealClock, World

TEXT = "https://example.com/from-an-image"
URL = "http://127.0.0.1:9/qr.png"
CALL_BACK = "http://127.0.0.1:9/callback"


def submit(world: World, url: str = URL, **fields: str) -> str:
    return world.submit(text="", qr_code_url=url, call_back=CALL_BACK, **fields)


def task(world: World) -> dict[str, Any]:
    (found,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    return dict(found)


@pytest.fixture(autouse=True)
def hung(gallery: Gallery) -> None:
    """Provide an image with a QR code, one without, and a file that is not an image."""
    plain = io.BytesIO()
    Image.new("RGB", (300, 300)).save(plain, "PNG")
    gallery.images = {
        URL: render.draw(TEXT, style_id="", seed=1),
        "http://127.0.0.1:9/plain.png": plain.getvalue(),
        "http://127.0.0.1:9/text.png": b"hello",
    }


@pytest.mark.claim("image-is-content")
def test_the_picture_says_what_the_code_of_the_source_image_says(world: World) -> None:
    task_id = submit(world)
    world.clock(advance="1m")

    (address,) = world.query(task_id)["resList"]
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(world.http.get(address).data)))
    assert code.text == TEXT
    assert [posted["resList"] for _, posted in world.postbox.posted] == [[address]]
    assert (task(world)["content"], task(world)["qr_code_url"]) == (TEXT, URL)


@pytest.mark.claim("image-failure")
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9/nothing.png", "无法访问 (HTTP 404)"),
        ("no address", "无法访问"),
        ("http://127.0.0.1:9/plain.png", "没有二维码"),
        ("http://127.0.0.1:9/text.png", "不是PNG, JPEG, GIF或WebP图片"),
    ],
)
def test_an_unreadable_image_fails_the_task_and_the_query_says_why(
    world: World, url: str, says: str
) -> None:
    task_id = submit(world, url)
    running = world.query(task_id)
    world.clock(advance="1m")

    body = world.query(task_id)
    assert running["status"] == "pending"
    assert (body["status"], body["resList"]) == ("failed", [])
    assert says in body["remark"]
    assert world.postbox.posted == []
    assert (task(world)["content"], task(world)["remark"]) == (None, body["remark"])
    assert world.http.get(f"/pictures/default/{task_id}/1.png").status_code == 404


def test_an_image_takes_no_time_of_its_own(world: World) -> None:
    submit(world)
    source_images.settle(world.simulator, "default")
    with_image = task(world)
    world.admin("POST", "/accounts/default/reset")
    world.submit()

    with_text = task(world)
    lasts = [each["ends_at"] - each["submitted_at"] for each in (with_image, with_text)]
    assert lasts[0] == lasts[1]


def test_a_task_whose_image_is_still_to_come_runs_until_it_is_there(
    world: World, gallery: Gallery
) -> None:
    gallery.is_slow = True
    task_id = submit(world)
    world.admin("POST", "/accounts/default/clock", {"advance": "1h"})
    late = world.query(task_id)["status"], task(world)["content"], task(world)["ends_at"]

    gallery.arrive(URL)
    source_images.settle(world.simulator, "default")
    world.clock(advance="1ms")

    assert late == ("running", None, None)
    assert world.query(task_id)["status"] == "succeeded"
    assert task(world)["ends_at"] - task(world)["submitted_at"] == 3_600_000
    assert len(world.postbox.posted) == 1


@pytest.mark.parametrize(("state", "allowed"), [("failed", 200), ("succeeded", 409)])
def test_a_task_may_be_failed_by_force_while_its_image_is_to_come(
    world: World, gallery: Gallery, state: str, allowed: int
) -> None:
    gallery.is_slow = True
    task_id = submit(world)
    world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": state}, expect=allowed)
    gallery.arrive(URL)
    source_images.settle(world.simulator, "default")
    world.clock(advance="1m")

    expected = "failed" if allowed == 200 else "succeeded"
    assert world.query(task_id)["status"] == expected
    assert len(world.postbox.posted) == (expected == "succeeded")


def test_what_comes_after_a_reset_is_dropped(world: World, gallery: Gallery) -> None:
    gallery.is_slow = True
    submit(world)
    world.admin("POST", "/accounts/default/reset")
    gallery.arrive(URL)

    source_images.settle(world.simulator, "default")
    assert world.admin("GET", "/accounts/default/tasks")["tasks"] == []


def test_a_jump_of_the_clock_says_when_it_does_not_wait_for_an_image_any_longer(
    world: World,
    gallery: Gallery,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    patience_s = 0.5
    monkeypatch.setattr(
        source_images, "GRACE_S", patience_s - world.simulator.settings.callback_timeout
    )
    gallery.is_slow = True
    task_id = submit(world)

    world.clock(advance="1m")

    assert caplog.messages == [
        "a source image of account default was not read in 0.5 s: the clock moves without it"
    ]
    assert world.query(task_id)["status"] in ("pending", "running")


def test_an_image_that_a_killed_process_left_unread_is_read_at_the_next_start(
    world: World, gallery: Gallery
) -> None:
    gallery.is_slow = True
    task_id = submit(world)
    gallery.waiting.clear()
    gallery.is_slow = False

    source_images.resume(world.simulator)
    world.clock(advance="1m")

    assert world.query(task_id)["status"] == "succeeded"


def test_an_image_whose_server_died_is_read_by_another_but_not_too_soon(
    world: World, gallery: Gallery, real_now: RealClock
) -> None:
    gallery.is_slow = True
    task_id = submit(world)
    gallery.waiting.clear()  # its server was killed
    gallery.is_slow = False
    seen = source_images.resume_abandoned(world.simulator, {})
    real_now.now += 29_000
    seen = source_images.resume_abandoned(world.simulator, seen)
    assert world.query(task_id)["status"] in ("pending", "running")

    real_now.now += 1_000
    source_images.resume_abandoned(world.simulator, seen)
    world.clock(advance="1m")

    assert world.query(task_id)["status"] == "succeeded"
    assert source_images.resume_abandoned(world.simulator, seen) == {}


def test_a_code_that_says_more_than_a_text_may_is_no_reason_to_fail(world: World) -> None:
    task_id = submit(world, style_id="", your_prompt="a cat")
    world.clock(advance="1m")

    assert world.query(task_id)["status"] == "succeeded"


def test_a_text_wins_and_its_image_is_not_fetched(world: World, gallery: Gallery) -> None:
    gallery.is_slow = True
    world.submit(qr_code_url=URL)

    assert gallery.waiting == []


@pytest.mark.claim("image-is-content")
def test_the_address_itself_is_encoded_where_the_reading_says_so(
    world: World, gallery: Gallery
) -> None:
    gallery.is_slow = True
    world.admin("PATCH", "/accounts/default/readings", {"image.content": "address"})
    submit(world)

    assert (gallery.waiting, task(world)["content"]) == ([], URL)


def findings(world: World) -> list[dict[str, Any]]:
    (call,) = world.admin("GET", "/accounts/default/calls")["calls"]
    return [each for each in call["findings"] if each["id"] == "source-image"]


@pytest.mark.claim("image-failure")
def test_the_remark_is_the_vendors_and_the_journal_has_our_reason(
    world: World, gallery: Gallery
) -> None:
    gallery.is_slow = True
    submit(world, "http://user:s3cret@127.0.0.1:9/a.png")
    (waiting,) = gallery.waiting
    waiting.set_result(unreachable(reason="connection refused (127.0.0.1:9)").read)
    source_images.settle(world.simulator, "default")

    assert task(world)["remark"] == "创作失败: qr_code_url无法访问"
    (found,) = findings(world)
    assert found["says"] == "The source image cannot be used: connection refused (127.0.0.1:9)."
    assert found["sent"] == "http://user:***@127.0.0.1:9/a.png"
    assert found["at"] == "/body/qr_code_url"


def test_what_a_remark_says_whole_needs_no_finding(world: World) -> None:
    submit(world, "http://127.0.0.1:9/text.png")
    submit(world)
    source_images.settle(world.simulator, "default")

    calls = world.admin("GET", "/accounts/default/calls")["calls"]
    assert [each["id"] for call in calls for each in call["findings"]
            if each["id"] == "source-image"] == []  # fmt: skip


def test_no_password_of_an_address_is_shown_and_what_delivers_has_it(
    world: World, gallery: Gallery
) -> None:
    url, hook = "http://u:s3cret@127.0.0.1:9/qr.png", "http://u:s3cret@127.0.0.1:9/callback?a=%2f"
    gallery.images[url] = gallery.images[URL]
    task_id = world.submit(text="", qr_code_url=url, call_back=hook)
    world.admin("PATCH", "/accounts/default", {"notify_url": hook})
    world.clock(advance="1m")

    assert world.postbox.posted[0][1]["task_id"] == task_id
    seen = [
        world.admin("GET", f"/accounts/default{path}")
        for path in ("", "/tasks", "/callbacks", "/calls", "/findings")
    ]
    assert ["s3cret" in json.dumps(each) for each in seen] == [False] * 5
    (callback,) = seen[2]["callbacks"]
    assert callback["url"] == "http://u:***@127.0.0.1:9/callback?a=%2f"
    assert callback["attempts"][0]["request"]["url"] == "http://127.0.0.1:9/callback?a=%2f"
    assert seen[1]["tasks"][0]["qr_code_url"] == "http://u:***@127.0.0.1:9/qr.png"


@pytest.mark.parametrize("says", ["a\x1db\0c\x07\x1b[31m", "http://a.cn/中文", "𠀀\r\n", "\ufeffx"])
def test_the_finished_picture_says_exactly_what_the_source_image_does(
    world: World, gallery: Gallery, says: str
) -> None:
    gallery.images[URL] = code_png(says.encode("gb18030" if "中" in says else "utf-8"))
    task_id = submit(world)
    world.clock(advance="1m")

    (address,) = world.query(task_id)["resList"]
    assert task(world)["content"] == says
    assert read_code(world.http.get(address).data) == says
