"""Everyday use with the installed versions: demo, plugin, check and lint.

Prints one line per step and exits with 1 at the first failure. Usage: everyday.py fast|slower; the
argument is the path that `serve` must take with the installed uvicorn.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

MOCK = (sys.executable, "-W", "error", "-m", "mock_server")
START_S = 60.0
SHOWN = ("flask", "httptools", "jsonschema-rs", "pillow", "pytest", "urllib3", "uvicorn")
TESTS = """
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def submit(artqr, **fields):
    body = urlencode({"text": "https://example.com", "style_id": "food_fryrice", **fields})
    headers = {"Authorization": f"APPCODE {artqr.app_code}"}
    with urlopen(Request(f"{artqr.base_url}/submitTask", body.encode(), headers)) as answer:
        assert answer.status == 200


def test_a_submit_costs_one_call(artqr):
    submit(artqr)
    artqr.bill.assert_charges(1)


def test_a_callback_arrives(artqr, artqr_callback_receiver):
    submit(artqr, call_back=artqr_callback_receiver.url)
    artqr.clock.next()
    assert artqr_callback_receiver.wait_for(1)
"""


def main() -> None:
    """Run every step in a temporary folder."""
    print(f"Python {sys.version.split()[0]},", ", ".join(f"{x} {version(x)}" for x in SHOWN))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, "demo", (*MOCK, "demo", "--out", "demo.png"), "picture: demo.png")
        (folder / "test_shop.py").write_text(TESTS, "utf-8")
        run(folder, "plugin", (sys.executable, "-W", "error", "-m", "pytest", "-q"), "2 calls")
        with served(folder) as url:
            look_at_the_server(url)
            check = (*MOCK, "check", url, "--max-calls", "40", "--har", "check.har")
            run(folder, "check", check, "as promised")
        # check sends wrong requests on purpose, so lint finds errors.
        run(folder, "lint", (*MOCK, "lint", "check.har"), " errors, ", code=1)
        # Without a server this only shows that the driver loads.
        nowhere = (*MOCK, "serve", "--port", "0", "--database", "postgresql://user@127.0.0.1:1/x")
        run(folder, "postgres", nowhere, "connection failed", code=3)


def run(folder: Path, name: str, command: tuple[str, ...], said: str, code: int = 0) -> None:
    """Run a command and check its output and its exit code."""
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    printed = done.stdout + done.stderr
    if done.returncode != code or said not in printed:
        sys.exit(f"{name} failed with {done.returncode}:\n{printed}")
    print(f"  {name}: {time.monotonic() - started:.1f} s")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run a server on a free port during a `with` block."""
    ready = folder / "ready.json"
    command = (*MOCK, "serve", "--port", "0", "--database", ":memory:", "--ready-file", ready)
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_S
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("serve did not start")
                time.sleep(0.05)
            yield json.loads(ready.read_text("utf-8"))["url"]
        finally:
            process.terminate()


def look_at_the_server(url: str) -> None:
    """Check what failed with old versions, and whether calls take the expected path."""
    status, health = call(url, "GET", "/_mock/health")
    expected = sys.argv[1] == "fast"
    if status != 200 or health["serving"]["fast_path"] is not expected:
        sys.exit(f"health answers {status}: {health}")
    for wrong, body in ((422, {"seed": 2**70}), (413, {"name": "x" * 2_000_000})):
        status, said = call(url, "POST", "/_mock/accounts", body)
        if status != wrong:
            sys.exit(f"{status} instead of {wrong}: {said}")
    with urlopen(f"{url}/_mock/metrics") as answer:  # noqa: S310 - our own address
        if b"artqr_mock_calls_total" not in answer.read():
            sys.exit("the metrics do not count calls")
    print(f"  serve: {health['serving']['reason'] or 'calls take the fast path'}")


def call(url: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Call a route and return the status and the JSON of its answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = (answer.status, json.loads(answer.read()))
    connection.close()
    return found


if __name__ == "__main__":
    main()
