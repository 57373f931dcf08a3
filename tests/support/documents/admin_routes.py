"""Tables of the admin API's routes, from its document: one per tag, one per request body."""

from collections.abc import Iterator
from typing import Any

from mock_server import contract

DOCUMENT = contract.document("admin.openapi")
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
METHODS = ("get", "post", "patch", "put", "delete")


def routes() -> str:
    """Return one section per tag with its routes."""
    sections = []
    for tag in DOCUMENT["tags"]:
        rows = [_route(*each) for each in operations() if tag["name"] in each[2]["tags"]]
        title = f"### {tag['name'].capitalize()}\n\n{tag['description']}"
        table = ["| Route | What it does | Query | Body |", "|---|---|---|---|", *rows]
        sections.append(f"{title}\n\n" + "\n".join(table))
    return "\n\n".join(sections)


def bodies() -> str:
    """Return one table per request body with its fields."""
    names = [name for _, _, operation in operations() if (name := _body(operation))]
    return "\n\n".join(
        _fields(name) for name in dict.fromkeys(names) if SCHEMAS[name].get("properties")
    )


def parameters() -> str:
    """Return the query parameters."""
    found = {each["name"]: each for _, _, operation in operations() for each in _query(operation)}
    rows = ["| Parameter | Values | Meaning |", "|---|---|---|"]
    rows += [
        f"| `{name}` | {_type(each['schema'])} | {_line(each.get('description', ''))} |"
        for name, each in found.items()
    ]
    return "\n".join(rows)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return method, path and operation of every route, in the order of the document."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    query = " ".join(f"`{each['name']}`" for each in _query(operation))
    name = _body(operation)
    body = ""
    if name and SCHEMAS[name].get("properties"):
        body = f"[{name}](#{name.lower()})"
    elif name and name != "Empty":
        body = name
    return f"| `{method} {path}` | {_line(operation['summary'])}. | {query} | {body} |"


def _query(operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = [_resolved(each) for each in operation.get("parameters", [])]
    return [each for each in found if each["in"] == "query"]


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return str(reference).rpartition("/")[2]


def _fields(name: str) -> str:
    schema = SCHEMAS[name]
    required = schema.get("required", [])
    rows = ["| Field | Values | Meaning |", "|---|---|---|"]
    for field, each in schema["properties"].items():
        must = "" if field not in required else " (required)"
        found = _resolved(each)
        text = each.get("description") or found.get("description", "")
        rows.append(f"| `{field}`{must} | {_type(each)} | {_line(text)} |")
    intro = f"{_line(schema['description'])}\n\n" if "description" in schema else ""
    return f"### {name}\n\n{intro}" + "\n".join(rows)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = DOCUMENT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _type(schema: dict[str, Any]) -> str:
    found = _resolved(schema)
    if "enum" in found:
        return ", ".join("null" if word is None else f"`{word}`" for word in found["enum"])
    if "oneOf" in found or "anyOf" in found:
        return " or ".join(_type(each) for each in found.get("oneOf") or found["anyOf"])
    if found.get("type") == "object" and found.get("properties"):
        return "object: " + ", ".join(f"`{name}`" for name in found["properties"])
    kind = found.get("type", "any")
    shown = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return shown + _bounds(found)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    if high is None:
        return f", at least {low}"
    return f", {low} to {high}"


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PARTS = {"admin-routes": routes, "admin-parameters": parameters, "admin-bodies": bodies}
