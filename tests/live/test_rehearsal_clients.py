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
# Drills that say little of most bugs, and end soon.
QUICK = ("calm", "refused-450", "query-lost", "submit-not-executed-504", "four-pictures")

PYTHON = sys.executable
NODE = shutil.which("node") or "node"


# A few of each kind of incident. `artqr-mock rehearse` alone gives the whole table of a client, and
# `python -m tests.support.rehearsal_variants` that of the variants.
SOME = (
    "calm", "concurrent-batch", "submit-charged-then-reset", "submit-executed-then-504",
    "query-flaky", "throttled-429", "quota-mid-batch", "refused-450", "task-failed",
    "four-pictures", "other-shapes", "callback-forged",
)  # fmt: skip


RESTARTS = tuple(drill.id for drill in all_drills() if drill.restart)


def rehearsed(
    *command: str, env: Mapping[str, str], only: tuple[str, ...] = (), restartable: bool = False
) -> dict[str, Verdict]:
    report = rehearse_order(
        RehearsalOrder(command=command, jobs=JOBS, env=env, only=only, restartable=restartable)
    )
    return {each.evidence.drill.id: each.verdict for each in report.results}


def expected(
    says_nothing: frozenset[str], only: tuple[str, ...], *, restartable: bool
) -> dict[str, Verdict]:
    return {
        drill.id: Verdict.INCONCLUSIVE if drill.id in says_nothing else Verdict.PASS
        for drill in all_drills()
        if (restartable or not drill.restart) and (not only or drill.id in only)
    }


@pytest.mark.parametrize(
    ("client", "env", "only", "restartable", "says_nothing"),
    [
        ("careful.py", {}, (*SOME, *RESTARTS), True, CALLBACKS | SIGNED),
        ("careful_callbacks.py", {"ARTQR_SIGN": "1"}, (*SOME, *SIGNED), False, frozenset()),
        ("careful_concurrent.py", {}, SOME, False, CALLBACKS | SIGNED),
        ("careful.mjs", {}, SOME, False, CALLBACKS | SIGNED),
    ],
    ids=["python", "callbacks", "concurrent", "node"],
)
def test_a_careful_client_passes_every_drill_that_says_something_of_it(
    client: str,
    env: Mapping[str, str],
    only: tuple[str, ...],
    *,
    restartable: bool,
    says_nothing: frozenset[str],
) -> None:
    found = rehearsed(
        program(client), str(CLIENTS / client), env=env, only=only, restartable=restartable
    )
    assert found == expected(says_nothing, only, restartable=restartable)


@pytest.mark.parametrize("client", ["careless.py", "careless.mjs"])
def test_a_careless_client_fails_them_all(client: str) -> None:
    found = rehearsed(program(client), str(CLIENTS / client), env={}, only=SOME)
    assert {drill for drill, verdict in found.items() if verdict is not Verdict.FAIL} == set()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_client_with_one_bug_fails_the_drills_of_this_bug_only(
    variant: Variant, tmp_path: Path
) -> None:
    known = [drill.id for drill in all_drills() if variant.restartable or not drill.restart]
    failed = [drill for drill in known if variant.must_fail(drill)]
    if variant.fails_all_but is not None:
        failed = [drill for drill in QUICK if drill in failed]
    failed = failed[:2]
    passed = [drill for drill in QUICK if not variant.must_fail(drill)][:1]
    found = verdicts(variant, tmp_path, only=[*failed, *passed], jobs=JOBS)
    assert {drill for drill, verdict in found.items() if verdict is Verdict.FAIL} == set(failed)


def program(client: str) -> str:
    if not client.endswith(".mjs"):
        return PYTHON
    if shutil.which("node") is None:
        node.missing("the clients in Node need node, which is not there")
    return NODE
