"""The contract in plain schemas, for code generators: composed schemas are merged into one.

Rule 1: every value that the contract allows is allowed here. Lost are only relations between fields
(either-or pairs, a status with its pictures) and the limit on the length of a list, because a fault
can order more pictures than a reading allows.
Rule 2: the parts of an `allOf`, and a single remaining alternative, are merged into one schema. A
`$ref` stays if a schema has nothing else.
"""

from collections.abc import Callable, Iterable
from typing import Any

Node = dict[str, Any]
Resolve = Callable[[str], Node]
_MARKS = ("unevaluatedProperties", "title", "maxItems")


def plain(document: Node) -> Node:
    """Return a narrowed document with plain schemas; the original is not changed."""

    def resolve(ref: str) -> Node:
        found: Any = document
        for name in ref.removeprefix("#/").split("/"):
            found = found[name]
        return {} if not isinstance(found, dict) else found

    schemas = document["components"]["schemas"]
    components = {
        **document["components"],
        "schemas": {name: _schema(schema, resolve) for name, schema in schemas.items()},
    }
    made: Node = _without_marks(_elsewhere({**document, "components": components}, resolve))
    return made


def _elsewhere(node: Any, resolve: Resolve) -> Any:
    """Make the schemas of bodies, headers and parameters plain."""
    if isinstance(node, list):
        return [_elsewhere(each, resolve) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _schema(inner, resolve)
        if name == "schema" and isinstance(inner, dict)
        else inner
        if name in ("schemas", "example", "examples")
        else _elsewhere(inner, resolve)
        for name, inner in node.items()
    }


def _schema(schema: Node, resolve: Resolve) -> Node:
    if set(schema) <= {"$ref", "description"} and "$ref" in schema:
        return schema
    return _finished(_whole(schema, resolve), resolve)


def _whole(schema: Node, resolve: Resolve) -> Node:
    """Return a schema with its parts merged in; the schemas of its fields are not plain yet."""
    own = {name: value for name, value in schema.items() if name not in (*_MARKS, "allOf", "$ref")}
    parts = [resolve(schema["$ref"])] if "$ref" in schema else []
    parts += schema.get("allOf", [])
    for union in ("anyOf", "oneOf"):
        if len(own.get(union, [])) == 1:
            parts += own.pop(union)
    whole: Node = {}
    for part in (*(_whole(each, resolve) for each in parts), own):
        whole = _merged(whole, part)
    for union in ("anyOf", "oneOf"):
        if union in whole and "properties" in whole:
            whole["properties"] = _widened(whole["properties"], whole.pop(union), resolve)
    return whole


def _merged(one: Node, other: Node) -> Node:
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"]}
        for name, schema in other["properties"].items():
            known = both["properties"].get(name)
            says_more = known is not None and known != {"type": "object"}
            both["properties"][name] = {"allOf": [known, schema]} if says_more else schema
    if "required" in one and "required" in other:
        both["required"] = [*dict.fromkeys([*one["required"], *other["required"]])]
    return both


def _widened(properties: Node, branches: Iterable[Node], resolve: Resolve) -> Node:
    """Add the values that the branches of an alternative list for a field to that field's enum."""
    words: dict[str, list[Any]] = {}
    for branch in branches:
        for name, schema in _whole(branch, resolve).get("properties", {}).items():
            given = schema.get("enum", [schema["const"]] if "const" in schema else [])
            words[name] = [*dict.fromkeys([*words.get(name, []), *given])]
    return {
        name: {**schema, "enum": words[name]} if words.get(name) else schema
        for name, schema in properties.items()
    }


def _finished(schema: Node, resolve: Resolve) -> Node:
    done = dict(schema)
    if "properties" in done:
        done["properties"] = {
            name: _schema(inner, resolve) for name, inner in done["properties"].items()
        }
        done.setdefault("type", "object")
        done.setdefault("additionalProperties", False)
    if isinstance(done.get("items"), dict):
        done["items"] = _schema(done["items"], resolve)
    for union in ("anyOf", "oneOf"):
        if union in done:
            done[union] = [_schema(each, resolve) for each in done[union]]
    return done


def _without_marks(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_marks(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without_marks(inner) for name, inner in node.items() if not name.startswith("x-")
    }
