"""The servers to measure, each in its own process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3

CREDITS = 100_000_000


@contextmanager
def started(*module: str) -> Iterator[str]:
    """Start `python -m ...` and return the address it prints."""
    process = subprocess.Popen([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        yield line.removeprefix("ARTQR_BASE_URL=")
    finally:
        process.terminate()
        process.wait(timeout=15)


def rich_app_code(base_url: str) -> str:
    """Return the app code of an account with more credits than a benchmark uses."""
    answer = urllib3.request("POST", f"{base_url}/_mock/accounts", json={"credits": CREDITS})
    app_code: str = answer.json()["app_code"]
    return app_code
