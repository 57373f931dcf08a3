"""What a rehearsal is asked to do."""

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mock_server.domain.suggestions import nearest, unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable
from mock_server.rehearsal.rules import RULES

DAY_S = 86_400
# What the rehearsal sets anew in each run: two runs never share any of it.
OWN = (
    "ARTQR_BASE_URL", "ARTQR_APP_CODE", "ARTQR_APP_KEY", "ARTQR_APP_SECRET", "ARTQR_DRILL",
    "ARTQR_CALLBACK_PORT", "ARTQR_CALLBACK_URL", "ARTQR_TEXTS", "ARTQR_OUT", "ARTQR_STATE",
    "ARTQR_DEADLINE",
)  # fmt: skip
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
PLACEHOLDERS = tuple(name.removeprefix("ARTQR_").lower() for name in OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOrder:
    """A command and how to rehearse it. Raises UsageError for a value that cannot be.

    `only`, `skip`: ids of drills. `scenarios`: shipped scenarios, or files, to run in place of the
    drills. `time_limit_s`: how long a client may run in one drill.
    `client_timeout_s`: how long it waits for one answer. `copies`: how many of each intent it
    wants. `env`: further variables, whose value may hold `{base_url}`, `{app_code}` and so on.
    `setup`, `teardown`: commands for the shell, before and after the client in each drill.
    `waived`: reasons by rule. `baseline`: the report.json of an earlier rehearsal, to compare with.
    `observed`: files of readings that a probe observed; those of a drill itself win.
    `server`: the address of a running server, None for one of our own.
    """

    command: Sequence[str]
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    scenarios: Sequence[str] = ()
    jobs: int = 1
    repeat: int = 1
    restartable: bool = False
    fail_fast: bool = False
    time_limit_s: float = 60.0
    client_timeout_s: float = 10.0
    copies: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    setup: str | None = None
    teardown: str | None = None
    waived: Mapping[str, str] = field(default_factory=dict)
    baseline: Path | None = None
    observed: Sequence[str] = ()
    server: str | None = None
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the values, and bring those that have two spellings into one."""
        checks = self.checks()
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in checks:
                checks[each.name](each.name, value)
            if isinstance(value, list):
                object.__setattr__(self, each.name, tuple(value))
        for name in ("cwd", "baseline"):
            if (path := getattr(self, name)) is not None:
                object.__setattr__(self, name, Path(path))

    def checks(self) -> "Mapping[str, Callable[[str, Any], None]]":
        """Return what checks each value."""
        return CHECKS


def found_command(order: RehearsalOrder) -> tuple[str, ...]:
    """Return the command as it can be started. Raises UsageError if it cannot be."""
    folder = check_folder(order)
    if not order.command or not order.command[0]:
        raise UsageError("name the client's command after --, such as -- ./my-client")
    program = order.command[0]
    shown = printable(program)
    if os.path.dirname(program):
        place = folder / program
        if place.is_dir():
            raise UsageError(f"the command {shown} is a folder: name the program in it")
        if not place.exists():
            raise UsageError(f"the command {shown} does not exist in {folder}")
        resolved = shutil.which(str(place))
        if resolved is None:
            raise UsageError(
                f"the command {shown} is not executable: `chmod +x` it, or name the program that "
                "runs it, such as `python client.py`"
            )
    elif (resolved := shutil.which(program)) is None:
        here = (folder / program).is_file()
        hint = f"write ./{shown}, or the program that runs it" if here else "is it installed?"
        raise UsageError(f"the command {shown} was not found on the PATH: {hint}")
    # Windows runs npm.cmd only under its whole name; elsewhere a program may go by its name.
    return (resolved if os.name == "nt" else program, *order.command[1:])


def check_folder(order: RehearsalOrder) -> Path:
    """Return the folder to run commands in. Raises UsageError if it is none."""
    folder = order.cwd or Path.cwd()
    if not folder.is_dir():
        raise UsageError(f"cannot run the client in {printable(str(folder))}: it is not a folder")
    return folder


def check_variables(_: str, variables: Any) -> None:
    """Raise UsageError for a variable that cannot be set, or a placeholder that is misspelt."""
    _texts("env", variables)
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name + value:
            raise UsageError(f"env {name!r}: a variable is a name and a text without NUL")
        if name.upper() in OWN:
            raise UsageError(f"env {name}: the rehearsal sets it anew in each drill; leave it out")
        for word in PLACEHOLDER.findall(value):
            near = nearest(word, PLACEHOLDERS, 0.8)
            if near not in (None, word):
                raise UsageError(
                    f"env {name}: unknown placeholder {{{word}}}; did you mean {{{near}}}?"
                )


def _texts(name: str, table: Any) -> None:
    if not isinstance(table, Mapping) or not all(
        isinstance(each, str) for pair in table.items() for each in pair
    ):
        raise UsageError(f"{name} must be a table of texts, such as {{NAME: 'text'}}")


def _waived(_: str, reasons: Any) -> None:
    check_reasons(reasons, [rule.id for rule in RULES])


def check_reasons(reasons: Any, known: Sequence[str]) -> None:
    """Raise UsageError for an unknown rule, or a rule that is waived without a reason."""
    _texts("waive", reasons)
    for rule, reason in reasons.items():
        if rule not in known:
            raise UsageError(unknown("rule", rule, known))
        if not reason.strip():
            raise UsageError(f"waive {rule}: give the reason, such as {rule}='agreed for now'")


def check_words(name: str, value: Any) -> None:
    """Raise UsageError for what is no list of texts."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if not is_list or not all(isinstance(word, str) for word in value):
        example = '["node", "client.mjs"]' if name == "command" else '["calm"]'
        raise UsageError(f"{name} must be a list of texts, such as {example}")
    if any("\0" in word for word in value):
        raise UsageError(f"{name}: a text has no NUL")


def _count(most: int) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise UsageError(f"{name} must be a whole number from 1 to {most}, not {value!r}")

    return check


def check_seconds(name: str, value: Any) -> None:
    """Raise UsageError for what is no time of at most a day."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= DAY_S:
        shown = name.removesuffix("_s").replace("_", "-")
        raise UsageError(f"{shown} must be more than 0 and at most a day, such as 60s")


def _flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise UsageError(f"{name.replace('_', '-')} must be true or false, not {value!r}")


def check_text(name: str, value: Any) -> None:
    """Raise UsageError for what is no text, or empty; None is left out."""
    if value is not None and (not isinstance(value, str) or not value.strip() or "\0" in value):
        raise UsageError(f"{name} must be a text that is not empty")


def _path(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, Path):
        check_text(name, value)


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "command": check_words, "only": check_words, "skip": check_words,
    "scenarios": check_words, "jobs": _count(32),
    "repeat": _count(100), "copies": _count(1000), "time_limit_s": check_seconds,
    "client_timeout_s": check_seconds, "restartable": _flag, "fail_fast": _flag,
    "env": check_variables, "waived": _waived, "setup": check_text, "teardown": check_text,
    "cwd": _path, "baseline": _path,
}  # fmt: skip
