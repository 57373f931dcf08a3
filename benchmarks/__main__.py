"""`python -m benchmarks`: every measurement, a line each."""

import shutil
import sys

from benchmarks import books, callbacks, doors, findings


def main() -> None:
    """Run them all."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed to measure: install the Debian package wrk, or `brew install wrk`")
    for measurement in (doors.measure, callbacks.measure, books.measure, findings.measure):
        print(measurement(), flush=True)


if __name__ == "__main__":
    main()
