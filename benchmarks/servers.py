"""artqr-mock as a server to measure: in a process of its own, with accounts that never run out."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.calls import WrongAnswerError
from mock_server.admin_client import AdminClient

CREDITS = 1_000_000_000
SERVE = ("-m", "mock_server", "serve", "--port", "0", "--quiet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of a server under test."""

    id: str
    app_code: str
    app_key: str
    app_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: its address, its process, and its admin API."""

    url: str
    pid: int
    admin: AdminClient

    def account(self, *, frozen: bool) -> Account:
        """Create an account. A frozen clock makes no callback due, so none costs anything."""
        wanted: dict[str, Any] = {"credits": CREDITS, "clock": {"frozen": frozen}}
        made = self.admin.post("/accounts", wanted)
        return Account(**{name: made[name] for name in Account.__slots__})

    def found(self, account_id: str) -> Account:
        """Return an account that is there."""
        kept = self.admin.get(f"/accounts/{account_id}")
        return Account(**{name: kept[name] for name in Account.__slots__})

    def charged(self, account: Account) -> int:
        """Return how many credits an account has used."""
        return CREDITS - int(self.admin.get(f"/accounts/{account.id}")["balance"])

    def turn_clock(self, account: Account, **change: Any) -> None:
        """Change the clock of an account."""
        self.admin.post(f"/accounts/{account.id}/clock", change)


@contextmanager
def serving(
    database: Path | str,
    *,
    program: Sequence[str] = SERVE,
    tree: Path | None = None,
    log: Path | None = None,
) -> Iterator[Server]:
    """Serve a database, which may be new, for a `with` block.

    `program` is what Python runs; `tree` is another checkout to take artqr-mock from; `log` is
    where the server logs to, beside a database that is a file if nothing else is said.
    """
    log_file = log or Path(database).with_suffix(".log")
    command = [sys.executable, *program, "--database", str(database)]
    environment = {**os.environ, **({"PYTHONPATH": str(tree)} if tree else {})}
    with (
        log_file.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line.startswith("ARTQR_BASE_URL="):
                said = log_file.read_text("utf-8")[-500:]
                raise WrongAnswerError(f"the server did not start: {said}")
            url = line.removeprefix("ARTQR_BASE_URL=")
            with AdminClient(url) as admin:
                yield Server(url=url, pid=process.pid, admin=admin)
        finally:
            process.terminate()
            process.communicate(timeout=30)
