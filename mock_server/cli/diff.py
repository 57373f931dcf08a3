"""`artqr-mock diff observed.toml`: what a probe says of the claims that the simulator rests on."""

from pathlib import Path

import click

from mock_server.cli.common import (
    WRONG_USE,
    fail,
    json_option,
    language_option,
    print_json,
    say_in,
    write_output,
)
from mock_server.settings import SettingsError


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--markdown", "page", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a Markdown page to this file.")  # fmt: skip
@click.option("--all", "shows_all", is_flag=True,
              help="Show claims that are documented or were observed before, too.")  # fmt: skip
@language_option
@json_option
def diff(*, file: Path, page: Path | None, shows_all: bool, language: str, as_json: bool) -> None:
    """Show which assumed claims about the vendor a probe confirmed, refuted or left untouched."""
    from mock_server import observed  # noqa: PLC0415 - the other commands need none of it
    from mock_server.probe import claims  # noqa: PLC0415

    try:
        content = observed.read_file(file)
    except SettingsError as error:
        fail(str(error), WRONG_USE)
    rows = claims.judged(content)
    if page is not None:
        write_output(page, claims.markdown(rows, content).encode())
    shown = [each for each in rows if shows_all or each.certainty == "assumed"]
    if as_json:
        print_json([{name: getattr(each, name) for name in each.__slots__} for each in shown])
        return
    say = say_in(language)
    for verdict in (claims.REFUTED, claims.CONFIRMED, claims.UNTOUCHED):
        chosen = [each for each in shown if each.verdict == verdict]
        click.echo(say(f"{verdict}: {len(chosen)}"))
        for each in chosen:
            value = f" ({each.observed}, not {each.default})" if verdict == claims.REFUTED else ""
            why = f": {say(each.evidence)}" if verdict == claims.UNTOUCHED and each.evidence else ""
            click.echo(say(f"  {each.claim}  {each.reading}{value}") + why)
