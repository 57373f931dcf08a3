"""Forged callbacks: an additional one before the end of a task, with the link of a decoy."""

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image

from mock_server.actions.reports import callback_facts
from mock_server.domain.callback.payload import Outcome
from tests.support import worlds
from tests.support.callback_buyers import Buyer, task_ids
from tests.support.worlds import Rawbox, RealClock, World


@pytest.fixture
def post() -> Rawbox:
    return Rawbox()


@pytest.fixture
def world(post: Rawbox, address: str) -> Iterator[World]:
    real_now = RealClock()
    with worlds.simulator(real_now, post, database=address) as simulator:
        yield World(simulator, real_now, post)


@pytest.fixture
def buyer(world: World) -> Buyer:
    return Buyer(world)


def forged(buyer: Buyer) -> dict[str, Any]:
    """Return the one callback that a fault added."""
    (found,) = [each for each in buyer.listed() if each["fault"] is not None]
    return found


def links(post: Rawbox) -> list[str]:
    """Return the only link of each callback that was posted."""
    bodies = [json.loads(posting.body) for posting in post.postings]
    assert all(set(body) == {"resList", "task_id"} for body in bodies)
    return [link for body in bodies for link in body["resList"]]


def picture(buyer: Buyer, link: str) -> Any:
    return buyer.world.http.get(urlsplit(link).path)


def test_a_forged_callback_comes_at_the_start_and_the_genuine_one_as_ever(
    buyer: Buyer, post: Rawbox
) -> None:
    armed = buyer.arm("forged", nth=1)
    (task_id,) = buyer.submit(text="https://example.com/mine")
    (task,) = buyer.world.admin("GET", f"/accounts/{buyer.id}/tasks")["tasks"]
    assert buyer.clock()["delivered"] == 0

    event = buyer.clock(to_next_event=True)["event"]

    assert (event["kind"], event["at"]) == ("callback_due", task["starts_at"])
    assert task_ids(post) == [task_id]
    assert buyer.world.query(task_id, buyer.app_code)["resList"] == []
    decoy = picture(buyer, links(post)[0])
    assert (decoy.status_code, decoy.mimetype) == (200, "image/png")
    codes = zxingcpp.read_barcodes(Image.open(io.BytesIO(decoy.data)))
    assert [code.text for code in codes] == [f"https://decoy.invalid/{task_id[::-1]}"]
    assert forged(buyer)["fault"] == {"id": armed["id"], "kind": "callback_forged"}

    assert buyer.clock(advance="1d")["delivered"] == 1

    assert task_ids(post) == [task_id, task_id]
    assert links(post)[1:] == task["pictures"]
    assert links(post)[0] not in task["pictures"]
    listed = buyer.listed()
    assert [(each["state"], each["fault"] is None) for each in listed] == [
        ("delivered", False), ("delivered", True)
    ]  # fmt: skip
    assert listed[1]["attempts"][0]["due_at"] == task["ends_at"]


def test_the_fetch_of_a_decoy_is_in_the_journal_and_counts_for_no_task(
    buyer: Buyer, post: Rawbox
) -> None:
    buyer.arm("forged")
    (task_id,) = buyer.submit()
    buyer.clock(advance="1d")

    picture(buyer, links(post)[0])

    fetch = buyer.world.calls(buyer.id)[-1]
    assert (fetch["operation"], fetch["status"], fetch["charged"]) == ("get_picture", 200, False)
    assert fetch["path"] == urlsplit(links(post)[0]).path
    assert fetch["task_id"] == task_id[::-1]
    assert picture(buyer, links(post)[0].replace("/1.png", "/2.png")).status_code == 404


def test_without_a_forged_callback_there_is_no_decoy(buyer: Buyer, post: Rawbox) -> None:
    (task_id,) = buyer.submit()
    buyer.clock(advance="1m")
    (link,) = links(post)

    assert picture(buyer, link).status_code == 200
    assert picture(buyer, link.replace(task_id, task_id[::-1])).status_code == 404


@pytest.mark.parametrize("delivery", ["retried", "at-least-once", "once"])
def test_a_forged_callback_is_attempted_once_and_delays_nothing(
    world: World, post: Rawbox, delivery: str
) -> None:
    buyer = Buyer(world, **{"callback.delivery": delivery})
    post.outcome = Outcome(status=500)
    buyer.arm("forged")
    buyer.submit()

    buyer.clock(advance="1d")

    added, genuine = buyer.listed()
    assert (added["state"], len(added["attempts"])) == ("failed", 1)
    assert len(genuine["attempts"]) == (1 if delivery == "once" else 4)
    assert len(set(links(post))) == 2


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_task_that_ends_earlier_has_its_forged_callback_before(
    buyer: Buyer, post: Rawbox, state: str
) -> None:
    buyer.arm("forged")
    (task_id,) = buyer.submit()

    buyer.world.admin("POST", f"/accounts/{buyer.id}/tasks/{task_id}", {"state": state})
    buyer.clock()

    assert "/1.png" in links(post)[0]
    assert task_id[::-1] in links(post)[0]
    states = [each["state"] for each in buyer.listed()]
    assert states == ["delivered", "delivered" if state == "succeeded" else "cancelled"]


def test_a_forged_callback_stays_where_it_is_if_its_task_ends_later(
    buyer: Buyer, post: Rawbox
) -> None:
    buyer.world.admin(
        "POST", f"/accounts/{buyer.id}/faults", {"kind": "task_order", "after_queries": 1}, 201
    )
    buyer.arm("forged")
    (task_id,) = buyer.submit()
    buyer.clock(advance="1h")
    assert len(links(post)) == 1

    buyer.world.query(task_id, buyer.app_code)
    buyer.clock()

    assert [task_id[::-1] in link for link in links(post)] == [True, False]


def test_a_forged_callback_tells_of_no_end(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("forged")
    (task_id,) = buyer.submit()
    buyer.clock(to_next_event=True)

    read = buyer.world.simulator.database.read
    before = read(lambda tx: callback_facts.told(tx, buyer.id))
    buyer.clock(advance="1d")
    after = read(lambda tx: callback_facts.told(tx, buyer.id))

    assert [set(each.ends) for each in (before, after)] == [set(), {task_id}]
    assert [each.carried for each in (before, after)] == [{task_id}, {task_id}]


def test_a_forged_callback_has_the_form_of_the_readings(world: World, post: Rawbox) -> None:
    readings = {"result.item": "object", "task_id.form": "digits-19"}
    buyer = Buyer(world, **readings)
    buyer.arm("forged")
    (task_id,) = buyer.submit()
    buyer.clock(to_next_event=True)

    (item,) = json.loads(post.postings[0].body)["resList"]
    assert picture(buyer, item["url"]).status_code == 200
    assert task_id[::-1] in item["url"]
