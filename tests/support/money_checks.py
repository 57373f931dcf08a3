"""Compares the simulator's billing with the replayed model."""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from werkzeug.test import TestResponse

from tests.support.money import LOOSE_FEN, PRICE_FEN, Answer, Books, SentNotice, Shelf
from tests.support.worlds import World

SHANGHAI = timezone(timedelta(hours=8))
TASK_PAGE = 4
Key = TypeVar("Key", bound=Hashable)
RULES = [("450", "every-200", "every HTTP 200"), ("450", "submit-only", "submits only"),
         ("200", "every-200", "every HTTP 200, refusals too"),
         ("200", "submit-only", "submits only, refusals too")]  # fmt: skip


def check_answer(reply: TestResponse, expected: Answer) -> None:
    """Status, code and fee of one answer."""
    assert reply.status_code == expected.status, reply.get_data(as_text=True)
    assert reply.headers.get("X-Ca-Error-Code") == expected.code
    assert reply.headers.get("showapi_fee_num") == ("1" if expected.charged else None)
    if expected.worth is None:
        assert reply.data == b""
        return
    envelope = reply.get_json()
    assert envelope["showapi_fee_num"] == int(expected.charged)
    assert (envelope["showapi_res_body"]["ret_code"] == 0) == (not expected.refused)


def bill_of(books: Books, now: int) -> dict[str, Any]:
    """Return the bill, summed up call by call."""
    paid = [each for each in books.answers if each.charged]
    by_operation = _grouped(paid, lambda each: str(each.event.operation))
    by_day = _grouped(paid, lambda each: day_of(each.event.at))
    by_package = _grouped(paid, lambda each: each.package)
    return {
        **_sum(paid),
        "by_operation": by_operation,
        "by_day": [{"day": day, **line} for day, line in by_day.items()],
        "by_package": [{"package": number, **line} for number, line in by_package.items()],
        "without_task": _sum(each for each in paid if each.task is None),
        "trimmed": None,
        "under_readings": [_value(books, *each) for each in RULES],
        "balance": books.balance(now),
        "packages": [_package(each) for each in books.shelves],
    }


