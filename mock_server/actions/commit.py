"""Work on the database, for a task of the event loop that owns it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction

T = TypeVar("T")


def commit(database: Database, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
    """Hand work in; the future has its result after the commit."""
    committed: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def done(result: T, error: BaseException | None) -> None:
        if committed.done():  # the request was cancelled meanwhile; it is booked all the same
            return
        if error is None:
            committed.set_result(result)
        else:
            committed.set_exception(error)

    database.submit(work, done)
    return committed
