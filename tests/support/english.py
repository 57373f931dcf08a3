"""Finds English where Chinese was asked for, and the sentences that the code has in English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Code, addresses, options, names of ours and of others: they are the same in every language.
CODE = re.compile(
    r"`[^`]*`|'[^'\n]*'|\"[^\"\n]*\"|https?://\S+|--[\w-]+"
    r"|\b[A-Za-z]\w*(?:[._/-]\w+)+\b|\b[A-Z][A-Z\d][\w-]*\b"
)
WORD = re.compile(r"[a-z]{2,}|\ba\b")
RUN = 4


def english_runs(text: str, least: int = RUN) -> list[str]:
    """Return the runs of so many English words that a text has outside code."""
    bare = CODE.sub("\x00", text)
    runs = re.findall(rf"(?:\b(?:[a-z]{{2,}}|a)\b[ ,:;]*){{{least},}}", bare)
    return [run.strip() for run in runs]


def sentences_in(file: Path) -> Iterator[tuple[int, str]]:
    """Yield what a module says: each text of two words or more, with its line. A digit stands in
    for each part that differs. Left out: docstrings, errors that are raised, decorators.
    """
    tree = ast.parse(file.read_text("utf-8"))
    left_out = {id(each) for node in ast.walk(tree) for each in _silent(node)}
    for node in ast.walk(tree):
        text = None if id(node) in left_out else _text(node)
        if text and re.search(r"[A-Za-z]{2,},? [A-Za-z]{2,}", text):
            yield getattr(node, "lineno", 0), text


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is within a node, and is no sentence of its own."""
    if isinstance(node, ast.Raise | ast.JoinedStr):
        yield from (each for each in ast.walk(node) if each is not node)
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield from (each for one in node.decorator_list for each in ast.walk(one))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "7" for each in node.values]
        return "".join(map(str, parts))
    return None
