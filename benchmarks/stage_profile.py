"""What one submit costs, by stage.

`python -m benchmarks.stage_profile FOLDER > benchmarks/stages_before.toml` measures another
checkout in the same way, to compare with.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks import wrk
from benchmarks.calls import submit_json
from benchmarks.process_cost import cost_of
from benchmarks.servers import serving
from benchmarks.stages import shares

PROGRAM = (str(Path(__file__).with_name("stage_server.py")),)
CONNECTIONS = 32
WARM_UP_S = 2


def profile(database: Path, seconds: int, tree: Path | None = None) -> dict[str, float]:
    """Return the CPU µs of one JSON submit with a callback in each stage."""
    with serving(database, program=PROGRAM, tree=tree or Path(__file__).parents[1]) as server:
        account = server.account(frozen=True)
        request = submit_json(server.url, account.app_code)
        run = partial(wrk.run, request, connections=CONNECTIONS)
        run(seconds=WARM_UP_S)
        os.kill(server.pid, signal.SIGUSR1)
        load, cpu = cost_of(server.pid, partial(run, seconds=seconds))
    counts: Mapping[str, int] = json.loads(database.with_suffix(".stages.json").read_text("utf-8"))
    each = cpu / load.requests * 1e6
    return {stage: share * each for stage, share in shares(counts).items()}


def main() -> None:
    """Print the stages of another checkout."""
    tree = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        found = profile(Path(folder, "stages.sqlite3"), 20, tree)
    commit = ["git", "-C", str(tree), "log", "-1", "--format=commit %h of %as"]
    says = subprocess.run(commit, check=True, capture_output=True, text=True).stdout.strip()
    print(f"says = {json.dumps(says)}\n\n[stages]")
    for stage, cost in found.items():
        print(f"{json.dumps(stage)} = {cost:.1f}")


if __name__ == "__main__":
    main()
