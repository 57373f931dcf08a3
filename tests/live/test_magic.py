"""App codes that make the wire fail, without any other setup."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from mock_server.contract import load_catalogue
from tests.support.clients import LITTLE_S, PLENTY_S, with_http_client
from tests.support.live import GOOD, Buyer, Live, live

# The result of a submit, its charges and tasks, and the result of a list call.
SEEN = {
    "mock-charged-but-lost": ("ConnectionResetError", 1, 1, "200"),
    "mock-lost": ("ConnectionResetError", 0, 0, "200"),
    "mock-ghost": ("504 D504TO", 0, 1, "200"),
    "mock-late": ("TimeoutError", 1, 1, "TimeoutError"),
    "mock-dribble": ("200", 1, 1, "200"),
    "mock-truncated": ("IncompleteRead", 1, 1, "IncompleteRead"),
    "mock-garbled": ("200 JSONDecodeError", 1, 1, "200 JSONDecodeError"),
    "mock-html": ("502 <html>", 1, 1, "502 <html>"),
    "mock-platform-busy": ("450", 0, 0, "450"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def test_every_app_code_with_faults_is_tried() -> None:
    assert set(SEEN) == {code for code, each in load_catalogue().magic.items() if each.faults}


@pytest.mark.parametrize(
    "code",
    [pytest.param(code, marks=pytest.mark.slow) if "dribble" in code else code for code in SEEN],
)
def test_a_magic_app_code_does_what_it_says(server: Live, code: str) -> None:
    symptom, charges, tasks, listing = SEEN[code]
    buyer = Buyer(server.url, {"id": code, "app_code": code}, server.admin)

    def seen(path: str, body: str) -> str:
        patience = LITTLE_S if code == "mock-late" else PLENTY_S
        return with_http_client(buyer, path, body, patience=patience)

    assert seen("/submitTask", urlencode(GOOD)) == symptom

    assert buyer.world.get("/bill")["charges"] == charges
    assert len(buyer.world.get("/tasks")["tasks"]) == tasks
    assert seen("/taskList", "page=1") == listing
    buyer.world.post("/reset")
    assert seen("/submitTask", urlencode(GOOD)) == symptom
