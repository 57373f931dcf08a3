"""`artqr-mock rehearse` and `rehearse()`: what they run, print, write and leave behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.contract import folder as contracts
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal import RehearsalOrder, Report, Verdict, all_drills, drill_ids, rehearse
from mock_server.rehearsal.client_process import MARK
from mock_server.rehearsal.order import OWN
from mock_server.rehearsal.runner import rehearse_order
from mock_server.schemas import compiled
from tests.support.documents import pages
from tests.support.planted_bugs import failing_on
from tests.support.processes import COMMAND, DEADLINE_S, environment, is_gone, serving, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the hooks are shell commands")

# What a shell or a Python adds by itself.
ADDED = {MARK, "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}

LISTS = """
import json, os, pathlib, signal, sys, time, urllib.request
drill = os.environ["ARTQR_DRILL"]
request = urllib.request.Request(
    os.environ["ARTQR_BASE_URL"] + "/taskList", b"page=1",
    {"Authorization": "APPCODE " + os.environ["ARTQR_APP_CODE"]},
)
def call():
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()
    except OSError:
        pass
"""


def client(folder: Path, program: str = "call()") -> list[str]:
    """Return the command of a client that does what `program` says; `call()` makes one call."""
    file = folder / "client.py"
    file.write_text(LISTS + program, "utf-8")
    return [sys.executable, str(file)]


def verdicts(report: Report) -> dict[str, Verdict]:
    """Return the verdict of each drill."""
    return {each.evidence.drill.id: each.verdict for each in report.results}


def written(folder: Path) -> dict[str, Any]:
    """Return report.json, after checking that all reports are there and valid."""
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    Xml.parse(folder / "junit.xml")  # noqa: S314 - it is ours
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    schema = json.loads((contracts("contracts") / "rehearsal.schema.json").read_text("utf-8"))
    assert [str(error) for error in compiled(schema).iter_errors(found)] == []
    return found


def command(*words: str, folder: Path, **env: str) -> Result:
    """Run `artqr-mock rehearse` in this process."""
    with chdir(folder):
        return CliRunner(env={"GITHUB_ACTIONS": "", **env}).invoke(main, ["rehearse", *words])


def has_ended(file: Path) -> bool:
    """Whether the process whose number is in a file has ended."""
    return is_gone(int(file.read_text("utf-8")))


def test_the_exit_code_says_whether_a_drill_failed(tmp_path: Path) -> None:
    honest = command("--only", "calm", "--", *client(tmp_path), folder=tmp_path)
    failing = command("--only", "calm", "--report", "found", "--",
                      *client(tmp_path, "call(); sys.exit(1)"), folder=tmp_path)  # fmt: skip

    assert (honest.exit_code, failing.exit_code) == (0, 1)
    assert "INCONCLUSIVE 1: calm" in honest.output
    assert "calm: success-is-possible" in failing.output
    report = written(tmp_path / "found")
    assert (report["verdict"], report["interrupted"]) == ("FAIL", False)


def test_a_rehearsal_is_compared_with_the_report_that_it_replaces(tmp_path: Path) -> None:
    words = ("--only", "calm", "--report", "found", "--", *client(tmp_path, "call(); sys.exit(1)"))
    earlier = {"drills": [{"id": "calm", "verdict": "PASS", "rules": [], "fen_wasted": 0}]}
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "report.json").write_text(json.dumps(earlier), "utf-8")

    done = command("--baseline", "found/report.json", *words, folder=tmp_path)

    assert done.exit_code == 1
    assert "worse calm: PASS -> FAIL (breaks success-is-possible)" in done.output
    assert written(tmp_path / "found")["baseline"]["worse"] == 1


def test_github_gets_annotations_and_a_summary(tmp_path: Path) -> None:
    words = ("--only", "calm", "--", *client(tmp_path, "call(); sys.exit(1)"))
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
           "GITHUB_WORKSPACE": str(tmp_path)}  # fmt: skip

    on = command(*words, folder=tmp_path, **env)
    off = command("--no-github", *words, folder=tmp_path, **env)
    idle = command("--only", "calm", "--github", "--", "true", folder=tmp_path)

    assert (on.exit_code, off.exit_code, idle.exit_code) == (1, 1, 3)
    assert "::error file=client.py,title=calm%3A success-is-possible::" in on.output
    assert (tmp_path / "summary.md").read_text("utf-8").count("## Rehearsal: ❌ FAIL") == 1
    assert "::error" not in off.output
    assert "the client called no server in any drill" in idle.output


def test_options_are_told_from_those_of_the_client(tmp_path: Path) -> None:
    program = "call(); sys.exit(0 if sys.argv[1:] == ['--jobs', 'x', '--', '-'] else 1)"

    done = command("--only", "calm", *client(tmp_path, program), "--jobs", "x", "--", "-",
                   folder=tmp_path)  # fmt: skip
    wrong = command("--job-count", "4", "--", "true", folder=tmp_path)

    assert done.exit_code == 0, done.output
    assert wrong.exit_code == 2
    assert "--job-count" in wrong.output


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--", "./nothing"], 2, "the command ./nothing does not exist"),
        ([], 2, "name the client's command after --"),
        (["--only", "clam", "--", "true"], 2, "unknown drill 'clam'; did you mean 'calm'?"),
        (["--only", "calm", "--skip", "calm", "--", "true"], 2, "no drill is left to run"),
        (["--waive", "ends", "--", "true"], 2, "has no =: write RULE=REASON"),
        (["--time-limit", "soon", "--", "true"], 2, "'soon' is not a duration"),
        (["--cwd", "nothing", "--", "true"], 2, "it is not a folder"),
        (["--server", "here", "--", "true"], 2, "'here' is not an address"),
        (["--report", "pyproject.toml/x", "--", "true"], 3, "cannot write reports to"),
        (["--report", "taken", "--", "true"], 3, "cannot write taken/report.html: Is a directory"),
        (["--baseline", "no.json", "--", "true"], 2, "baseline no.json: there is no such file"),
        (["--baseline", "pyproject.toml", "--", "true"], 2, "baseline pyproject.toml: it is empty"),
        (["--only", "calm", "--", "true"], 3, "name its own variable with --env NAME={base_url}"),
        (["--only", "calm", "--setup", "echo no; exit 7", "--", "true"], 3,
         "the setup of drill calm ended with exit code 7\n    no"),
        (["--only", "calm", "--setup", "sleep 97", "--time-limit", "1s", "--", "true"], 3,
         "the setup of drill calm did not end within 1s"),
        (["--only", "calm", "--teardown", "artqr-nothing", "--", "true"], 3,
         "the teardown of drill calm ended with exit code 127"),
        (["--only", "calm", "--server", "http://127.0.0.1:1", "--", "true"], 3,
         "or name another with --server"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_gets_a_line_that_says_what_to_do(
    tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    (tmp_path / "pyproject.toml").write_text("", "utf-8")
    (tmp_path / "taken" / "report.html").mkdir(parents=True)

    done = command(*words, folder=tmp_path)

    assert done.exit_code == code, done.output
    assert says in done.output
    assert "Traceback" not in done.output


def test_what_a_client_printed_is_shown_if_it_called_no_server(tmp_path: Path) -> None:
    done = command("--only", "calm", "--", "/bin/sh", "-c", "read line || echo no input",
                   folder=tmp_path)  # fmt: skip

    assert done.exit_code == 3
    assert "Its output ends with:\n    no input" in done.output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_clients_and_leaves_a_partial_report(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    program = """
