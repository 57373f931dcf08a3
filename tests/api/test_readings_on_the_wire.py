"""Each reading, changed: the client sees the difference."""

from typing import Any

import pytest

from mock_server.domain.callback.payload import Outcome
from tests.support.codes import code_png
from tests.support.signed import SUBMIT as BODY
from tests.support.signed import Request, Signer, header, seen, send, string_to_sign
from tests.support.worlds import Gallery, World, body_of

SUBMIT = {"text": "https://example.com", "style_id": "food_fryrice"}
CALL_BACK = "http://127.0.0.1:9/done"
IMAGE = "http://127.0.0.1:9/qr.png"
TOO_LONG = {"text": "x" * 2954, "style_id": "food_fryrice"}


def app_code(world: World, readings: dict[str, str]) -> str:
    """Return the app code of a new account with these readings."""
    made: str = world.account(readings=readings)["app_code"]
    return made


def reread(world: World, readings: dict[str, str]) -> None:
    """Change the readings of the default account, which apply to calls without an account."""
    world.admin("PATCH", "/accounts/default/readings", readings)


@pytest.mark.claim("appcode-unknown")
def test_an_unknown_app_code_is_a_401_where_the_reading_says_so(world: World) -> None:
    before = world.vendor("/submitTask", SUBMIT, app_code="nobody")
    reread(world, {"appcode.unknown": "401"})

    after = world.vendor("/submitTask", SUBMIT, app_code="nobody")

    answered = [(each.status_code, each.headers["X-Ca-Error-Code"]) for each in (before, after)]
    assert answered == [(400, "A400AC"), (401, "A401AC")]


@pytest.mark.claim("billing-polls")
def test_the_queries_are_free_where_only_submits_are_charged(world: World) -> None:
    buyer = world.account(readings={"charge.polls": "submit-only"})
    task_id = world.submit(buyer["app_code"])

    polls = [
        world.vendor("/queryTask", {"task_id": task_id}, buyer["app_code"]),
        world.vendor("/taskList", {}, buyer["app_code"]),
    ]

    assert [each.get_json()["showapi_fee_num"] for each in polls] == [0, 0]
    assert ["showapi_fee_num" in each.headers for each in polls] == [False, False]
    assert world.bill(buyer["id"])["by_operation"] == {"submit_task": {"charges": 1, "fen": 28}}


@pytest.mark.claim("billing-polls")
def test_a_free_query_is_answered_without_a_credit_left(world: World) -> None:
    buyer = world.account(credits=1, readings={"charge.polls": "submit-only"})
    task_id = world.submit(buyer["app_code"])

    assert world.query(task_id, buyer["app_code"])["status"] == "pending"


@pytest.mark.claim("picture-lifetime")
def test_a_picture_is_there_for_good_where_its_lifetime_is_unlimited(world: World) -> None:
    buyer = world.account(readings={"picture.lifetime": "unlimited"})
    task_id = world.submit(buyer["app_code"])
    world.clock(buyer["id"], to_next_event=True)
    (address,) = world.query(task_id, buyer["app_code"])["resList"]

    world.clock(buyer["id"], advance="300d")

    assert world.http.get(address).status_code == 200


@pytest.mark.claim("refusal-450")
@pytest.mark.claim("billing-only-200")
def test_a_refusal_with_200_is_charged_by_the_letter(world: World) -> None:
    buyer = world.account(readings={"refusal.status": "200"})

    answer = world.vendor("/submitTask", {}, buyer["app_code"])

    assert (answer.status_code, body_of(answer)["ret_code"]) == (200, -1)
    assert (answer.get_json()["showapi_fee_num"], answer.headers["showapi_fee_num"]) == (1, "1")
    assert world.bill(buyer["id"])["charges"] == 1


@pytest.mark.claim("style-closed-list")
def test_an_unlisted_style_is_drawn_where_it_is_accepted(world: World) -> None:
    code = app_code(world, {"style.unknown": "accepted"})

    assert world.submit(code, style_id="food_noodles")


@pytest.mark.claim("text-too-long")
def test_a_text_that_no_code_can_hold_fails_later_where_it_is_accepted(world: World) -> None:
    buyer = world.account(readings={"text.too_long": "task-fails"})
    task_id = world.submit(buyer["app_code"], **TOO_LONG)

    world.clock(buyer["id"], advance="20s")

    body = world.query(task_id, buyer["app_code"])
    assert (body["status"], body["resList"]) == ("failed", [])


