"""Pictures: served for 24 hours after the task's success, journalled, never charged."""

import io
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image
from werkzeug.test import TestResponse

from mock_server.picture_cache import PictureCache
from mock_server.settings import Settings, SettingsError
from tests.support import worlds
from tests.support.worlds import World

DAY = 86_400_000
TEXT = "https://example.com/码"


def finished(world: World, **fields: str) -> str:
    """Submit a task, let it succeed, and return the path of its picture."""
    task_id = world.submit(**fields)
    world.clock(advance="1m")
    (url,) = world.query(task_id)["resList"]
    assert url.startswith("http://localhost/")
    return str(url.removeprefix("http://localhost"))


def fetch(world: World, path: str, method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.http.open(path, method=method, headers=named)


def test_a_finished_task_has_a_picture_that_says_its_text(world: World) -> None:
    answer = fetch(world, finished(world, text="https://example.com/码"))

    picture = Image.open(io.BytesIO(answer.data))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert min(picture.size) >= 512
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == ["https://example.com/码"]


def test_there_is_no_picture_before_the_task_has_succeeded(world: World) -> None:
    task_id = world.submit()
    path = f"/pictures/default/{task_id}/1.png"
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    world.clock(now=task["ends_at"] - 1)
    before = fetch(world, path)
    world.clock(now=task["ends_at"])
    after = fetch(world, path)

    assert (before.status_code, after.status_code) == (404, 200)
    assert before.headers["Cache-Control"] == "no-store"


@pytest.mark.claim("picture-lifetime")
def test_a_picture_is_gone_24_hours_after_the_end_and_not_a_millisecond_before(
    world: World,
) -> None:
    path = finished(world)
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    world.clock(now=task["ends_at"] + DAY - 1)
    assert fetch(world, path).status_code == 200
    world.clock(now=task["ends_at"] + DAY)
    assert fetch(world, path).status_code == 404


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_task_that_does_not_succeed_has_no_picture(world: World, state: str) -> None:
    task_id = world.submit()
    world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": state})

    assert fetch(world, f"/pictures/default/{task_id}/1.png").status_code == 404


@pytest.mark.parametrize("name", ["0.png", "2.png", "x.png", "1.jpg", "1", "", "-1.png", "1.png/"])
def test_no_other_number_or_name_is_a_picture(world: World, name: str) -> None:
    folder = finished(world).rpartition("/")[0]

    answer = fetch(world, f"{folder}/{name}")

    assert answer.status_code == 404
    assert "X-Ca-Error-Code" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_picture_can_only_be_fetched(world: World, method: str) -> None:
    assert fetch(world, finished(world), method).status_code == 405


def test_a_picture_is_the_same_bytes_however_often_it_is_drawn(world: World) -> None:
    path = finished(world)
    first = fetch(world, path)
    emptied = replace(world.simulator, pictures=PictureCache(limit=0))
    again = World(emptied, world.real_now, world.postbox)

    assert fetch(again, path).data == first.data
    assert fetch(again, path).headers["ETag"] == first.headers["ETag"]
    emptied.pictures.close()


def test_a_server_can_draw_plain_codes_only(world: World) -> None:
    drawn = fetch(world, finished(world, text=TEXT)).data
    with worlds.simulator(world.real_now, world.postbox, pictures="plain") as simulator:
        plain_world = World(simulator, world.real_now, world.postbox)
        plain = fetch(plain_world, finished(plain_world, text=TEXT)).data

    def codes(png: bytes) -> list[str]:
        return [each.text for each in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))]

    assert codes(plain) == codes(drawn) == [TEXT]
    assert len(plain) < len(drawn) / 5


def test_an_unknown_kind_of_picture_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"pictures: .*plain"):
        Settings(pictures="plane")


def test_a_picture_that_is_known_is_not_sent_again(world: World) -> None:
    path = finished(world)
    etag = fetch(world, path).headers["ETag"]

    known = fetch(world, path, If_None_Match=etag)
    other = fetch(world, path, If_None_Match='"other"')

    assert (known.status_code, known.data) == (304, b"")
    assert known.headers["ETag"] == etag
    assert (other.status_code, other.headers["ETag"]) == (200, etag)


def test_the_head_of_a_picture_is_that_of_the_picture(world: World) -> None:
    path = finished(world)
    head, whole = fetch(world, path, "HEAD"), fetch(world, path)

    assert head.data == b""
    # Pictures come from a plain web server: their Date is the real time, which may move meanwhile.
    del head.headers["Date"], whole.headers["Date"]
    assert dict(head.headers) == dict(whole.headers)
    assert whole.headers["Content-Length"] == str(len(whole.data))
    assert "Cache-Control" in whole.headers


def test_fetching_is_journalled_without_the_bytes_and_never_charged(world: World) -> None:
    path = finished(world)
    charged = world.bill()["charges"]
    fetch(world, path)
    fetch(world, path, "HEAD")
    fetch(world, path.replace("1.png", "2.png"))

    found = world.admin("GET", "/accounts/default/calls?operation=get_picture")["calls"]
    assert [(call["method"], call["status"], call["charged"]) for call in found] == [
        ("GET", 200, False),
        ("HEAD", 200, False),
        ("GET", 404, False),
    ]
    assert found[0]["answer"]["body"] == ""
    assert found[0]["answer"]["length"] > 1_000
    assert found[0]["path"] == path
    assert world.bill()["charges"] == charged


def test_fetching_needs_no_credentials_and_no_credit(world: World) -> None:
    account = world.account(credits=1)
    task_id = world.submit(account["app_code"])
    world.clock(account["id"], advance="1m")

    assert fetch(world, f"/pictures/{account['id']}/{task_id}/1.png").status_code == 200


def test_a_picture_of_an_unknown_account_is_a_call_without_an_account(world: World) -> None:
    assert fetch(world, "/pictures/nobody/f00d/1.png").status_code == 404

    (call,) = world.admin("GET", "/calls")["calls"]
    assert (call["account"], call["operation"]) == (None, "get_picture")


def test_the_addresses_follow_the_host_of_the_submit(world: World) -> None:
    headers = {"Authorization": "APPCODE mock-demo", "Host": "qr.test:8080"}
    data = {"text": "x", "style_id": "pet_cat"}
    world.http.post("/submitTask", data=data, headers=headers)
    world.clock(advance="1m")

    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert task["pictures"][0].startswith("http://qr.test:8080/pictures/default/")


@pytest.mark.parametrize("host", ["a b", 'x"><script>', "x/y", "x@y", "[::", "x" * 300])
def test_an_invalid_host_does_not_get_into_an_address(world: World, host: str) -> None:
    headers = {"Authorization": "APPCODE mock-demo", "Host": host}
    data = {"text": "x", "style_id": "pet_cat"}
    assert world.http.post("/submitTask", data=data, headers=headers).status_code == 200

    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert task["pictures"][0].startswith("http://127.0.0.1:3040/pictures/default/")


def test_a_picture_is_asked_for_again_since_a_reset_can_change_it(world: World) -> None:
    task_id = world.submit()
    world.clock(advance="20s")

    answer = world.http.get(f"/pictures/default/{task_id}/1.png")

    assert answer.headers["Cache-Control"] == "no-cache"
