"""Finds calls of the journal for people, the newest first, by the index that it has anyway.

Rule 1: a search reads a bounded number of calls, whatever it looks for: a bite. Who wants more
continues from the end of the last one. So a submit maintains no index for it.
Rule 2: a listing reads no bodies; only a search for a text does.
"""

from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Row, Transaction, Value
from mock_server.store.journal import NO_ACCOUNT, CallFilter, conditions_of

_LISTED = (
    "id, at, operation, method, path, status, error_code, charge, fen, task_id, findings, faults,"
    " sent, ground"
)
_TEXTS = "id, path, request_headers, request_body, answer_headers, answer_body"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSearch:
    """The calls to find; None matches all. `statuses`: from the first to the last of them.

    `finding`: the id of one in the call itself.
    """

    operation: str | None = None
    statuses: tuple[int, int] | None = None
    charged: bool | None = None
    task_id: str | None = None
    finding: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it matches every call."""
        return self == CallSearch()


def bottom(tx: Transaction, account: str | None, before: int, size: int) -> int | None:
    """Return the id of the last of the `size` calls before an id; None: there are not so many."""
    row = tx.one(
        "select id from call where account = ? and id < ? order by id desc limit 1 offset ?",
        (account or NO_ACCOUNT, before, size - 1),
    )
    return row["id"] if row else None


def newest(
    tx: Transaction, account: str | None, wanted: CallSearch, span: tuple[int, int], limit: int
) -> list[Row]:
    """Return the last calls of an account that match, the newest first. `span`: from the first id
    to before the second.
    """
    conditions, values = _conditions(account, wanted)
    where = " and ".join([*conditions, "id >= ?", "id < ?"])
    sql = f"select {_LISTED} from call where {where} order by id desc limit ?"
    return tx.all(sql, (*values, *span, limit))


def newest_of(
    tx: Transaction, account: str | None, wanted: CallSearch, ids: list[int]
) -> list[Row]:
    """Return those of the calls with these ids that match, the newest first."""
    conditions, values = _conditions(account, wanted)
    where = " and ".join([*conditions, f"id in ({','.join('?' * len(ids))})"])
    return tx.all(f"select {_LISTED} from call where {where} order by id desc", (*values, *ids))


def _conditions(account: str | None, wanted: CallSearch) -> tuple[list[str], list[Value]]:
    plain = CallFilter(operation=wanted.operation, charged=wanted.charged, task_id=wanted.task_id)
    conditions, values = conditions_of(account, plain)
    if wanted.statuses is not None:
        conditions.append("status between ? and ?")
        values += wanted.statuses
    if wanted.finding is not None:
        conditions.append("findings like ?")
        values.append(f'%"id":"{wanted.finding}"%')
    return conditions, values


def texts(tx: Transaction, account: str | None, before: int, limit: int) -> list[Row]:
    """Return what a text is looked for in, of the last calls before an id, the newest first."""
    sql = f"select {_TEXTS} from call where account = ? and id < ? order by id desc limit ?"
    return tx.all(sql, (account or NO_ACCOUNT, before, limit))


def by_request_id(tx: Transaction, account: str, request_id: str, *, among: int) -> int | None:
    """Return the id of the call with a request id, if it is among the last of an account."""
    rows = tx.all(
        "select id, request_id from call where account = ? order by id desc limit ?",
        (account, among),
    )
    return next((row["id"] for row in rows if row["request_id"] == request_id), None)


@dataclass(frozen=True, slots=True)
class Growth:
    """How far the journal of an account has come: its last id, how many calls there were in all,
    and how many bytes it holds, which late findings change.
    """

    last_id: int
    seen: int
    bytes: int


def last_id(tx: Transaction) -> int:
    """Return the id of the last call of any account; 0 without one."""
    row = tx.one("select max(id) as id from call")
    return row["id"] or 0 if row else 0


def growth(tx: Transaction, account: str | None) -> Growth:
    """Return how far the journal of an account has come."""
    key = (account or NO_ACCOUNT,)
    total = tx.one("select seen, bytes from call_total where account = ?", key)
    last = tx.one("select max(id) as id from call where account = ?", key)
    if total is None:
        return Growth(0, 0, 0)
    return Growth(last["id"] or 0 if last else 0, total["seen"], total["bytes"])
