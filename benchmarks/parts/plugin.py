"""The cost of the pytest plugin: of a test that uses it, and of the server's start, beside a test
that does not.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part

MANY = 101
TESTS = {
    "bare": ("", "pass"),
    "idle": ("artqr, ", "assert artqr.app_code"),
    "busy": ("artqr, ", "submit(artqr)"),
}
HEAD = """
import http.client
import pytest

def submit(artqr):
    to = http.client.HTTPConnection(artqr.base_url.partition("//")[2])
    headers = {"Authorization": "APPCODE " + artqr.app_code,
               "Content-Type": "application/x-www-form-urlencoded"}
    to.request("POST", "/submitTask", "text=https%3A%2F%2Fexample.com&style_id=pet_cat", headers)
    assert to.getresponse().status == 200
    to.close()
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield what the plugin adds to a test, and what the server's start adds to the first one."""
    folder = str(bench.scratch)
    for name, (fixture, line) in TESTS.items():
        for count in (1, MANY):
            text = (
                f"{HEAD}\n@pytest.mark.parametrize('number', range({count}))\n"
                f"def test_it({fixture}number):\n    {line}\n"
            )
            Path(folder, f"test_{name}_{count}.py").write_text(text, "utf-8")
    _run(folder, "idle", 1)
    rounds = [_round(folder) for _ in range(bench.pick(7, 1))]
    start, idle, busy = zip(*rounds, strict=True)
    yield figure("Plugin", "a test that does nothing with it", "beyond a bare test", "ms", idle)
    yield figure("Plugin", "a test that submits", "beyond a bare test", "ms", busy)
    yield figure(
        "Plugin", "the first test, with the server's start", "beyond a bare test", "ms", start
    )


def _round(folder: str) -> tuple[float, float, float]:
    """Return the cost of the start, of an idle and of a busy test, in ms beyond a bare one."""
    one = {name: _run(folder, name, 1) for name in TESTS}
    many = {name: (_run(folder, name, MANY) - one[name]) / (MANY - 1) for name in TESTS}
    return (
        one["idle"] - one["bare"],
        many["idle"] - many["bare"],
        many["busy"] - many["bare"],
    )


def _run(folder: str, name: str, count: int) -> float:
    """Return how long a run of pytest takes, in ms."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "no:schemathesis", "--rootdir", folder, f"{folder}/test_{name}_{count}.py"]
    started_at = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return (time.perf_counter() - started_at) * 1000


PART = Part(
    name="plugin",
    title="The pytest plugin",
    says="Whole runs of pytest with one test and with 101, interleaved: the difference is the cost "
    "of one test.",
    measure=measure,
    is_quick=False,
)