call()
if drill != "calm":
    pathlib.Path("pid").write_text(str(os.getpid()))
    pathlib.Path("running").touch()
    time.sleep(97)
"""
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [*COMMAND, "rehearse", "--only", "calm", "--only", "arrears", "--report", "found",
             "--teardown", "echo $ARTQR_DRILL >> torn", "--", *client(tmp_path, program)],
            cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
    until((tmp_path / "running").exists)
    process.send_signal(number)

    assert process.wait(DEADLINE_S) == code
    assert "Traceback" not in (tmp_path / "stderr").read_text("utf-8")
    assert has_ended(tmp_path / "pid")
    assert (tmp_path / "torn").read_text("utf-8") == "calm\narrears\n"
    report = written(tmp_path / "found")
    assert report["interrupted"]
    assert [drill["id"] for drill in report["drills"]] == ["calm"]


def test_a_server_that_dies_leaves_a_partial_report(tmp_path: Path) -> None:
    program = "call()\nif drill != 'calm': os.kill(int(os.environ['SERVER']), signal.SIGKILL)"

    with serving(tmp_path) as server:
        done = command(
            "--server", server.url, "--only", "calm", "--only", "arrears", "--report", "found",
            "--env", f"SERVER={server.process.pid}", "--", *client(tmp_path, program),
            folder=tmp_path,
        )  # fmt: skip

    assert done.exit_code == 3
    assert "the rehearsal stopped: no artqr-mock answers at" in done.output
    report = written(tmp_path / "found")
    assert report["interrupted"]
    assert [drill["id"] for drill in report["drills"]] == ["calm"]


@pytest.mark.slow
def test_a_server_that_does_not_answer_any_more_can_be_left_with_more_signals(
    tmp_path: Path,
) -> None:
    program = """
