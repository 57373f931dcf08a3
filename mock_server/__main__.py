"""`python -m mock_server` is `artqr-mock`."""

import os
import sys


def _is_current_folder(path: str) -> bool:
    try:
        return path in ("", os.getcwd())
    except OSError:  # it was removed
        return False


# `python -m` puts the current folder first: a `uvicorn.py` there is not the one we run on. Our own
# modules are found where this package is.
if not sys.flags.safe_path and _is_current_folder(sys.path[0]):
    del sys.path[0]

from mock_server.cli.main import main  # noqa: E402 - after the lines above

if __name__ == "__main__":
    main()
