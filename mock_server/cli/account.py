"""`artqr-mock account`: create, show, list, reset, change, buy, notices."""

from typing import Any

import click
from rich.console import Console

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.cli.bill_tables import calls_of, table_of
from mock_server.cli.common import (
    account_options,
    instant,
    json_option,
    pair,
    print_json,
    server_options,
    yuan,
)


@click.group()
def account() -> None:
    """Accounts: each is a buyer with a world of its own."""


@account.command()
@click.option("--name", help="What to call it.")
@click.option("--credits", "size", type=click.IntRange(0), help="Its package; 0 is none.")
@click.option("--seed", type=click.IntRange(0), help="What ids, durations and pictures follow.")
@click.option("--now", type=click.IntRange(0), help="Where its clock starts, in ms since 1970.")
@click.option("--frozen", is_flag=True, help="Start with the clock stopped.")
@click.option("--notify-url", metavar="URL", help="Where its notices are posted.")
@click.option("--reading", "readings", multiple=True, metavar="ID=WORD", help="Set a reading.")
@server_options
@json_option
def create(
    *,
    admin: AdminClient,
    as_json: bool,
    size: int | None,
    readings: tuple[str, ...],
    now: int | None,
    frozen: bool,
    **given: Any,
) -> None:
    """Make an account."""
    wish = {name: value for name, value in given.items() if value is not None}
    if size is not None:
        wish["credits"] = size
    if readings:
        wish["readings"] = dict(pair(reading) for reading in readings)
    clock = {"now": now} if now is not None else {}
    if clock or frozen:
        wish["clock"] = {**clock, "frozen": frozen}
    _show(admin.post("/accounts", wish), as_json=as_json)


@account.command()
@account_options
@json_option
def show(*, account: AccountClient, as_json: bool) -> None:
    """Show an account, credentials included."""
    _show(account.get(), as_json=as_json)


@account.command()
@account_options
@json_option
def reset(*, account: AccountClient, as_json: bool) -> None:
    """Empty an account's world and start it again; others are untouched."""
    _show(account.post("/reset"), as_json=as_json)


@account.command()
@click.option("--standing", type=click.Choice(["good", "arrears", "unauthorized"]),
              help="How the buyer stands with the marketplace.")  # fmt: skip
@click.option("--throttle", metavar="PER_SECOND/BURST|off", help="Such as 5/10, or off.")
@click.option("--skew-ms", type=int, help="How far its signing clock is off, in ms.")
@click.option("--notify-url", metavar="URL|off", help="Where its notices are posted.")
@account_options
@json_option
def change(
    *,
    account: AccountClient,
    as_json: bool,
    standing: str | None,
    throttle: str | None,
    skew_ms: int | None,
    notify_url: str | None,
) -> None:
    """Change how an account stands, its throttle, its skew, where its notices go."""
    given: dict[str, Any] = {"standing": standing, "skew_ms": skew_ms}
    patch = {name: value for name, value in given.items() if value is not None}
    if throttle is not None:
        patch["throttle"] = _throttle(throttle)
    if notify_url is not None:
        patch["notify_url"] = None if notify_url == "off" else notify_url
    _show(account.patch(patch), as_json=as_json)


@account.command()
@click.argument("offer")
@click.option("--valid-days", type=click.IntRange(1, 36500), help="How long it is valid.")
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
        f"{calls_of(bought['credits'])} for {yuan(bought['fen'])} yuan, "
        f"valid until {instant(bought['expires_at'])} Asia/Shanghai"
    )


@account.command()
@account_options
@json_option
def notices(*, account: AccountClient, as_json: bool) -> None:
    """List the reminders sent by now: low balance, expiry."""
    found = account.every("/notices", "notices")
    if as_json:
        print_json(found)
    elif not found:
        click.echo("no notice was sent by now")
    else:
        names = ("kind", "package", "text", "delivery")
        lines = [{"at": instant(n["at"]), **{name: n[name] for name in names}} for n in found]
        Console().print(table_of(lines))


@account.command("list")
@server_options
@json_option
def list_accounts(*, admin: AdminClient, as_json: bool) -> None:
    """List every account."""
    found = admin.get("/accounts")
    if as_json:
        print_json(found)
        return
    width = max(len(each["id"]) for each in found["accounts"])
    for each in found["accounts"]:
        click.echo(f"{each['id']:{width}}  {each['balance']:>6} credits  {each['name']}")


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


def _throttle_text(throttle: dict[str, Any] | None) -> str:
    if throttle is None:
        return "off"
    return f"{throttle['per_second']:g} a second, bursts of {throttle['burst']}"


def _show(account: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(account)
        return
    clock = account["clock"]
    pace = "frozen" if clock["frozen"] else f"rate {clock['rate']:g}"
    rows = {
        "id": account["id"],
        "name": account["name"],
        "app code": account["app_code"],
        "app key": account["app_key"],
        "app secret": account["app_secret"],
        "balance": f"{account['balance']} credits",
        "seed": account["seed"],
        "standing": account["standing"],
        "throttle": _throttle_text(account["throttle"]),
        "notices": account["notify_url"] or "not posted",
        "clock": f"{instant(clock['now'])} Asia/Shanghai, {pace}",
    }
    for label, value in rows.items():
        click.echo(f"{label:<11} {value}")
    for reading, word in account["readings"].items():
        click.echo(f"{'reading':<11} {reading} = {word}")
