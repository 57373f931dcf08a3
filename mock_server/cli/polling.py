"""`artqr-mock polling`: how a client polled, what that cost, and which schedule is better."""

from collections.abc import Iterator
from typing import Any

import click

from mock_server.admin_client import AccountClient
from mock_server.audit.polling import (
    MOST_LAG_MS,
    Polling,
    TaskPolls,
    polling,
    polling_json,
    prediction_json,
)
from mock_server.audit.replay import Prediction, frontier
from mock_server.audit.schedules import Schedule, parse_schedule
from mock_server.cli.common import (
    account_options,
    json_option,
    language_option,
    no_longer_kept,
    print_json,
    say_in,
    yuan,
)
from mock_server.domain.durations import parse_duration
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted
from mock_server.testing.account_history import MOST_CALLS, AccountHistory, account_history

TASKS = "task                       lasts  polls   extra  after end   yuan     lag  heard by"
SCHEDULES = "  schedule                              polls   yuan     lag  worst lag  missed"
FEW_TASKS = 10
MOST_LINES = 20


def _schedule(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> Schedule | None:
    try:
        return None if text is None else parse_schedule(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def _ms(_context: click.Context, _option: click.Parameter, text: str | None) -> int:
    try:
        return MOST_LAG_MS if text is None else parse_duration(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


@click.command(name="polling")
@click.option("--schedule", "wanted", callback=_schedule, metavar="TEXT",
              help='Say what this one would have cost, such as "first 20s, then 5s", "every 5s", '
              '"first 1s, then 1s x2 up to 10s", or "list every 5s".')  # fmt: skip
@click.option("--max-lag", "most_lag_ms", callback=_ms, metavar="TIME",
              help="How late the suggested schedule may hear of an end, on average. "
              "[default: 2s]")  # fmt: skip
@click.option("--last", type=click.IntRange(1, MOST_CALLS), default=MOST_CALLS, show_default=True,
              metavar="N", help="Look at the last N calls only.")  # fmt: skip
@account_options
@language_option
@json_option
def polling_command(
    *,
    wanted: Schedule | None,
    most_lag_ms: int,
    last: int,
    account: AccountClient,
    language: str,
    as_json: bool,
) -> None:
    """Print how a client polled its tasks, and suggest a schedule.

    Other schedules are tried on the same tasks. Times are those of the account's clock. The lag is
    the time from a task's end to the moment the client heard of it. A star marks the schedules that
    no other one beats in price, polls and lag. Each one gives up after 60 polls.
    """
    read = account_history(account, most_calls=last)
    found = polling(read.history, read.readings, read.rate, most_lag_ms=most_lag_ms, wanted=wanted)
    if as_json:
        shown = found.wanted and prediction_json(found.wanted)
        more = {} if wanted is None else {"wanted": shown, "untried": found.untried}
        left_out = {"dropped": read.dropped, "unread": read.unread}
        print_json({**polling_json(found), **more, **left_out})
        return
    say = say_in(language)
    for line in (*_left_out(read, last), *lines(found)):
        click.echo(say(line))
    if wanted is not None:
        said = _point(found.wanted) if found.wanted else found.untried
        click.echo(say(f'your schedule, "{wanted.name}": {said}'))


def _left_out(read: AccountHistory, last: int) -> Iterator[str]:
    if read.dropped:
        yield no_longer_kept(read.dropped)
    if read.unread:
        yield f"only the last {counted(last, 'call')} were read, and the tasks submitted in them"


def lines(found: Polling) -> Iterator[str]:
    """Yield the report for a terminal."""
    yield from found.notes
    if not found.tasks:
        return
    yield f"times are those of the account's clock{_pace(found.rate)}"
    yield TASKS
    yield from (_task_line(each) for each in found.tasks[:MOST_LINES])
    if len(found.tasks) > MOST_LINES:
        yield f"and {counted(len(found.tasks) - MOST_LINES, 'more task')}: --json lists them"
    sums = polling_json(found)["yours"]
    lists = f", {counted(sums['lists'], 'list')}" if sums["lists"] else ""
    queries = "1 query" if sums["queries"] == 1 else f"{sums['queries']} queries"
    yield (
        f"{queries}{lists}: {sums['wasted']} extra, {sums['after_end']} after the end, "
        f"{sums['bursts']} in bursts, {yuan(sums['fen'])} yuan, mean lag {_s(sums['lag_ms'])}"
    )
    if not found.schedules:
        return
    yield ""
    yield from _schedule_lines(found)


def _schedule_lines(found: Polling) -> Iterator[str]:
    """Yield the schedules that nothing beats, with the plain ones beside them."""
    best = frontier(found.schedules)
    shown = [each for each in found.schedules if each in best or _is_plain(each.schedule)]
    yield f"the same tasks by other schedules, if charge.polls is {found.readings.charge_polls}:"
    yield SCHEDULES
    for each in shown:
        yield ("* " if each in best else "  ") + _schedule_line(each)
    if len(shown) < len(found.schedules):
        yield f"  and {len(found.schedules) - len(shown)} more: --json lists them"
    if found.suggested:
        yield f'suggested: "{found.suggested.schedule.name}": {_point(found.suggested)}'
    ended = sum(each.task.ends_at is not None for each in found.tasks)
    if ended < FEW_TASKS:
        yield f"{counted(ended, 'task')} only: try it on more tasks before you rely on it"


def _is_plain(schedule: Schedule) -> bool:
    return not schedule.by_list and (schedule.factor != 1 or schedule.first_ms == schedule.gap_ms)


def _pace(rate: float) -> str:
    if rate == 0:
        return ", which is frozen"
    return "" if rate == 1 else f", which runs {rate:g} times as fast as real time"


def _task_line(each: TaskPolls) -> str:
    lasts = "never" if each.task.ends_at is None else _s(each.task.lasts_ms)
    return (
        f"{each.task.id:<24}  {lasts:>6}  {each.polls:>5}  {each.wasted:>6}  {each.after_end:>9}  "
        f"{yuan(each.fen):>5}  {_s(each.lag_ms):>6}  {each.heard_by or '-'}"
    )


def _schedule_line(each: Prediction) -> str:
    return (
        f"{each.schedule.name:<36}  {each.polls:>5}  {yuan(each.fen):>5}  {_s(each.lag_ms):>6}  "
        f"{_s(each.worst_lag_ms):>9}  {each.missed or '-':>6}"
    )


def _point(each: Prediction) -> str:
    """Return what a schedule comes to, with the price under either reading of charge.polls."""
    least, most = each.fen_range
    price = f"{yuan(each.fen)} yuan"
    if least != most:
        price += f" ({yuan(least)} to {yuan(most)}: charge.polls is an open question)"
    missed = f", {counted(each.missed, 'end')} missed" if each.missed else ""
    return f"{counted(each.polls, 'poll')}, {price}, mean lag {_s(each.lag_ms)}{missed}"


def _s(ms: Any) -> str:
    return "-" if ms is None else f"{ms / 1000:.1f}s"
