"""Submits per second with `serve` and with Flask alone, measured by wrk in interleaved rounds."""

import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks.servers import rich_app_code, started

ROUNDS = 3
SECONDS = 4
CONNECTIONS = 32
SERVE = ("mock_server", "serve", "--port", "0", "--database", ":memory:")
FLASK = ("benchmarks.flask_server",)

SCRIPT = """
wrk.method = "POST"
wrk.body = "text=https%3A%2F%2Fexample.com&style_id=food_fryrice"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
wrk.headers["Authorization"] = "APPCODE {app_code}"
"""


def measure() -> str:
    """Return the result as a line; raise if an answer was not a booked HTTP 200."""
    rates: dict[str, list[float]] = {"express": [], "flask": []}
    with started(*SERVE) as express, started(*FLASK) as flask:
        targets = {"express": express, "flask": flask}
        codes = {name: rich_app_code(url) for name, url in targets.items()}
        for _ in range(ROUNDS):
            for name, url in targets.items():
                rates[name].append(round_of(url, codes[name]))
    express_rate, flask_rate = (statistics.median(rates[name]) for name in ("express", "flask"))
    return (
        f"submits through serve: {express_rate / flask_rate:.1f} x Flask "
        f"({express_rate:,.0f}/s and {flask_rate:,.0f}/s on this machine, "
        f"{CONNECTIONS} connections, median of {ROUNDS} interleaved rounds)"
    )


def round_of(url: str, app_code: str) -> float:
    """Return the submits a second that wrk's clients, who never pause, get answered."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "submit.lua"
        script.write_text(SCRIPT.format(app_code=app_code), "utf-8")
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script)]
        done = subprocess.run(
            [*command, f"{url}/submitTask"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every submit was answered with 200:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))
