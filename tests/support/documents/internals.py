"""The generated parts of the internals pages: the table of layers, and the states of a task."""

import ast
import tomllib

from mock_server.domain.task.tasks import FINAL, TRANSITIONS, Status
from tests.support.documents.pages import ROOT

PACKAGE = ROOT / "mock_server"


def layers() -> list[list[str]]:
    """Return the parts of each layer, the highest first, from import-linter's configuration."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    rules = configured["importlinter"]["contracts"]
    lines = next(rule["layers"] for rule in rules if rule["type"] == "layers")
    return [[part.strip(" ()") for part in line.replace(":", "|").split("|")] for line in lines]


def layer_table() -> str:
    """Return the table of layers: each part with the first line of its docstring."""
    rows = ["| Layer | Part | What it is |", "|---|---|---|"]
    numbered = list(enumerate(reversed(layers()), 1))
    for number, parts in reversed(numbered):
        rows += [f"| {number} | `{_path(part)}` | {_says(part)} |" for part in parts]
    return "\n".join(rows)


def _path(part: str) -> str:
    place = part.replace(".", "/")
    return f"mock_server/{place}/" if (PACKAGE / place).is_dir() else f"mock_server/{place}.py"


def _says(part: str) -> str:
    place = part.replace(".", "/")
    folder = PACKAGE / place / "__init__.py"
    source = folder if folder.is_file() else PACKAGE / f"{place}.py"
    text = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return text.partition("\n")[0].replace("|", "\\|")


def task_states() -> str:
    """Return the state diagram of a task in Mermaid's syntax."""
    lines = [f"    [*] --> {next(iter(Status))}: submit"]
    lines += [f"    {old} --> {new}: {event}" for (old, event), new in TRANSITIONS.items()]
    lines += [f"    {status} --> [*]" for status in Status if status in FINAL]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


PARTS = {"layers": layer_table, "task-states": task_states}
