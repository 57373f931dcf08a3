"""`artqr-mock fault`: add, list, kinds, clear."""

import re
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, get_args, get_type_hints

import click

from mock_server.admin_client import AccountClient, RefusedError
from mock_server.cli.common import (
    PlainGroup,
    account_options,
    instant,
    json_option,
    language_option,
    print_json,
)
from mock_server.contract import fault_texts
from mock_server.domain.call.calls import VENDOR_OPERATIONS
from mock_server.domain.durations import show_duration
from mock_server.domain.faults.kinds import KINDS, kind_of, named
from mock_server.domain.faults.parameters import needed
from mock_server.domain.faults.rules import COUNTS, AnyKind, Stage
from mock_server.domain.faults.spellings import in_ms, option
from mock_server.domain.faults.wire import CUTS
from mock_server.formatting import printable

CONDITIONS = ("operation", "text", "style", "task_id", "after", *COUNTS)
OF_EVERY_KIND = ("calls", "starts_in_ms", "expires_in_ms")


@click.group(cls=PlainGroup)
def fault() -> None:
    """Inject failures into the calls and callbacks of an account."""


def parameter_options(command: Any) -> Any:
    """Add an option for each parameter that some kind has; durations are written with a unit."""
    hints = {
        name: hint for kind in KINDS.values() for name, hint in get_type_hints(kind.fault).items()
    }
    for name, hint in sorted(hints.items(), reverse=True):
        users = [kind.name for kind in KINDS.values() if name in get_type_hints(kind.fault)]
        shown = ", ".join(users[:4]) + (" and others" if len(users) > 4 else "")
        command = click.option(
            *_spellings(name), name, type=_option_type(name, hint), help=f"A parameter of {shown}."
        )(command)
    return command


def _spellings(name: str) -> list[str]:
    """Return the options of a parameter: of a duration, with `-ms` and without."""
    return list(dict.fromkeys((option(name), "--" + name.replace("_", "-"))))


