"""The machine that was measured on: what a reader needs to judge the numbers by."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks import wrk
from benchmarks.contenders.installing import versions
from mock_server import __version__

ROOT = Path(__file__).parents[1]
# Libraries that the speed depends on.
LIBRARIES = ("uvicorn", "uvloop", "httptools", "flask")


def now() -> str:
    """Return the date and time in UTC, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def load() -> float:
    """Return how many processes wanted a core, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def others(seconds: float) -> float:
    """Return how much of all cores is in use while the benchmark only waits, in percent."""
    return psutil.cpu_percent(interval=seconds)


def facts(contenders: Iterable[str]) -> dict[str, str]:
    """Return what the results say of the machine and of the versions."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}, {_distribution()}",
        "Python": platform.python_version(),
        "artqr-mock": f"{__version__}, commit {_commit()}",
        "Libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "Client": f"wrk {wrk.version()}, one thread, on the cores of the servers",
        "Contenders": ", ".join(map(_version_of, contenders)) or "none",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.machine()


def _commit() -> str:
    commit = _printed(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    changed = _printed(["git", "-C", str(ROOT), "status", "--porcelain", "--", "mock_server"])
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def _version_of(contender: str) -> str:
    pinned = {
        "mountebank": versions()["npm"]["mountebank"],
        "Prism": versions()["npm"]["@stoplight/prism-cli"],
        "WireMock": versions()["npm"]["wiremock"],
        "moto": versions()["pip"]["moto[server]"],
    }
    if contender in pinned:
        runs_on = {"mountebank": _node, "Prism": _node, "WireMock": _java}.get(contender)
        return f"{contender} {pinned[contender]}" + (f" on {runs_on()}" if runs_on else "")
    said = _printed(["nginx", "-v"])
    return f"{contender} {said.rpartition('/')[2]}"


def _node() -> str:
    return f"Node {_printed(['node', '--version']).removeprefix('v')}"


def _java() -> str:
    return f"Java {_printed(['java', '-version']).splitlines()[0].split(chr(34))[1]}"


def _printed(command: Sequence[str]) -> str:
    """Return what a command printed, wherever it printed it; empty if it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""
