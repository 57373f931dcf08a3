"""The sample clients in every drill, and their variants with one bug each."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mock_server.rehearsal import Verdict
from mock_server.rehearsal.drills import all_drills
from mock_server.settings import Settings
from mock_server.testing import process
from tests.support import node
from tests.support.rehearsal_variants import CLIENTS, VARIANTS, Variant, rehearsed, verdicts

pytestmark = pytest.mark.slow

JOBS = 8
# Enough for each drill in which a client fails, and soon over where it waits to its end.
LIMIT_S = 24.0
DRILLS = [drill.id for drill in all_drills() if not drill.restart]
CALLBACKS = frozenset(drill for drill in DRILLS if drill.startswith("callback-"))
SIGNED = frozenset({"signature-refused", "clock-skew"})
# Drills that say little of most bugs, and end soon.
QUICK = ("calm", "refused-450", "query-lost", "submit-not-executed-504", "four-pictures")

PYTHON = sys.executable
NODE = shutil.which("node") or "node"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server that all rehearsals use, each drill in an account of its own."""
    with process.serving(Settings(port=0, database=":memory:")) as served:
        yield served.url


@pytest.mark.parametrize(
    ("client", "env", "restartable", "says_nothing"),
    [
        ("careful.py", {}, True, CALLBACKS | SIGNED),
        ("careful_callbacks.py", {"ARTQR_SIGN": "1"}, False, frozenset()),
        ("careful_concurrent.py", {}, False, CALLBACKS | SIGNED),
        ("careful.mjs", {}, False, CALLBACKS | SIGNED),
    ],
    ids=["python", "callbacks", "concurrent", "node"],
)
def test_a_careful_client_passes_every_drill_that_says_something_of_it(
    server: str, client: str, env: Mapping[str, str], *, restartable: bool,
    says_nothing: frozenset[str],
) -> None:  # fmt: skip
    found = rehearsed(
        program(client), str(CLIENTS / client), env=env, restartable=restartable, jobs=JOBS,
        server=server,
    )  # fmt: skip

    wrong = {
        drill: verdict
        for drill, verdict in found.items()
        if verdict is not (Verdict.INCONCLUSIVE if drill in says_nothing else Verdict.PASS)
    }
    assert wrong == {}
    assert set(found) == {drill.id for drill in all_drills() if restartable or not drill.restart}


@pytest.mark.parametrize("client", ["careless.py", "careless.mjs"])
def test_a_careless_client_fails_all_but_one_drill(server: str, client: str) -> None:
    """Slow answers slow its queries down. After a late answer to its submit its tasks may have
    ended, so that it polls too little for a breach: that depends on how fast the machine is."""
    found = rehearsed(
        program(client), str(CLIENTS / client), env={}, jobs=JOBS, server=server,
        time_limit_s=LIMIT_S,
    )  # fmt: skip

    unsure = {"callback-before-answer"}
    others = {drill: verdict for drill, verdict in found.items() if verdict is not Verdict.FAIL}
    assert {drill for drill in others if drill not in unsure} == {"query-slow"}
    assert others["query-slow"] is Verdict.PASS
    assert set(found) == set(DRILLS)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_client_with_one_bug_fails_the_drills_of_this_bug_only(
    server: str, variant: Variant, tmp_path: Path
) -> None:
    known = [drill.id for drill in all_drills() if variant.restartable or not drill.restart]
    failed = [drill for drill in known if variant.must_fail(drill)]
    if variant.fails_all_but is not None:
        failed = [drill for drill in QUICK if drill in failed]
    failed = failed[:2]
    passed = [drill for drill in QUICK if not variant.must_fail(drill)][:1]
    found = verdicts(
        variant, tmp_path, only=[*failed, *passed], jobs=JOBS, server=server, limit_s=LIMIT_S
    )
    assert {drill for drill, verdict in found.items() if verdict is Verdict.FAIL} == set(failed)


def program(client: str) -> str:
    if not client.endswith(".mjs"):
        return PYTHON
    if shutil.which("node") is None:
        node.missing("the clients in Node need node, which is not there")
    return NODE
