"""`artqr-mock coverage`: how much of the contract a client's calls have met."""

import sys
from math import isnan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
from rich.cells import set_cell_size

from mock_server.admin_client import AdminClient
from mock_server.cli.common import (
    FINDINGS,
    account_option,
    check_output,
    language_option,
    say_in,
    server_options,
    write_output,
)
from mock_server.domain.contract.coverage import Group
from mock_server.domain.languages import ENGLISH
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import json_text, printable
from mock_server.words.sentences import Say

BAR = 20
SHOWN = 6
# How the name of a file ends, and what is written into it.
SUFFIXES = {
    ".json": "json", ".html": "html", ".htm": "html", ".xml": "xml", ".txt": "table", "": "table",
}  # fmt: skip


def _percent(_context: Any, _option: Any, value: float | None) -> float | None:
    # Whatever is compared with nan is not less: the gate would be open.
    if value is not None and isnan(value):
        raise click.BadParameter("'nan' is not a number: write one from 0 to 100")
    return value


@click.command()
@account_option("The account to look at, by its id or its name.")
@click.option("--all", "everybody", is_flag=True,
              help="All accounts, deleted ones too: a whole test run.")  # fmt: skip
@click.option("--of", "groups", multiple=True, type=click.Choice([each.value for each in Group]),
              help="Only this group; may be repeated.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "json", "html", "xml"]),
              help="xml is JUnit, where an item that was never met is a skipped test. "
              "[default: by the ending of --output, else table]")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path),
              help="Write to this file. [default: standard output]")  # fmt: skip
@click.option(
    "--missing", is_flag=True, help="List everything that was never met and how to meet it."
)
@click.option("--fail-under", type=click.FloatRange(0, 100), callback=_percent, metavar="PERCENT",
              help="Exit with 1 if less was met.")  # fmt: skip
@server_options
@language_option
def coverage(
    *, admin: AdminClient, account_id: str, everybody: bool, groups: tuple[str, ...],
    form: str | None, output: Path | None, missing: bool, fail_under: float | None,
    language: str,
) -> None:  # fmt: skip
    """Print how much of the contract the calls of an account have met.

    It counts operations, credentials, fields, headers, answers, errors, outcomes and readings.
    """
    if output is not None:
        form = form or _form_of(output)
        check_output(output)
    query = {"groups": ",".join(dict.fromkeys(groups))} if groups else {}
    if everybody:
        found, whose = admin.get("/coverage", **query), "all accounts"
    else:
        account = admin.account_named(account_id)
        found, whose = account.get("/coverage", **query), f"account {account.id}"
    if form == "json":
        text = json_text(found, indent=2)
    elif form == "xml":
        text = junit(found, whose)
    else:
        say = say_in(language)
        text = (
            html(found, whose, language)
            if form == "html"
            else table(found, missing=missing, say=say)
        )
    if output is None:
        click.echo(text)
    else:
        write_output(output, f"{text}\n".encode())
    if fail_under is not None and found["percent"] < fail_under:
        click.echo(f"artqr-mock: {found['percent']} % is under {fail_under:g} %", err=True)
        sys.exit(FINDINGS)


def table(found: dict[str, Any], *, missing: bool, say: Say = str) -> str:
    """Return what was met as a table for a person; `say` returns a sentence in their language."""
    lines = []
    for part in found["groups"]:
        filled = BAR * part["met"] // part["total"]
        count = say(f"{part['met']} of {part['total']}")
        group = set_cell_size(say(part["group"]), 12)
        lines.append(f"{group}{count:>10}  {'█' * filled}{'░' * (BAR - filled)}")
        never = [item for item in part["items"] if not item["met"]]
        if missing:
            lines += [
                f"{'':14}{item['name']:<40} {say(item['how'] or '')}".rstrip() for item in never
            ]
        elif never:
            names = ", ".join(item["name"] for item in never[:SHOWN])
            more = f" and {len(never) - SHOWN} more" if len(never) > SHOWN else ""
            lines.append(say(f"{'':14}never met: {names}{more}"))
    lines.append(say(f"met {found['met']} of {found['total']} ({found['percent']} %)"))
    return "\n".join(lines)


def _form_of(output: Path) -> str:
    form = SUFFIXES.get(output.suffix.lower())
    if form is None:
        raise UsageError(
            f"--output {output}: no format is written to {output.suffix} files; use .txt, .json, "
            ".html or .xml, or choose with --format"
        )
    return form


def junit(found: dict[str, Any], whose: str) -> str:
    """Return what was met as a JUnit report: a suite for each group, a test for each item."""
    root = ElementTree.Element("testsuites", name=f"contract coverage of {printable(whose)}")
    for part in found["groups"]:
        suite = ElementTree.SubElement(
            root, "testsuite", name=part["group"], tests=str(part["total"]), failures="0",
            errors="0", skipped=str(part["total"] - part["met"]),
        )  # fmt: skip
        for item in part["items"]:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"coverage.{part['group']}", name=item["name"]
            )
            if not item["met"]:
                ElementTree.SubElement(
                    case, "skipped", message=f"never met. {item['how'] or ''}".strip()
                )
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'


def html(found: dict[str, Any], whose: str, language: str = ENGLISH) -> str:
    """Return what was met as a page that needs nothing else, in a language."""
    from mock_server.pages.environment import render  # noqa: PLC0415 - every command would load it

    return render("cli/coverage.html", language, found=found, whose=whose)
