"""Sixty-four concurrent submits for fifty credits, on both servers and both databases.

More than two hundred runs, each with its own seed: exactly fifty submits are served, and none is
served or charged twice.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from mock_server.admin_client import AdminClient
from mock_server.web.flask_app import create_app
from tests.support import worlds
from tests.support.concurrent_submits import SUBMITTERS, submit_all
from tests.support.databases import BOTH, address_of
from tests.support.processes import serving
from tests.support.worlds import Postbox, RealClock, World, body_of

RUNS = 52  # of each server on each database: 208
CREDITS = 50
Told = tuple[int, str, str]  # status, error code, task id
FIELDS = {"text": "https://example.com", "style_id": "pet_cat"}


def check(told: list[Told], bill: dict[str, Any], calls: list[dict[str, Any]]) -> None:
    """Check that fifty were served and charged once each, and that the others got the right
    error.
    """
    answers = Counter((status, code) for status, code, _ in told)
    assert answers == {(200, ""): CREDITS, (403, "B403MQ"): SUBMITTERS - CREDITS}
    served = {task_id for status, _, task_id in told if status == 200}
    assert len(served) == CREDITS
    assert (bill["charges"], bill["balance"], bill["fen"]) == (
        CREDITS,
        0,
        bill["packages"][0]["fen"],
    )
    assert len(calls) == SUBMITTERS
    assert {call["task_id"] for call in calls if call["charged"]} == served


@pytest.mark.slow
@pytest.mark.claim("quota-exhausted")
@pytest.mark.parametrize("kind", BOTH)
def test_on_serve(tmp_path: Path, kind: str) -> None:
    servers = 2 if kind == "postgres" else 1
    address = address_of(kind)
    with ExitStack() as stack:
        urls = [
            stack.enter_context(serving(tmp_path, database=address)).url for _ in range(servers)
        ]
        admins = [stack.enter_context(AdminClient(url)) for url in urls]
        for seed in range(RUNS):
            account = admins[0].post("/accounts", {"credits": CREDITS, "seed": seed})
            told = asyncio.run(submit_all(urls, account["app_code"]))
            world = admins[seed % servers].account(account["id"])
            check(told, world.get("/bill"), world.calls())


@contextmanager
def apps(kind: str) -> Iterator[tuple[World, list[Flask]]]:
    """Return applications on one database: several if it can be shared."""
    address = address_of(kind)
    with ExitStack() as stack:
        built = [
            stack.enter_context(worlds.simulator(database=address))
            for _ in range(2 if kind == "postgres" else 1)
        ]
        yield World(built[0], RealClock(), Postbox()), [create_app(each) for each in built]


def submitter(app: Flask, app_code: str, start: threading.Barrier) -> Callable[[], Told]:
    client = Client(app)
    headers = {"Authorization": f"APPCODE {app_code}"}

    def submit() -> Told:
        start.wait(timeout=30)
        answer = client.post("/submitTask", data=FIELDS, headers=headers)
        task_id = body_of(answer)["task_id"] if answer.status_code == 200 else ""
        return answer.status_code, answer.headers.get("X-Ca-Error-Code", ""), task_id

    return submit


@pytest.mark.slow
@pytest.mark.claim("quota-exhausted")
@pytest.mark.parametrize("kind", BOTH)
def test_on_flask(kind: str) -> None:
    with apps(kind) as (world, servers), ThreadPoolExecutor(SUBMITTERS) as pool:
        for seed in range(RUNS):
            account = world.account(credits=CREDITS, seed=seed)
            start = threading.Barrier(SUBMITTERS)
            submits = [
                submitter(servers[n % len(servers)], account["app_code"], start)
                for n in range(SUBMITTERS)
            ]
            told = [asked.result() for asked in [pool.submit(submit) for submit in submits]]
            check(told, world.bill(account["id"]), world.calls(account["id"]))
