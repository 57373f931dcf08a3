"""An OpenAPI document, read independently of the code that it describes."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator
from werkzeug.test import TestResponse

from mock_server import contract
from mock_server.domain.readings import DEFAULT_READINGS, with_readings

METHODS = ("get", "put", "post", "delete", "patch")
Operation = tuple[str, str, dict[str, Any]]


class Document:
    """One of the documents of contracts/, with its references followed."""

    def __init__(self, value: dict[str, Any], whole: dict[str, Any] | None = None) -> None:
        self.value = value
        self._whole = value if whole is None else whole

    def under(self, words: Mapping[str, str] | None = None) -> "Document":
        """Return the document narrowed to the default readings, changed by `{id: word}`."""
        readings = with_readings(DEFAULT_READINGS, words or {})
        return Document(contract.narrowed_document(readings), self.value)

    def operations(self) -> Iterator[Operation]:
        """Yield method, path and definition of every operation."""
        for path, item in self.value["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def follow(self, value: dict[str, Any], whole: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what a reference points to, or the value itself."""
        while "$ref" in value:
            found: Any = self.value if whole is None else whole
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    def errors(self, schema: dict[str, Any], instance: object) -> list[str]:
        """Return the errors of an instance under a schema."""
        whole = {"allOf": [schema], "components": self.value["components"]}
        return [str(error) for error in Draft202012Validator(whole).iter_errors(instance)]

    def complaints(self, method: str, path: str, answer: TestResponse) -> list[str]:
        """Return the parts of an answer that its operation does not promise, and the promised
        parts it lacks.
        """
        responses = self.value["paths"][path][method.lower()]["responses"]
        status = str(answer.status_code)
        if status not in responses:
            return [f"{status} is not in the document"]
        promised = self.follow(responses[status])
        found = self.misfits(promised.get("headers", {}), answer)
        found += self._strangers(path, method.lower(), answer)
        content = promised.get("content")
        if content is None:
            return found + [f"a body: {answer.data!r}"] * bool(answer.data)
        kind = answer.mimetype or ""
        if kind not in content:
            return [*found, f"{kind} is not in the document"]
        if kind.endswith("json"):
            found += self.errors(content[kind]["schema"], answer.get_json())
        return found

    def _strangers(self, path: str, method: str, answer: TestResponse) -> list[str]:
        """Return the headers of an answer that only other readings promise."""
        found = []
        status = str(answer.status_code)
        here = self.follow(self.value["paths"][path][method]["responses"][status])
        operation = self._whole["paths"].get(path, {}).get(method, {"responses": {}})
        if status in operation["responses"]:
            whole = self.follow(operation["responses"][status], self._whole)
            for name in set(whole.get("headers", {})) - set(here.get("headers", {})):
                found += [f"{name} belongs to another reading"] * (name in answer.headers)
        return found

    def misfits(self, promised: dict[str, Any], answer: TestResponse) -> list[str]:
        """Return the headers of an answer that are missing or wrong."""
        found: list[str] = []
        for name, reference in promised.items():
            value = answer.headers.get(name)
            header = self.follow(reference)
            if value is None:
                found += [f"no {name}"] * header.get("required", False)
            else:
                found += self.errors(header["schema"], value)
        return found


# The documents for all readings at once, and for the default readings.
VENDOR = Document(contract.document("openapi"))
DEFAULT = VENDOR.under()
ADMIN = Document(contract.document("admin.openapi"))
