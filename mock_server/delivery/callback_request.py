"""How the body of a callback is written to a connection, and what was written of a request."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mock_server.domain.call.calls import Headers
from mock_server.domain.callback.payload import Posting

PIECE_BYTES = 64 * 1024
PIECE_MS = 50  # a body that takes long is written that often


@dataclass(slots=True)
class Seen:
    """What was written of a request. `headers` None: not even its head."""

    headers: Headers | None = None
    sent: int = 0


class CutError(Exception):
    """The connection is to be closed here, as ordered."""


def pieces(posting: Posting) -> bytes | AsyncIterator[bytes]:
    """Return a body as it is to be written: at once, piece by piece, slowly, not to its end."""
    whole = len(posting.body) <= PIECE_BYTES and not posting.lasts_ms and posting.cut_after is None
    return posting.body if whole else _piecemeal(posting)


async def _piecemeal(posting: Posting) -> AsyncIterator[bytes]:
    body = posting.body[: posting.cut_after]
    count = max(1, posting.lasts_ms // PIECE_MS, -(-len(body) // PIECE_BYTES))
    size = max(1, -(-len(body) // count))
    starts = range(0, len(body), size)
    for start in starts:
        if posting.lasts_ms:
            await asyncio.sleep(posting.lasts_ms / len(starts) / 1000)
        yield body[start : start + size]
    if posting.cut_after is not None:
        raise CutError
