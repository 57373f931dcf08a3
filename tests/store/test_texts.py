"""A text is read exactly as it was written, whatever the database itself can store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.store.engine import postgres_text_codec
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from tests.support.worlds import World

ODD = [
    "",
    "\0",
    "a\0b",
    "\x1a",
    "\x1a0",
    "\x1a\x1a",
    "\0\x1a0\0",
    "\\0",
    "%s ? %",
    "'",
    "数据",
    "🎨",
]
TEXTS = st.text(st.sampled_from("\0\x1a0ax\\")) | st.text()


@given(TEXTS)
def test_what_is_written_can_be_held_and_is_read_as_it_was(text: str) -> None:
    held = postgres_text_codec.written(text)

    assert "\0" not in held
    assert postgres_text_codec.read(held) == text


@given(TEXTS, TEXTS)
def test_two_texts_are_never_held_as_one(one: str, other: str) -> None:
    assert (postgres_text_codec.written(one) == postgres_text_codec.written(other)) == (
        one == other
    )


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_is_kept_found_and_told_apart(address: str, text: str) -> None:
    database = Database(address)

    def keep(tx: Transaction) -> None:
        tx.execute("insert into nonce values ('a', 'code', ?, 1)", (text,))
        tx.execute("insert into nonce values ('a', 'code', ?, 2)", (f"{text}0",))

    database.run(keep)
    found = database.read(lambda tx: tx.one("select * from nonce where nonce = ?", (text,)))
    database.close()

    assert found is not None
    assert (found["nonce"], found["seen_at"]) == (text, 1)


@pytest.mark.parametrize("text", [text for text in ODD if text])
def test_a_client_may_send_any_of_them(world: World, text: str) -> None:
    sent = {"style_id": "food_fryrice", "text": text, "call_back": text}
    accepted = "\0" not in text

    submitted = world.vendor("/submitTask", sent)
    prompted = world.vendor("/submitTask", {"text": "x", "your_prompt": text})

    assert submitted.status_code == prompted.status_code == (200 if accepted else 450)
    tasks = world.admin("GET", "/accounts/default/tasks")["tasks"]
    assert [task["content"] for task in tasks] == ([text, "x"] if accepted else [])
    assert world.vendor("/queryTask", {"task_id": text}).status_code == 450
    assert world.vendor("/queryTask", {"task_id": text}, app_code="x\0y").status_code == 400
    world.admin("GET", "/accounts/%00%1a", expect=404)
    assert len(world.calls()) == 3
