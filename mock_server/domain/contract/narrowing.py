"""The contract narrowed to readings: of what is marked, only what holds under the given words.

A reading that no word is given for stays open: all of its alternatives hold, and what is added or
required under one of its words is neither.

The marks, in contracts/openapi.yaml:
- `x-reading: {id: word}` beside an alternative: it holds under that word only (of a list of words,
  under each). What refers to a component that does not hold goes with it.
- `x-required-reading: {id: word}` beside a header: required under that word, absent under others.
- `x-readings.<id>.<word>`: `responses` of every operation, `paths` and `security` added under it.
"""

from collections.abc import Mapping
from typing import Any

Words = Mapping[str, str]
Node = dict[str, Any]


def narrowed(document: Node, words: Words) -> Node:
    """Return the document under one word for each reading given; the original is not changed.

    Raises ValueError if nothing is left of an anyOf: then the document forgets a word.
    """
    whole = _extended(document, words)
    gone: set[str] = set()
    while True:
        known = len(gone)
        pruned: Node = _pruned(whole, words, gone, "#")
        if len(gone) == known:
            return pruned
        whole = pruned


def holds(mark: Mapping[str, str | list[str]], words: Words) -> bool:
    """Whether each reading of a mark is open, or has the word, or one of the words, of the mark."""
    return all(
        reading not in words or words[reading] in (wanted if isinstance(wanted, list) else [wanted])
        for reading, wanted in mark.items()
    )


def _extended(document: Node, words: Words) -> Node:
    whole = dict(document)
    for reading, by_word in document.get("x-readings", {}).items():
        added = by_word.get(words.get(reading), {})
        paths = {
            path: {**whole["paths"].get(path, {}), **item}
            for path, item in added.get("paths", {}).items()
        }
        whole["paths"] = {
            path: _with_responses(item, added.get("responses", {}))
            for path, item in {**whole["paths"], **paths}.items()
        }
        whole["security"] = [*whole["security"], *added.get("security", [])]
    return whole


def _with_responses(item: Node, responses: Node) -> Node:
    return {
        name: {**operation, "responses": {**operation["responses"], **responses}}
        if isinstance(operation, dict) and "responses" in operation
        else operation
        for name, operation in item.items()
    }


def _pruned(node: Any, words: Words, gone: set[str], where: str) -> Any:
    if isinstance(node, list):
        return [_pruned(each, words, gone, "") for each in node if not _is_out(each, words, gone)]
    if not isinstance(node, dict):
        return node
    kept: Node = {}
    for name, inner in node.items():
        place = f"{where}/{name}" if where else ""
        if _is_out(inner, words, gone):
            gone.add(place)
        else:
            kept[name] = _pruned(inner, words, gone, place)
    if not words.keys().isdisjoint(kept.get("x-required-reading", ())):
        kept["required"] = True
    if kept.get("anyOf") == []:
        raise ValueError(f"nothing is left of an anyOf at {where or node}")
    return kept


def _is_out(node: Any, words: Words, gone: set[str]) -> bool:
    if not isinstance(node, dict):
        return False
    marks = (node.get("x-reading", {}), node.get("x-required-reading", {}))
    return node.get("$ref") in gone or not all(holds(mark, words) for mark in marks)
