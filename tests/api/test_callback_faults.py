"""Faults of callbacks in the database: which callback they affect, when, and only once."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.actions.callbacks import outbox as actions
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.store import callbacks as rows
from tests.support import worlds
from tests.support.callback_buyers import Buyer, in_order, task_ids
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


def test_a_lost_callback_is_never_sent_and_no_event(buyer: Buyer, post: Rawbox) -> None:
    armed = buyer.arm("lost", nth=2)
    buyer.submit(3)
    expected = in_order(buyer)

    assert buyer.clock(advance="1d")["delivered"] == 2

    assert task_ids(post) == [expected[0], expected[2]]
    (lost,) = [each for each in buyer.listed() if each["state"] == "lost"]
    assert (lost["task_id"], lost["attempts"], lost["next_at"]) == (expected[1], [], None)
    assert lost["fault"] == {"id": armed["id"], "kind": "callback_lost"}
    assert (buyer.rule()["seen"], buyer.rule()["hits"]) == (3, 1)
    assert buyer.clock(to_next_event=True)["event"]["kind"] == "notice_due"


def test_a_late_callback_comes_when_the_clock_gets_there(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("late", late_ms=3_600_000)
    buyer.submit()
    (planned,) = buyer.listed()

    assert buyer.clock(advance="1h")["delivered"] == 0
    assert post.postings == []
    event = buyer.clock(to_next_event=True)["event"]

    assert (event["kind"], event["at"]) == ("callback_due", planned["due_at"] + 3_600_000)
    (late,) = buyer.listed()
    assert (late["due_at"], late["attempts"][0]["due_at"]) == (planned["due_at"], event["at"])
    assert len(post.postings) == 1


def test_an_early_callback_is_due_when_its_task_is_submitted(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("early")
    (task_id,) = buyer.submit()
    (planned,) = buyer.listed()

    assert buyer.clock()["delivered"] == 1

    assert planned["next_at"] < planned["due_at"]
    assert task_ids(post) == [task_id]
    assert len(json.loads(post.postings[0].body)["resList"]) == 1
    assert buyer.world.query(task_id, buyer.app_code)["status"] == "pending"
    assert buyer.clock(advance="1d")["delivered"] == 0


@pytest.mark.parametrize("kind", ["duplicate", "concurrent_duplicate"])
def test_a_duplicate_is_a_callback_of_its_own_waited_for_like_the_first(
    buyer: Buyer, post: Rawbox, kind: str
) -> None:
    buyer.arm(kind)
    buyer.submit()

    assert buyer.clock(advance="1m")["delivered"] == 2

    first, second = buyer.listed()
    assert post.postings[0] == post.postings[1]
    assert (second["copy_of"], second["by_hand"]) == (first["id"], False)
    assert [each["state"] for each in (first, second)] == ["delivered", "delivered"]
    assert buyer.rule()["hits"] == 1


def test_reordered_callbacks_come_in_pairs_the_wrong_way_round(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("reordered")
    buyer.submit(5)
    a, b, c, d, e = in_order(buyer)

    buyer.clock(advance="1d")

    assert task_ids(post) == [b, a, d, c, e]
    assert all(each["state"] == "delivered" for each in buyer.listed())
    dues = {each["task_id"]: each["attempts"][0]["due_at"] for each in buyer.listed()}
    assert (dues[a], dues[c]) == (dues[b], dues[d])


def test_a_callback_does_not_wait_for_the_retries_of_the_one_that_overtook_it(
    world: World, post: Rawbox
) -> None:
    buyer = Buyer(world, **{"callback.delivery": "retried"})
    post.outcome = Outcome(status=500)
    buyer.arm("reordered", nth=1)
    buyer.submit(2)
    a, b = in_order(buyer)
    due_at = {each["task_id"]: each["due_at"] for each in buyer.listed()}

    buyer.clock(now=due_at[b])

    assert task_ids(post) == [b, a]


def test_crossed_callbacks_name_each_others_tasks(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("crossed", first=1)
    buyer.submit(3)
    a, b, c = in_order(buyer)

    buyer.clock(advance="1d")

    assert task_ids(post) == [b, a, c]
    pictures = [json.loads(posting.body)["resList"][0] for posting in post.postings]
    assert [each.split("/")[-2] for each in pictures] == [a, b, c]
    assert Counter(each["fault"] and each["fault"]["kind"] for each in buyer.listed()) == {
        "callback_crossed": 2,
        None: 1,
    }


@pytest.mark.parametrize("kind", ["reordered", "crossed"])
def test_a_callback_with_none_after_it_has_nothing_to_swap_with(
    buyer: Buyer, post: Rawbox, kind: str
) -> None:
    buyer.arm(kind)
    (task_id,) = buyer.submit()

    assert buyer.clock(advance="1d")["delivered"] == 1
    assert task_ids(post) == [task_id]


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("unknown_task", {}),
        ("malformed", {}),
        ("wrong_content_type", {}),
        ("extra_fields", {}),
        ("null_field", {"field": "task_id"}),
        ("huge", {"mib": 1}),
        ("dripped", {"lasts_ms": 1_000}),
        ("dropped", {}),
    ],
)
def test_a_damaged_callback_is_whole_when_it_is_retried(
    world: World, post: Rawbox, kind: str, rule: dict[str, Any]
) -> None:
    buyer = Buyer(world, **{"callback.delivery": "retried"})
    post.outcome = Outcome(status=500)
    buyer.arm(kind, **rule)
    (task_id,) = buyer.submit()

    buyer.clock(advance="1d")

    first, *others = post.postings
    assert len(others) == 3
    assert first not in others
    assert set(task_ids(post)[1:] if kind != "malformed" else []) <= {task_id}
    assert others[0] == Posting(body=others[0].body)
    assert json.loads(others[0].body)["task_id"] == task_id


def test_a_rule_counts_callbacks_in_the_order_in_which_they_are_due(
    buyer: Buyer, post: Rawbox
) -> None:
    buyer.arm("malformed", every=3)
    buyer.submit(7)
    expected = in_order(buyer)

    buyer.clock(advance="1d")

    broken = [number for number, each in enumerate(post.postings, 1) if each.body[-1:] != b"}"]
    assert broken == [3, 6]
    assert json.loads(post.postings[0].body)["task_id"] == expected[0]
    assert buyer.rule()["seen"] == 7


def test_a_rule_is_about_one_task_or_about_a_text_or_a_style(buyer: Buyer, post: Rawbox) -> None:
    one, other = buyer.submit(2)
    (styled,) = buyer.submit(style_id="pet_cat")
    (texted,) = buyer.submit(text="https://other.test/x")
    for match in ({"task_id": other}, {"style": "pet_*"}, {"text": "https://other.test/*"}):
        buyer.arm("lost", **match)

    buyer.clock(advance="1d")

    assert task_ids(post) == [one]
    lost = {each["task_id"] for each in buyer.listed() if each["state"] == "lost"}
    assert lost == {other, styled, texted}


def test_a_rule_lives_on_the_instants_that_a_jump_crosses(buyer: Buyer, post: Rawbox) -> None:
    buyer.submit(1)
    (planned,) = buyer.listed()
    now = buyer.world.admin("GET", f"/accounts/{buyer.id}/clock")["now"]
    buyer.arm("lost", expires_in_ms=planned["due_at"] - now + 1)

    buyer.clock(advance="30d")

    assert post.postings == []


def test_chance_is_the_same_in_the_same_world(world: World, post: Rawbox) -> None:
    seen = []
    for _ in range(2):
        buyer = Buyer(world)  # the same seed
        buyer.arm("lost", probability=0.5)
        buyer.submit(20)
        buyer.clock(advance="1d")
        seen.append([each["state"] for each in buyer.listed()])

    assert seen[0] == seen[1]
    assert set(seen[0]) == {"delivered", "lost"}


def test_a_repetition_by_hand_is_whole_and_counts_for_no_rule(buyer: Buyer, post: Rawbox) -> None:
    buyer.arm("malformed")
    buyer.submit()
    buyer.clock(advance="1m")
    (planned,) = buyer.listed()

    path = f"/accounts/{buyer.id}/callbacks/{planned['id']}/resend"
    again = buyer.world.admin("POST", path, {"settle": True})

    assert json.loads(post.postings[1].body)["task_id"] == planned["task_id"]
    assert (again["fault"], buyer.rule()["seen"]) == (None, 1)


@pytest.mark.parametrize("kind", ["malformed", "duplicate", "crossed", "unknown_task"])
def test_what_was_decided_is_sent_by_the_next_process_too(tmp_path: Path, kind: str) -> None:
    file, real_now, post = str(tmp_path / "kept.sqlite3"), RealClock(), Rawbox()
    with worlds.simulator(real_now, post, database=file) as simulator:
        buyer = Buyer(World(simulator, real_now, post))
        buyer.arm(kind, nth=1)
        buyer.submit(2)
        buyer.world.admin(
            "POST", f"/accounts/{buyer.id}/clock", {"advance": "1m"}
        )  # nobody delivers
        decided = [each.posting for each in worlds.claim_due(simulator)]
    with worlds.simulator(real_now, post, database=file) as simulator:
        buyer.world = World(simulator, real_now, post)
        simulator.database.run(rows.release_all)
        buyer.clock()

    assert decided
    assert all(posting in post.postings for posting in decided)
    assert buyer.rule()["hits"] == 1
    assert len(post.postings) == (3 if kind == "duplicate" else 2)


def test_a_copy_made_while_somebody_waits_is_waited_for_too(world: World, buyer: Buyer) -> None:
    buyer.arm("duplicate")
    buyer.submit()
    buyer.world.admin("POST", f"/accounts/{buyer.id}/clock", {"advance": "1m"})
    database, until = world.simulator.database, 2**60
    last_id = database.read(lambda tx: rows.last_id(tx, buyer.id))

    (first,) = worlds.claim_due(world.simulator)
    actions.deliver(world.simulator, first).result(timeout=20)

    left = database.read(lambda tx: rows.unattempted(tx, buyer.id, until, last_id))
    assert left == (last_id + 1, 0)


def test_other_accounts_meet_nothing(world: World, post: Rawbox) -> None:
    armed, other = Buyer(world), Buyer(world)
    armed.arm("lost")
    (task_id,) = other.submit()
    other.clock(advance="1m")

    assert task_ids(post) == [task_id]


def test_no_rule_fires_on_a_callback_that_is_never_planned(buyer: Buyer) -> None:
    buyer.arm("early")
    buyer.submit(call_back="")

    assert buyer.rule()["seen"] == 0


def test_a_fault_of_callbacks_has_no_operation(buyer: Buyer) -> None:
    order = {"kind": "callback_lost", "operation": "submit_task"}
    problem = buyer.world.admin("POST", f"/accounts/{buyer.id}/faults", order, expect=422)

    assert "affects callbacks, not calls" in problem["detail"]
