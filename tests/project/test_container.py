"""The container: its files are consistent with each other, and its command does what they say.

No test builds the image, because that needs a container engine and an index of packages.
"""

import json
import re
import signal
import stat
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from mock_server.cli.serve import serve
from mock_server.settings import Settings
from tests.support.processes import COMMAND, DEADLINE_S, environment

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, continuations joined."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (name.upper(), rest.strip())
        for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def last(name: str) -> str:
    """Return the argument of the last instruction with a name: that of the image."""
    return [rest for found, rest in instructions() if found == name][-1]


def variables() -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(pair.split("=", 1) for pair in last("ENV").split())


def copied() -> list[str]:
    """Return what the build takes from the repository."""
    return [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a path of the repository through."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#") and fnmatch(path, line.lstrip("!")):
            sent = line.startswith("!")
    return sent


def test_every_instruction_is_one_of_docker() -> None:
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE",
             "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}  # fmt: skip

    assert {name for name, _ in instructions()} <= known
    assert next(iter(instructions())) == ("ARG", "BASE=python:3.13-slim")
    assert [rest for name, rest in instructions() if name == "FROM"] == [
        "${BASE} AS build", "${BASE}",
    ]  # fmt: skip


def test_what_is_copied_exists_and_is_sent_to_the_engine() -> None:
    assert copied()
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert [source for source in copied() if not is_sent(source)] == []
    assert [each for each in (".git", ".venv", "tests", "mock_server/__pycache__")
            if is_sent(each)] == []  # fmt: skip


def test_the_wheel_is_built_from_what_is_copied() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    wanted = re.findall(r'^"(\w+)" = "mock_server/', text, re.MULTILINE)

    assert wanted
    assert {*wanted, "mock_server", "pyproject.toml", "README.md", "LICENSE"} <= {*copied()}


def test_the_container_runs_as_nobody_in_particular() -> None:
    user, group = (int(each) for each in last("USER").split(":"))

    assert min(user, group) >= 1000
    assert f"--chown={user}:{group} /data /data" in DOCKERFILE
    assert [rest for name, rest in instructions() if name == "VOLUME"] == ["/data"]


def test_the_variables_are_settings_and_everything_written_is_in_the_volume() -> None:
    ours = {name: value for name, value in variables().items() if name.startswith("ARTQR_MOCK_")}
    settings = Settings.load({"token": "x"}, environ=ours)

    assert not settings.is_loopback
    assert settings.database_path.startswith("/data/")
    assert variables()["XDG_DATA_HOME"] == variables()["HOME"] == "/data"
    assert last("EXPOSE") == str(settings.port)
    assert json.loads(last("HEALTHCHECK").partition("CMD ")[2]) == ["artqr-mock", "ready"]


def test_the_services_fit_the_image() -> None:
    service, database = COMPOSE["services"]["artqr"], COMPOSE["services"]["database"]
    given = service["environment"]

    ours = {name: "x" for name in given if name.startswith("ARTQR_MOCK_")}
    Settings.load({}, environ=ours)  # each is a setting
    assert given["ARTQR_MOCK_DATABASE"] == "postgresql://{POSTGRES_USER}@database/{POSTGRES_DB}".format(
        **database["environment"]
    )  # fmt: skip
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the only other folder that is written to
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert service["ports"] == [f"127.0.0.1:{last('EXPOSE')}:{last('EXPOSE')}"]
    named = {mount.partition(":")[0] for each in (service, database) for mount in each["volumes"]}
    assert named == {*COMPOSE["volumes"]}
    secrets = [given["ARTQR_MOCK_TOKEN"], given["PGPASSWORD"],
               database["environment"]["POSTGRES_PASSWORD"]]  # fmt: skip
    assert all(":?" in each for each in secrets)  # none has a default


def test_no_registry_is_named() -> None:
    images = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM")]
    images += [each["image"] for each in COMPOSE["services"].values()]

    assert [each for each in images if "/" in each or "." in each.partition(":")[0]] == []


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A folder in place of the volume."""
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


def contained(volume: Path, **more: str) -> dict[str, str]:
    """Return the environment of the image, with another folder and a free port."""
    inside = {name: value.replace("/data", str(volume)) for name, value in variables().items()}
    del inside["PATH"]
    return {**environment(volume), **inside, "ARTQR_MOCK_PORT": "0", **more}


def entry_point() -> list[str]:
    """Return what the container runs, by this Python."""
    command: list[str] = [*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD"))]
    assert command[:2] == ["artqr-mock", serve.name]
    return [*COMMAND, *command[1:]]


def url_of(process: "subprocess.Popen[str]") -> str:
    """Return the address that a server prints first."""
    assert process.stdout is not None
    return process.stdout.readline().strip().removeprefix("ARTQR_BASE_URL=")


def test_the_command_refuses_to_run_without_a_token(volume: Path) -> None:
    done = subprocess.run(
        entry_point(), env=contained(volume), capture_output=True, text=True, timeout=60,
        check=False, cwd="/",
    )  # fmt: skip

    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert "set --token" in json.loads(line)["message"]


def test_the_command_is_healthy_until_a_signal_ends_it(volume: Path) -> None:
    env = contained(volume, ARTQR_MOCK_TOKEN="a-token")
    process = subprocess.Popen(
        entry_point(), env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    try:
        url = url_of(process)
        health = [*COMMAND, *json.loads(last("HEALTHCHECK").partition("CMD ")[2])[1:]]
        # The probe has no token: whoever reads the configuration of the container need not see one.
        probe = {name: value for name, value in env.items() if name != "ARTQR_MOCK_TOKEN"}
        healthy = subprocess.run(health, env={**probe, "ARTQR_MOCK_URL": url}, timeout=60,
                                 capture_output=True, check=False, cwd="/")  # fmt: skip
        assert [child.pid for child in psutil.Process(process.pid).children()] == []
        process.send_signal(signal.Signals[last("STOPSIGNAL")])
        code = process.wait(timeout=DEADLINE_S)
        unhealthy = subprocess.run(health, env={**probe, "ARTQR_MOCK_URL": url}, timeout=60,
                                   capture_output=True, check=False, cwd="/")  # fmt: skip
    finally:
        process.kill()
        process.communicate()

    assert (healthy.returncode, code, unhealthy.returncode) == (0, 0, 3)
    assert stat.S_IMODE((volume / "artqr.sqlite3").stat().st_mode) & 0o077 == 0
