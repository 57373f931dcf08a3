"""The command that adds an extra installs from the origin of the package."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from mock_server import extras


@pytest.fixture
def installed_from(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Record an origin as an installer does; None: no record."""

    class Installed:
        def __init__(self, origin: dict[str, Any] | None) -> None:
            self._text = None if origin is None else json.dumps(origin)

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return self._text

    def note(origin: dict[str, Any] | None) -> None:
        monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed(origin))

    return note


def test_a_wheel_is_named_by_its_path(installed_from: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "it's here" / "artqr_mock-0.2.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    installed_from({"url": wheel.as_uri(), "archive_info": {}})

    command = extras.install_command("test")

    assert shlex.split(command) == ["pip", "install", f"{wheel}[test]"]


def test_an_editable_folder_stays_editable(installed_from: Any, tmp_path: Path) -> None:
    installed_from({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})

    assert extras.install_command("postgres") == f"pip install -e '{tmp_path}[postgres]'"


def test_a_repository_is_named_with_its_commit(installed_from: Any) -> None:
    vcs = {"vcs": "git", "commit_id": "0" * 40}
    installed_from({"url": "https://git.example/artqr-mock", "vcs_info": vcs})

    wanted = f"artqr-mock[test] @ git+https://git.example/artqr-mock@{'0' * 40}"
    assert extras.install_command("test") == f"pip install '{wanted}'"


@pytest.mark.parametrize(
    "origin", [None, {"url": "file:///nowhere/artqr_mock-0.2.0-py3-none-any.whl"}]
)
def test_an_origin_that_is_not_known_or_gone_is_left_to_the_reader(
    installed_from: Any, origin: dict[str, Any] | None
) -> None:
    installed_from(origin)

    assert extras.install_command("test") == (
        "pip install 'FOLDER-OR-WHEEL[test]', "
        "where FOLDER-OR-WHEEL is what you installed artqr-mock from"
    )


def test_without_metadata_the_origin_is_left_to_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "NAME", "no-such-package-anywhere")

    assert extras.install_command("test").startswith("pip install 'FOLDER-OR-WHEEL[test]'")
