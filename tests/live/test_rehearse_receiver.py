"""Receivers alone: the deliveries, sent to a careful receiver and to its variants."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.rehearsal.receivers import ReceiverReport, delivery_ids, rehearse_receiver
from mock_server.rehearsal.verdicts import Verdict
from tests.support.live import Live, live
from tests.support.node import missing
from tests.support.receiver_variants import VARIANTS, ReceiverVariant, listening, oracle
from tests.support.rehearsal_variants import CLIENTS

pytestmark = pytest.mark.slow

CODE = "the-receivers-own"
CAREFUL = (CLIENTS / "careful_receiver.py").read_text("utf-8")


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server for all tests here."""
    with live() as running:
        yield running


def rehearsed(server: Live, source: str, folder: Path, **options: Any) -> ReceiverReport:
    """Return what a receiver came to that calls this server."""
    env = {"ARTQR_BASE_URL": server.url, "ARTQR_APP_CODE": CODE}
    with listening(source, folder, env) as address:
        return rehearse_receiver(
            address, server=server.url, app_code=CODE, oracle=oracle(folder), **options
        )


def broken(report: ReceiverReport) -> dict[str, list[str]]:
    """Return the rules that were broken in each delivery."""
    return {each.evidence.drill.id: [found.rule.id for found in each.counted]
            for each in report.results}  # fmt: skip


def test_a_careful_receiver_passes_every_delivery(server: Live, tmp_path: Path) -> None:
    report = rehearsed(server, CAREFUL, tmp_path, settle_s=5)

    assert report.problem is None
    said = {each.evidence.drill.id: (each.verdict, each.reasons) for each in report.results}
    assert said == dict.fromkeys(delivery_ids(), (Verdict.PASS, ()))


def test_a_receiver_that_remembers_an_earlier_rehearsal_passes_again(
    server: Live, tmp_path: Path
) -> None:
    env = {"ARTQR_BASE_URL": server.url, "ARTQR_APP_CODE": CODE}
    only = ("success", "unknown-task")
    with listening(CAREFUL, tmp_path, env) as address:
        reports = [
            rehearse_receiver(
                address, server=server.url, app_code=CODE, oracle=oracle(tmp_path), only=only
            )
            for _ in range(2)
        ]

    assert [[each.verdict for each in report.results] for report in reports] == [
        [Verdict.PASS] * len(only)
    ] * 2


# Those in which a receiver in another language may differ.
SOME = ("success", "failure", "concurrent-duplicate", "before-the-answer", "unknown-task", "forged",
        "truncated", "null-field", "objects", "cut-and-sent-again")  # fmt: skip


def test_a_careful_receiver_in_node_passes(server: Live, tmp_path: Path) -> None:
    program = shutil.which("node") or missing("this receiver needs node, which is not there")
    env = {**os.environ, "ARTQR_BASE_URL": server.url, "ARTQR_APP_CODE": CODE}
    words = [program, str(CLIENTS / "careful_receiver.mjs"), "0", str(tmp_path)]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as receiver:
        try:
            assert receiver.stdout is not None
            address = f"http://127.0.0.1:{receiver.stdout.readline().strip()}/callback"
            report = rehearse_receiver(
                address,
                server=server.url,
                app_code=CODE,
                oracle=oracle(tmp_path),
                only=SOME,
                settle_s=5,
            )
        finally:
            receiver.kill()

    assert report.problem is None
    assert {each.evidence.drill.id: each.verdict for each in report.results} == dict.fromkeys(
        SOME, Verdict.PASS
    ), broken(report)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_variant_fails_by_its_rule(
    server: Live, variant: ReceiverVariant, tmp_path: Path
) -> None:
    report = rehearsed(
        server, variant.source, tmp_path, only=[*variant.found_by], settle_s=1, answer_time_s=0.6
    )

    assert report.problem is None
    found = broken(report)
    assert {name: variant.found_by[name] in found[name] for name in found} == dict.fromkeys(
        variant.found_by, True
    ), found
