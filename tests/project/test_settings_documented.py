"""Every setting, flag, variable and command is documented, and every command has help."""

import re
from dataclasses import Field, fields
from typing import Any

import click
import pytest

from mock_server.cli.common import commands_of
from mock_server.cli.main import main
from mock_server.cli.serve import serve
from mock_server.settings import COMMAND_VARIABLES, MEANINGS, PREFIX, Settings
from tests.support.documents import pages

DOCUMENTS = pages.everything()
COMMANDS = pages.page("docs/reference/commands.md").text
SETTINGS = [field.name for field in fields(Settings)]
FLAGS = {option.name: option.opts[0] for option in serve.params if isinstance(option, click.Option)}
ABOUT_THE_RUN = {
    "recreate",
    "ready_file",
    "config",
    "verbose",
    "log_level",
    "log_format",
    "quiet",
    "help",
}


def rows() -> dict[str, list[str]]:
    """Return the rows of the table of settings by name."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in pages.page("docs/reference/settings.md").text.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row for row in cells if row[0].strip("`") in SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_documented_with_its_flag_and_its_variable(name: str) -> None:
    row = rows()[name]

    assert f"`{PREFIX}{name.upper()}`" in row
    assert (f"`{FLAGS[name]}`" if name in FLAGS else "") in row


@pytest.mark.parametrize("field", fields(Settings), ids=SETTINGS)
def test_a_documented_default_is_the_one_in_the_code(field: Field[Any]) -> None:
    shown = rows()[field.name][3]

    if field.default in ("", None, ()):
        assert shown
        assert "`" not in shown, "there is no default to show: the page says it in words"
    elif isinstance(field.default, bool):
        assert shown == ("on" if field.default else "off")
    else:
        assert shown.strip("`") in (str(field.default), str(field.default).removesuffix(".0"))


@pytest.mark.parametrize("flag", sorted(FLAGS.values()))
def test_a_flag_of_serve_is_documented(flag: str) -> None:
    assert re.search(rf"`{flag}\b", DOCUMENTS)


def test_every_setting_has_a_meaning_and_nothing_else_has() -> None:
    assert set(MEANINGS) == set(SETTINGS)


def test_a_flag_of_serve_is_a_setting_or_about_this_run() -> None:
    assert set(FLAGS) - set(SETTINGS) <= ABOUT_THE_RUN


def test_the_documents_name_no_variable_that_does_not_exist() -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", DOCUMENTS))

    assert named <= {f"{PREFIX}{name.upper()}" for name in SETTINGS} | COMMAND_VARIABLES
    assert named >= COMMAND_VARIABLES


def commands(group: click.Group, path: str = "") -> dict[str, click.Command]:
    """Yield every command and group, with the words that call it."""
    found: dict[str, click.Command] = {}
    for name, command in commands_of(group).items():
        here = f"{path} {name}".strip()
        found[here] = command
        if isinstance(command, click.Group):
            found |= commands(command, here)
    return found


@pytest.mark.parametrize(("words", "command"), commands(main).items(), ids=list(commands(main)))
def test_a_command_has_help_and_is_documented(words: str, command: click.Command) -> None:
    assert (command.help or "").strip().endswith((".", '"$(artqr-mock env)".'))
    first, *rest = words.split()
    row = next(line for line in COMMANDS.splitlines() if line.startswith(f"| `{first}"))
    assert not rest or f"`{words}" in row or f"`{rest[-1]}`" in row


@pytest.mark.parametrize(("words", "command"), commands(main).items(), ids=list(commands(main)))
def test_an_option_has_help(words: str, command: click.Command) -> None:
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, f"{words} {option.name}"