call()
os.kill(int(os.environ["SERVER"]), signal.SIGSTOP)
pathlib.Path("pid").write_text(str(os.getpid()))
pathlib.Path("stopped").touch()
"""

    with serving(tmp_path) as server:
        process = subprocess.Popen(
            [*COMMAND, "rehearse", "--server", server.url, "--only", "calm", "--env",
             f"SERVER={server.process.pid}", "--", *client(tmp_path, program)],
            cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until((tmp_path / "stopped").exists)
        until(lambda: has_ended(tmp_path / "pid"))

        def is_left() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None

        until(is_left)

    assert process.returncode == 130


def test_a_server_with_a_token_is_used_with_it_only(tmp_path: Path) -> None:
    with serving(tmp_path, "--token", "opensesame") as server:
        words = ("--server", server.url, "--only", "calm", "--", *client(tmp_path))
        without = command(*words, folder=tmp_path)
        with_it = command(*words, folder=tmp_path, ARTQR_MOCK_TOKEN="opensesame")

    assert (without.exit_code, with_it.exit_code) == (3, 0), with_it.output
    assert "the rehearsal stopped: the server refused" in without.output
    assert "opensesame" not in with_it.output


def test_a_client_gets_its_environment_over_the_inherited_one(tmp_path: Path) -> None:
    program = "call(); json.dump(dict(os.environ), open('seen.json', 'w'))"
    inherited = environment(tmp_path, NO_PROXY="corp.test", ARTQR_DRILL="theirs", MINE="kept")

    subprocess.run(
        [*COMMAND, "rehearse", "--only", "calm", "--env", "SHOP={base_url}/x", "--time-limit",
         "30s", "--", *client(tmp_path, program)],
        cwd=tmp_path, env=inherited, timeout=DEADLINE_S, check=True, capture_output=True,
    )  # fmt: skip

    seen = json.loads((tmp_path / "seen.json").read_text("utf-8"))
    direct = "corp.test,127.0.0.1,localhost"
    changed = {"NO_PROXY": direct, "no_proxy": direct, "SHOP": f"{seen['ARTQR_BASE_URL']}/x"}
    changed |= {name: seen[name] for name in OWN}
    assert without(seen) == without({**inherited, **changed})
    assert seen["ARTQR_DRILL"] == "calm"
    assert seen["ARTQR_DEADLINE"] == "10"
    assert len(json.loads(seen["ARTQR_TEXTS"])) == 3
    assert seen["ARTQR_CALLBACK_URL"] == f"http://127.0.0.1:{seen['ARTQR_CALLBACK_PORT']}/"


def without(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables without those that a shell or a Python adds by itself."""
    return {name: value for name, value in variables.items() if name not in ADDED}


