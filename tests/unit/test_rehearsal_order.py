"""What a rehearsal is asked to do: options, the settings of a project, the environment, the bar."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal import drill_ids, progress, rehearse
from mock_server.rehearsal.client_process import Ended
from mock_server.rehearsal.drills import all_drills
from mock_server.rehearsal.environment import environment, filled, free_port, no_proxy
from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.order import RehearsalOrder, found_command
from mock_server.rehearsal.project_file import project_settings
from mock_server.rehearsal.verdicts import DrillResult, Verdict

ACCOUNT = {"app_code": "code", "app_key": "key", "app_secret": "secret"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def result_of(verdict: Verdict) -> DrillResult:
    """The result of a drill in which the client did nothing."""
    ended = Ended(status=0, timed_out=False, left=(), stdout=b"", stderr=b"", took_s=1.0)
    evidence = Evidence(drill=all_drills()[0], calls=(), tasks={}, callbacks=(), faults=(),
                        findings=(), ended=ended)  # fmt: skip
    return DrillResult(evidence=evidence, verdict=verdict)


def pyproject(folder: Path, text: str) -> Path:
    """Write the settings of a project; return the file."""
    file = folder / "pyproject.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"jobs": 0}, "jobs must be a whole number from 1 to 32, not 0"),
        ({"jobs": True}, "jobs must be a whole number"),
        ({"repeat": 101}, "repeat must be a whole number from 1 to 100"),
        ({"copies": 1.5}, "copies must be a whole number"),
        ({"time_limit_s": 0}, "time-limit must be more than 0"),
        ({"time_limit_s": "60s"}, "time-limit must be more than 0"),
        ({"client_timeout_s": float("nan")}, "client-timeout must be more than 0"),
        ({"client_timeout_s": 86_401}, "at most a day"),
        ({"only": "calm"}, 'only must be a list of texts, such as ["calm"]'),
        ({"skip": [1]}, "skip must be a list of texts"),
        ({"restartable": "yes"}, "restartable must be true or false"),
        ({"fail_fast": 1}, "fail-fast must be true or false"),
        ({"waived": {"ends": " "}}, "waive ends: give the reason"),
        ({"waived": {"end": "why"}}, "unknown rule 'end'; did you mean 'ends'?"),
        ({"waived": ["ends"]}, "waive must be a table of texts"),
        ({"env": {"A": 1}}, "env must be a table of texts"),
        ({"env": {"": "x"}}, "a variable is a name"),
        ({"env": {"A": "x\0"}}, "without NUL"),
        ({"env": {"ARTQR_STATE": "x"}}, "the rehearsal sets it anew in each drill"),
        ({"env": {"A": "{base_ulr}"}}, "did you mean {base_url}?"),
        ({"setup": " "}, "setup must be a text that is not empty"),
        ({"command": "node client.mjs"}, 'command must be a list of texts, such as ["node"'),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        RehearsalOrder(**{"command": ("true",), **options})

    assert says in str(refused.value)


def test_the_limits_themselves_are_taken() -> None:
    order = RehearsalOrder(command=["true"], jobs=32, repeat=100, copies=1000,
                           time_limit_s=86_400, only=["calm"])  # fmt: skip

    assert (order.jobs, order.repeat, order.copies) == (32, 100, 1000)
    assert order.only == ("calm",)


def test_braces_that_are_no_placeholder_stay() -> None:
    env = {"A": '{"a": 1}', "B": "{task_id}", "C": "{base_url}{base_url}"}

    RehearsalOrder(command=["true"], env=env)

    own = {"ARTQR_BASE_URL": "{app_code}", "ARTQR_APP_CODE": "code"}
    assert [filled(value, own) for value in env.values()] == [
        '{"a": 1}', "{task_id}", "{app_code}{app_code}",
    ]  # fmt: skip


def test_an_unknown_option_names_the_nearest_one() -> None:
    with pytest.raises(TypeError, match="unknown option 'time_limit'; did you mean 'time_limit_s'"):
        rehearse(["true"], time_limit=60)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ((), "name the client's command after --"),
        (("",), "name the client's command after --"),
        (("artqr-no-such-program",), "was not found on the PATH: is it installed?"),
        (("client.py",), "was not found on the PATH: write ./client.py"),
        (("./nothing",), "does not exist in"),
        (("./folder",), "is a folder: name the program in it"),
        (("./client.py",), "is not executable: `chmod +x` it, or name the program that runs it"),
    ],
)
def test_a_command_that_cannot_be_started_is_refused(
    tmp_path: Path, command: tuple[str, ...], says: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "client.py").write_text("print()", "utf-8")

    with pytest.raises(UsageError) as refused:
        found_command(RehearsalOrder(command=command, cwd=tmp_path))

    assert says in str(refused.value)


def test_a_command_is_looked_for_in_the_folder_that_it_will_run_in(tmp_path: Path) -> None:
    program = tmp_path / "client"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)

    order = RehearsalOrder(command=["./client", "--flag"], cwd=tmp_path)

    assert found_command(order)[1:] == ("--flag",)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is not a folder"):
        found_command(RehearsalOrder(command=["true"], cwd=tmp_path / "nothing"))


def test_the_settings_of_a_project_are_found_upwards(tmp_path: Path) -> None:
    pyproject(
        tmp_path,
        """
        [tool.artqr-mock.rehearse]
        command = ["./client"]
        only = ["calm"]
        jobs = 4
        time-limit = "30s"
        client-timeout = "500ms"
        fail-fast = true
        report = "build"
        env = { SHOP = "{base_url}" }
        waive = { ends = "we know" }
        """,
    )
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    pyproject(below, "[tool.other]\n")

    assert project_settings(below, has_command=False) == {
        "command": ["./client"], "only": ["calm"], "jobs": 4, "time_limit_s": 30.0,
        "client_timeout_s": 0.5, "fail_fast": True, "report": tmp_path / "build",
        "env": {"SHOP": "{base_url}"}, "waived": {"ends": "we know"}, "cwd": tmp_path,
    }  # fmt: skip


def test_another_command_runs_where_it_was_typed(tmp_path: Path) -> None:
    pyproject(tmp_path, '[tool.artqr-mock.rehearse]\ncommand = ["./client"]\njobs = 2\n')

    assert project_settings(tmp_path, has_command=True) == {"jobs": 2}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("job = 4", "unknown setting 'job'; did you mean 'jobs'?"),
        ("time_limit = '60s'", "unknown setting 'time_limit'; did you mean 'time-limit'?"),
        ("token = 'x'", "set ARTQR_MOCK_TOKEN instead"),
        ("time-limit = 60", "60 is not a duration: write it as text, such as '60s'"),
        ("time-limit = '60'", "'60' is not a duration"),
        ("jobs = 'four'", "jobs must be a whole number from 1 to 32"),
        ("command = 'node client.mjs'", "command must be a list of texts"),
        ("cwd = 1", "cwd must be a text that is not empty"),
        ("report = 1", "1 is not the path of a folder"),
        ("env = { ARTQR_OUT = 'x' }", "the rehearsal sets it anew"),
        ("waive = { nothing = 'x' }", "unknown rule 'nothing'"),
        ("server = 1", "1 is not an address"),
        ("jobs = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_refused_with_where_it_stands(
    tmp_path: Path, line: str, says: str
) -> None:
    file = pyproject(tmp_path, f"[tool.artqr-mock.rehearse]\n{line}\n")

    with pytest.raises(UsageError) as refused:
        project_settings(tmp_path, has_command=False)

    assert says in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_project_without_the_table_sets_nothing(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool]\nartqr-mock = 1\n")

    assert project_settings(tmp_path, has_command=False) == {}


@pytest.mark.parametrize(
    ("inherited", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "corp.test"}, "corp.test,127.0.0.1,localhost"),
        ({"no_proxy": "a.test , b.test"}, "a.test,b.test,127.0.0.1,localhost"),
        ({"NO_PROXY": "localhost", "no_proxy": "c.test"}, "localhost,c.test,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_the_users_own_no_proxy_stays(inherited: dict[str, str], expected: str) -> None:
    assert no_proxy(inherited, "127.0.0.1") == expected


def test_a_server_elsewhere_is_called_directly_too() -> None:
    assert no_proxy({}, "mock.test") == "127.0.0.1,localhost,mock.test"


def test_two_runs_share_no_folder_and_no_port(tmp_path: Path) -> None:
    order = RehearsalOrder(command=["true"])
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        found.append(environment(order, all_drills()[0], "http://127.0.0.1:1", ACCOUNT,
                                 tmp_path / name))  # fmt: skip

    own = ("ARTQR_OUT", "ARTQR_STATE", "ARTQR_CALLBACK_PORT", "ARTQR_CALLBACK_URL")
    assert all(found[0][name] != found[1][name] for name in own)
    assert all(not any(Path(each["ARTQR_OUT"]).iterdir()) for each in found)
    assert not any(os.path.exists(each["ARTQR_STATE"]) for each in found)
    assert json.loads(found[0]["ARTQR_TEXTS"]) == list(all_drills()[0].texts)
    assert found[0]["ARTQR_DEADLINE"] == "20"


def test_no_port_is_given_twice() -> None:
    ports = [free_port() for _ in range(50)]

    assert len(set(ports)) == 50


def test_a_log_gets_a_line_for_each_drill() -> None:
    stream = io.StringIO()

    with progress.shown(stream, planned=2) as told:
        told(result_of(Verdict.PASS))
        told(result_of(Verdict.FAIL))

    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["PASS", "FAIL"]


def test_a_terminal_gets_a_bar() -> None:
    stream = Terminal()

    with progress.shown(stream, planned=7) as told:
        told(result_of(Verdict.FLAKY))

    assert "1/7" in stream.getvalue()
    assert "1 failed, last: FLAKY calm" in stream.getvalue()


def test_drills_that_restart_the_client_are_named_only_where_it_can_be() -> None:
    restarting = {drill.id for drill in all_drills() if drill.restart}

    assert not restarting & set(drill_ids())
    assert set(drill_ids(restartable=True)) == {drill.id for drill in all_drills()}
