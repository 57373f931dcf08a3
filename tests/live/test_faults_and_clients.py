"""What common HTTP clients report for a fault of the wire."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
import requests
import urllib3

from tests.support.clients import LITTLE_S, PLENTY_S
from tests.support.live import GOOD, Buyer, Live, live

Client = Callable[[Buyer, float], Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def with_urllib3(buyer: Buyer, patience: float) -> Any:
    with urllib3.PoolManager(retries=False, timeout=patience) as pool:
        return pool.request_encode_body(
            "POST", f"{buyer.url}/submitTask", fields=GOOD, encode_multipart=False,
            headers={"Authorization": f"APPCODE {buyer.app_code}"},
        ).json()  # fmt: skip


def with_requests(buyer: Buyer, patience: float) -> Any:
    headers = {"Authorization": f"APPCODE {buyer.app_code}"}
    return requests.post(
        f"{buyer.url}/submitTask", data=GOOD, headers=headers, timeout=patience
    ).json()


def with_aiohttp(buyer: Buyer, patience: float) -> Any:
    async def call() -> Any:
        headers = {"Authorization": f"APPCODE {buyer.app_code}"}
        timeout = aiohttp.ClientTimeout(total=patience)
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.post(f"{buyer.url}/submitTask", data=GOOD) as answer,
        ):
            return await answer.json()

    return asyncio.run(call())


CLIENTS: dict[str, Client] = {
    "urllib3": with_urllib3,
    "requests": with_requests,
    "aiohttp": with_aiohttp,
}

RESET, CLOSE = {"kind": "reset"}, {"kind": "close"}
CUT, GARBAGE = {"kind": "truncate", "keep_bytes": 20}, {"kind": "garbage"}
LATE, PAGE = {"kind": "delay", "for_ms": 700}, {"kind": "html_page", "status": 200}

SEEN = [
    ("urllib3", RESET, urllib3.exceptions.ProtocolError),
    ("urllib3", CLOSE, urllib3.exceptions.ProtocolError),
    ("urllib3", CUT, urllib3.exceptions.ProtocolError),
    ("urllib3", GARBAGE, urllib3.exceptions.ProtocolError),
    ("urllib3", LATE, urllib3.exceptions.ReadTimeoutError),
    ("urllib3", PAGE, ValueError),
    ("requests", RESET, requests.ConnectionError),
    ("requests", CLOSE, requests.ConnectionError),
    ("requests", CUT, requests.exceptions.ChunkedEncodingError),
    ("requests", GARBAGE, requests.ConnectionError),
    ("requests", LATE, requests.ReadTimeout),
    ("requests", PAGE, requests.JSONDecodeError),
    ("aiohttp", RESET, aiohttp.ClientOSError),
    ("aiohttp", CLOSE, aiohttp.ServerDisconnectedError),
    ("aiohttp", CUT, aiohttp.ClientPayloadError),
    ("aiohttp", GARBAGE, aiohttp.ClientResponseError),
    ("aiohttp", LATE, TimeoutError),
    ("aiohttp", PAGE, aiohttp.ContentTypeError),
]


@pytest.mark.parametrize(("client", "order", "error"), SEEN)
def test_a_client_ends_with_its_own_error_and_has_paid(
    server: Live, client: str, order: dict[str, Any], error: type[Exception]
) -> None:
    buyer = server.buyer()
    buyer.world.post("/faults", {**order, "nth": 1})

    with pytest.raises(error):
        CLIENTS[client](buyer, LITTLE_S if order is LATE else PLENTY_S)

    assert buyer.world.get("/bill")["charges"] == 1
    assert CLIENTS[client](buyer, PLENTY_S)["showapi_res_body"]["ret_code"] == 0
    assert len(buyer.world.get("/tasks")["tasks"]) == 2
