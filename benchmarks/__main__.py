"""`python -m benchmarks [NAME]...`: runs all benchmarks, or those named, and prints their lines."""

import shutil
import sys

import click

from benchmarks import (
    books,
    callbacks,
    findings,
    flask_and_serve,
    growth,
    pictures,
    plugin,
    size,
    soak,
    space,
    timers,
    trimming,
)

MODULES = {
    each.__name__.rpartition(".")[2]: each
    for each in (
        flask_and_serve, callbacks, books, pictures, growth, findings, plugin, space, size,
        trimming, timers, soak,
    )
}  # fmt: skip


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(MODULES)))
@click.option("--minutes", type=click.FloatRange(0.1), default=soak.MINUTES, show_default=True,
              help="How long the soak takes.")  # fmt: skip
@click.option("--callbacks", "many", type=click.IntRange(1), default=timers.MANY,
              show_default=True, help="How many callbacks fall due at once.")  # fmt: skip
def main(names: tuple[str, ...], minutes: float, many: int) -> None:
    """Run benchmarks: all of them, or those that are named."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed to measure: install the Debian package wrk, or `brew install wrk`")
    for name in names or MODULES:
        if name == "soak":
            print(soak.measure(minutes), flush=True)
        elif name == "timers":
            print(timers.measure(many), flush=True)
        else:
            print(MODULES[name].measure(), flush=True)


if __name__ == "__main__":
    main()
