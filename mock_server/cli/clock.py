"""`artqr-mock clock`: show, advance, next, freeze, thaw, rate."""

import re
from itertools import pairwise
from typing import Any

import click

from mock_server.admin_client import AccountClient
from mock_server.cli.common import PlainGroup, account_options, instant, json_option, print_json
from mock_server.domain.clock import forward_ms
from mock_server.domain.durations import DAY_MS, show_duration
from mock_server.formatting import counted

TAKE_A_VALUE = ("--url", "--token", "--account")


@click.group(cls=PlainGroup)
def clock() -> None:
    """Show, move and stop the clock of an account; it only moves forward."""


def _change(account: AccountClient, change: dict[str, Any], *, as_json: bool) -> None:
    """Change the clock, wait for what became due to be attempted, and show it."""
    _print(account.post("/clock", {**change, "settle": True}), as_json=as_json)


@clock.command()
@account_options
@json_option
def show(*, account: AccountClient, as_json: bool) -> None:
    """Show the time of an account."""
    _print(account.get("/clock"), as_json=as_json)


class Advance(click.Command):
    """A command whose argument may begin with a minus sign, to be refused for what it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; a negative duration is no unknown option."""
        for before, each in pairwise(["", *args]):
            if re.match(r"-[0-9.P]", each) and before not in TAKE_A_VALUE:
                forward_ms(each)
        return super().parse_args(ctx, args)


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    forward_ms(text)
    return text


@clock.command(cls=Advance)
@click.argument("duration", callback=_duration)
@account_options
@json_option
def advance(*, duration: str, account: AccountClient, as_json: bool) -> None:
    """Move the clock forward by DURATION: 30s, 5m, 1h30m, 7d, PT5M."""
    _change(account, {"advance": duration}, as_json=as_json)


@clock.command("next")
@account_options
@json_option
def next_event(*, account: AccountClient, as_json: bool) -> None:
    """Move the clock to the next event: end of a task, callback, notice, expiry of a package."""
    before = account.get("/clock")["now"]
    moved = account.post("/clock", {"to_next_event": True, "settle": True})
    _print(moved, as_json=as_json, before=before)


@clock.command()
@account_options
@json_option
def freeze(*, account: AccountClient, as_json: bool) -> None:
    """Stop the clock; `advance` and `next` still move it."""
    _change(account, {"freeze": True}, as_json=as_json)


@clock.command()
@account_options
@json_option
def thaw(*, account: AccountClient, as_json: bool) -> None:
    """Start a stopped clock again."""
    _change(account, {"freeze": False}, as_json=as_json)


@clock.command(context_settings={"ignore_unknown_options": True})
@click.argument("rate", type=float)
@account_options
@json_option
def rate(*, rate: float, account: AccountClient, as_json: bool) -> None:
    """Run the clock RATE times as fast as real time."""
    _change(account, {"rate": rate}, as_json=as_json)


def _print(clock: dict[str, Any], *, as_json: bool, before: int | None = None) -> None:
    """Print a clock, and the event that it was moved to from the instant `before`."""
    if as_json:
        print_json(clock)
        return
    pace = "frozen" if clock["frozen"] else f"rate {clock['rate']:g}"
    click.echo(f"{instant(clock['now'])} Asia/Shanghai, {pace}")
    if "event" in clock:
        event = clock["event"]
        if event is None:
            click.echo("nothing more will happen by itself")
        else:
            about = {"task": event["task_id"], "package": event["package"]}
            shown = [f": {name} {which}" for name, which in about.items() if which is not None]
            ahead = "" if before is None else f", {_span(event['at'] - before)} ahead"
            click.echo(event["kind"].replace("_", " ") + "".join(shown) + ahead)
    if clock.get("delivered"):
        click.echo(f"{counted(clock['delivered'], 'callback')} attempted")


def _span(ms: int) -> str:
    """Return a distance in time: whole days from two days on, else whole seconds."""
    if ms >= 2 * DAY_MS:
        return counted(ms // DAY_MS, "day")
    return show_duration(max(0, ms) // 1000 * 1000)
