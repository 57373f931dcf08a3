"""Each fault of contracts/faults.toml: what real clients see, and what is booked."""

import shutil
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import urllib3

from mock_server.contract import load_toml
from tests.support.clients import FORM, LITTLE_S, PLENTY_S, with_curl, with_http_client
from tests.support.live import GOOD, Buyer, Live, live
from tests.support.processes import until

TABLE = load_toml("faults.toml")
FAULTS = TABLE["fault"]
SUBMIT = urlencode(GOOD)
CURL_TIMED_OUT = 28


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def only_call(buyer: Buyer) -> dict[str, Any]:
    """Return the only call of the journal, once it is written."""
    until(buyer.world.calls)
    (call,) = buyer.world.calls()
    return call


def booked(buyer: Buyer) -> tuple[int, int]:
    """Return the number of charges and of tasks."""
    return buyer.world.get("/bill")["charges"], len(buyer.world.get("/tasks")["tasks"])


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: str(row["kind"]))
def test_a_python_client_and_the_books_see_a_fault(server: Live, row: dict[str, Any]) -> None:
    buyer = server.buyer()
    armed = buyer.world.post("/faults", row["order"])

    patience = LITTLE_S if row["python"] == "TimeoutError" else PLENTY_S
    seen = with_http_client(buyer, "/submitTask", SUBMIT, patience=patience)

    assert seen == row["python"]
    call = only_call(buyer)
    assert call["status"] == row.get("status")
    assert call["faults"] == [{"id": armed["id"], "kind": row["kind"]}]
    assert (call["sent"] and call["sent"]["what"]) == row.get("sent")
    assert call["charged"] is bool(row.get("charges"))
    assert booked(buyer) == (row.get("charges", 0), row.get("tasks", 0))
    (fault,) = buyer.world.get("/faults")["faults"]
    assert (fault["seen"], fault["hits"]) == (1, 1)


def test_a_client_is_left_with_the_beginning_of_a_task_id(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {"kind": "truncate", "inside": "task_id"})
    connection = HTTPConnection(urlsplit(buyer.url).netloc, timeout=PLENTY_S)
    headers = {"Authorization": f"APPCODE {buyer.app_code}", "Content-Type": FORM}

    connection.request("POST", "/submitTask", SUBMIT, headers)
    with pytest.raises(IncompleteRead) as cut:
        connection.getresponse().read()
    connection.close()

    begun = cut.value.partial.rpartition(b'"')[2].decode()
    task_id = only_call(buyer)["task_id"]
    assert begun
    assert task_id != begun
    assert task_id.startswith(begun)


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
@pytest.mark.parametrize("row", FAULTS, ids=lambda row: str(row["kind"]))
def test_curl_sees_a_fault(server: Live, row: dict[str, Any]) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", row["order"])

    patience = LITTLE_S if row["curl"] == CURL_TIMED_OUT else PLENTY_S
    seen = with_curl(buyer, "/submitTask", patience=patience)

    assert seen == row["curl"]
    assert only_call(buyer)["status"] == row.get("status")


@pytest.mark.parametrize(
    "row", [row for row in FAULTS if "later" in row], ids=lambda row: str(row["kind"])
)
def test_a_task_becomes_what_was_ordered(server: Live, row: dict[str, Any]) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", row["order"])
    task_id = buyer.submit()

    buyer.clock(advance="30m")
    body = buyer.call("/queryTask", task_id=task_id).json()["showapi_res_body"]

    says = body["status"]
    if says == "succeeded":
        pictures = [urllib3.request("GET", url, retries=False) for url in body["resList"]]
        says += f", {pictures[0].status}" if pictures else ", no picture"
    assert says == row["later"]
    if row["kind"] == "task_slow":
        buyer.clock(advance="1h")
        body = buyer.call("/queryTask", task_id=task_id).json()["showapi_res_body"]
        assert body["status"] == "succeeded"


@pytest.mark.parametrize("operation", ["submit_task", "query_task"])
@pytest.mark.parametrize(
    "row", TABLE["ambiguous"], ids=lambda row: f"{row['symptom']}-{row['truth']}"
)
def test_the_same_symptom_has_several_truths(
    server: Live, row: dict[str, Any], operation: str
) -> None:
    buyer = server.buyer()
    path, body, before = "/submitTask", SUBMIT, (0, 0)
    if operation == "query_task":
        path, body, before = "/queryTask", f"task_id={buyer.submit()}", (1, 1)
    for order in row["orders"]:
        buyer.world.post("/faults", {**order, "operation": operation})

    patience = LITTLE_S if row["symptom"] == "TimeoutError" else PLENTY_S
    seen = with_http_client(buyer, path, body, patience=patience)

    assert seen == row["symptom"]
    until(lambda: len(buyer.world.calls()) == sum(before[:1]) + 1)
    call = buyer.world.calls()[-1]
    charges, tasks = booked(buyer)
    is_charged = row["truth"] == "accepted, charged"
    is_made = row["truth"] != "not accepted" and operation == "submit_task"
    assert charges - before[0] == int(is_charged) == int(call["charged"])
    assert tasks - before[1] == int(is_made)
    # The server's record beside what the client can have seen.
    assert (call["status"] == 200) is is_charged
    assert (call["task_id"] is not None) is (row["truth"] != "not accepted")
    kinds = {order["kind"] for order in row["orders"]}
    assert {fault["kind"] for fault in call["faults"]} == kinds
    if kinds & {"reset", "close", "garbage"}:
        assert call["sent"]["status"] is None
        assert call["sent"]["bytes"] == 0
    if kinds == {"delay"} and row["truth"] == "not accepted":
        assert call["sent"]["what"] == "nothing"
        assert 0 < call["sent"]["left_after_ms"] < 700
