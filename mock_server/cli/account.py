"""`artqr-mock account`: create, show, list, reset, change, buy, notices."""

import re
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.cli.bill_tables import credits_left, table_of
from mock_server.cli.common import (
    PlainGroup,
    account_option,
    account_options,
    instant,
    json_option,
    our_command,
    pair,
    print_json,
    refuse_account_option,
    server_options,
    yuan,
)
from mock_server.domain.account.accounts import ALL
from mock_server.domain.billing.charges import UNLIMITED
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.durations import parse_duration, show_duration
from mock_server.domain.readings import DEFAULT_READINGS, as_mapping
from mock_server.formatting import counted, printable


@click.group(cls=PlainGroup)
def account() -> None:
    """Create, show and change accounts: each is one buyer with its own tasks, bill and clock."""


def _app_code(_context: Any, _option: Any, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[A-Za-z0-9._-]{6,64}", text):
        raise click.BadParameter(
            f"{text[:80]!r}: write 6 to 64 letters, digits, dots, hyphens or underscores"
        )
    return text


def number_or(word: str, least: int) -> Callable[..., int | str | None]:
    """Return what reads an option that is a whole number, or this word."""

    def convert(_context: Any, _option: Any, text: str | None) -> int | str | None:
        if text is None or text == word:
            return text
        if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) >= least):
            raise click.BadParameter(
                f"{text[:80]!r}: write a whole number from {least} on, or {word}"
            )
        return int(text)

    return convert


@account.command()
@click.option("--name", help="Its name; --account accepts it in place of the id.")
@click.option("--app-code", callback=_app_code, metavar="CODE",
              help="Its app code, such as my-tests. [default: a random one]")  # fmt: skip
@click.option("--credits", "size", callback=number_or(UNLIMITED, least=0), metavar="N|unlimited",
              help="Credits of its first package; 0 buys none. Unlimited ones never end, and no "
              "notice tells of them. [default: 1000]")  # fmt: skip
@click.option("--keep-calls", callback=number_or(ALL, least=1), metavar="N|all",
              help="How many calls the journal keeps. [default: as many as the server says]",
              )  # fmt: skip
@click.option("--seed", type=click.IntRange(0), metavar="N",
              help="The seed of its ids, durations and pictures. [default: random]")  # fmt: skip
@click.option("--now", type=click.IntRange(0), metavar="MS",
              help="The time at which its clock starts, in ms since 1970.")  # fmt: skip
@click.option("--frozen", is_flag=True, help="Start with the clock stopped.")
@click.option("--notify-url", metavar="URL", help="The address that its notices are posted to.")
@click.option("--reading", "readings", multiple=True, metavar="ID=WORD",
              help="Set a reading; may be repeated.")  # fmt: skip
@server_options
@json_option
def create(
    *,
    admin: AdminClient,
    as_json: bool,
    size: int | str | None,
    readings: tuple[str, ...],
    now: int | None,
    frozen: bool,
    **given: Any,
) -> None:
    """Create an account and print what its client needs."""
    wish = {name: value for name, value in given.items() if value is not None}
    if size is not None:
        wish["credits"] = size
    if readings:
        wish["readings"] = dict(pair(reading) for reading in readings)
    clock = {"now": now} if now is not None else {}
    if clock or frozen:
        wish["clock"] = {**clock, "frozen": frozen}
    _show(admin.base_url, admin.post("/accounts", wish), as_json=as_json)


def _skew(_context: Any, _option: Any, text: str | None) -> int | None:
    if text is None:
        return None
    ms = parse_duration(text.strip().removeprefix("-"))
    return -ms if text.strip().startswith("-") else ms


@account.command()
@account_options
@json_option
def show(*, account: AccountClient, as_json: bool) -> None:
    """Show an account with its credentials."""
    _show(account.base_url, account.get(), as_json=as_json)


@account.command()
@click.option("--all", "everything", is_flag=True,
              help="Delete every account but the default one, and reset that.")  # fmt: skip
@account_option("The account to reset, by its id or its name.")
@server_options
@json_option
def reset(*, everything: bool, account_id: str, admin: AdminClient, as_json: bool) -> None:
    """Delete the tasks, calls and bill of an account and start it again as it was created."""
    if not everything:
        account = admin.account_named(account_id)
        _show(admin.base_url, account.post("/reset"), as_json=as_json)
        return
    refuse_account_option("--all resets every account")
    done = admin.reset_all()
    if as_json:
        print_json(done)
    else:
        click.echo(f"{counted(done['deleted'], 'account')} deleted; the default account is reset")


@account.command()
@click.option("--standing", type=click.Choice(["good", "arrears", "unauthorized"]),
              help="arrears: every call gets 403 B403MO; unauthorized: 403 I403AA.")  # fmt: skip
@click.option("--throttle", metavar="PER_SECOND/BURST|off",
              help="The rate limit of each operation, such as 5/10.")  # fmt: skip
@click.option("--skew", callback=_skew, metavar="DURATION",
              help="The error of the clock that checks signed timestamps, such as 20m or "
              "-20m.")  # fmt: skip
