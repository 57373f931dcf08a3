"""Workers that die and cannot start again, played by a program that does as it is told."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mock_server import workers
from mock_server.settings import Settings, SettingsError
from mock_server.workers import Answering, WorkerStartError
from tests.support.processes import until

PROGRAM = """
import json, os, sys
from pathlib import Path

order = json.loads(sys.stdin.readline())
folder = Path(__file__).parent
if (folder / f"fails{order['number']}").exists():
    print(json.dumps({"failed": "there is no room", "code": 3}), flush=True)
    sys.exit(3)
(folder / f"pid{order['number']}").write_text(str(os.getpid()))
print(json.dumps({"url": "http://x", "place": "y", "seed": 1}), flush=True)
sys.stdin.read()
"""
SETTINGS = Settings(port=0, workers=2, database="postgresql://nobody@127.0.0.1:1/x")
OPTIONS = {"log_level": None, "quiet": True}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(psutil.Process().children())  # of other tests of this process, such as a browser
    program = tmp_path / "worker.py"
    program.write_text(PROGRAM, "utf-8")
    monkeypatch.setattr(workers, "PROGRAM", program)
    monkeypatch.setattr(workers, "SHORTEST_PAUSE_S", 0.001)
    yield tmp_path
    assert set(psutil.Process().children()) <= before


def kill(folder: Path, number: int) -> None:
    os.kill(int((folder / f"pid{number}").read_text("utf-8")), signal.SIGKILL)


def test_when_nobody_answers_and_none_can_start_the_server_ends_with_the_reason(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def all_die(_: Answering) -> None:
        for number in (1, 2):
            (folder / f"fails{number}").touch()
            kill(folder, number)

    with pytest.raises(WorkerStartError, match="there is no room") as ended:
        workers.serve(SETTINGS, OPTIONS, all_die)

    assert ended.value.code == 3
    told = [each.getMessage() for each in caplog.records if "cannot start" in each.msg]
    pauses = [float(message.split()[-2]) for message in told]
    assert pauses, "each failure is told"
    assert pauses[0] == pytest.approx(0.002)
    assert max(pauses) > pauses[0]


def test_while_another_answers_a_worker_is_tried_again_and_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone: list[int] = []

    def one_dies(_: Answering) -> None:
        (folder / "fails2").touch()
        kill(folder, 2)
        threading.Thread(target=stop_once_it_is_back, daemon=True).start()

    def stop_once_it_is_back() -> None:
        until(lambda: len(gone) > 2 * workers.MOST_FAILURES)
        (folder / "fails2").unlink()
        until(lambda: "worker 2 answers again" in caplog.text)
        os.kill(os.getpid(), signal.SIGTERM)

    workers.serve(SETTINGS, OPTIONS, one_dies, gone.append)

    assert "worker 2 cannot start: there is no room" in caplog.text


def test_a_worker_that_dies_before_the_server_is_ready_ends_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.PROGRAM.write_text("import os\nos.kill(os.getpid(), 9)", "utf-8")

    with pytest.raises(WorkerStartError, match=r"worker 1 \(process \d+\) was killed by SIGKILL"):
        workers.serve(SETTINGS, OPTIONS, lambda _: None)


def test_on_windows_workers_are_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(SettingsError, match="one PostgreSQL database, or use WSL"):
        workers.check(SETTINGS)


@pytest.mark.parametrize("count", [0, -1, 65])
def test_the_number_of_workers_is_bounded(count: int) -> None:
    with pytest.raises(SettingsError, match="workers must be a whole number from 1 to 64"):
        Settings(workers=count)
