"""`artqr-mock sweep`: what it runs, prints, writes and leaves behind."""

import json
import os
import shutil
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.contract import folder as contracts
from mock_server.schemas import compiled
from mock_server.sweep import sweep
from tests.support.documents import pages
from tests.support.rehearsal_variants import API, CAREFUL, CLIENTS

READS_ITEMS = 'each if isinstance(each, str) else each["url"] for'


def command(*words: str, folder: Path) -> Result:
    """Run `artqr-mock sweep` in this process."""
    with chdir(folder):
        return CliRunner().invoke(main, ["sweep", *words])


def written(folder: Path) -> dict[str, Any]:
    """Return sweep.json, after checking that both reports are valid."""
    Xml.parse(folder / "junit.xml")  # noqa: S314 - it is ours
    found: dict[str, Any] = json.loads((folder / "sweep.json").read_text("utf-8"))
    schema = json.loads((contracts("contracts") / "sweep.schema.json").read_text("utf-8"))
    assert [str(error) for error in compiled(schema).iter_errors(found)] == []
    return found


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--", "./nothing"], 2, "the command ./nothing does not exist"),
        ([], 2, "name the client's command after --"),
        (["--only", "clam", "--", "true"], 2, "unknown drill 'clam'; did you mean 'calm'?"),
        (["--readings", "envelope,result.itme", "--", "true"], 2, "did you mean 'result.item'?"),
        (["--readings", "", "--", "true"], 2, "'' names no reading: write result.item,envelope"),
        (["--fix", "envelope", "--", "true"], 2, "'envelope' has no =: write result.item=object"),
        (["--fix", "envelope=none", "--", "true"], 2, "reading envelope takes 'showapi' or"),
        (["--readings", "host.check", "--", "true"], 2, "host.check cannot be swept here"),
        (["--only", "four-pictures", "--readings", "result.count", "--", "true"], 2,
         "drill four-pictures sets it itself"),
        (["--exhaustive", "--", "true"], 2, "name fewer with --readings"),
        (["--exhaustive", "--readings", "envelope,result.item,list.order,list.shape,task.words,"
          "ret_code.type,result.none,result.count", "--", "true"], 2,
         "perhaps 4 s each: about 3h 25m. Start it with --yes"),
        (["--fail-fast", "--", "true"], 2, "No such option"),
        (["--report", "pyproject.toml/x", "--", "true"], 3, "cannot write reports to"),
    ],
)  # fmt: skip
def test_wrong_use_says_what_to_do(tmp_path: Path, words: list[str], code: int, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text("", "utf-8")

    done = command(*words, folder=tmp_path)

    assert done.exit_code == code, done.output
    assert says in " ".join(done.output.split())


@pytest.mark.slow
def test_a_client_that_calls_nothing_is_not_called_robust(tmp_path: Path) -> None:
    done = command("--only", "calm", "--readings", "envelope", "--report", "found", "--",
                   sys.executable, "-c", "", folder=tmp_path)  # fmt: skip

    assert done.exit_code == 3
    assert "the client called no server in any drill" in done.output
    assert written(tmp_path / "found")["totals"]["runs"] == 1


@pytest.mark.slow
def test_a_careful_client_is_robust_and_a_variant_breaks_where_it_has_its_bug(
    tmp_path: Path,
) -> None:
    for name in (API, CAREFUL):
        shutil.copy(CLIENTS / name, tmp_path)
    source = (tmp_path / API).read_text("utf-8")
    assert source.count(READS_ITEMS) == 1
    bad = tmp_path / "bad"
    bad.mkdir()
    shutil.copy(tmp_path / CAREFUL, bad)
    (bad / API).write_text(source.replace(READS_ITEMS, "each for"), "utf-8")
    shared = ("--jobs", "4", "--report", "found", "--only", "refused-450")
    # That it is robust in the other drill is what the example of the guide shows, below.
    few = ("--readings", "refusal.status")
    more = ("--only", "calm", "--readings", "result.item,refusal.status")

    good = command(*shared, *few, "--", sys.executable, CAREFUL, folder=tmp_path)
    broken = command(*shared, *more, "--", sys.executable, CAREFUL, folder=bad)

    assert good.exit_code == 0, good.output
    assert "Robust in 2 of 2 combinations." in good.output
    assert broken.exit_code == 1, broken.output
    report = written(bad / "found")
    assert [each["values"] for each in report["causes"]] == [{"result.item": "object"}]
    (failing,) = report["causes"][0]["drills"]
    assert failing["drill"] == "calm"
    assert failing["evidence"]
    assert report["totals"] | {"runs": 0, "seconds": 0} == {
        "planned": 4, "robust": 2, "breaks": 2, "flaky": 0, "unclear": 0, "runs": 0, "reruns": 0,
        "seconds": 0,
    }  # fmt: skip


@pytest.mark.slow
def test_a_setup_that_fails_stops_it(tmp_path: Path) -> None:
    found = sweep([sys.executable, "-c", ""], only=["calm"], readings=["envelope"],
                  setup="echo no; exit 7", cwd=tmp_path)  # fmt: skip

    assert found.problem is not None
    assert found.problem.startswith("the sweep stopped: the setup of drill calm ended")
    assert found.interrupted
    with pytest.raises(AssertionError, match="the setup of drill calm"):
        found.check()


@pytest.mark.slow
def test_the_example_of_the_guide_is_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages.page("docs/guides/sweep.md")
    example = next(each for each in page.blocks if each.mark == "example: test_readings.py")
    shutil.copy(CLIENTS / API, tmp_path)
    shutil.copy(CLIENTS / CAREFUL, tmp_path / "client.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    names: dict[str, Any] = {}
    exec(example.text, names)  # noqa: S102 - it is ours

    names["test_the_client_reads_every_kind_of_item"]()  # raises nothing

    (tmp_path / "client.py").write_text("import sys; sys.exit(1)", "utf-8")
    with pytest.raises(AssertionError, match="the client called no server"):
        names["test_the_client_reads_every_kind_of_item"]()