def test_drills_side_by_side_share_nothing(tmp_path: Path) -> None:
    program = """
call()
state = pathlib.Path(os.environ["ARTQR_STATE"])
fresh = not state.exists() and not os.listdir(os.environ["ARTQR_OUT"])
state.write_text("x")
names = ("ARTQR_APP_CODE", "ARTQR_STATE", "ARTQR_OUT", "ARTQR_CALLBACK_PORT")
found = [fresh, *(os.environ[name] for name in names)]
pathlib.Path(f"{drill}-{os.getpid()}.seen").write_text(json.dumps(found))
"""
    report = rehearse(client(tmp_path, program), only=["calm", "arrears"], jobs=4, repeat=2,
                      cwd=tmp_path)  # fmt: skip

    assert list(verdicts(report)) == ["calm", "arrears"]
    seen = [json.loads(file.read_text("utf-8")) for file in tmp_path.glob("*.seen")]
    assert len(seen) == 4
    assert all(each[0] for each in seen)
    for values in list(zip(*seen, strict=True))[1:]:
        assert len(set(values)) == 4
    assert not os.path.exists(seen[0][2])


def test_a_drill_whose_verdicts_differ_is_flaky(tmp_path: Path) -> None:
    program = """
call()
ran = pathlib.Path("ran")
again = ran.exists()
ran.touch()
sys.exit(1 if again else 0)
"""
    report = rehearse(client(tmp_path, program), only=["calm"], repeat=2, cwd=tmp_path)

    assert verdicts(report) == {"calm": Verdict.FLAKY}
    with pytest.raises(AssertionError, match="FLAKY"):
        report.check()


def test_after_the_first_failure_no_drill_starts_if_that_is_wanted(tmp_path: Path) -> None:
    fails = client(tmp_path, "call(); sys.exit(1)")
    only = ["calm", "query-lost", "query-flaky"]

    fast = rehearse(fails, only=only, fail_fast=True)
    slow = rehearse(fails, only=only, jobs=3)

    assert verdicts(fast) == {"calm": Verdict.FAIL}
    assert (fast.planned, fast.interrupted) == (3, False)
    assert list(verdicts(slow)) == only


def test_ctrl_c_in_a_program_of_ones_own_ends_the_clients(tmp_path: Path) -> None:
    program = """
call()
if drill != "calm":
    pathlib.Path("pid").write_text(str(os.getpid()))
    pathlib.Path("running").touch()
    time.sleep(97)
"""

    def interrupt(_: object) -> None:
        until((tmp_path / "running").exists)
        raise KeyboardInterrupt

    order = RehearsalOrder(command=client(tmp_path, program), only=["calm", "arrears"],
                           cwd=tmp_path)  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        rehearse_order(order, interrupt)

    assert has_ended(tmp_path / "pid")


def test_a_late_answer_that_comes_after_the_time_limit_is_pointed_out(tmp_path: Path) -> None:
    words = ("--only", "submit-charged-slow", "--time-limit", "8s")

    late = command(*words, "--", *client(tmp_path), folder=tmp_path)
    soon = command(*words, "--client-timeout", "5s", "--", *client(tmp_path), folder=tmp_path)

    assert "late answers take 15s, and the client is ended after 8s" in late.output
    assert "late answers" not in soon.output
    assert (late.exit_code, soon.exit_code) == (0, 0)


def test_the_exit_code_counts_also_where_nobody_reads_the_output(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "rehearse", "--only", "calm", "--", *client(tmp_path, "call(); sys.exit(1)")],
        cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()

    assert process.wait(DEADLINE_S) == 1


def test_a_bug_of_the_simulator_is_no_failure_of_the_client(tmp_path: Path) -> None:
    with failing_on("list_tasks"):
        report = rehearse(client(tmp_path, "call(); sys.exit(1)"), only=["calm"])

    assert report.results == ()
    with pytest.raises(AssertionError, match="this is a bug of artqr-mock, not of your client"):
        report.check()


