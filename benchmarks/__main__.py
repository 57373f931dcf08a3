"""`python -m benchmarks`: runs every benchmark and prints one line for each."""

import shutil
import sys

from benchmarks import (
    books,
    callbacks,
    findings,
    flask_and_serve,
    growth,
    pictures,
    plugin,
    workers,
)


def main() -> None:
    """Run all benchmarks."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed to measure: install the Debian package wrk, or `brew install wrk`")
    for measurement in (
        flask_and_serve.measure,
        callbacks.measure,
        books.measure,
        pictures.measure,
        growth.measure,
        findings.measure,
        plugin.measure,
        workers.measure,
    ):
        print(measurement(), flush=True)


if __name__ == "__main__":
    main()
