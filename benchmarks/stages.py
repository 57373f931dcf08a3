"""The stages of a call, and to which of them a sample of the profiler belongs.

Rule: the first place of a chain that has a stage decides. What everybody uses (clocks, dice,
readings, formatting) has none, so it counts for whoever called it.
"""

from collections.abc import Mapping

OTHER = "not attributed"
# (stage, beginnings of `path:function` below mock_server/), the first that fits.
STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the straight line of a plain submit", ("actions/gateway/plain_",)),
    ("findings", ("domain/findings/", "actions/gateway/kept_findings", "store/findings")),
    ("SQL: rows and sums at the end of the turn", ("store/engine/waiting.py:run",)),
    (
        "begin, commit, write-ahead log",
        ("store/engine/sqlite.py:_do", "store/engine/sqlite.py:_commit", "store/engine/checkpoints",
         "store/engine/sqlite.py:_settle"),
    ),
    (
        "SQL: statements at once",
        tuple(f"store/engine/{file}.py:{name}" for file in ("sqlite", "sqlite_transaction",
              "transaction", "database")
              for name in ("execute", "insert", "one", "all", "_save", "_write_own")),
    ),
    ("the turn around the works", ("store/engine/",)),
    ("rows: read, remembered, made ready", ("store/",)),
    ("coverage", ("actions/gateway/coverage", "domain/contract/", "signals.py")),
    ("journal entry and redaction", ("actions/gateway/recording", "domain/call/redaction")),
    ("body", ("domain/call/bodies",)),
    (
        "booking: task, plan, callback, charge",
        ("actions/operations/", "actions/callbacks/", "domain/task/", "domain/callback/",
         "domain/billing/"),
    ),
    ("answer", ("domain/answer/",)),
    (
        "arrival, credentials, admission, faults",
        ("actions/gateway/", "domain/auth/", "domain/faults/", "domain/call/", "domain/account/"),
    ),
    ("protocol, loop and sockets", ("web/", "server.py", "deliverer.py")),
)  # fmt: skip
# Below everything of ours there is only the server's loop.
NOBODY = ""
ELSEWHERE = "other threads (checkpoints, start and end of workers)"
OTHER_THREADS = "(other threads)"


def stage_of(chain: str) -> str:
    """Return the stage of a chain of places, the innermost first, with spaces between them."""
    if chain == OTHER_THREADS:
        return ELSEWHERE
    if chain == NOBODY:
        return STAGES[-1][0]
    for place in chain.split(" "):
        for stage, beginnings in STAGES:
            if place.startswith(beginnings):
                return stage
    return OTHER


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each stage of all samples; every stage is there."""
    total = sum(counts.values())
    if not total:
        raise ValueError("nothing was sampled")
    found = dict.fromkeys([*(stage for stage, _ in STAGES), ELSEWHERE, OTHER], 0.0)
    for chain, count in counts.items():
        found[stage_of(chain)] += count / total
    return found
