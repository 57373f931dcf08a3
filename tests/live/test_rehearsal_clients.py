"""The sample clients in every drill, and their variants with one bug each."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mock_server.rehearsal import RehearsalOrder, Verdict
from mock_server.rehearsal.drills import all_drills
from mock_server.rehearsal.runner import rehearse_order
from tests.support import node
from tests.support.rehearsal_variants import CLIENTS, VARIANTS, Variant, verdicts

pytestmark = pytest.mark.slow

JOBS = 4
CALLBACKS = frozenset(drill.id for drill in all_drills() if drill.id.startswith("callback-"))
SIGNED = frozenset({"signature-refused", "clock-skew"})
# Here slow answers give a careless client its pauses, or its tasks have ended when it first asks.
HARMLESS = frozenset({"query-slow", "callback-before-answer"})
# Drills that say little of most bugs, and end soon.
QUICK = ("calm", "refused-450", "query-lost", "submit-not-executed-504", "four-pictures")

PYTHON = sys.executable
NODE = shutil.which("node") or "node"


def rehearsed(*command: str, env: Mapping[str, str], restartable: bool) -> dict[str, Verdict]:
    report = rehearse_order(
        RehearsalOrder(command=command, jobs=JOBS, env=env, restartable=restartable)
    )
    return {each.evidence.drill.id: each.verdict for each in report.results}


def expected(says_nothing: frozenset[str], *, restartable: bool) -> dict[str, Verdict]:
    return {
        drill.id: Verdict.INCONCLUSIVE if drill.id in says_nothing else Verdict.PASS
        for drill in all_drills()
        if restartable or not drill.restart
    }


@pytest.mark.parametrize(
    ("client", "env", "restartable", "says_nothing"),
    [
        ("careful.py", {}, True, CALLBACKS | SIGNED),
        ("careful.py", {"ARTQR_SIGN": "1"}, True, CALLBACKS),
        ("careful_callbacks.py", {}, False, SIGNED),
        ("careful_concurrent.py", {}, False, CALLBACKS | SIGNED),
        ("careful.mjs", {}, False, CALLBACKS | SIGNED),
    ],
    ids=["python", "signed", "callbacks", "concurrent", "node"],
)
def test_a_careful_client_passes_every_drill_that_says_something_of_it(
    client: str, env: Mapping[str, str], *, restartable: bool, says_nothing: frozenset[str]
) -> None:
    found = rehearsed(program(client), str(CLIENTS / client), env=env, restartable=restartable)
    assert found == expected(says_nothing, restartable=restartable)


@pytest.mark.parametrize("client", ["careless.py", "careless.mjs"])
def test_a_careless_client_fails_nearly_every_drill(client: str) -> None:
    found = rehearsed(program(client), str(CLIENTS / client), env={}, restartable=False)
    assert {drill for drill, verdict in found.items() if verdict is not Verdict.FAIL} == HARMLESS


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_client_with_one_bug_fails_the_drills_of_this_bug_only(
    variant: Variant, tmp_path: Path
) -> None:
    known = [drill.id for drill in all_drills() if variant.restartable or not drill.restart]
    failed = [drill for drill in known if variant.must_fail(drill)]
    if variant.fails_all_but is not None:
        failed = [drill for drill in QUICK if drill in failed][:2]
    passed = [drill for drill in QUICK if not variant.must_fail(drill)][:3]
    found = verdicts(variant, tmp_path, only=[*failed, *passed], jobs=JOBS)
    assert {drill for drill, verdict in found.items() if verdict is Verdict.FAIL} == set(failed)


def program(client: str) -> str:
    if not client.endswith(".mjs"):
        return PYTHON
    if shutil.which("node") is None:
        node.missing("the clients in Node need node, which is not there")
    return NODE
