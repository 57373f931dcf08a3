"""`artqr-mock check` against a server with planted flaws: it finds and explains each."""

import json
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tests.support.flawed_server import Flawed, serving_flawed
from tests.support.processes import run

pytestmark = pytest.mark.slow


def check(
    tmp_path: Path, *flaws: str, options: tuple[str, ...] = ("--max-calls", "24")
) -> tuple[Any, Flawed]:
    """Check a server with these flaws."""
    with serving_flawed(*flaws) as (url, flawed):
        return run("check", url, *options, cwd=tmp_path), flawed


def test_a_server_without_a_flaw_passes(tmp_path: Path) -> None:
    done, flawed = check(tmp_path)

    assert done.returncode == 0, done.stdout
    assert "requests that have to be refused: 11 calls, 11 as promised" in done.stdout
    for noise in ("WARNING", "Unmatched", "errored", "junit", "FAILED"):
        assert noise not in done.stdout + done.stderr
    assert len(flawed.asked) == 24
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


@pytest.mark.parametrize(
    "limit", [("--max-calls", "30"), ("--max-calls", "3"), ("--max-yuan", "1")]
)
def test_a_server_that_never_answers_is_never_a_pass(
    tmp_path: Path, limit: tuple[str, str]
) -> None:
    done, flawed = check(tmp_path, "silent", options=limit)

    assert done.returncode == 3
    assert "no call was answered" in done.stderr
    assert len(flawed.asked) == 3, "what does not answer is not asked for ever"


@pytest.mark.parametrize("path", ["/submitTask", "/taskList", "/queryTask"])
def test_one_operation_that_does_not_answer_is_a_failure_and_costs_few_calls(
    tmp_path: Path, path: str
) -> None:
    done, flawed = check(tmp_path, f"silent {path}", options=("--max-calls", "40", "--junit", "j"))

    assert done.returncode == 1
    assert f"FAILED POST {path}: " in done.stdout
    assert "no answer: Remote end closed connection without response" in done.stdout
    assert "not answered; then left out" in done.stdout
    assert len(flawed.bodies(path)) < 12
    report = Xml.parse(tmp_path / "j").getroot()  # noqa: S314 - our own file
    assert int(report.attrib["errors"]) > 0


@pytest.mark.parametrize(
    ("flaw", "probes"),
    [
        (
            "open to all",
            {
                "no credentials", "query without credentials", "unknown app code",
                "unknown app code on the list", "wrong signature",
            },
        ),
        (
            "no validation",
            {
                "empty submit", "submit without text and image",
                "submit without style and prompt", "query without task_id",
            },
        ),
        ("any method", {"submit by GET"}),
    ],
)  # fmt: skip
def test_what_has_to_be_refused_and_is_not_is_told_in_a_line(
    tmp_path: Path, flaw: str, probes: set[str]
) -> None:
    done, _ = check(tmp_path, flaw, options=("--max-calls", "15", "--junit", "j.xml"))

    assert done.returncode == 1
    told = {line.partition(": ")[2] for line in done.stdout.splitlines() if "FAILED" in line}
    assert told == probes
    assert done.stdout.count("but answered 200 (claim ") >= len(probes) - 1
    failed = Xml.parse(tmp_path / "j.xml").getroot().findall(".//failure/..")  # noqa: S314
    assert {case.attrib["name"] for case in failed} == probes


def test_post_only_queries_are_probed_where_the_reading_is_named(tmp_path: Path) -> None:
    named = ("--max-calls", "20", "--reading=query.method=post")
    open_, _ = check(tmp_path, "any method", options=("--max-calls", "20"))
    named_, _ = check(tmp_path, "any method", options=named)

    for probe in ("query by GET", "list by GET"):
        assert probe not in open_.stdout
        assert probe in named_.stdout


def test_the_budget_is_spent_on_different_requests_of_all_operations(tmp_path: Path) -> None:
    done, flawed = check(tmp_path, options=("--max-calls", "200"))

    assert done.returncode == 0, done.stdout
    for path in ("/submitTask", "/taskList", "/queryTask"):
        bodies = Counter(flawed.bodies(path))
        assert 55 <= bodies.total() <= 75
        assert len(bodies) >= 50, "few requests are sent twice"
    sent = "\n".join(flawed.bodies("/submitTask"))
    assert sum(f"style_id={style}" in sent for style in ("pet_cat", "shop_toy", "food_fruit")) >= 2
    asked = set(flawed.tasks) & {body[8:] for body in flawed.bodies("/queryTask")}
    assert len(asked) >= 20, "tasks that were submitted are asked for"
    for _, _, _, headers in flawed.asked:
        if headers.get("authorization"):
            assert not [name for name in headers if name.startswith("x-ca-")]


