"""`python -m tests.support.other_tools`: the contract in tools that are too large for every run.

Redocly lints both documents; openapi-typescript generates types from the vendor's, and tsc compiles
them. Needs npm; works in a folder that is deleted.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from mock_server.contract import folder

TOOLS = Path(__file__).parents[1] / "contract" / "tools"
PACKAGES = ("@redocly/cli@2.25.2", "openapi-typescript@7.13.0", "typescript@5.9.3")


def main() -> int:
    """Run every tool; return 1 if one reports an error in the contract."""
    documents = [str(folder("contracts") / f"{name}.yaml") for name in ("openapi", "admin.openapi")]
    with tempfile.TemporaryDirectory() as made:
        here = Path(made)
        (here / "package.json").write_text('{"private": true}', "utf-8")
        _run(here, "npm", "install", "--silent", "--ignore-scripts", "--no-audit", *PACKAGES)
        bin_folder = here / "node_modules" / ".bin"
        redocly = (str(bin_folder / "redocly"), "lint", "--config", str(TOOLS / "redocly.yaml"))
        wrong = _run(here, *redocly, "--format", "summary", *documents)
        wrong += _run(here, str(bin_folder / "openapi-typescript"), documents[0], "-o", "types.ts")
        wrong += _run(here, str(bin_folder / "tsc"), "--noEmit", "--strict", "types.ts")
    return 1 if wrong else 0


def _run(here: Path, *command: str) -> int:
    print("$", Path(command[0]).name, *command[1:], flush=True)
    return 1 if subprocess.run(command, cwd=here, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
