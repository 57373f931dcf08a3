"""The inbox: the one address of the simulator itself that callbacks may go to.

Rule 1: an address is the inbox only in its plain spelling: no escape, no query, no dots. Whatever
else a server might take for it stays refused.
Rule 2: an account's inbox keeps its last callbacks only, and of each body its beginning.
"""

import re

INBOX = "/_mock/inbox/"
MOST_KEPT = 100  # callbacks of an account
_PLAIN = re.compile(rf"{INBOX}[A-Za-z0-9][A-Za-z0-9_-]{{0,63}}", re.ASCII)


def is_inbox(target: str) -> bool:
    """Whether a target, as it stands in a request line, is the inbox of an account."""
    return _PLAIN.fullmatch(target) is not None


def inbox_address(base_url: str, account_id: str) -> str:
    """Return the address of an account's inbox at a server."""
    return f"{base_url}{INBOX}{account_id}"
