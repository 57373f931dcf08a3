"""No log, output or journal shows a credential."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mock_server.admin_client import AdminClient, RefusedError
from tests.support import wire
from tests.support.processes import serving

TOKEN = "token-7d1f0c"
GUESS = "guess-0b5e91"
SIGNATURE = "c2lnbmF0dXJlLTRlOWE="


def calls(app_code: str, secret: str) -> list[bytes]:
    """Return right and wrong calls with a credential in every possible place."""
    mine = f"Authorization: APPCODE {app_code}"
    signed = (f"X-Ca-Signature: {SIGNATURE}", "X-Ca-Key: 200000001", "X-Ca-Timestamp: 1")
    echo = f"text=https://a.test/?code={app_code}%26secret={secret}&style_id=pet_cat"
    call_back = f"{echo}&call_back=http://127.0.0.1:1/{app_code}/{secret}"
    return [
        wire.request("/submitTask", wire.SUBMIT, mine, *signed),
        wire.request("/submitTask", echo.encode(), mine),
        wire.request("/submitTask", call_back.encode(), mine),
        wire.request("/submitTask", b"no=thing", mine, f"Cookie: session={app_code}"),
        wire.request("/submitTask", wire.SUBMIT, f"Authorization: APPCODE {GUESS}"),
        wire.request("/submitTask", wire.SUBMIT, f"Authorization: Basic {GUESS}"),
        wire.request(f"/submitTask?AppCode={GUESS}", wire.SUBMIT),
        wire.request(f"/nothing/{app_code}", b"", mine),
        wire.request("/submitTask", b"a" * 9_000_000, mine),
        wire.request("/submitTask", b"", mine, "X-Long: " + "a" * 9_000),
        wire.request("/_mock/accounts", b"", f"Authorization: Bearer {GUESS}", method="GET"),
        f"POST /broken HTTP/1.1\r\n{mine}\r\nBad Header {GUESS}\r\n\r\n".encode(),
        b"GARBAGE " + GUESS.encode() + b"\r\n\r\n",
    ]


def break_the_books(database: Path) -> None:
    """Make the next charged call and the next bill fail in the simulator."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("drop table charge_total")


@pytest.mark.slow
def test_nothing_that_is_secret_is_logged_or_journalled(tmp_path: Path) -> None:
    database = tmp_path / "books.sqlite3"
    flags = ("--verbose", "--token", TOKEN)
    with serving(tmp_path, *flags, database=str(database)) as server:
        with AdminClient(server.url, TOKEN) as admin:
            account = admin.post("/accounts")
            good = wire.request(
                "/submitTask", wire.SUBMIT, f"Authorization: APPCODE {account['app_code']}"
            )
            for data in calls(account["app_code"], account["app_secret"]):
                wire.exchange(server.url, data)
            world = admin.account(account["id"])
            world.post("/clock", {"advance": "1m", "settle": True})

            break_the_books(database)
            failed = wire.exchange(server.url, good)
            with pytest.raises(RefusedError, match="a bug of the simulator"):
                world.get("/bill")
            journal = json.dumps([world.calls(), admin.get("/calls", limit=1000)])
        said = server.said

    secrets = [TOKEN, GUESS, SIGNATURE, account["app_code"], account["app_secret"]]
    assert (failed.status, failed.one("X-Mock-Server-Bug")) == (500, "OperationalError")
    assert said.count("no such table: charge_total") >= 2  # our own failures are logged as errors
    assert [secret for secret in secrets if secret in said] == []
    assert [secret for secret in secrets if secret in journal] == []
    assert "APPCODE ***" in journal
    assert '"status": 500' in journal
