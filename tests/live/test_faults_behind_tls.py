"""Faults of the wire on encrypted connections."""

import http.client
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.tls import ca_file
from tests.support.live import GOOD
from tests.support.processes import until


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with running(Settings(port=0, database=":memory:", tls=True)) as server:
        yield server.url


@pytest.fixture
def account(url: str) -> Iterator[AccountClient]:
    with AdminClient(url, ca_file=ca_file()) as admin:
        yield admin.account("default")


def submit(url: str, patience: float = 5.0) -> str:
    """Submit once; return the name of the exception, or the status."""
    connection = http.client.HTTPSConnection(
        urlsplit(url).netloc,
        context=ssl.create_default_context(cafile=str(ca_file())),
        timeout=patience,
    )
    headers = {
        "Authorization": "APPCODE mock-demo",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    try:
        connection.request("POST", "/submitTask", urlencode(GOOD), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return str(answer.status)


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        # It is a reset, but some versions of OpenSSL report it as an end.
        ({"kind": "reset"}, {"ConnectionResetError", "RemoteDisconnected"}),
        ({"kind": "close"}, {"RemoteDisconnected"}),
        ({"kind": "garbage"}, {"BadStatusLine"}),
        ({"kind": "truncate", "keep_bytes": 20}, {"IncompleteRead"}),
        ({"kind": "dribble", "chunk_bytes": 50, "pause_ms": 1}, {"200"}),
        ({"kind": "delay", "for_ms": 20}, {"200"}),
    ],
)
def test_a_fault_is_the_same_behind_tls(
    url: str, account: AccountClient, order: dict[str, Any], seen: set[str]
) -> None:
    account.post("/faults", order)

    assert submit(url) in seen

    assert account.get("/bill")["charges"] == 1


def test_who_hangs_up_behind_tls_is_noted_at_once(url: str, account: AccountClient) -> None:
    account.post("/faults", {"kind": "delay", "for_ms": 60_000, "commit": "before"})
    since = time.monotonic()

    assert submit(url, patience=0.3) == "TimeoutError"

    until(lambda: len(account.calls()) == 1)
    assert time.monotonic() - since < 10
    assert account.calls()[0]["status"] is None
