"""Credentials appear only in the account routes: not in rows, answers, findings, logs or output."""

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mock_server.actions.operations import operations
from mock_server.admin_client import AdminClient
from mock_server.domain.call.calls import Operation
from tests.support import raw, worlds
from tests.support.signed import SUBMIT, Request, Signer, seen, send, with_app_code
from tests.support.worlds import Postbox, RealClock, World

STRANGE_CODE = "5f7a9c0e1b2d4f6890abcdef12345678"  # a credential of another service, unknown here
JSON = {"Content-Type": "application/json"}


@dataclass
class Scene:
    """A simulator whose whole output is recorded, and the texts that must not be in it."""

    world: World
    account: dict[str, Any]
    secrets: set[str]
    caplog: pytest.LogCaptureFixture
    database: Path

    def send(self, request: Request) -> tuple[int, str | None]:
        if signature := request.header("X-Ca-Signature"):
            self.secrets.add(signature)
        return seen(send(self.world, request))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Return everything that was stored or printed since, with its place."""
        account = self.account["id"]
        names = ("calls", "bill", "tasks", "callbacks", "faults", "clock")
        own = [f"/accounts/{account}/{name}" for name in names]
        for path in ("/calls", "/health", "/openapi.json", *own):
            yield path, self.world.http.get(f"/_mock{path}").get_data(as_text=True)
        yield from rows_of(self.database)
        for record in self.caplog.records:
            yield "log", self.caplog.handler.format(record)


def rows_of(database: Path) -> Iterator[tuple[str, str]]:
    """Return every row except those of accounts."""
    with sqlite3.connect(database) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            if table != "account":
                for row in connection.execute(f"select * from {table}"):
                    yield table, "|".join(each.decode("latin-1") if isinstance(each, bytes)
                                          else str(each) for each in row)  # fmt: skip
    connection.close()


@pytest.fixture
def scene(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Scene]:
    """A new simulator on a file."""
    caplog.set_level(logging.DEBUG)
    database = tmp_path / "artqr.sqlite3"
    clock = RealClock()
    with worlds.simulator(clock, database=str(database)) as simulator:
        world = World(simulator, clock, Postbox())
        account = world.account()
        secrets = {account["app_code"], account["app_secret"]}
        yield Scene(world, account, secrets, caplog, database)


def assert_silent(scene: Scene) -> None:
    texts = list(scene.texts())
    assert len(texts) > 10
    for where, text in texts:
        for secret in scene.secrets:
            assert secret not in text, f"{where}: {text[:500]}"


def test_good_calls_leave_no_credential(scene: Scene) -> None:
    signer = Signer.of(scene.account)
    assert scene.send(with_app_code(scene.account["app_code"])) == (200, None)
    assert scene.send(signer.signed()) == (200, None)
    assert scene.send(replace(signer, method="HmacSHA1").signed()) == (200, None)

    assert_silent(scene)


def test_a_code_in_every_wrong_place_leaves_none(scene: Scene) -> None:
    for code in (scene.account["app_code"], STRANGE_CODE):
        scene.secrets.add(code)
        own = {"Authorization": f"APPCODE {scene.account['app_code']}"}
        for headers in ({}, own):
            for name in ("AppCode", "appcode", "appCode", "APPCODE", "APPCode", "app_code"):
                scene.send(Request(target=f"/submitTask?{name}={code}", headers=headers))
                scene.send(Request(headers={**headers, name: code}))
        for body in (f"appcode={code}", f"text=x&app_code={code}&style_id=pet_cat"):
            scene.send(Request(body=body.encode()))
        scene.send(Request(body=json.dumps({"AppCode": code}).encode(), headers=JSON))
        for scheme in ("Bearer", "Basic", "APPCODE:", "", "appcode"):
            scene.send(Request(headers={"Authorization": f"{scheme} {code}".strip()}))
        scene.send(Request(headers={"Cookie": f"appcode={code}", "X-Mock-Token": code}))

    assert_silent(scene)


def test_a_secret_that_is_sent_leaves_none(scene: Scene) -> None:
    secret, code = scene.account["app_secret"], scene.account["app_code"]
    own = {"Authorization": f"APPCODE {code}"}
    scene.send(Request(target=f"/submitTask?app_secret={secret}"))
    scene.send(Request(target=f"/submitTask?x={secret}", headers=own))
    scene.send(Request(headers={**own, "X-Ca-Secret": secret}))
    scene.send(Request(headers={**own, **JSON}, body=f'{{"page":"{secret}"}}'.encode()))
    scene.send(with_app_code(secret))
    scene.send(Signer.of(scene.account).signed().with_headers(X_Ca_Signature=secret))

    assert_silent(scene)


@pytest.mark.slow
def test_refused_signatures_and_their_findings_leave_none(scene: Scene) -> None:
    signer = Signer.of(scene.account)
    secret, code = scene.account["app_secret"], scene.account["app_code"]
    scene.secrets.add(STRANGE_CODE)
    wrong = [
        replace(signer, secret="guess").signed(),
        replace(signer, secret=code).signed(),
        signer.signed(Request(headers={"Content-MD5": "x"})),
        signer.signed(Request(headers={"X-Ca-Timestamp": "1"})),
        replace(signer, secret="x").signed(Request(target=f"/submitTask?a={secret}")),
        replace(signer, secret="x").signed(Request(body=f"text={secret}".encode())),
    ]
    for login in (code, secret, STRANGE_CODE):
        for name in ("Authorization", "AppCode", "Cookie"):
            sent = Request(headers={name: f"APPCODE {login}"})
            names = ["X-Ca-Key", name]
            wrong.append(replace(signer, secret="x").signed(sent, names=names))
            wrong.append(replace(signer, key="999").signed(sent, names=names))
    for request in wrong:
        status, error = scene.send(request)
        assert (status, error) != (200, None)

    calls = scene.world.calls(scene.account["id"])
    assert sum(bool(call["findings"]) for call in calls) >= 10
    assert_silent(scene)


def test_older_instances_leave_none_either(scene: Scene) -> None:
    scene.account = scene.world.account(readings={"gateway.profile": "classic"})
    scene.secrets |= {scene.account["app_code"], scene.account["app_secret"]}
    signer = replace(Signer.of(scene.account), secret="x")
    login = {"Authorization": f"APPCODE {scene.account['app_code']}"}
    scene.send(signer.signed(Request(headers=login), names=["Authorization"]))
    scene.send(with_app_code(scene.account["app_code"]))

    assert_silent(scene)


def test_our_own_bugs_leave_none(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setitem(operations.HANDLERS, Operation.SUBMIT_TASK, broken)
    code = scene.account["app_code"]
    assert scene.send(with_app_code(code, Request(target=f"/submitTask?appcode={code}")))[0] == 500
    assert scene.send(Signer.of(scene.account).signed())[0] == 500

    assert "a bug" in scene.caplog.text
    assert_silent(scene)


def test_the_account_routes_are_where_credentials_are_shown(scene: Scene) -> None:
    shown = scene.world.http.get(f"/_mock/accounts/{scene.account['id']}").get_data(as_text=True)

    assert all(secret in shown for secret in scene.secrets)


@pytest.mark.slow
def test_a_verbose_server_prints_none(tmp_path: Path) -> None:
    token = "token-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    environ = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "ARTQR_MOCK_TOKEN": token}
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--verbose"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip().removeprefix("ARTQR_BASE_URL=")
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        with AdminClient(url, token) as admin:
            account = admin.post("/accounts", {})
        secrets = {token, account["app_code"], account["app_secret"], STRANGE_CODE}
        for login in (account["app_code"], account["app_secret"], STRANGE_CODE):
            header = f"Authorization: APPCODE {login}".encode()
            target = f"/submitTask?appcode={login}"
            raw.exchange(url, raw.request(target, SUBMIT).replace(_GOOD, header))
            raw.exchange(url, raw.request(target, SUBMIT).replace(_GOOD, header + b"\x00"))
        signed = replace(Signer.of(account), secret="guess").signed()
        lines = tuple(f"{name}: {value}".encode() for name, value in signed.headers.items())
        secrets.add(signed.header("X-Ca-Signature"))
        raw.exchange(url, raw.request(body=SUBMIT, headers=lines).replace(_GOOD + b"\r\n", b""))
    finally:
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate()
        watchdog.cancel()

    assert process.returncode == 0
    assert "Shutting down" in stderr
    for secret in secrets:
        assert secret not in stdout + stderr


_GOOD = b"Authorization: APPCODE mock-demo"
