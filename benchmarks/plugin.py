"""The cost of the pytest plugin: of a test that uses it, and of the server's start, beside a test
that does not.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
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


def measure() -> str:
    """Return the result as a line."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (fixture, line) in TESTS.items():
            for count in (1, MANY):
                text = (
                    f"{HEAD}\n@pytest.mark.parametrize('number', range({count}))\n"
                    f"def test_it({fixture}number):\n    {line}\n"
                )
                Path(folder, f"test_{name}_{count}.py").write_text(text, "utf-8")
        _run(folder, "idle", 1)
        rounds = [_round(folder) for _ in range(ROUNDS)]
    start, idle, busy = (statistics.median(each) for each in zip(*rounds, strict=True))
    return (
        f"the plugin costs an idle test {idle:.1f} ms and one that submits {busy:.1f} ms more than "
        f"a bare test; its first test {start:.0f} ms, for the server's start (median of {ROUNDS} "
        "interleaved rounds)"
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
