"""`artqr-mock load`: real users of Locust, and audits of calls that another tool made."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import psutil
import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.contract import folder as contracts
from mock_server.schemas import compiled
from tests.support import processes
from tests.support.live import Live, live
from tests.support.processes import COMMAND, environment, serving, until

IMPATIENT = Path(__file__).parents[2] / "docs" / "examples" / "load" / "impatient.py"
SHORT = ("--users", "3", "--spawn-rate", "100", "--drain", "3s", "--clock-rate", "200")
# It calls where no load may go.
ELSEWHERE = """
from locust import HttpUser, constant, task

class Mine(HttpUser):
    wait_time = constant(1)

    @task
    def call(self):
        for host in ("192.0.2.1", "aiart.market.alicloudapi.com"):
            self.client.get(f"http://{host}/submitTask")
"""
LISTS_MODULES = """
import sys
import mock_server.cli.load, mock_server.load.runner, mock_server.load.report_page
import mock_server.load.summary, mock_server.pytest_plugin
print("\\n".join(sys.modules))
"""


def command(*words: str, folder: Path) -> Result:
    """Run `artqr-mock load` in this process."""
    with chdir(folder):
        return CliRunner().invoke(main, ["load", *words])


def not_complete(
    folder: Path, name: str, locustfile: str, run_time: str = "1s"
) -> "subprocess.CompletedProcess[str]":
    """Run a load of these users, whose audit cannot be complete."""
    (folder / name).write_text(locustfile, "utf-8")
    done = processes.run("load", *SHORT, "--run-time", run_time, "--locustfile", name, cwd=folder)
    assert done.returncode == 3, done.stdout + done.stderr
    return done


def written(folder: Path) -> dict[str, Any]:
    """Return load.json, after checking that the reports are valid."""
    Xml.parse(folder / "junit.xml")  # noqa: S314 - it is ours
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    found: dict[str, Any] = json.loads((folder / "load.json").read_text("utf-8"))
    schema = json.loads((contracts("contracts") / "load.schema.json").read_text("utf-8"))
    assert [str(error) for error in compiled(schema).iter_errors(found)] == []
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live(journal_calls=12) as server:
        yield server


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--users", "0"], 2, "--users 0: a load needs a user"),
        (["--run-time", "0s"], 2, "a load runs for 1s at least"),
        (["--run-time", "soon"], 2, "'soon' is not a duration"),
        (["--server", "https://AIART.market.alicloudapi.com."], 2, "is the vendor's"),
        (["--server", "http://example.com"], 2, "--allow-host example.com"),
        (["--allow-host", "aiart.market.alicloudapi.com", "--server", "http://127.0.0.1:1"], 2,
         "is the vendor's"),
        (["--at", "at 1s: outrage"], 2, "did you mean 'outage'?"),
        (["--at", "at 2m: outage"], 2, "comes too late"),
        (["--timeline", "none.txt"], 2, "cannot read the timeline none.txt"),
        (["--user", "poll-strom"], 2, "valid: submit-then-poll"),
        (["--locustfile", "none.py"], 2, "there is no locustfile none.py"),
        (["--account", "a"], 2, "--account goes with --audit-only"),
        (["--audit-only"], 2, "--audit-only needs --account"),
        (["--audit-only", "--account", "a", "--users", "3"], 2,
         "--users goes with no --audit-only"),
        (["--audit-only", "--account", "a", "--server", "x"], 2, "'x' is not an address"),
        (["--audit-only", "--account", "a", "--server", "http://127.0.0.1:1"], 3,
         "no artqr-mock answers"),
        (["--server", "http://127.0.0.1:1"], 3, "no artqr-mock answers"),
        (["--max-storm", "0.5"], 2, "--max-storm"),
        (["--max-storm", "nan"], 2, "nan is not a factor"),
        (["--allow-host", "aiart.market.alicloudapi.com"], 2, "is the vendor's"),
        (["--report", "file/x"], 3, "cannot write reports to"),
    ],
)  # fmt: skip
def test_wrong_use_says_what_to_do(tmp_path: Path, words: list[str], code: int, says: str) -> None:
    (tmp_path / "file").touch()

    done = command(*words, folder=tmp_path)

    assert done.exit_code == code, done.output
    assert says in " ".join(done.output.split())


def test_a_scenario_that_is_not_there_is_said_before_users_begin(
    server: Live, tmp_path: Path
) -> None:
    done = command("--server", server.url, "--scenario", "no-such", folder=tmp_path)

    assert done.exit_code == 2, done.output
    assert "unknown scenario 'no-such'" in done.output


def test_an_account_that_is_not_there_is_said(server: Live, tmp_path: Path) -> None:
    done = command("--audit-only", "--account", "no", "--server", server.url, folder=tmp_path)

    assert done.exit_code == 2, done.output
    assert "no account has the id or name 'no'" in done.output


def test_the_calls_of_another_tool_are_audited(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(name="by k6", credits="unlimited", keep_calls="all")
    task_id = buyer.submit()
    for _ in range(19):
        buyer.call("/queryTask", task_id=task_id)

    words = ("--audit-only", "--account", "by k6", "--server", server.url)
    done = command(*words, "--report", "out", "--max-yuan", "5.60", folder=tmp_path)

    assert done.exit_code == 0, done.output
    found = written(tmp_path / "out")
    assert (found["verdict"], found["load"], found["latencies_of"]) == ("PASS", None, "simulator")
    assert (found["totals"]["charges"], found["totals"]["fen"]) == (20, 560)
    assert {each["operation"]: each["seen_200s"] for each in found["operations"]} == {
        "submit_task": 1, "query_task": 19,
    }  # fmt: skip
    assert command(*words, "--max-yuan", "5.59", folder=tmp_path).exit_code == 1
    printed = command(*words, "--json", folder=tmp_path)
    assert json.loads(printed.stdout)["totals"] == found["totals"]


def test_calls_that_the_journal_let_go_make_it_inconclusive(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(credits="unlimited")
    for _ in range(30):
        buyer.call("/taskList")

    words = ("--audit-only", "--account", buyer.id, "--server", server.url)
    done = command(*words, folder=tmp_path)

    assert done.exit_code == 3, done.output
    assert "INCONCLUSIVE" in done.output
    assert "--keep-calls all" in done.output
    # What the journal has forgotten, the bill has not.
    assert command(*words, "--max-yuan", "8.39", folder=tmp_path).exit_code == 1


def test_neither_the_command_nor_the_plugin_imports_locust() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTS_MODULES], check=True, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    loaded = {each.partition(".")[0] for each in done.stdout.split()}

    assert not loaded & {"locust", "gevent", "geventhttpclient"}


@pytest.mark.slow
def test_good_users_come_through_an_incident_and_the_audit_has_all_their_calls(
    tmp_path: Path,
) -> None:
    done = processes.run(
        "load", *SHORT, "--run-time", "4s", "--user", "submit-with-callback", "--user", "batch",
        "--at", "at 2s: lost answers for 1s", "--report", "out", "--max-yuan", "1000",
        cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "every call is kept: up to 100000 calls" in done.stderr
    found = written(tmp_path / "out")
    assert found["load"] == "3 users (submit-with-callback, batch) for 4s"
    assert found["latencies_of"] == "clients"
    assert found["totals"]["intents"] > 3
    assert found["callbacks"]["delivered"] > 0
    (storm,) = found["incidents"]
    assert storm["says"] == "at 2s: lost answers for 1s"
    assert storm["lasted_ms"] > 0
    rows = {each["operation"]: each for each in found["operations"]}
    assert rows["submit_task"]["seen_200s"] <= rows["submit_task"]["charges"]
    assert sum(each["charges"] for each in found["classes"]) == found["totals"]["charges"]
    # What our own users send is what we advise.
    assert "text-long" not in {each["id"] for each in found["findings"]}


@pytest.mark.slow
def test_a_bad_client_of_ones_own_fails_the_gates(tmp_path: Path) -> None:
    done = processes.run(
        "load", *SHORT, "--run-time", "3s", "--locustfile", str(IMPATIENT),
        "--at", "at 0s: lost answers 90% for 2s", "--max-wasted", "0", "--report", "out", "--json",
        "--most-calls", "1500", cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    found = written(tmp_path / "out")
    assert json.loads(done.stdout) == found
    assert found["totals"]["paid_twice"] > 0
    assert found["gates"][0]["exceeded"]
    assert any("look into the task list" in each for each in found["advice"])


@pytest.mark.slow
def test_calls_of_a_locustfile_to_elsewhere_are_refused_and_told(tmp_path: Path) -> None:
    done = not_complete(tmp_path, "mine.py", ELSEWHERE)

    told = " ".join(done.stdout.split())
    assert "Calls to 192.0.2.1, aiart.market.alicloudapi.com were refused" in told
    assert "No call came in" in told


def started(folder: Path, *words: str) -> "subprocess.Popen[bytes]":
    """Start a load, and return once its users have begun."""
    with (folder / "stderr").open("wb") as stderr, (folder / "stdout").open("wb") as stdout:
        process = subprocess.Popen(
            [*COMMAND, "load", *SHORT, "--run-time", "60s", *words], stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=stderr, cwd=folder, env=environment(folder),
        )  # fmt: skip
    until(lambda: b"users begin" in (folder / "stderr").read_bytes() or process.poll() is not None)
    return process


def locusts() -> set[int]:
    """Return the processes of Locust that this user has."""
    found = set()
    for each in psutil.process_iter(["cmdline", "ppid"]):
        if "mock_server.load.locust_program" in (each.info["cmdline"] or ()):
            found.add(each.pid)
    return found


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_ends_the_load_and_audits_what_there_is(tmp_path: Path) -> None:
    process = started(tmp_path)
    own = {each.pid for each in psutil.Process(process.pid).children(recursive=True)} & locusts()
    assert own
    told = " ".join(word for pid in own for word in psutil.Process(pid).cmdline())
    assert not re.search(r"[0-9a-f]{32}", told)  # an app code, or a secret
    process.send_signal(signal.SIGINT)

    assert process.wait(40) == 130
    assert b"You ended the load before its time." in (tmp_path / "stdout").read_bytes()
    assert not own & locusts()


@pytest.mark.slow
def test_a_server_that_ends_meanwhile_ends_the_load(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        process = started(tmp_path, "--server", server.url)
        assert process.poll() is None, (tmp_path / "stderr").read_text("utf-8")
        server.kill()
        assert process.wait(40) == 3

    assert "no artqr-mock answers" in (tmp_path / "stderr").read_text("utf-8")


# Some of its intents end in an exception of its own code; some calls are of nobody's account.
CARELESS = """
import os
from locust import constant, task
from mock_server.load.users import ArtqrUser