def day_of(at: int) -> str:
    """Return the day in the vendor's time zone."""
    return datetime.fromtimestamp(at // 1000, SHANGHAI).date().isoformat()


def _sum(answers: Iterable[Answer]) -> dict[str, int]:
    fen = [answer.fen for answer in answers]
    return {"charges": len(fen), "fen": sum(fen)}


def _grouped(answers: list[Answer], key: Callable[[Answer], Key]) -> dict[Key, dict[str, int]]:
    keys = sorted({key(each) for each in answers})  # type: ignore[type-var]
    return {name: _sum(each for each in answers if key(each) == name) for name in keys}


def _value(books: Books, refusal: str, polls: str, title: str) -> dict[str, Any]:
    covered = [
        each
        for each in books.answers
        if each.worth is not None
        and (refusal == "200" or not each.refused)
        and (polls == "every-200" or each.event.operation == "submit_task")
    ]
    fen, carried = 0, 0
    for shelf in books.in_paying_order():
        carried += sum(each.package == shelf.bought.number for each in covered)
        for number in range(1, min(carried, shelf.bought.size) + 1):
            fen += number * shelf.bought.fen // shelf.bought.size
            fen -= (number - 1) * shelf.bought.fen // shelf.bought.size
        carried = max(0, carried - shelf.bought.size)
    carried += sum(each.package == 0 for each in covered)
    last = books.shelves[-1].bought if books.shelves else None
    fen += carried * (last.fen // last.size if last else LOOSE_FEN)
    words = {"charge.polls": polls, "refusal.status": refusal}
    current = all(books.readings[name] == word for name, word in words.items())
    line = {"charges": len(covered), "fen": fen, "beyond": carried}
    return {"title": title, "readings": words, "current": current, **line}


def _package(shelf: Shelf) -> dict[str, Any]:
    bought = shelf.bought
    return {
        "id": bought.number,
        "offer": str(bought.size) if bought.size in PRICE_FEN else "custom",
        "credits": bought.size,
        "remaining": shelf.left,
        "fen": bought.fen,
        "bought_at": bought.at,
        "expires_at": bought.expires_at,
    }


def check_notices(world: World, account: str, books: Books) -> None:
    """Check the notices, in order, with the state of each post."""
    shown = world.admin("GET", f"/accounts/{account}/notices?limit=1000")["notices"]
    names = ("kind", "at", "package", "remaining")
    assert [tuple(each[name] for name in names) for each in shown] == [
        tuple(getattr(each, name) for name in names) for each in books.notices
    ]
    states = {True: "delivered", False: "due"}
    for each, notice in zip(shown, books.notices, strict=True):
        assert each["text"].startswith(notice.text)
        assert each["delivery"] == (states[notice.posted] if notice.url else None)


def check_posted(posted: list[tuple[str, dict[str, Any]]], waiting: list[SentNotice]) -> None:
    """Check that a settle posted every waiting notice, in order."""
    seen = [
        (url, body["kind"], body["at"], body["package"], body["remaining"]) for url, body in posted
    ]
    assert seen == [
        (notice.url, notice.kind, notice.at, notice.package, notice.remaining) for notice in waiting
    ]


def check_ledger(world: World, account: str, books: Books, call_ids: list[int]) -> None:
    """Check the rows of the ledger, and that the totals are its sums."""
    names = ("call_id", "package_id", "operation", "task_id", "fen", "at")
    rows = world.simulator.database.read(
        lambda tx: tx.all(
            f"select {', '.join(names)} from ledger where account = ? order by call_id", (account,)
        )
    )
    assert [tuple(row[name] for name in names) for row in rows] == [
        (call_id, each.package, each.event.operation, each.task, each.fen, each.event.at)
        for call_id, each in zip(call_ids, books.answers, strict=True)
        if each.charged
    ]
    totals = world.simulator.database.read(
        lambda tx: tx.all(
            "select package_id, operation, charged, charged_fen from charge_total"
            " where account = ? and charged > 0",
            (account,),
        )
    )
    keys = {(row["package_id"], row["operation"]) for row in rows}
    for key in keys | {(row["package_id"], row["operation"]) for row in totals}:
        entries = [row["fen"] for row in rows if (row["package_id"], row["operation"]) == key]
        kept = [row for row in totals if (row["package_id"], row["operation"]) == key]
        assert sum(row["charged"] for row in kept) == len(entries)
        assert sum(row["charged_fen"] for row in kept) == sum(entries)


def check_task_charges(world: World, account: str, books: Books, task_ids: list[str]) -> None:
    """Check the charges of each task, page by page."""
    lines, after = [], 0
    while after is not None:
        query = f"after={after}&limit={TASK_PAGE}"
        page = world.admin("GET", f"/accounts/{account}/bill/tasks?{query}")
        lines += page["tasks"]
        assert len(page["tasks"]) <= TASK_PAGE
        after = page["next"]
    assert lines == [
        {"number": number, "task_id": task_id, **_sum(_about(books, task_id))}
        for number, task_id in enumerate(task_ids, start=1)
    ]


def _about(books: Books, task_id: str) -> list[Answer]:
    return [each for each in books.answers if each.charged and each.task == task_id]


def check_journal(world: World, account: str, books: Books, call_ids: list[int]) -> None:
    """Check the calls journalled since the last check; adds their ids to `call_ids`."""
    after = call_ids[-1] if call_ids else 0
    path = f"/accounts/{account}/calls?after={after}&limit=1000"
    calls: list[dict[str, Any]] = world.admin("GET", path)["calls"]
    new = books.answers[len(call_ids) :]
    names = ("at", "operation", "status", "error_code", "charged", "fen", "task_id")
    assert [tuple(call[name] for name in names) for call in calls] == [
        (each.event.at, each.event.operation, each.status, each.code, each.charged, each.fen,
         each.task)
        for each in new
    ]  # fmt: skip
    call_ids += [call["id"] for call in calls]