def test_a_client_that_waits_for_nothing_in_every_drill_is_not_run_sixty_times(
    tmp_path: Path,
) -> None:
    report = rehearse(["sleep", "97"], time_limit_s=0.2)

    assert len(report.results) == 3
    assert report.problem is not None
    assert "the client called no server" in report.problem


def test_setup_and_teardown_run_around_the_client_in_its_environment(tmp_path: Path) -> None:
    report = rehearse(
        client(tmp_path, "call(); open('log', 'a').write('client\\n')"), only=["calm"],
        cwd=tmp_path, setup="(sleep 97 & echo $! > pid); echo setup $ARTQR_DRILL >> log",
        teardown="kill -0 $(cat pid) && echo teardown >> log",
    )  # fmt: skip

    assert report.problem is None
    assert (tmp_path / "log").read_text("utf-8") == "setup calm\nclient\nteardown\n"
    assert has_ended(tmp_path / "pid")


def test_the_example_of_the_guide_makes_a_test_of_each_drill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages.page("docs/guides/rehearsal.md")
    example = next(each for each in page.blocks if each.mark == "example: test_drills.py")
    client(tmp_path, "call(); sys.exit(1)")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example.text, names)  # noqa: S102 - it is ours
    test = names["test_drill"]
    (mark,) = test.pytestmark

    test("arrears")  # raises nothing
    with pytest.raises(AssertionError, match="FAIL calm: success-is-possible"):
        test("calm")
    assert mark.args == ("drill", drill_ids())


def test_settings_of_a_project_are_below_the_flags(tmp_path: Path) -> None:
    words = client(tmp_path, "call(); open('ran', 'a').write(drill + os.environ['A'] + '\\n')")
    (tmp_path / "pyproject.toml").write_text(
        f"""
[tool.artqr-mock.rehearse]
command = {json.dumps(words)}
only = ["calm"]
report = "found"
env = {{ A = "file" }}
""",
        "utf-8",
    )
    below = tmp_path / "below"
    below.mkdir()

    by_file = command(folder=below)
    by_flags = command("--only", "task-slow", "--env", "A=flag", folder=below)

    assert (by_file.exit_code, by_flags.exit_code) == (0, 0), by_file.output
    assert (tmp_path / "ran").read_text("utf-8") == "calmfile\ntask-slowflag\n"
    assert [drill["id"] for drill in written(tmp_path / "found")["drills"]] == ["task-slow"]


def test_the_list_fits_a_terminal_and_marks_what_needs_a_flag(tmp_path: Path) -> None:
    listed = command("--list", folder=tmp_path).output.splitlines()

    assert max(map(len, listed)) <= 80
    assert listed[:2] == ["+ calm", "    Nothing goes wrong."]
    marked = [line.split()[1] for line in listed if line.endswith("(only with --restartable)")]
    assert marked == [drill.id for drill in all_drills() if drill.restart]


def test_a_scenario_takes_the_place_of_the_drills(tmp_path: Path) -> None:
    file = tmp_path / "night.toml"
    file.write_text(
        'says = "Every list fails."\nclient = "It waits."\ncredits = 7\n'
        '[[faults]]\nkind = "gateway_error"\ncode = "X503BZ"\n',
        "utf-8",
    )

    report = rehearse_order(
        RehearsalOrder(command=client(tmp_path), scenarios=(str(file), "arrears"))
    )

    assert [each.evidence.drill.id for each in report.results] == [
        "scenario-night",
        "scenario-arrears",
    ]
    assert [call.status for call in report.results[0].evidence.calls] == [503]
    assert [call.status for call in report.results[1].evidence.calls] == [403]


def test_drills_cannot_be_chosen_beside_a_scenario(tmp_path: Path) -> None:
    order = RehearsalOrder(command=client(tmp_path), scenarios=("arrears",), only=("calm",))

    with pytest.raises(UsageError, match="leave only and skip out"):
        rehearse_order(order)
