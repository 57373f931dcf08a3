"""`artqr-mock scenario` and `serve --scenario`: a real client sees what the scenario describes."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from mock_server import contract
from tests.support.live import GOOD, Live, live
from tests.support.processes import run, serving, start


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as server:
        yield server


def output_of(server: Live, folder: Path, *arguments: str) -> str:
    done = run(*arguments, cwd=folder, url=server.url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_scenario_is_listed_with_what_happens(server: Live, tmp_path: Path) -> None:
    table = output_of(server, tmp_path, "scenario", "list")
    for name, values in contract.scenarios().items():
        assert name in table
        assert values["says"].split()[0] in table
    listed = json.loads(output_of(server, tmp_path, "scenario", "list", "--json"))
    assert [each["name"] for each in listed] == [*contract.scenarios()]


@pytest.mark.parametrize("name", contract.scenarios())
def test_every_scenario_can_be_loaded_by_name(server: Live, tmp_path: Path, name: str) -> None:
    buyer = server.buyer()

    output_of(server, tmp_path, "scenario", "load", name, "--account", buyer.id)

    armed = buyer.world.get("/faults")["faults"]
    assert len(armed) == len(contract.scenarios()[name].get("faults", ()))


def test_a_scenario_of_ones_own_begins_as_a_copy(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer()
    mine = tmp_path / "mine.toml"
    mine.write_text(output_of(server, tmp_path, "scenario", "show", "quota-runs-out"), "utf-8")

    said = output_of(server, tmp_path, "scenario", "load", str(mine), "--account", buyer.id)

    assert f"account {buyer.id} is in scenario mine: Three credits are left" in said
    assert "a good client: It stops at the first B403MQ" in said
    assert [buyer.call("/taskList").status for _ in range(4)] == [200, 200, 200, 403]


def test_loading_says_that_it_resets_the_pace_of_the_clock(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer()
    load = ("scenario", "load", "ghost-task", "--account", buyer.id)
    buyer.world.post("/clock", {"rate": 30})

    assert "the clock was reset too: from rate 30 to rate 1" in output_of(server, tmp_path, *load)
    assert "the clock was reset" not in output_of(server, tmp_path, *load)
    assert buyer.world.get("/clock")["rate"] == 1


def test_the_second_submit_is_charged_and_lost(server: Live) -> None:
    buyer = server.buyer()
    buyer.world.post("/scenario", {"name": "charged-but-lost"})
    buyer.submit()

    connection = http.client.HTTPConnection(urlsplit(buyer.url).netloc, timeout=10)
    headers = {
        "Authorization": f"APPCODE {buyer.app_code}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", "/submitTask", urlencode(GOOD), headers)
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()

    assert buyer.world.get("/bill")["charges"] == 2
    assert len(buyer.world.get("/tasks")["tasks"]) == 2


def test_a_server_starts_in_a_scenario(tmp_path: Path) -> None:
    with serving(tmp_path, "--scenario", "arrears") as server:
        parts = urlsplit(server.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        connection.request("POST", "/taskList", "", {"Authorization": "APPCODE mock-demo"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["X-Ca-Error-Code"]) == (403, "B403MO")
        connection.close()


@pytest.mark.parametrize("name", ["arears", "none.toml"])
def test_a_server_does_not_start_in_a_scenario_that_there_is_not(tmp_path: Path, name: str) -> None:
    server = start(tmp_path, "--scenario", name)

    assert server.process.wait(timeout=30) == 2
    assert "did you mean 'arrears'" in server.said or "cannot read" in server.said
    assert "Traceback" not in server.said
