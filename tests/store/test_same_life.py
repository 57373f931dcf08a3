"""A life is the same whether works share their turns and rows are remembered, or not at all.

The reference runs each statement of a work at once, in a savepoint of its own, and remembers
nothing: as PostgreSQL does.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mock_server.actions.accounts import trimming
from mock_server.actions.callbacks import outbox
from mock_server.actions.gateway import pipeline
from mock_server.domain.call.calls import Answer, Call
from mock_server.store import journal
from mock_server.store.engine import sqlite
from mock_server.store.engine.sqlite_transaction import SavedTransaction
from mock_server.store.engine.transaction import Transaction
from tests.store.test_agreement import ADMIN, CALLS, living, rows, shown
from tests.support.remembered import false_memories
from tests.support.signed import Request, Signer
from tests.support.turns import in_one_turn
from tests.support.worlds import World

Work = Callable[[Transaction], Any]
# So few that a life reaches them: the oldest calls are dropped, and tasks that have ended.
LIMITS: dict[str, Any] = {"journal_calls": 20, "keep": "3"}
# An account that no credit is taken of, and that has a limit of its own for its calls.
UNLIMITED: dict[str, Any] = {
    "app_code": "loaded-1", "credits": "unlimited", "keep_calls": 4, "seed": 5,
}  # fmt: skip

SIGNED = st.tuples(
    st.just("signed"), st.integers(1, 30).map("n{}".format), st.sampled_from([False, False, True])
)
OTHERS = st.tuples(
    st.sampled_from(["left", "found", "look", "half", "claim", "trim", "trim"]), st.integers(1, 30)
)
# Submits whose heads come again and again, most of them plain ones.
FORM = "application/x-www-form-urlencoded"
TYPES = [f"{FORM}; charset=UTF-8", FORM, "application/json; charset=UTF-8", "application/json"]
TYPES_OF = st.sampled_from([*TYPES[:3], TYPES[0], TYPES[2], TYPES[3]])
BODIES = st.sampled_from([
    {"text": "https://example.com", "style_id": "pet_cat"},
    {"text": "https://example.com", "style_id": "pet_cat", "call_back": "http://127.0.0.1:9/x"},
    {"text": "https://example.org", "style_id": "pet_cat", "call_back": "https://x@a.example/y"},
    {"text": "mock-demo", "style_id": "pet_cat", "call_back": "http://a.example/?appcode=mock-demo"},
    {"text": "x" * 36, "style_id": "pet_cat"},
    {"text": "https://mock.test/task-failed", "style_id": "pet_cat"},
    {"text": "https://example.com", "style_id": "no_such"},
    {"text": "12", "style_id": "pet_cat"},
    {"text": "https://example.com", "style_id": "pet_cat", "more": "1"},
    {"text": "", "style_id": "pet_cat"},
])  # fmt: skip
EXTRAS = st.sampled_from([(), (), (), (), (("x-ca-request-mode", "debug"),), (("x", "mock-demo"),)])
PLAIN = st.tuples(
    st.just("plain"),
    st.sampled_from(["mock-demo", "mock-demo", "loaded-1", "mock-throttled", "nobody"]),
    TYPES_OF, BODIES, EXTRAS,
)  # fmt: skip
STEPS = st.one_of(
    CALLS,
    PLAIN,
    PLAIN,
    SIGNED,
    SIGNED,
    OTHERS,
    st.tuples(st.just("fails"), st.one_of(CALLS, OTHERS)),
)
LIVES = st.lists(st.one_of(ADMIN, st.lists(STEPS, min_size=1, max_size=12)), max_size=12)


def form(path: str, code: str, fields: dict[str, Any]) -> Call:
    body = urlencode(fields).encode()
    headers = (
        ("host", "localhost"), ("authorization", f"APPCODE {code}"),
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("content-length", str(len(body))),
    )  # fmt: skip
    return Call(method="POST", path=path, headers=headers, body=body)


def plain(code: str, content_type: str, fields: dict[str, str], extra: Any) -> Call:
    """A submit; those of a code and a type share their head, whatever their length."""
    body = json.dumps(fields) if "json" in content_type else urlencode(fields)
    headers = (
        ("host", "localhost"), ("authorization", f"APPCODE {code}"),
        ("content-type", content_type), *extra,
    )  # fmt: skip
    return Call(method="POST", path="/submitTask", headers=headers, body=body.encode())


def signed(signer: Signer, nonce: str, *, spoiled: bool) -> Call:
    """A signed submit, with a wrong signature if it is spoiled."""
    request = signer.signed(Request().with_headers(X_Ca_Nonce=nonce))
    if spoiled:
        request = request.with_headers(X_Ca_Signature="bm8=")
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    return Call(method="POST", path="/submitTask", headers=(("host", "localhost"), *headers),
                body=request.body)  # fmt: skip


def everything(tx: Transaction) -> list[str]:
    """Read tables in the midst of a turn."""
    tables = ("task", "callback", "call_total", "package", "ledger", "charge_total", "account")
    return [shown(row) for table in tables for row in tx.all(f"select * from {table}")]


def half(tx: Transaction, number: int) -> int:
    """Write to a table at once, and go on."""
    return tx.execute("update package set remaining = remaining where id > ?", (number % 3,))


def work_of(world: World, signer: Signer, task_ids: list[str], step: Any) -> Work:
    """Return the work of a step of a turn."""
    simulator = world.simulator
    what = step[0]
    if what == "fails":
        return failing(work_of(world, signer, task_ids, step[1]))
    if what == "signed":
        call = signed(signer, step[1], spoiled=step[2])
    elif what == "plain":
        call = plain(*step[1:])
    elif what.startswith("/"):
        path, code, fields = step
        if path == "/queryTask" and task_ids:
            fields = {"task_id": task_ids[fields["task_id"] % len(task_ids)]}
        call = form(path, code, fields)
    else:
        others: dict[str, Work] = {
            "left": lambda tx: pipeline.record_disconnect(tx, step[1], 7),
            "found": lambda tx: journal.add_finding(tx, step[1], {"id": "late", "at": ""}),
            "look": everything,
            "half": partial(half, number=step[1]),
            "claim": lambda tx: [each.claimed for each in outbox.claim_batch(
                tx, simulator, "default")],
            "trim": lambda tx: trimming.bite(tx, simulator, "default", trimming.START, ""),
        }  # fmt: skip
        return others[what]
    return lambda tx: pipeline.handle(tx, simulator, call)


def failing(work: Work) -> Work:
    """Return a work that has done all, and fails."""

    def fail(tx: Transaction) -> None:
        work(tx)
        raise LookupError("at the end")

    return fail


def live(world: World, life: list[Any]) -> list[Any]:
    """Play a life and return all answers, and what the writer remembers falsely."""
    told: list[Any] = []
    task_ids: list[str] = []
    world.account(**UNLIMITED)
    for step in life:
        world.real_now.now += 700
        if isinstance(step, tuple):
            (method, what, body), account = step
            path = f"/_mock/accounts/{account}/{what}".rstrip("/").replace("\0", "%00")
            answer = world.http.open(path, method=method, json=body)
            told.append((step, answer.status_code, answer.data))
        else:
            default = world.admin("GET", "/accounts/default")
            works = [work_of(world, Signer.of(default), task_ids, each) for each in step]
            seen = in_one_turn(world.simulator.database, works)
            task_ids += [each for each in map(task_id_of, seen) if each]
            told.append((step, seen))
        world.simulator.background.flush()
        told.append(false_memories(world.simulator.database))
    return told


def task_id_of(answer: Any) -> str | None:
    if not isinstance(answer, Answer) or answer.status != 200 or b"task_id" not in answer.body:
        return None
    found: str | None = json.loads(answer.body)["showapi_res_body"].get("task_id")
    return found


@pytest.mark.slow
@settings(max_examples=60, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(LIVES)
def test_a_life_in_shared_turns_is_that_of_a_life_at_once(life: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "TURN_S", 60)
        with living("sqlite", **LIMITS) as one:
            shared, its_rows, posted = live(one, life), rows(one), one.postbox.posted
        patch.setattr(sqlite, "SharedTransaction", SavedTransaction)
        with living("sqlite", **LIMITS) as other:
            assert live(other, life) == shared
            assert rows(other) == its_rows
            assert other.postbox.posted == posted