class Careless(ArtqrUser):
    wait_time = constant(0.5)

    @task
    def call(self):
        self.api.submit(text=self.new_text(), style_id="pet_cat")
        for _ in range(3):
            self.client.post("/taskList", headers={"Authorization": "APPCODE of-somebody-else"})
        raise KeyError(os.environ["ARTQR_APP_CODE"])
"""


@pytest.mark.slow
def test_a_shape_of_a_locustfile_is_refused(tmp_path: Path) -> None:
    shape = "from locust import LoadTestShape\nclass Mine(LoadTestShape):\n    tick = None\n"
    users = ELSEWHERE.replace("class Mine", "class User1")

    done = not_complete(tmp_path, "mine.py", users + shape)

    assert "the locustfile has a LoadTestShape, Mine: take it out" in done.stderr


@pytest.mark.slow
def test_what_users_did_not_catch_and_what_the_journal_has_not_are_told(tmp_path: Path) -> None:
    done = not_complete(tmp_path, "careless.py", CARELESS, run_time="2s")

    told = " ".join(done.stdout.split())
    assert re.search(r"not catch \d+ exceptions, such as KeyError: '\*\*\*' \(careless", told)
    assert "answers that the journal of this account has not" in told


def test_what_cannot_be_written_is_shown_all_the_same(
    server: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = server.buyer(credits="unlimited")
    buyer.submit()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    words = ("--audit-only", "--account", buyer.id, "--server", server.url, "--report", "out")
    done = command(*words, folder=tmp_path)

    assert done.exit_code == 3, done.output
    assert "No space left on device" in done.output
    assert "PASS: The load cost 1 charge, 0.28 yuan" in done.output
