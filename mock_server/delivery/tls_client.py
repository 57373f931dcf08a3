"""Whom calls that go out trust: what the system trusts, and the simulator's own certificates."""

import ssl
from collections.abc import Iterable
from pathlib import Path


class Contexts:
    """Makes the TLS contexts of outgoing calls on first use, because loading them takes time."""

    def __init__(self, trusted: Iterable[Path]) -> None:
        self._trusted = tuple(trusted)
        self._made: dict[bool, ssl.SSLContext] = {}

    def context(self, *, is_own: bool) -> ssl.SSLContext:
        """Return the context for a server; `is_own`: it is ours, and may have any name."""
        if is_own not in self._made:
            context = ssl.create_default_context()
            context.check_hostname = not is_own
            # A certificate of one's own is trusted itself, whoever issued it.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            for file in self._trusted:
                if file.exists():
                    context.load_verify_locations(file)
            self._made[is_own] = context
        return self._made[is_own]
