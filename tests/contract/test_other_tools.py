"""The contract in other tools: Prism mocks from it and watches traffic, Spectral lints it.

Redocly and a generator of types are too large for every run: `tests/support/other_tools.py`.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from mock_server.admin_client import AdminClient
from mock_server.contract import folder
from mock_server.domain.readings import ALLOWED
from mock_server.server import running
from mock_server.settings import Settings
from tests.clients.buyers import Buyer
from tests.support import node
from tests.support.processes import until

HERE = Path(__file__).with_name("tools")
VENDOR, ADMIN = (folder("contracts") / name for name in ("openapi.yaml", "admin.openapi.yaml"))
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
SUBMIT = {"text": "https://example.com", "style_id": "pet_cat"}
# Readings that a client sees in the form of answers.
SHAPES = {
    name: word
    for name in (
        "envelope", "envelope.text_field", "ret_code.type", "refusal.status", "task_id.form",
        "task.words", "task.unfinished", "result.item", "list.shape", "gateway.profile",
        "charge.polls", "result.none", "fields.unnamed", "throttle.retry_after",
    )
    for word in ALLOWED[name][1:]
}  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def bin_folder() -> Path:
    """The folder of the packages' commands; installed on first use."""
    proof = "@stoplight/prism-cli/dist/index.js"
    return node.installed(HERE, "contract-node", proof) / "node_modules" / ".bin"


class Prism:
    """A running Prism and its output."""

    def __init__(self, command: Path, log: Path, arguments: list[str]) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [command, *arguments, "-p", "0"], stdout=out, stderr=subprocess.STDOUT
            )
        until(lambda: "listening on" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        self.url = self.said().partition("listening on ")[2].split()[0]

    def said(self) -> str:
        """Return its output so far."""
        return self.log.read_text("utf-8")

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(10)


class Caller:
    """Calls through a Prism and records every answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = urllib3.PoolManager(retries=False)
        self.met: set[tuple[str, int]] = set()
        self.violations: list[str] = []

    def call(self, app_code: str, path: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Call an operation with a form; record Prism's complaints."""
        headers = {"Authorization": f"APPCODE {app_code}", "Content-Type": FORM}
        answer = self.http.request("POST", self.url + path, headers=headers, body=urlencode(fields))
        self.met.add((path, answer.status))
        problem = "problem" in answer.headers.get("Content-Type", "")
        if said := answer.headers.get("sl-violations") or (problem and answer.data.decode()):
            self.violations.append(f"{path} {answer.status}: {said}")
        return answer

    def tour(self, buyer: Buyer) -> None:
        """Submit, be refused, query in every state, list, use up the credits and get gateway
        errors.
        """
        submitted = self.call(buyer.app_code, "/submitTask", SUBMIT)
        self.call(buyer.app_code, "/submitTask", SUBMIT | {"style_id": "pet_dragon"})
        body = submitted.json()
        task_id = body.get("showapi_res_body", body)["task_id"]
        for _ in range(3):
            self.call(buyer.app_code, "/queryTask", {"task_id": task_id})
            buyer.world.post("/clock", {"to_next_event": True})
        self.call(buyer.app_code, "/queryTask", {"task_id": "f00d"})
        self.call(buyer.app_code, "/taskList", {"page": "1", "maxResult": "5"})
        self.call(buyer.app_code, "/taskList", {})


@pytest.fixture(scope="module")
def admin() -> Iterator[AdminClient]:
    """The admin API of a server."""
    with running(Settings(port=0, database=":memory:", seed=1)) as server, \
            AdminClient(server.url) as client:  # fmt: skip
        yield client


@pytest.fixture(scope="module")
def proxy(
    bin_folder: Path, admin: AdminClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prism]:
    """A Prism between client and server, which reports wrong requests and wrong answers."""
    log = tmp_path_factory.mktemp("prism") / "log"
    prism = Prism(bin_folder / "prism", log, ["proxy", "--errors", str(VENDOR), admin.base_url])
    yield prism
    prism.stop()


def test_prism_has_nothing_against_real_traffic(proxy: Prism, admin: AdminClient) -> None:
    caller = Caller(proxy.url)

    caller.tour(Buyer(admin.base_url, admin, credits=50))
    for name, word in SHAPES.items():
        caller.tour(Buyer(admin.base_url, admin, credits=50, readings={name: word}))
    for app_code in ("nobody", "mock-quota-exhausted", "mock-expired", "mock-throttled",
                     "mock-arrears", "mock-never-bought", "mock-timeout"):  # fmt: skip
        for path, fields in (
            ("/submitTask", SUBMIT),
            ("/taskList", {}),
            ("/queryTask", {"task_id": "x"}),
        ):
            caller.call(app_code, path, fields)

    assert caller.violations == []
    assert caller.met >= {
        (path, status)
        for path in ("/submitTask", "/taskList", "/queryTask")
        for status in (200, 400, 403, 429, 504)
    } | {("/submitTask", 450), ("/queryTask", 450)}  # fmt: skip


@pytest.mark.parametrize("code", ["X500ER", "N502RE", "X503BZ", "D504TO", "I404NF", "I410GG"])
def test_prism_has_nothing_against_an_error_of_the_gateway(
    proxy: Prism, admin: AdminClient, code: str
) -> None:
    caller, buyer = Caller(proxy.url), Buyer(admin.base_url, admin)
    buyer.world.post("/faults", {"code": code})

    answer = caller.call(buyer.app_code, "/submitTask", SUBMIT)

    assert answer.headers["X-Ca-Error-Code"] == code
    assert caller.violations == []


def test_prism_finds_a_client_and_a_server_that_break_the_contract(
    proxy: Prism, admin: AdminClient
) -> None:
    client, server = Caller(proxy.url), Caller(proxy.url)
    buyer = Buyer(admin.base_url, admin)

    client.call(buyer.app_code, "/submitTask", SUBMIT | {"is_use_temp_short_link": "yes"})
    buyer.world.post("/faults", {"kind": "html_page", "calls": 1})
    server.call(buyer.app_code, "/submitTask", SUBMIT)

    assert len(client.violations) == len(server.violations) == 1
    assert "is_use_temp_short_link" in client.violations[0]


def test_prism_mocks_from_the_contract(bin_folder: Path, tmp_path: Path) -> None:
    prism = Prism(bin_folder / "prism", tmp_path / "log", ["mock", str(VENDOR)])
    try:
        caller = Caller(prism.url)
        submitted = caller.call("any", "/submitTask", SUBMIT)
        queried = caller.call("any", "/queryTask", {"task_id": "0" * 24})
        listed = caller.call("any", "/taskList", {})
    finally:
        prism.stop()

    assert caller.violations == []
    assert submitted.json()["showapi_res_body"]["task_id"]
    assert queried.json()["showapi_res_body"]["status"] == "pending"
    assert listed.json()["showapi_res_body"]["contentlist"]


def test_spectral_has_no_error_in_either_document(bin_folder: Path) -> None:
    rules = ("--ruleset", HERE / "spectral.yaml", "--format", "json", "--quiet")
    command: list[str | Path] = [bin_folder / "spectral", "lint", *rules, VENDOR, ADMIN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    found = json.loads(done.stdout)
    assert [each for each in found if each["severity"] == 0] == []
    assert {each["code"] for each in found} <= {"info-contact", "operation-description"}
    assert done.returncode == 0, done.stderr