@pytest.mark.claim("string-empty-value")
def test_an_empty_value_with_an_equals_sign_is_signed_right_where_both_ways_are(
    world: World,
) -> None:
    strict, lenient = (
        world.account(),
        world.account(readings={"signature.empty_value": "with-equals"}),
    )

    def answer(account: dict[str, Any]) -> tuple[int, str | None]:
        signer = Signer.of(account)
        request = signer.prepared(Request(body=BODY + b"&call_back="))
        text = string_to_sign(request, []).replace("call_back&", "call_back=&")
        return seen(send(world, request.with_headers(X_Ca_Signature=signer.signature(text))))

    assert [answer(strict), answer(lenient)] == [(403, "A403IS"), (200, None)]


@pytest.mark.claim("nonce-optional")
def test_a_signed_call_without_a_nonce_is_refused_where_it_is_required(world: World) -> None:
    lax, strict = world.account(), world.account(readings={"signature.nonce": "required"})

    def answer(account: dict[str, Any]) -> tuple[int, str | None]:
        signer = Signer.of(account)
        request = signer.prepared().with_headers(X_Ca_Nonce=None)
        signature = signer.signature(string_to_sign(request, []))
        return seen(send(world, request.with_headers(X_Ca_Signature=signature)))

    assert [answer(lax), answer(strict)] == [(200, None), (400, "I400NC")]


@pytest.mark.claim("gateway-profiles")
def test_an_older_instance_answers_with_messages_alone(world: World) -> None:
    newer, older = world.account(), world.account(readings={"gateway.profile": "classic"})

    answers = [
        send(world, Signer.of(each).signed().with_headers(X_Ca_Signature="x"))
        for each in (newer, older)
    ]

    assert [seen(each) for each in answers] == [(403, "A403IS"), (400, None)]
    said = [header(each, "X-Ca-Error-Message") or "" for each in answers]
    assert [each.startswith("Invalid Signature, Server StringToSign:") for each in said] == [
        True
    ] * 2


@pytest.mark.claim("packages-order")
def test_the_package_bought_first_pays_first_where_the_reading_says_so(world: World) -> None:
    def first_to_pay(readings: dict[str, str]) -> int:
        account = world.account(credits=0, readings=readings)
        path = f"/accounts/{account['id']}/packages"
        world.admin("POST", path, {"offer": "1000"}, expect=201)
        world.admin("POST", path, {"offer": "50", "valid_days": 30}, expect=201)
        world.submit(account["app_code"])
        fen: int = world.bill(account["id"])["fen"]
        return fen

    assert first_to_pay({}) == 30
    assert first_to_pay({"packages.order": "oldest-purchase"}) == 28


@pytest.mark.claim("notice-at-zero")
def test_the_notice_goes_on_at_zero_where_the_reading_says_so(world: World) -> None:
    def due_after(readings: dict[str, str]) -> int:
        account = world.account(credits=1, readings=readings)
        world.submit(account["app_code"])
        world.clock(account["id"], advance="10d")
        return len(world.admin("GET", f"/accounts/{account['id']}/notices")["notices"])

    assert due_after({}) == 1
    assert due_after({"notices.at_zero": "repeated"}) == 4


@pytest.mark.claim("callback-on-failure")
def test_a_task_that_fails_is_called_back_with_an_empty_list_where_it_is_pushed(
    world: World,
) -> None:
    default = world.account(readings={"text.too_long": "task-fails"})
    pushed = world.account(
        readings={"text.too_long": "task-fails", "callback.on_failure": "empty-list"}
    )

    for buyer in (default, pushed):
        task_id = world.submit(buyer["app_code"], call_back=CALL_BACK, **TOO_LONG)
        world.clock(buyer["id"], advance="20s")

    assert world.postbox.posted == [(CALL_BACK, {"resList": [], "task_id": task_id})]


