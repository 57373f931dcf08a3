"""observed.toml: what is written is read again, and files that cannot be used are refused."""

from pathlib import Path

import pytest

from mock_server.domain.call.calls import Operation
from mock_server.observed import load, read_file, toml
from mock_server.probe.claims import CONFIRMED, REFUTED, UNTOUCHED, judged, markdown
from mock_server.settings import SettingsError


def written(path: Path, *rows: tuple[str, str]) -> Path:
    """Write a file of observed readings."""
    path.write_text(
        toml([("observed[]", {"reading": name, "value": value}) for name, value in rows]), "utf-8"
    )
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Quotes, control characters and Chinese survive."""
    hostile = 'a "quoted" \\ text\x7f\x00\x1b[31m 中文 \ud800'
    text = toml(
        [("probe", {"url": hostile, "calls": 3}), ("new_shape[]", {"expected": ["a", "b"]})]
    )
    (tmp_path / "o.toml").write_text(text, "utf-8")
    content = read_file(tmp_path / "o.toml")
    assert content["probe"]["url"] == hostile.replace("\ud800", "?")
    assert content["new_shape"] == [{"expected": ["a", "b"]}]


def test_files_that_agree_are_joined(tmp_path: Path) -> None:
    """Each file adds its readings."""
    first = written(tmp_path / "1.toml", ("envelope", "bare"))
    second = written(tmp_path / "2.toml", ("envelope", "bare"), ("list.shape", "pagebean"))
    assert load([first, second]).readings == {"envelope": "bare", "list.shape": "pagebean"}


def test_files_that_disagree_are_refused(tmp_path: Path) -> None:
    """The message names both files and both values."""
    first = written(tmp_path / "1.toml", ("envelope", "bare"))
    second = written(tmp_path / "2.toml", ("envelope", "showapi"))
    with pytest.raises(SettingsError, match=r"1.toml and .*2.toml disagree: envelope is bare and"):
        load([first, second])


def test_paths_are_joined_and_must_agree(tmp_path: Path) -> None:
    """They are those of the operations; a file that says nothing of one agrees with all."""
    files = [tmp_path / "1.toml", tmp_path / "2.toml", tmp_path / "3.toml"]
    for file, paths in zip(
        files, [{"query_task": "/q"}, {"list_tasks": "/l"}, {"query_task": "/x"}], strict=True
    ):
        file.write_text(toml([("paths", paths)]), "utf-8")
    assert load(files[:2]).paths == {Operation.QUERY_TASK: "/q", Operation.LIST_TASKS: "/l"}
    with pytest.raises(SettingsError, match=r"3.toml disagree: the path of query_task is /q and"):
        load(files)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[paths]\nqueries = "/q"\n', "unknown operation 'queries'"),
        ('[paths]\nquery_task = "q"\n', "query_task is no path: write one such as /queryTask"),
        ('[paths]\nlist_tasks = "/queryTask"\n', "two operations have the same path"),
        ("[paths]\nlist_tasks = 3\n", "list_tasks is no path"),
        ("x = ", "is not TOML"),
        ("[other]\n", "no table of observed readings"),
        ('[observed]\nreading = "envelope"\n', "no table of observed readings"),
        ("[[observed]]\nreading = 3\n", "has no reading and value"),
        ('[[observed]]\nreading = "envelop"\nvalue = "bare"\n', "unknown reading"),
        ('[[observed]]\nreading = "envelope"\nvalue = "no"\n', "takes 'showapi' or 'bare'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    """The message says what is wrong, and where."""
    (tmp_path / "o.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=says):
        load([tmp_path / "o.toml"])


def test_a_missing_file(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(SettingsError, match="cannot read"):
        load([tmp_path / "none.toml"])


def test_claims_are_judged() -> None:
    """The value of the default confirms a claim, another one refutes it."""
    content = {"observed": [{"reading": "envelope.text_field", "value": "remark"},
                            {"reading": "ret_code.type", "value": "string", "shows": "<b>|x"}],
               "open": [{"reading": "list.order", "why": "no call was left"}]}  # fmt: skip
    verdicts = {each.reading: each.verdict for each in judged(content)}
    assert verdicts["envelope.text_field"] == CONFIRMED
    assert verdicts["ret_code.type"] == REFUTED
    assert verdicts["list.order"] == UNTOUCHED
    page = markdown(judged(content), content)
    assert "## Refuted: 1" in page
    assert "<b>" not in page
    assert "&lt;b\\>\\|x" in page
