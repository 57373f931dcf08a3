"""Short links: encoded in place of a long address, and redirecting for 24 hours."""

import io
from urllib.parse import unquote

import pytest
import zxingcpp
from PIL import Image
from werkzeug.test import TestResponse

from mock_server.domain.task.short_links import codes
from tests.support.worlds import World

LONG = "https://example.com/a/path/that/is/long"
FORM = r"http://localhost/s/[0-9a-f]{8}"


def encoded(world: World, task_id: str, account: str = "default") -> str:
    """Return the content of the QR code of a task."""
    tasks = world.admin("GET", f"/accounts/{account}/tasks")["tasks"]
    (content,) = [task["content"] for task in tasks if task["task_id"] == task_id]
    return str(content)


def drawn(world: World, task_id: str, account: str = "default") -> str:
    """Let a task end and read the QR code of its picture."""
    world.clock(account, advance="1m")
    png = world.http.get(f"/pictures/{account}/{task_id}/1.png").data
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))
    return str(code.text)


def follow(world: World, link: str) -> TestResponse:
    return world.http.get(link.removeprefix("http://localhost"))


def shortened(world: World, text: str = LONG, flag: str = "1") -> str:
    """Return the content of the QR code for a text."""
    return encoded(world, world.submit(text=text, is_use_temp_short_link=flag))


@pytest.mark.claim("short-link-form")
@pytest.mark.claim("short-link-length")
def test_a_long_address_is_encoded_as_a_short_link_that_leads_to_it(world: World) -> None:
    link = shortened(world)

    answer = follow(world, link)

    assert len(link) <= 35 < len(LONG)
    assert (answer.status_code, answer.headers["Location"]) == (302, LONG)
    assert answer.headers["Cache-Control"] == "no-store"
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert (task["text"], drawn(world, task["task_id"])) == (LONG, link)


@pytest.mark.claim("short-link-length")
@pytest.mark.parametrize("length", [35, 36])
def test_up_to_35_characters_an_address_is_encoded_itself(world: World, length: int) -> None:
    text = "https://example.com/".ljust(length, "x")

    assert (shortened(world, text) == text) == (length == 35)


@pytest.mark.claim("short-link-flag")
@pytest.mark.parametrize("flag", ["0", "", "true", "2"])
def test_without_the_flag_nothing_is_shortened(world: World, flag: str) -> None:
    assert shortened(world, LONG, flag) == LONG


@pytest.mark.claim("short-link-form")
@pytest.mark.parametrize("text", ["x" * 36, "ftp://example.com/" + "x" * 36, f"see {LONG}"])
def test_a_text_that_is_no_address_is_encoded_as_it_is(world: World, text: str) -> None:
    assert shortened(world, text) == text


@pytest.mark.claim("short-link-lifetime")
def test_a_short_link_is_gone_24_hours_after_its_submit_and_not_a_millisecond_before(
    world: World,
) -> None:
    link = shortened(world)
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    world.clock(now=task["submitted_at"] + 86_400_000 - 1)
    assert follow(world, link).status_code == 302
    world.clock(now=task["submitted_at"] + 86_400_000)
    gone = follow(world, link)

    assert (gone.status_code, gone.headers.get("Location")) == (410, None)


@pytest.mark.parametrize("code", ["00000000", "x", "", "0/0", "%00"])
def test_a_link_that_never_was_is_missing(world: World, code: str) -> None:
    answer = world.http.get(f"/s/{code}")

    assert answer.status_code == 404
    assert "X-Ca-Error-Code" not in answer.headers


def test_following_is_journalled_in_the_account_of_the_task_and_never_charged(
    world: World,
) -> None:
    link = shortened(world)
    charged = world.bill()["charges"]
    follow(world, link)
    world.http.get("/s/00000000")

    (call,) = world.admin("GET", "/accounts/default/calls?operation=follow_short_link")["calls"]
    assert (call["status"], call["charged"], call["path"]) == (302, False, link[16:])
    assert call["reason"] == "not an API operation, never charged"
    assert call["task_id"] == world.admin("GET", "/accounts/default/tasks")["tasks"][0]["task_id"]
    assert world.bill()["charges"] == charged
    (nobodys,) = world.admin("GET", "/calls")["calls"]
    assert (nobodys["status"], nobodys["operation"]) == (404, "follow_short_link")


def test_accounts_of_one_seed_have_links_of_their_own(world: World) -> None:
    texts, links = [f"{LONG}/{number}" for number in range(12)], []
    for text in texts:
        twin = world.account(seed=7)
        task_id = world.submit(twin["app_code"], text=text, is_use_temp_short_link="1")
        links.append(encoded(world, task_id, twin["id"]))

    assert len(set(links)) == 12
    assert [follow(world, link).headers["Location"] for link in links] == texts


def test_a_reset_takes_the_links_along_and_the_codes_repeat(world: World) -> None:
    link = shortened(world)
    world.admin("POST", "/accounts/default/reset")
    gone = follow(world, link).status_code

    assert (gone, shortened(world)) == (404, link)


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("https://example.com/码/" + "x" * 36, "https://example.com/%E7%A0%81/" + "x" * 36),
        (
            "https://example.com/?q=a%20b&c=" + "x" * 36,
            "https://example.com/?q=a%20b&c=" + "x" * 36,
        ),
        ("HTTPS://example.com/" + "x" * 36 + "#here", "HTTPS://example.com/" + "x" * 36 + "#here"),
    ],
)
def test_an_address_goes_into_a_header_as_it_is_but_for_what_is_not_ascii(
    world: World, text: str, location: str
) -> None:
    assert follow(world, shortened(world, text)).headers["Location"] == location


@pytest.mark.parametrize("line", ["\r\n", "\n", " "])
def test_no_text_gets_a_line_of_its_own_into_a_header(world: World, line: str) -> None:
    text = f"https://example.com/{line}Set-Cookie: a=b; " + "x" * 36

    task_id = world.submit(text=text, is_use_temp_short_link="1")

    assert encoded(world, task_id) == drawn(world, task_id) == text


def test_codes_are_a_function_of_seed_and_number() -> None:
    assert codes(1, 1, "a")[:-1] == codes(1, 1, "b")[:-1]
    assert codes(1, 1, "a")[-1] != codes(1, 1, "b")[-1]
    assert len({code for number in range(200) for code in codes(1, number, "a")}) == 1800


@pytest.mark.parametrize(
    "text",
    [
        f"https://{'a' * 70}.com/", f"https://xn--{'é' * 3}.com/{'x' * 30}",
        f"HTTPS://EXAMPLE.com/{'x' * 30}", f"https://user:pass@example.com\\@evil/{'x' * 20}",
    ],
)  # fmt: skip
def test_a_short_link_leads_to_the_text_as_it_was_submitted(world: World, text: str) -> None:
    link = shortened(world, text=text)

    answer = follow(world, link)

    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]) == text
    assert world.calls()[-1]["operation"] == "follow_short_link"
