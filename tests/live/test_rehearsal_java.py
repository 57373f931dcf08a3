"""A client in Java that knows nothing of rehearsals: environment variables alone configure it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mock_server.rehearsal import Verdict, rehearse
from tests.support import node

CLIENT = Path(__file__).parents[2] / "fixtures" / "clients" / "OrderCodes.java"
TEXTS = ("https://example.com/spring", "https://example.com/summer")


@pytest.mark.slow
def test_a_java_client_is_rehearsed_with_its_own_variables_and_its_bug_is_found(
    tmp_path: Path,
) -> None:
    """It repeats a submit whose answer was lost, and does everything else well."""
    if shutil.which("javac") is None:
        node.missing("the client in Java needs javac, which is not there")
    subprocess.run(["javac", "-d", tmp_path, CLIENT], check=True, timeout=120)

    report = rehearse(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", str(tmp_path), "OrderCodes", *TEXTS],
        env={"SHOP_API": "{base_url}", "SHOP_CODE": "{app_code}", "SHOP_PICTURES": str(tmp_path)},
        only=["calm", "refused-450", "submit-charged-then-reset"],
        jobs=3,
    )

    found = {
        each.evidence.drill.id: (each.verdict, [judged.rule.id for judged in each.counted])
        for each in report.results
    }
    assert found == {
        "calm": (Verdict.PASS, []),
        "refused-450": (Verdict.PASS, []),
        "submit-charged-then-reset": (
            Verdict.FAIL, ["one-intent-one-task", "looks-before-it-repeats"],
        ),
    }  # fmt: skip
