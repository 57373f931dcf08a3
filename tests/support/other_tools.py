"""`python -m tests.support.other_tools`: the contract in tools that are too large for every run.

Redocly lints both documents; datamodel-code-generator makes a Python module of the vendor's, which
is imported and given every example; openapi-typescript makes types, which tsc compiles strictly.
Needs npm, pip and their registries; works in a folder that is removed.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from mock_server.contract import folder

TOOLS = Path(__file__).parents[1] / "contract" / "tools"
PACKAGES = ("@redocly/cli@2.25.2", "openapi-typescript@7.13.0", "typescript@5.9.3")
GENERATOR = "datamodel-code-generator==0.89.0"
# The example of each answer is one of what the generated class reads, and is written back alike.
CHECK = """
import json, sys, models
from mock_server import contract
kinds = {"submitTask": models.SubmitAnswer, "taskList": models.ListAnswer}
kinds["queryTask"] = models.QueryAnswer
count = 0
for path, kind in kinds.items():
    answer = contract.document("openapi")["paths"]["/" + path]["post"]["responses"]["200"]
    for example in answer["content"]["application/json"]["examples"].values():
        read = kind.model_validate(example["value"]).model_dump(mode="json", exclude_none=True)
        assert read == example["value"], (path, read)
        count += 1
print(count, "examples read by the generated models")
"""


def main() -> int:
    """Run every tool; return 1 if one has something against the contract."""
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
        wrong += _python_types(here, documents[0])
    return 1 if wrong else 0


def _python_types(here: Path, document: str) -> int:
    venv.create(here / "venv", with_pip=True)
    scripts = here / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    _run(here, str(scripts / "python"), "-m", "pip", "install", "-q", GENERATOR)
    wrong = _run(
        here, str(scripts / "datamodel-codegen"), "--input", document, "--output", "models.py",
        "--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel",
        "--formatters", "builtin",
    )  # fmt: skip
    # pydantic is here as well, by way of the tests' own packages.
    return wrong + _run(here, sys.executable, "-c", CHECK)


def _run(here: Path, *command: str) -> int:
    print("$", Path(command[0]).name, *command[1:], flush=True)
    return 1 if subprocess.run(command, cwd=here, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
