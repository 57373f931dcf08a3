"""Find an account by its id."""

from mock_server.domain.account.accounts import Account
from mock_server.domain.usage_errors import NotFoundError
from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction


def find(tx: Transaction, account_id: str) -> Account:
    """Return an account. Raises NotFoundError."""
    account = rows.get(tx, account_id)
    if account is None:
        raise NotFoundError(
            f"no account has the id {account_id[:64]!r}: GET /_mock/accounts lists them, "
            "POST /_mock/accounts creates one"
        )
    return account
