"""What a command loads: one that only talks to a server starts at once."""

import subprocess
import sys

import pytest

LISTS_MODULES = """
import sys
from mock_server.cli.main import main
main.get_command(None, sys.argv[1])
print("\\n".join(sys.modules))
"""
# Each takes longer to load than the command has to do.
SLOW = {"asyncio", "cryptography", "flask", "hypothesis", "PIL", "qrcode", "sqlite3", "urllib3",
        "uvicorn", "yaml"}  # fmt: skip
# Without these, such a command starts in half of the time.
LIGHT = ("calls", "tasks", "clock", "callbacks", "ready", "env")
# What `serve` needs only once it answers: pages and admin routes, drawings, hints on signatures.
LATER = {"PIL", "flask", "jinja2", "qrcode", "werkzeug", "yaml", "zxingcpp",
         "mock_server.domain.auth.diagnosis", "mock_server.pages", "mock_server.render",
         "mock_server.web.admin", "mock_server.web.flask_app"}  # fmt: skip


def test_serve_answers_before_it_loads_what_it_needs_later() -> None:
    found = listed("import sys; import mock_server.server; print('\\n'.join(sys.modules))")

    assert found & LATER == set()
    assert "mock_server.web.serving.asgi_app" in found


def loaded(command: str) -> set[str]:
    return listed(LISTS_MODULES, command)


def listed(program: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize("command", [*LIGHT, "account", "bill", "fault", "findings", "readings"])
def test_a_command_that_talks_to_a_server_loads_nothing_that_is_slow(command: str) -> None:
    assert {each.partition(".")[0] for each in loaded(command)} & SLOW == set()


@pytest.mark.parametrize("command", LIGHT)
def test_a_light_command_loads_neither_tables_nor_contracts(command: str) -> None:
    found = loaded(command)

    assert found & {"tomllib", "jsonschema_rs", "mock_server.contract", "mock_server.tls"} == set()
    assert f"mock_server.cli.{command}" in found
