"""A program: serve tests, but fail on the operation that is named, a bug that nobody else has.

Run by its path, in place of mock_server/serve_tests.py, which it runs.
"""

import runpy
import sys
from importlib import import_module
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "mock_server" / "serve_tests.py"


def main() -> None:
    """Plant the bug and serve."""
    program = runpy.run_path(str(PROGRAM))
    program["load_package"]()

    def broken(*_: object) -> object:
        raise LookupError("a planted bug")

    kinds = import_module("mock_server.domain.call.calls")
    operations = import_module("mock_server.actions.operations.operations")
    operations.HANDLERS[kinds.Operation(sys.argv[1])] = broken
    program["main"]()


if __name__ == "__main__":
    main()
