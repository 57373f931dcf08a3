"""The calls of an account as a person looks through them: the newest first, in bounded bites."""

from dataclasses import dataclass

from mock_server.store import call_search, journal
from mock_server.store.call_search import CallSearch, Growth
from mock_server.store.engine.transaction import Row, Transaction

PAGE = 50
# How many calls one request looks at: with a filter, and with a text, which is in the bodies.
BITE = 5_000
TEXT_BITE = 1_000
TEXT_CHARACTERS = 16 * 1024 * 1024
CHUNK = 100
NEWEST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """Calls, the newest first.

    `before`: where the next page begins, None at the end of the journal. `is_cut`: the search
    stopped before it had found a page full, because it had looked at enough calls.
    """

    rows: list[Row]
    before: int | None
    is_cut: bool
    dropped: int
    growth: Growth


def page(
    tx: Transaction,
    account_id: str | None,
    wanted: CallSearch,
    *,
    text: str = "",
    before: int = NEWEST,
) -> CallPage:
    """Return the calls before an id that match a filter, and contain a text if one is given."""
    if text:
        found, last = _with_text(tx, account_id, wanted, text, before)
    else:
        last = None if wanted.is_open else call_search.bottom(tx, account_id, before, BITE)
        found = call_search.newest(tx, account_id, wanted, (last or 0, before), PAGE + 1)
    is_full = len(found) > PAGE
    rows = found[:PAGE]
    return CallPage(
        rows=rows,
        before=rows[-1]["id"] if is_full else last,
        is_cut=not is_full and last is not None,
        dropped=journal.dropped(tx, account_id),
        growth=call_search.growth(tx, account_id),
    )


def _with_text(
    tx: Transaction, account_id: str | None, wanted: CallSearch, text: str, before: int
) -> tuple[list[Row], int | None]:
    """Return the calls before an id that contain a text in target, headers or bodies, in any case,
    and the id of the last that was looked at; None at the end of the journal.
    """
    look = text.casefold()
    found: list[Row] = []
    looked = size = 0
    while looked < TEXT_BITE and size < TEXT_CHARACTERS and len(found) <= PAGE:
        rows = call_search.texts(tx, account_id, before, CHUNK)
        texts = {row["id"]: _whole(row) for row in rows}
        ids = [call_id for call_id, whole in texts.items() if look in whole]
        found += call_search.newest_of(tx, account_id, wanted, ids) if ids else []
        looked, size = looked + len(rows), size + sum(map(len, texts.values()))
        if len(rows) < CHUNK:
            return found, None
        before = rows[-1]["id"]
    return found, before


def _whole(row: Row) -> str:
    """Return all text of a call, for a search."""
    bodies = (row["request_body"], row["answer_body"])
    texts = [row["path"], row["request_headers"], row["answer_headers"]]
    texts += [bytes(body).decode("utf-8", "replace") for body in bodies]
    return "\n".join(texts).casefold()


def growth(tx: Transaction, account_id: str | None) -> Growth:
    """Return how far the journal of an account has come."""
    return call_search.growth(tx, account_id)


def just_made(tx: Transaction, account_id: str, request_id: str | None) -> int | None:
    """Return the id of a call that was made a moment ago, by the request id of its answer."""
    if request_id is None:
        return None
    return call_search.by_request_id(tx, account_id, request_id, among=PAGE)
