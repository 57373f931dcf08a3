"""`artqr-mock contract`: the contract narrowed to one value per reading, for other tools."""

import json
from pathlib import Path

import yaml

from tests.support.processes import run


def output_of(folder: Path, *flags: str, code: int = 0) -> str:
    done = run("contract", *flags, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_contract_is_printed_under_the_readings_that_are_named(tmp_path: Path) -> None:
    by_default = yaml.safe_load(output_of(tmp_path, "--plain"))["components"]["schemas"]
    numbers = json.loads(
        output_of(tmp_path, "--plain", "--json", "--reading", "task.words=numbers")
    )

    assert by_default["Task"]["properties"]["status"]["enum"] == [
        "pending", "running", "failed", "succeeded"
    ]  # fmt: skip
    assert set(numbers["components"]["schemas"]["Task"]["properties"]["status"]["enum"]) == {
        0, 1, 2, 3
    }  # fmt: skip
    assert "allOf" in output_of(tmp_path)


def test_an_unknown_reading_is_refused_with_the_nearest(tmp_path: Path) -> None:
    said = output_of(tmp_path, "--reading", "task.word=numbers", code=2)

    assert "task.words" in said
