"""An account of a running server to which much has happened, and the addresses of what it shows."""

import urllib3

from tests.support.live import Buyer, Live
from tests.support.signed import Request, Signer

START_AT = 1_763_000_000_000
CREDITS = 45
STYLES = ("food_fryrice", "pet_cat", "food_fruit")
MENU = "https://shop.example/menu?table=12&from=扫码点餐"
NOWHERE = "http://127.0.0.1:9/hook"
INSPECT = "/_mock/inspect"


def lively_account(server: Live) -> Buyer:
    """Return an account with calls that were charged, refused, damaged and lost, with tasks in
    every state, with callbacks that arrived, failed and are to come, and with few credits left.
    """
    buyer = server.buyer(
        name="shop", credits=CREDITS, clock={"now": START_AT, "frozen": True},
        readings={"callback.delivery": "retried"},
    )  # fmt: skip
    inbox = f"{buyer.url}/_mock/inbox/{buyer.id}"
    for number in range(12):
        style_id = STYLES[number % len(STYLES)]
        task_id = buyer.submit(text=f"{MENU}&n={number}", style_id=style_id, call_back=inbox)
        buyer.call("/queryTask", task_id=task_id)
        buyer.clock(advance=f"{1 + number}h", settle=True)
        buyer.call("/queryTask", task_id=task_id)
    buyer.submit(text="https://example.com/" + "long/" * 60, style_id="pet_fox", call_back=NOWHERE)
    buyer.clock(advance="1m", settle=True)
    _meet_failures(buyer)
    _make_mistakes(buyer)
    buyer.submit(text=MENU, call_back=inbox)
    return buyer


def short_story(server: Live) -> Buyer:
    """Return an account whose pages show at a glance what they are for."""
    buyer = server.buyer(name="shop", credits=60, clock={"now": START_AT, "frozen": True})
    inbox = f"{buyer.url}/_mock/inbox/{buyer.id}"
    first = buyer.submit(text="https://shop.example/menu", style_id="pet_fox", call_back=inbox)
    buyer.call("/queryTask", task_id=first)
    buyer.clock(to_next_event=True, settle=True)
    buyer.call("/queryTask", task_id=first)
    buyer.call("/submitTask", text="https://shop.example/menu", style_id="pet_fax")
    buyer.world.post("/faults", {"kind": "gateway_error", "code": "D504TO", "calls": 1})
    buyer.call("/submitTask", text="https://shop.example/menu", style_id="pet_cat")
    for style_id in STYLES:
        task_id = buyer.submit(text="https://shop.example/menu", style_id=style_id)
        buyer.clock(advance="2s", settle=True)
        buyer.call("/queryTask", task_id=task_id)
    return buyer


def things(buyer: Buyer) -> dict[str, str]:
    """Return the addresses of single things of that account, by what they are."""
    calls = buyer.world.calls()
    tasks = buyer.world.get("/tasks")["tasks"]
    callbacks = buyer.world.get("/callbacks")["callbacks"]
    refused = next(each for each in calls if each["error_code"] == "A403IS")
    lost = next(each for each in calls if any(f["kind"] == "reset" for f in each["faults"]))
    failed = next(each for each in callbacks if each["url"] == NOWHERE)
    pictured = max(
        (each for each in tasks if each["status"] == "succeeded"), key=lambda each: each["number"]
    )
    found = {
        "call": f"calls/{calls[0]['id']}",
        "refused": f"calls/{refused['id']}",
        "lost": f"calls/{lost['id']}",
        "task": f"tasks/{pictured['task_id']}",
        "waiting": f"tasks/{max(tasks, key=lambda each: each['number'])['task_id']}",
        "callback": f"callbacks/{callbacks[0]['id']}",
        "unheard": f"callbacks/{failed['id']}",
    }
    return {what: f"{INSPECT}/{buyer.id}/{path}" for what, path in found.items()}


def _meet_failures(buyer: Buyer) -> None:
    for order in (
        {"kind": "gateway_error", "code": "D504TO", "calls": 1},
        {"kind": "refusal", "remark": "系统繁忙，请稍后再试", "calls": 1},
        {"kind": "reset", "calls": 1},
        {"kind": "html_page", "status": 502, "calls": 1},
        {"kind": "throttled", "calls": 1},
    ):
        buyer.world.post("/faults", order)
        try:
            buyer.call("/submitTask", text=MENU, style_id="pet_cat")
        except urllib3.exceptions.HTTPError:
            continue
    buyer.world.post("/faults", {"kind": "task_slow", "lasts_ms": 3_600_000, "style": "food_*"})
    buyer.world.post("/faults", {"kind": "callback_duplicate", "calls": 2})


def _make_mistakes(buyer: Buyer) -> None:
    buyer.call("/submitTask", text=MENU, style_id="pet_cart")
    buyer.call("/submitTask", text="<script>alert(1)</script>", style_id="pet_cat")
    buyer.call("/submitTask", text=MENU)
    buyer.call("/queryTask", task_id="no-such-task")
    buyer.call("/nowhere/" + "x" * 300)
    account = buyer.world.get("")
    now = str(buyer.world.get("/clock")["now"])
    request = Request(target="/submitTask?b=2&a=1", headers={"X-Ca-Timestamp": now})
    signed = Signer.of(account).signed(request)
    urllib3.request(
        signed.method, buyer.url + "/submitTask?b=2&a=3", body=signed.body,
        headers=dict(signed.headers), retries=False,
    )  # fmt: skip
    inbox = f"{buyer.url}/_mock/inbox/{buyer.id}"
    urllib3.request("POST", inbox, body=b'{"task_id":"<b>x</b>","resList":[]}')