def test_a_crash_on_what_people_send_is_found_with_few_calls(tmp_path: Path) -> None:
    done, _ = check(tmp_path, "crash on x", options=("--max-calls", "40", "--mode", "positive"))

    assert done.returncode == 1
    assert "the server failed with 500: <h1>Oops</h1>" in done.stdout


@pytest.mark.parametrize(
    ("flaw", "says"),
    [
        ("status is bogus", '/status is "bogus", not "pending" or "running" or "failed" or "succ'),
        ("task_id is a number", '/showapi_res_body/task_id 12345 is not of type "string"'),
        ("resList is a text", '/resList "none" is not of type "array"'),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, flaw: str, says: str) -> None:
    done, _ = check(tmp_path, flaw)

    assert done.returncode == 1
    assert says in done.stdout
    assert "anyOf" not in done.stdout
    assert "ret_code is 0" not in done.stdout


def test_a_reading_that_would_allow_an_answer_is_named(tmp_path: Path) -> None:
    limits = ("--max-calls", "20")
    named = (*limits, "--reading=task.words=lower-case")
    open_, _ = check(tmp_path, "status is a number", options=limits)
    done, _ = check(tmp_path, "status is a number", options=named)

    assert open_.returncode == 0, open_.stdout
    assert done.returncode == 1
    assert "is 0, not " in done.stdout
    assert "(allowed with --reading task.words=numbers)" in done.stdout


@pytest.mark.parametrize(
    ("flaws", "options", "says", "hint"),
    [
        ([], ["--app-code", "of-nobody"], "A400AC Invalid AppCode `not", "check the credentials"),
        (["no credit"], [], "B403MQ Api Market Subscription quota", "check the package"),
    ],
)
def test_a_buyer_who_is_not_let_in_is_told_why_and_spends_nothing_more(
    tmp_path: Path, flaws: list[str], options: list[str], says: str, hint: str
) -> None:
    done, flawed = check(tmp_path, *flaws, options=("--max-calls", "200", *options))

    assert done.returncode == 1
    assert says in done.stdout
    assert hint in done.stdout
    assert "every call was refused because of its credentials or package" in done.stdout
    assert len(flawed.asked) == 4


def test_a_buyer_who_is_not_let_in_is_no_proof_that_wrong_requests_are_refused(
    tmp_path: Path,
) -> None:
    options = ("--mode", "negative", "--max-calls", "12", "--app-code", "of-nobody")
    done, _ = check(tmp_path, "no validation", options=options)

    assert done.returncode == 1
    assert "the buyer was refused with 400: A400AC" in done.stdout


def test_the_command_that_is_shown_makes_the_same_call(tmp_path: Path) -> None:
    with serving_flawed("no validation") as (url, flawed):
        done = run("check", url, "--max-calls", "15", cwd=tmp_path)
        lines = [line.strip() for line in done.stdout.splitlines() if "curl " in line]
        first = next(line for line in lines if "style_id=pet_cat" in line)
        before = len(flawed.asked)
        words = shlex.split(first.replace("$ARTQR_APP_CODE", "mock-demo"))
        subprocess.run([*words, "-s"], check=True, capture_output=True)

        method, path, body, headers = flawed.asked[before]

    assert "mock-demo" not in done.stdout
    assert (method, path, body) in {asked[:3] for asked in flawed.asked[:before]}
    assert headers["authorization"] == "APPCODE mock-demo"


def test_the_archive_has_every_call_and_no_credential(tmp_path: Path) -> None:
    done, flawed = check(tmp_path, options=("--max-calls", "40", "--har", "c.har"))

    text = (tmp_path / "c.har").read_text("utf-8")
    entries = json.loads(text)["log"]["entries"]
    assert done.returncode == 0
    assert len(entries) == len(flawed.asked) == 40
    for entry, (method, path, body, _) in zip(entries, flawed.asked, strict=True):
        assert entry["request"]["method"] == method
        assert path in entry["request"]["url"]
        assert entry["request"].get("postData", {}).get("text", "") == body
    assert "APPCODE mock-demo" not in text


def test_calls_that_were_not_answered_are_in_the_archive_too(tmp_path: Path) -> None:
    check(tmp_path, "silent", options=("--har", "c.har"))

    entries = json.loads((tmp_path / "c.har").read_text("utf-8"))["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [0, 0, 0]
    assert "no answer" in entries[0]["comment"]
