"""The reference of the commands, generated from click: usage, help, arguments, options,
defaults.
"""

import re
from collections import Counter
from collections.abc import Iterator

import click

from mock_server.cli.common import commands_of
from mock_server.cli.main import main

PROGRAM = "artqr-mock"
SHARED_BY = 5  # an option that is equal in so many commands is described once


def overview() -> str:
    """Return a table of the commands with their subcommands."""
    rows = ["| Command | What it does | Details |", "|---|---|---|"]
    for name, command in commands_of(main).items():
        section = f"#{PROGRAM}-{name}"
        subs = commands_of(command) if isinstance(command, click.Group) else {}
        listed = ", ".join(f"[`{sub}`]({section}-{sub})" for sub in subs) or f"[options]({section})"
        rows.append(f"| `{name}` | {_summary(command)} | {listed} |")
    return "\n".join(rows)


def shared_options() -> str:
    """Return the options that many commands share."""
    rows = [_TITLES, _LINE]
    return "\n".join(rows + [row for row, count in _counted().items() if count >= SHARED_BY])


def reference() -> str:
    """Return one section per command."""
    return "\n\n".join(_section(words, command) for words, command in leaves(main))


def leaves(group: click.Group, path: str = PROGRAM) -> Iterator[tuple[str, click.Command]]:
    """Return every command that is not a group, with the words that call it."""
    for name, command in commands_of(group).items():
        words = f"{path} {name}"
        if isinstance(command, click.Group):
            yield from leaves(command, words)
        else:
            yield words, command


def _section(words: str, command: click.Command) -> str:
    counted = _counted()
    rows = {_row(option): option for option in _options(command)}
    own = [row for row in rows if counted[row] < SHARED_BY]
    shared = [f"`{rows[row].opts[0]}`" for row in rows if counted[row] >= SHARED_BY]
    parts = [f"### {words}", _help(command), f"```text\n{_usage(words, command)}\n```"]
    if own:
        parts.append("\n".join([_TITLES, _LINE, *own]))
    if shared:
        parts.append(f"Shared options: {', '.join(sorted(shared))}.")
    return "\n\n".join(parts)


_TITLES = "| Option | Default | Meaning |"
_LINE = "|---|---|---|"


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option) and not each.hidden]


def _counted() -> Counter[str]:
    return Counter(_row(option) for _, command in leaves(main) for option in _options(command))


def _row(option: click.Option) -> str:
    *others, last = (*option.opts, *option.secondary_opts)
    metavar = "" if option.is_flag else f" {_metavar(option)}"
    names = ", ".join(f"`{name}`" for name in (*others, last + metavar))
    text = (option.help or "").replace("|", "\\|")
    default, text = split_default(option, text)
    repeated = " May be repeated." if option.multiple and "repeated" not in text else ""
    return f"| {names} | {default} | {text}{repeated} |"


def _metavar(option: click.Option) -> str:
    if option.metavar:
        return option.metavar.replace("|", "\\|")
    if isinstance(option.type, click.Choice):
        return "\\|".join(map(str, option.type.choices))
    if isinstance(option.type, click.types.IntRange | click.types.FloatRange):
        return "NUMBER"
    return {"integer": "NUMBER", "float": "NUMBER"}.get(option.type.name, option.type.name.upper())


def split_default(option: click.Option, text: str) -> tuple[str, str]:
    """Return the default, and the help text without that default."""
    written = re.search(r" ?\[default: ([^\]]+)\]", text)
    if written:
        default, text = written[1], text.replace(written[0], "")
    elif isinstance(option.default, bool):
        default = "on" if option.default else ""
    elif isinstance(option.default, str | int | float):
        default = f"`{option.default}`"
    else:
        default = ""
    if option.envvar:
        default = ", else ".join(filter(None, [f"`{option.envvar}`", default]))
    return default, text


def _usage(words: str, command: click.Command) -> str:
    context = click.Context(command, info_name=words)
    return " ".join([words, *command.collect_usage_pieces(context)])


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").split("\n\n")
    shown = []
    for paragraph in paragraphs:
        text = paragraph.replace("\b", "").strip()
        if "\b" in paragraph:  # click's mark of lines that must not be wrapped
            lines = [line.strip() for line in text.splitlines()]
            shown.append("```text\n" + "\n".join(lines) + "\n```")
        else:
            shown.append(" ".join(text.split()))
    return "\n\n".join(filter(None, shown))


def _summary(command: click.Command) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


PARTS = {"commands": overview, "shared-options": shared_options, "command-reference": reference}
