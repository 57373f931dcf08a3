"""The layers: imports point down only."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2] / "mock_server"

# A part may import parts of lower numbers, and parts of its own number only if the layer allows it.
LINTER = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
NAMES = next(each["layers"] for each in LINTER["contracts"] if each["id"] == "layers")
LAYERS = {
    part.strip(): number
    for number, layer in enumerate(reversed(NAMES), start=1)
    for part in layer.split("|")
} | {"__init__": 0}
# The package loads `artqr_mock_server` on first use.
SAME_LEVEL = {("__init__", "testing")}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def test_layers_are_kept_and_no_siblings_import_each_other_in_a_circle() -> None:
    """Runs in its own process, because import-linter sets up logging for the whole process."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT.parent, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return everything in a module; to parse it is most of what these tests do."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imported_names(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def imported_parts(path: Path) -> set[str]:
    found: set[str] = set()
    for name in imported_names(path) - {"mock_server"}:
        head, _, rest = name.partition(".")
        if head == "mock_server":
            part = rest.partition(".")[0]
            found.add(part if part in LAYERS else "__init__")
    return found


def third_party(path: Path) -> set[str]:
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_a_module_imports_only_from_lower_layers() -> None:
    for path in modules():
        part = part_of(path)
        for other in imported_parts(path) - {part}:
            allowed = LAYERS[other] < LAYERS[part] or (part, other) in SAME_LEVEL
            assert allowed, f"{path}: layer {LAYERS[part]} imports {other} ({LAYERS[other]})"


def test_only_web_imports_flask() -> None:
    for path in modules():
        if part_of(path) != "web":
            assert not third_party(path) & {"flask", "werkzeug", "a2wsgi"}, path


PURE = {
    "base64", "binascii", "collections", "dataclasses", "datetime", "difflib", "email", "enum",
    "fnmatch", "functools", "hashlib", "hmac", "html", "ipaddress", "itertools", "json", "math",
    "operator", "re", "typing", "unicodedata", "urllib", "zlib", "mock_server",
}  # fmt: skip


def test_the_domain_uses_pure_standard_library_modules_only() -> None:
    for path in sorted((ROOT / "domain").rglob("*.py")):
        assert third_party(path) <= PURE, path


def test_only_the_gateway_calls_the_vendor_operations() -> None:
    callers = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if "mock_server.actions.operations.operations" in imported_names(path)
    }

    assert callers == {"actions/gateway/pipeline.py"}


def test_files_and_functions_stay_small() -> None:
    for path in modules():
        assert path.read_text("utf-8").count("\n") <= 400, path
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 40, f"{path}: {node.name} has {length} lines"
