"""The bounds in pyproject.toml are tested versions: the lowest ones and the pinned ones."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# The dependencies that users install; the tools of `dev` have only pinned versions.
FOR_USERS = [*PROJECT["dependencies"], *EXTRAS["metrics"], *EXTRAS["postgres"], *EXTRAS["test"]]
FOR_US = [each for each in EXTRAS["dev"] if not each.startswith("artqr-mock")]
# web/serving/protocol.py overrides private methods, which any new version may change.
USES_PRIVATE_METHODS = "uvicorn"


def versions_of(file: str) -> dict[str, Version]:
    """Return the version of each package in a file of constraints."""
    lines = (ROOT / file).read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def bounds(requirement: str, operator: str) -> list[Version]:
    """Return the versions of a requirement with an operator."""
    return [
        Version(each.version)
        for each in Requirement(requirement).specifier
        if each.operator == operator
    ]


def name_of(requirement: str) -> str:
    """Return the name of a package in the spelling of package indexes."""
    return canonicalize_name(Requirement(requirement).name)


@pytest.mark.parametrize("requirement", FOR_USERS)
def test_the_lower_bound_is_the_version_that_ci_tries(requirement: str) -> None:
    assert bounds(requirement, ">=") == [
        versions_of("constraints-lowest.txt")[name_of(requirement)]
    ]


@pytest.mark.parametrize("requirement", FOR_USERS + FOR_US)
def test_the_pinned_version_is_within_the_bounds(requirement: str) -> None:
    pinned = versions_of("constraints.txt")[name_of(requirement)]

    assert Requirement(requirement).specifier.contains(pinned)


def test_the_upper_bound_of_uvicorn_is_right_above_the_pinned_version() -> None:
    pinned = versions_of("constraints.txt")[USES_PRIVATE_METHODS]
    bounded = {name_of(each): found for each in FOR_USERS if (found := bounds(each, "<"))}

    assert bounded == {USES_PRIVATE_METHODS: [Version(f"{pinned.major}.{pinned.minor + 1}")]}


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-lowest.txt"])
def test_constraints_are_names_and_exact_versions(file: str) -> None:
    lines = (ROOT / file).read_text("utf-8").splitlines()

    wrong = [x for x in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", x)]
    assert wrong == []
