"""An OpenAPI document, read independently of the code that it describes."""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator
from werkzeug.test import TestResponse

from mock_server import contract

METHODS = ("get", "put", "post", "delete", "patch")
Operation = tuple[str, str, dict[str, Any]]


class Document:
    """One of the documents of contracts/, with its references followed."""

    def __init__(self, name: str) -> None:
        self.value = contract.document(name)

    def operations(self) -> Iterator[Operation]:
        """Yield method, path and definition of every operation."""
        for path, item in self.value["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def follow(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return what a reference points to, or the value itself."""
        while "$ref" in value:
            found: Any = self.value
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def errors(self, schema: dict[str, Any], instance: object) -> list[str]:
        """Return what is wrong with an instance of a schema."""
        whole = {"allOf": [schema], "components": self.value["components"]}
        return [str(error) for error in Draft202012Validator(whole).iter_errors(instance)]

    def complaints(self, method: str, path: str, answer: TestResponse) -> list[str]:
        """Return what an answer has that its operation does not promise, or lacks."""
        responses = self.value["paths"][path][method.lower()]["responses"]
        status = str(answer.status_code)
        if status not in responses:
            return [f"{status} is not in the document"]
        promised = self.follow(responses[status])
        found = self.misfits(promised.get("headers", {}), answer)
        content = promised.get("content")
        if content is None:
            return found + [f"a body: {answer.data!r}"] * bool(answer.data)
        kind = answer.mimetype or ""
        if kind not in content:
            return [*found, f"{kind} is not in the document"]
        if kind.endswith("json"):
            found += self.errors(content[kind]["schema"], answer.get_json())
        return found

    def misfits(self, promised: dict[str, Any], answer: TestResponse) -> list[str]:
        """Return which headers of an answer are missing or are not as promised."""
        found: list[str] = []
        for name, reference in promised.items():
            value = answer.headers.get(name)
            header = self.follow(reference)
            if value is None:
                found += [f"no {name}"] * header.get("required", False)
            else:
                found += self.errors(header["schema"], value)
        return found


VENDOR = Document("openapi")
ADMIN = Document("admin.openapi")
