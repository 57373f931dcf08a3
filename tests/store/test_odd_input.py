"""Input that one database cannot store gets the same answer on both, and never our HTTP 500."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support import worlds
from tests.support.databases import address_of
from tests.support.worlds import Postbox, RealClock, World

HUGE = 10**30
FIELDS = ("text", "style_id", "call_back", "your_prompt", "qr_code_url")
VALUES = (r'"\ud800"', r'"a\u0000"', r'"\u001a0"', "1e400", str(HUGE))
BODIES = (
    b'{"task_id":"\\ud800"}', b'{"task_id":"\xff"}', b'{"page":%d}' % HUGE,
    b'{"page":9223372036854775807,"maxResult":50}', b"page=99999999999999999999", b"task_id=%ff%00",
)  # fmt: skip
LOOKS = (
    f"calls?after={HUGE}", f"calls?after={2**63 - 1}", f"calls?after={2**63}",
    f"tasks?after={HUGE}", "callbacks?after=-1", f"calls?status={HUGE}", "calls?operation=%00",
    f"notices?after={HUGE}", f"calls?limit={HUGE}",
)  # fmt: skip
PATHS = (
    "/_mock/accounts/%ff%00", "/_mock/accounts/%ed%a0%80/bill", "/pictures/%00/%ed%a0%80/1.png",
    f"/pictures/default/x/{HUGE}.png",
)  # fmt: skip
CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("DELETE", f"/faults/{HUGE}", None),
    ("POST", "/clock", {"now": HUGE}),
    ("POST", "/clock", {"now": 2**62}),
    ("POST", "/clock", {"rate": 1e308}),
    ("POST", "/clock", {"advance": "99999999999999999d"}),
    ("PATCH", "", {"skew_ms": 2**62}),
    ("PATCH", "", {"skew_ms": HUGE}),
    ("PATCH", "", {"throttle": {"per_second": 1e-320, "burst": 1}}),
    ("POST", "/packages", {"offer": "50", "valid_days": 10**9}),
)
ACCOUNTS = ({"seed": 2**63 - 1}, {"seed": 2**63}, {"credits": 10**15}, {"credits": 10**18})


def asked(world: World) -> Iterator[tuple[Any, TestResponse]]:
    """Send every odd input and return the answers."""
    post, default = world.http.post, "/_mock/accounts/default"
    json_call = {"Authorization": "APPCODE mock-demo", "Content-Type": "application/json"}
    form_call = {**json_call, "Content-Type": "application/x-www-form-urlencoded"}
    for name in FIELDS:
        for value in VALUES:
            body = f'{{"text":"x","style_id":"pet_cat","{name}":{value}}}'
            yield body, post("/submitTask", data=body.encode(), headers=json_call)
    for sent in BODIES:
        headers = json_call if sent.startswith(b"{") else form_call
        yield sent, post("/queryTask", data=sent, headers=headers)
        yield sent, post("/taskList", data=sent, headers=headers)
    for path in (*(f"{default}/{look}" for look in LOOKS), *PATHS):
        yield path, world.http.get(path)
    for method, path, change in CHANGES:
        yield (path, change), world.http.open(f"{default}{path}", method=method, json=change)
    for wish in ACCOUNTS:
        yield wish, post("/_mock/accounts", json=wish)


def answers(kind: str) -> list[tuple[str, int, str | None]]:
    real_now, postbox = RealClock(), Postbox()
    with worlds.simulator(real_now, postbox, database=address_of(kind)) as simulator:
        world = World(simulator, real_now, postbox)
        return [
            (str(what), answer.status_code, answer.headers.get("X-Ca-Error-Code"))
            for what, answer in asked(world)
        ]


@pytest.mark.slow
def test_odd_input_is_answered_the_same_on_both_databases_and_is_no_bug() -> None:
    one, other = answers("sqlite"), answers("postgres")

    assert one == other
    assert [what for what, status, _ in one if status == 500] == []
    assert len(one) > 50
