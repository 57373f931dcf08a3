"""Extracts claims and readings from tests and sources, for the tests of the project."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAIM_ID = r"[a-z0-9]+(?:-[a-z0-9]+)+"
_CITATION = re.compile(rf"\bclaims?\s+((?:#\s+)?{CLAIM_ID}(?:,\s+(?:#\s+)?{CLAIM_ID})*)", re.I)


def cited_in_text(text: str) -> set[str]:
    """Return the claim ids in a text, as in `claim x-y` and `claims x-y, z-w`."""
    return {found for cited in _CITATION.findall(text) for found in re.findall(CLAIM_ID, cited)}


def cited_in_document(value: object) -> Iterator[str]:
    """Yield the claim ids under every `x-claim` of an OpenAPI document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "x-claim":
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from cited_in_document(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from cited_in_document(inner)


def marked_claims(folder: Path) -> dict[str, set[str]]:
    """Return `{claim id: names of the tests marked with it}` for every test below a folder."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for claim in _claims_of(node.decorator_list):
                    found.setdefault(claim, set()).add(f"{path.name}::{node.name}")
    return found


def chosen_words(path: Path) -> set[tuple[str, str]]:
    """Return every `"id": "word"` pair that a test file writes in a dict."""
    return {
        (str(key.value), str(value.value))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
    }


def _claims_of(decorators: list[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.claim":
            yield from (str(ast.literal_eval(argument)) for argument in decorator.args)
