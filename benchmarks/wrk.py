"""wrk: repeats one request for some seconds, and says how fast it was answered.

Rule: what is measured is checked. An answer that is not 2xx, an error of a socket, no answer at all
or a sample with a wrong body raises: a number of errors a second is worth nothing.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.calls import Request, WrongAnswerError, checked

HOW_TO_INSTALL = (
    "wrk is needed to measure: install it with `apt-get install wrk` or `brew install wrk`"
)
# More signed requests than any server here answers in a second: each can be sent once only.
FRESH_PER_SECOND = 16_000
MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
BYTES = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}
BODY_SHARE = 0.97  # of the bytes of a large answer, below which bodies were cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk measured in one run."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    read_bytes: float


def is_installed() -> bool:
    """Whether wrk can be started."""
    return shutil.which("wrk") is not None


def run(request: Request, *, connections: int, seconds: int) -> Load:
    """Repeat a request on so many connections. Raises WrongAnswerError."""
    sample = checked(request)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "request.lua")
        file.write_text(script(request, seconds, Path(folder)), "utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        done = subprocess.run(
            [*command, "--latency", "-s", str(file), request.url],
            capture_output=True, text=True, check=False, timeout=seconds + 60,
        )  # fmt: skip
    if done.returncode != 0:
        raise WrongAnswerError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    load = parsed(done.stdout)
    if load.read_bytes < load.requests * len(sample) * BODY_SHARE:
        raise WrongAnswerError(f"answers are shorter than a sample of {len(sample)} bytes")
    checked(request)
    return load


def parsed(said: str) -> Load:
    """Return what wrk printed. Raises WrongAnswerError if anything but 2xx was answered."""
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in said:
            line = next(line for line in said.splitlines() if trouble in line)
            raise WrongAnswerError(f"not every call was answered with 200: {line.strip()}")
    counted = _found(r"(\d+) requests in [\d.]+\w+, ([\d.]+)([KMG]?B) read", said)
    if int(counted[1]) == 0:
        raise WrongAnswerError("no call was answered")
    return Load(
        requests=int(counted[1]),
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", said)[1]),
        p50_ms=_latency(50, said),
        p99_ms=_latency(99, said),
        read_bytes=float(counted[2]) * BYTES[counted[3]],
    )


def _latency(percent: int, said: str) -> float:
    found = _found(rf"\n\s+{percent}%\s+([\d.]+)(us|ms|s|m)\s*\n", said)
    return float(found[1]) * MS[found[2]]


def _found(pattern: str, said: str) -> "re.Match[str]":
    found = re.search(pattern, said)
    if found is None:
        raise WrongAnswerError(f"wrk printed something else than expected:\n{said}")
    return found


def script(request: Request, seconds: int, folder: Path) -> str:
    """Return the Lua script that makes wrk send a request."""
    lines = [
        f"wrk.method = {_lua(request.method)}",
        *(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in request.headers.items()),
    ]
    if request.body:
        lines.append(f"wrk.body = {_lua(request.body)}")
    if request.header_sets is not None:
        sets = list(request.header_sets(FRESH_PER_SECOND * seconds))
        lines += _fresh(sets, folder / "headers.txt")
    return "\n".join(lines) + "\n"


def _fresh(sets: list[Mapping[str, str]], file: Path) -> list[str]:
    """Return the lines of Lua that give each call headers of its own, from a file."""
    names = list(sets[0])
    file.write_text("".join("\t".join(each[n] for n in names) + "\n" for each in sets), "utf-8")
    values = ", ".join(f"v{number}" for number in range(len(names)))
    matched = "\\t".join("([^\\t]*)" for _ in names)
    return [
        f"local file = io.open({_lua(str(file))})",
        "request = function()",
        f'  local {values} = string.match(file:read("*l"), "^{matched}$")',
        *(f"  wrk.headers[{_lua(name)}] = v{n}" for n, name in enumerate(names)),
        "  return wrk.format()",
        "end",
    ]


def _lua(text: str) -> str:
    """Return a text as a literal of Lua."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def version() -> str | None:
    """Return the version of wrk; None without it."""
    if not is_installed():
        return None
    # It prints its version with its usage, and exits with 1.
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    return said.split("[")[0].removeprefix("wrk").strip().split(" ")[0] or "unknown"


def need() -> None:
    """Stop the program with advice if wrk is not installed."""
    if not is_installed():
        sys.exit(HOW_TO_INSTALL)