@click.option("--skew-ms", type=int, metavar="MS", help="The same in milliseconds.")
@click.option("--notify-url", metavar="URL|off",
              help="The address that its notices are posted to.")  # fmt: skip
@account_options
@json_option
def change(
    *,
    account: AccountClient,
    as_json: bool,
    standing: str | None,
    throttle: str | None,
    skew: int | None,
    skew_ms: int | None,
    notify_url: str | None,
) -> None:
    """Change an account: standing, rate limit, clock error, address for notices."""
    if skew is not None and skew_ms is not None:
        raise click.UsageError("--skew and --skew-ms say the same: leave one out")
    given: dict[str, Any] = {"standing": standing, "skew_ms": skew_ms if skew is None else skew}
    patch = {name: value for name, value in given.items() if value is not None}
    if throttle is not None:
        patch["throttle"] = _throttle(throttle)
    if notify_url is not None:
        patch["notify_url"] = None if notify_url == "off" else notify_url
    if not patch:
        raise click.UsageError(
            "name at least one change: --standing, --throttle, --skew or --notify-url"
        )
    _show(account.base_url, account.patch(patch), as_json=as_json)


@account.command()
@click.argument("offer")
@click.option("--valid-days", type=click.IntRange(1, 36500), metavar="DAYS",
              help="How long the package is valid. [default: 365]")  # fmt: skip
@account_options
@json_option
def buy(*, offer: str, valid_days: int | None, account: AccountClient, as_json: bool) -> None:
    """Buy the package of OFFER calls: 1, 50, 200, 1000, 3000, 6000 or 15000."""
    order: dict[str, Any] = {"offer": offer}
    if valid_days is not None:
        order["valid_days"] = valid_days
    bought = account.post("/packages", order)
    if as_json:
        print_json(bought)
        return
    click.echo(
        f"{counted(bought['credits'], 'call')} for {yuan(bought['fen'])} yuan, "
        f"valid until {instant(bought['expires_at'])} Asia/Shanghai"
    )


@account.command()
@account_options
@json_option
def notices(*, account: AccountClient, as_json: bool) -> None:
    """List the notices of an account: low balance and expiry of packages."""
    found = account.every("/notices", "notices")
    if as_json:
        print_json(found)
    elif not found:
        click.echo("no notice was sent")
    else:
        names = ("kind", "package", "text", "delivery")
        lines = [{"at": instant(n["at"]), **{name: n[name] for name in names}} for n in found]
        Console().print(table_of(lines))


@account.command("list")
@server_options
@json_option
def list_accounts(*, admin: AdminClient, as_json: bool) -> None:
    """List all accounts with their balance."""
    found = admin.get("/accounts")
    if as_json:
        print_json(found)
        return
    width = max(len(each["id"]) for each in found["accounts"])
    click.echo(f"{'id':{width}}  {'balance':>14}  name")
    for each in found["accounts"]:
        balance = credits_left(each["balance"])
        click.echo(f"{each['id']:{width}}  {balance:>14}  {printable(each['name'])}")


def _throttle(text: str) -> dict[str, float] | None:
    if text == "off":
        return None
    per_second, _, burst = text.partition("/")
    try:
        return {"per_second": float(per_second), "burst": int(burst or "1")}
    except ValueError:
        raise click.BadParameter(
            f"{text!r}: write PER_SECOND/BURST, such as 5/10, or off"
        ) from None


def _skew_text(ms: int) -> str:
    if ms == 0:
        return "none"
    return f"{show_duration(abs(ms))} {'fast' if ms > 0 else 'slow'}"


def _throttle_text(throttle: dict[str, Any] | None) -> str:
    if throttle is None:
        return "off"
    return f"{throttle['per_second']:g} a second, bursts of {throttle['burst']}"


def _journal_text(keep_calls: int | str | None) -> str:
    if keep_calls is None:
        return "as the server is set"
    return "all calls" if keep_calls == ALL else f"the last {counted(int(keep_calls), 'call')}"


def _show(base_url: str, account: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(account)
        return
    clock = account["clock"]
    pace = "frozen" if clock["frozen"] else f"rate {clock['rate']:g}"
    rows = {
        "id": account["id"],
        "name": printable(account["name"]),
        "base url": printable(redact_address(base_url)),
        "app code": account["app_code"],
        "app key": account["app_key"],
        "app secret": account["app_secret"],
        "balance": credits_left(account["balance"]),
        "seed": account["seed"],
        "journal": _journal_text(account["keep_calls"]),
        "standing": account["standing"],
        "throttle": _throttle_text(account["throttle"]),
        "skew": _skew_text(account["skew_ms"]),
        "notices": printable(account["notify_url"] or "only listed: no address to post them to"),
        "clock": f"{instant(clock['now'])} Asia/Shanghai, {pace}",
    }
    for label, value in rows.items():
        click.echo(f"{label:<11} {value}")
    defaults = as_mapping(DEFAULT_READINGS)
    for reading, word in account["readings"].items():
        if word != defaults.get(reading):
            click.echo(f"{'reading':<11} {reading} = {word} (default {defaults.get(reading)})")
    command = our_command(base_url, "env", "--account", account["id"])
    click.echo(f'to configure a client: eval "$({command})"')
