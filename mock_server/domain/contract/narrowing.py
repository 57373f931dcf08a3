"""The contract narrowed to readings: it keeps the marked parts that hold under the given values.

A reading without a given value stays open: all of its alternatives hold, and the parts that one of
its values adds or requires are neither added nor required.

The marks, in contracts/openapi.yaml:
- `x-reading: {id: value}` beside an alternative: it holds under that value only (or under each of a
  list of values). A `$ref` to a component that does not hold is removed too.
- `x-required-reading: {id: value}` beside a header: required under that value, otherwise absent.
- `x-readings.<id>.<value>`: `responses` of every operation, `paths` and `security` that the value
  adds.
"""

from collections.abc import Mapping
from typing import Any

Words = Mapping[str, str]
Node = dict[str, Any]


def narrowed(document: Node, values: Words) -> Node:
    """Return the document under the given `{reading: value}`; the original is not changed.

    Raises ValueError if an anyOf has no alternative left: then the document forgets a value.
    """
    whole = _extended(document, values)
    gone: set[str] = set()
    while True:
        known = len(gone)
        pruned: Node = _pruned(whole, values, gone, "#")
        if len(gone) == known:
            return pruned
        whole = pruned


def holds(mark: Mapping[str, str | list[str]], values: Words) -> bool:
    """Whether each reading of a mark is open, or has a value that the mark names."""
    return all(
        reading not in values
        or values[reading] in (wanted if isinstance(wanted, list) else [wanted])
        for reading, wanted in mark.items()
    )


def _extended(document: Node, values: Words) -> Node:
    whole = dict(document)
    for reading, by_value in document.get("x-readings", {}).items():
        added = by_value.get(values.get(reading), {})
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


def _pruned(node: Any, values: Words, gone: set[str], where: str) -> Any:
    if isinstance(node, list):
        return [_pruned(each, values, gone, "") for each in node if not _is_out(each, values, gone)]
    if not isinstance(node, dict):
        return node
    kept: Node = {}
    for name, inner in node.items():
        place = f"{where}/{name}" if where else ""
        if _is_out(inner, values, gone):
            gone.add(place)
        else:
            kept[name] = _pruned(inner, values, gone, place)
    if not values.keys().isdisjoint(kept.get("x-required-reading", ())):
        kept["required"] = True
    if kept.get("anyOf") == []:
        raise ValueError(f"nothing is left of an anyOf at {where or node}")
    return kept


def _is_out(node: Any, values: Words, gone: set[str]) -> bool:
    if not isinstance(node, dict):
        return False
    marks = (node.get("x-reading", {}), node.get("x-required-reading", {}))
    return node.get("$ref") in gone or not all(holds(mark, values) for mark in marks)
