"""Short links: created with their task, followed by the reader of its picture."""

from mock_server.domain.account.accounts import Account
from mock_server.domain.records import dataclass
from mock_server.domain.task.short_links import LIFETIME_MS, ShortLink, codes
from mock_server.domain.task.tasks import Task
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import short_links as rows
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The target of a short link; None: the link is no longer valid."""

    link: ShortLink
    target: str | None


def make(tx: Transaction, account: Account, task: Task, now: int) -> ShortLink:
    """Create the short link to the text of a task."""
    for code in codes(account.seed, task.number, account.id):
        link = ShortLink(
            code=code,
            account=account.id,
            task_id=task.id,
            target=task.text or "",
            expires_at=now + LIFETIME_MS,
        )
        if rows.insert(tx, link):
            return link
    raise RuntimeError("every code of a short link is taken, even the account's own")


def find(tx: Transaction, simulator: Simulator, code: str) -> Followed | None:
    """Return the target of a short link; None if there never was such a link (claim
    short-link-lifetime).
    """
    link = rows.get(tx, code)
    account = account_rows.get(tx, link.account) if link else None
    if link is None or account is None:
        return None
    is_alive = account.clock.now(simulator.real_now()) < link.expires_at
    return Followed(link=link, target=link.target if is_alive else None)
