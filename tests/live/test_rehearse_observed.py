"""`artqr-mock rehearse --observed`: the drills run against the service that was probed."""

import json
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.observed import toml

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the hooks are shell commands")

CLIENT = """
import json, os, pathlib, urllib.request
request = urllib.request.Request(
    os.environ["ARTQR_BASE_URL"] + "/getTask", b"task_id=x",
    {"Authorization": "APPCODE " + os.environ["ARTQR_APP_CODE"]},
)
opened = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
pathlib.Path("answer.json").write_text(json.dumps([opened.status, json.load(opened)]))
"""
FILE = [
    ("paths", {"query_task": "/getTask"}),
    ("observed[]", {"reading": "refusal.status", "value": "200"}),
    ("observed[]", {"reading": "envelope", "value": "bare"}),
]


def rehearse(folder: Path, *words: str) -> Result:
    """Run the command in a folder."""
    (folder / "client.py").write_text(CLIENT, "utf-8")
    with chdir(folder):
        return CliRunner(env={"GITHUB_ACTIONS": ""}).invoke(
            main, ["rehearse", *words, "--only", "calm", "--", sys.executable, "client.py"]
        )


def test_a_drill_answers_as_observed(tmp_path: Path) -> None:
    """Readings and paths are those of the file, which may be named from the folder."""
    (tmp_path / "o.toml").write_text(toml(FILE), "utf-8")

    done = rehearse(tmp_path, "--observed", "o.toml")

    assert done.exit_code in (0, 1), done.output
    status, body = json.loads((tmp_path / "answer.json").read_text("utf-8"))
    assert status == 200
    assert body["ret_code"] == -1


def test_files_that_disagree_are_refused(tmp_path: Path) -> None:
    """No drill is run."""
    (tmp_path / "o.toml").write_text(toml(FILE), "utf-8")
    (tmp_path / "p.toml").write_text(toml([("paths", {"query_task": "/q"})]), "utf-8")

    done = rehearse(tmp_path, "--observed", "o.toml", "--observed", "p.toml")

    assert done.exit_code == 2
    assert "o.toml and p.toml disagree: the path of query_task is /getTask and /q" in done.output
    assert not (tmp_path / "answer.json").exists()