@pytest.mark.claim("callback-after-status")
@pytest.mark.claim("callback-before-status")
def test_a_callback_comes_while_the_task_still_runs_where_it_comes_before(world: World) -> None:
    buyers = [world.account(readings={"callback.timing": "before-status"}), world.account()]
    tasks = [world.submit(buyer["app_code"], call_back=CALL_BACK) for buyer in buyers]

    seen = []
    for buyer, task_id in zip(buyers, tasks, strict=True):
        (task,) = world.admin("GET", f"/accounts/{buyer['id']}/tasks")["tasks"]
        came = [
            world.clock(buyer["id"], now=at)["delivered"]
            for at in (task["ends_at"] - 2_001, task["ends_at"] - 2_000)
        ]
        body = world.query(task_id, buyer["app_code"])
        seen.append((came, body["status"], body["resList"]))

    assert seen == [([0, 1], "running", []), ([0, 0], "running", [])]
    assert [len(body["resList"]) for _, body in world.postbox.posted] == [1]


@pytest.mark.claim("callback-once")
@pytest.mark.claim("callback-retries")
def test_an_unacknowledged_callback_is_retried_under_that_reading(world: World) -> None:
    world.postbox.outcome = Outcome(status=500)
    buyers = [world.account(readings={"callback.delivery": "retried"}), world.account()]
    for buyer in buyers:
        world.submit(buyer["app_code"], call_back=CALL_BACK)
        world.clock(buyer["id"], advance="1d")

    assert [len(attempts(world, buyer["id"])) for buyer in buyers] == [4, 1]


@pytest.mark.claim("callback-duplicate")
def test_a_callback_that_was_taken_comes_again_where_it_comes_at_least_once(world: World) -> None:
    buyers = [world.account(readings={"callback.delivery": "at-least-once"}), world.account()]
    for buyer in buyers:
        world.submit(buyer["app_code"], call_back=CALL_BACK)
        world.clock(buyer["id"], advance="1d")

    assert [len(attempts(world, buyer["id"])) for buyer in buyers] == [2, 1]
    assert world.postbox.posted[0] == world.postbox.posted[1]


def attempts(world: World, account: str) -> list[dict[str, Any]]:
    """Return the attempts of an account's only callback."""
    (callback,) = world.admin("GET", f"/accounts/{account}/callbacks")["callbacks"]
    made: list[dict[str, Any]] = callback["attempts"]
    return made


@pytest.mark.claim("image-charset")
def test_a_source_image_in_gbk_fails_where_only_utf_8_is_read_and_the_remark_names_it(
    world: World, gallery: Gallery
) -> None:
    gallery.images = {IMAGE: code_png("http://a.cn/中文".encode("gbk"))}
    buyers = [world.account(readings={"image.charset": "utf-8-only"}), world.account()]
    seen = []
    for buyer in buyers:
        task_id = world.submit(buyer["app_code"], text="", qr_code_url=IMAGE)
        world.clock(buyer["id"], advance="1m")
        (task,) = world.admin("GET", f"/accounts/{buyer['id']}/tasks")["tasks"]
        body = world.query(task_id, buyer["app_code"])
        seen.append((body["status"], body.get("remark") if task["remark"] else "", task["content"]))

    remark = "创作失败: qr_code_url二维码字符集不支持 (GB18030)"
    assert seen == [("failed", remark, None), ("succeeded", "", "http://a.cn/中文")]


@pytest.mark.claim("callback-target")
def test_an_address_is_called_in_normal_form_where_the_reading_says_so(world: World) -> None:
    buyers = [world.account(readings={"address.target": "normalized"}), world.account()]
    for buyer in buyers:
        world.submit(buyer["app_code"], call_back="http://127.0.0.1:9/a/../%7eb?c%2fd&")
        world.clock(buyer["id"], advance="1m")

    targets = ["/~b?c%2Fd&", "/a/../%7eb?c%2fd&"]
    assert [address.target for address in world.postbox.addresses] == targets
    shown = [attempts(world, buyer["id"])[0]["request"]["url"] for buyer in buyers]
    assert shown == [f"http://127.0.0.1:9{target}" for target in targets]


@pytest.mark.claim("callback-login")
def test_a_login_is_left_out_where_the_reading_says_so(world: World) -> None:
    buyers = [world.account(readings={"address.login": "ignored"}), world.account()]
    for buyer in buyers:
        world.submit(buyer["app_code"], call_back="http://user:secret@127.0.0.1:9/")
        world.clock(buyer["id"], advance="1m")

    assert [address.login for address in world.postbox.addresses] == [None, b"user:secret"]