def _option_type(name: str, hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return click.Choice([word.value for word in hint])
    if name.endswith("_ms"):
        return str
    if float in get_args(hint):
        return float
    is_whole = int in (hint, *get_args(hint))
    return int if is_whole else str


@fault.command()
@click.argument("kind", required=False)
@parameter_options
@click.option("--operation", type=click.Choice([str(each) for each in VENDOR_OPERATIONS]),
              help="Only calls of this operation.")  # fmt: skip
@click.option("--after", type=click.IntRange(1),
              help="Let N calls that match pass first; the rest counts from there.")  # fmt: skip
@click.option("--nth", type=click.IntRange(1), help="Only the N-th call that matches.")
@click.option("--first", type=click.IntRange(1), help="Only the first N calls that match.")
@click.option("--every", type=click.IntRange(1), help="Every N-th call that matches.")
@click.option(
    "--probability",
    type=float,
    help="Only this share of calls, such as 0.2; repeatable by the account's seed.",
)
@click.option("--text", help="Only submits whose text matches; * and ? are wildcards.")
@click.option("--style", help="Only submits whose style matches.")
@click.option("--task-id", help="Only queries of this task.")
@click.option("--calls", type=click.IntRange(1), help="Fire at most N times.")
@click.option(
    "--starts-in",
    "--starts-in-ms",
    "starts_in_ms",
    help="Start after this time on the account's clock, such as 1h.",
)
@click.option(
    "--expires-in", "--expires-in-ms", "expires_in_ms", help="End after this time, such as 30m."
)
@account_options
@json_option
def add(*, kind: str | None, account: AccountClient, as_json: bool, **given: Any) -> None:
    """Add a fault, such as one of these.

    \b
    fault add reset --operation submit_task --nth 2
    fault add delay --for 3s --commit before
    fault add D504TO --calls 1
    fault add --remark 系统繁忙 --probability 0.2

    KIND is a kind of fault or an error code. `artqr-mock fault kinds` lists the kinds and their
    parameters. A duration is a number with a unit, or milliseconds.
    """
    if kind is None and (given["code"] is None) == (given["remark"] is None):
        raise click.UsageError(
            "name a kind (`artqr-mock fault kinds` lists them), or use --code or --remark"
        )
    order = {name: value for name, value in given.items() if value is not None}
    order = {**({} if kind is None else named(kind)), **order}
    order = in_ms(order, list(order))
    _check(order, is_named_twice=kind is not None and given["code"] is not None)
    try:
        armed = account.post("/faults", order)
    except RefusedError as error:
        raise click.UsageError(_in_options(str(error))) from None
    if as_json:
        print_json(armed)
        return
    _print([armed])


def _check(order: dict[str, Any], *, is_named_twice: bool) -> None:
    """Check what the schema would answer with names of fields. Raises click.UsageError."""
    found = kind_of(order)
    parameters = [field.name for field in fields(found.fault)]
    if is_named_twice and "code" not in parameters:
        raise click.UsageError(f"--code does not go with {found.name}: leave out one of them")
    if missing := [name for name in needed(found.fault) if name not in order]:
        wanted = " ".join(_placeholder({"name": name, "needed": True}) for name in missing)
        raise click.UsageError(f"{found.name} needs {wanted}")
    allowed = {*parameters, *CONDITIONS, *OF_EVERY_KIND, "kind"}
    if foreign := [option(name) for name in order if name not in allowed]:
        takes = ", ".join(map(option, parameters)) or "no parameter of its own"
        raise click.UsageError(f"{found.name} has no {' and no '.join(foreign)}; it takes {takes}")
    one_of = {"task_order": parameters, "truncate": CUTS}.get(found.name)
    if one_of and not order.keys() & set(one_of):
        raise click.UsageError(f"{found.name} needs one of {', '.join(map(option, one_of))}")
    if found.name == "maintenance" and "expires_in_ms" not in order:
        raise click.UsageError("maintenance needs --expires-in DURATION")


def _in_options(message: str) -> str:
    """Return a server's answer with options in place of the names of fields."""
    names = {field.name for kind in KINDS.values() for field in fields(kind.fault)}
    names |= {*CONDITIONS, *OF_EVERY_KIND}
    message = re.sub(r" \(see schema \w+ in /_mock/openapi\.json\)", "", message)
    message = re.sub(r"/([a-z_]+):", lambda found: f"{option(found[1])}:", message)
    compound = "|".join(sorted((name for name in names if "_" in name), key=len, reverse=True))
    # The values that a parameter can have may be spelt like a field, such as task_id.
    about, ending, values = message.partition(" is not one of ")
    about = re.sub(rf"\b(?<!-)(?:{compound})\b", lambda found: option(found[0]), about)
    return about + ending + values


@fault.command("list")
@account_options
@json_option
def list_faults(*, account: AccountClient, as_json: bool) -> None:
    """List the faults of an account and how often each has fired."""
    found = account.get("/faults")
    if as_json:
        print_json(found)
        return
    if found["faults"]:
        _print(found["faults"])
    else:
        click.echo("no fault is set")


@fault.command()
@language_option
@json_option
def kinds(*, language: str, as_json: bool) -> None:
    """List the kinds of faults; [ ] marks optional parameters."""
    if as_json:
        print_json([_about(kind) for kind in KINDS.values()])
        return
    texts = fault_texts(language)
    for stage in Stage:
        click.echo(f"{stage}:")
        for kind in [kind for kind in KINDS.values() if kind.stage is stage]:
            parameters = _about(kind)["parameters"]
            click.echo(f"  {' '.join([kind.name, *map(_placeholder, parameters)])}")
            click.echo(f"      {texts[kind.name]}")


@fault.command()
@click.argument("fault_id", type=int, required=False)
@account_options
def clear(*, fault_id: int | None, account: AccountClient) -> None:
    """Remove one fault by its id, or all faults."""
    account.delete("/faults" if fault_id is None else f"/faults/{fault_id}")


def _about(kind: AnyKind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "stage": kind.stage,
        "says": fault_texts()[kind.name],
        "operations": list(kind.operations),
        "parameters": [
            {"name": field.name, "needed": field.default is MISSING} for field in fields(kind.fault)
        ],
    }


def _placeholder(parameter: dict[str, Any]) -> str:
    name = parameter["name"]
    value = "DURATION" if name.endswith("_ms") else name.rpartition("_")[2].upper()
    shown = f"{option(name)} {value}"
    return shown if parameter["needed"] else f"[{shown}]"


def _print(faults: list[dict[str, Any]]) -> None:
    rows = [("id", "fault", "for", "left", "seen", "fired"), *map(_row, faults)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo(printable("  ".join(map(str.ljust, row, widths)).rstrip()))


def _row(fault: dict[str, Any]) -> tuple[str, ...]:
    names = [field.name for field in fields(KINDS[fault["kind"]].fault)]
    parameters = [_shown(name, fault[name]) for name in names if fault[name] is not None]
    left = "unlimited" if fault["calls_left"] is None else f"{fault['calls_left']} more"
    if fault["starts_at"] is not None:
        left += f", from {instant(fault['starts_at'])}"
    if fault["expires_at"] is not None:
        left += f", until {instant(fault['expires_at'])}"
    conditions = [_shown(name, fault[name]) for name in CONDITIONS if fault.get(name) is not None]
    return (
        str(fault["id"]),
        " ".join([fault["kind"], *parameters]),
        " ".join(conditions) or "every call",
        left,
        str(fault["seen"]),
        str(fault["hits"]),
    )


def _shown(name: str, value: Any) -> str:
    if name.endswith("_ms"):
        return f"{name.removesuffix('_ms')} {show_duration(value)}"
    return str(value) if name in ("code", "remark", "operation") else f"{name} {value}"
