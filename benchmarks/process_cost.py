"""What a server's process costs: its CPU time and memory, with those of its children."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
MEGABYTE = 1e6


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process, its children and its ended children have used."""
    total = 0.0
    for process in _tree(pid):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def cost_of(pid: int, work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` returns, and the CPU seconds that the server used meanwhile."""
    before = cpu_seconds(pid)
    result = work()
    return result, cpu_seconds(pid) - before


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and its children, in MB."""
    return float(sum(process.memory_info().rss for process in _tree(pid))) / MEGABYTE


def peak_memory_mb(pid: int) -> float | None:
    """Return the highest resident memory that the process itself ever had; None if not Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return None
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / MEGABYTE


def _tree(pid: int) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)
