"""The settings of `serve`: names and defaults from the dataclass, flags from the command."""

from collections import Counter
from dataclasses import Field, fields
from typing import Any

import click

from mock_server.cli.main import main
from mock_server.cli.serve import serve
from mock_server.settings import COMMAND_VARIABLES, MEANINGS, PREFIX, Settings
from tests.support.documents.commands import leaves, split_default


def settings() -> str:
    """Return the table of settings."""
    rows = ["| Setting | Flag | Variable | Default | Meaning |", "|---|---|---|---|---|"]
    flags = {
        option.name: option.opts[0] for option in serve.params if isinstance(option, click.Option)
    }
    for field in fields(Settings):
        flag = f"`{flags[field.name]}`" if field.name in flags else ""
        rows.append(
            f"| `{field.name}` | {flag} | `{PREFIX}{field.name.upper()}` | {_default(field)} "
            f"| {MEANINGS[field.name].text} |"
        )
    return "\n".join(rows)


def run_options() -> str:
    """Return the options of `serve` that concern one run, and are not settings."""
    names = {field.name for field in fields(Settings)}
    rows = ["| Option | Default | Meaning |", "|---|---|---|"]
    for option in serve.params:
        if isinstance(option, click.Option) and option.name not in names:
            default, text = split_default(option, option.help or "")
            rows.append(f"| `{option.opts[0]}` | {default} | {text} |")
    return "\n".join(rows)


def command_variables() -> str:
    """Return the variables that commands read, each with the option that overrides it."""
    rows = ["| Variable | Option | Meaning |", "|---|---|---|"]
    options = [
        option
        for _, command in leaves(main)
        for option in command.params
        if isinstance(option, click.Option)
    ]
    for variable in sorted(COMMAND_VARIABLES):
        flag = "--" + variable.removeprefix(PREFIX).lower().replace("_", "-")
        texts = Counter(option.help for option in options if flag in option.opts)
        rows.append(f"| `{variable}` | `{flag}` | {texts.most_common(1)[0][0]} |")
    return "\n".join(rows)


def _default(field: Field[Any]) -> str:
    if MEANINGS[field.name].unset:
        return MEANINGS[field.name].unset
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    return f"`{str(field.default).removesuffix('.0')}`"


PARTS = {
    "settings": settings,
    "run-options": run_options,
    "command-variables": command_variables,
}
