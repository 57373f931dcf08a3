"""Judges whether an answer keeps the contract, and names the field that does not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import ValidationError

from mock_server import contract
from mock_server.checker.transport import CheckAnswer
from mock_server.domain.answer.envelope import unwrap
from mock_server.domain.call.bodies import media_type
from mock_server.schemas import Validator, compiled

# Advice on the gateway's errors, by the first letter of their code.
HINTS = {
    "A": "check the credentials: --app-code, or --key and --secret",
    "B": "check the package of this buyer: it has no credit for the call",
    "S": "check the clock of this machine",
    "T": "the server throttles: its rate limit is lower than the rate of check",
}
MOST_SHOWN = 3
# These fields distinguish a result from a refusal: if one of them differs, the answer belongs to
# the other alternative.
KIND_FIELDS = {("ret_code",), ("showapi_res_code",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges answers by the contract's document under the named readings."""

    values: Mapping[str, str]
    _documents: dict[tuple[tuple[str, str], ...], dict[str, Any]] = field(default_factory=dict)
    _validators: dict[tuple[Any, ...], Validator] = field(default_factory=dict)

    def breaches(self, path: str, method: str, answer: CheckAnswer) -> list[str]:
        """Return the breaches of the contract as sentences; empty if there are none."""
        if answer.status >= 500:
            return [f"the server failed with {answer.status}{said(answer)}"]
        place = (path, method, str(answer.status))
        promised = self._response(self.values, place)
        if promised is None:
            return [f"the contract has no status {answer.status}{said(answer)}"]
        found = list(self._head(promised, answer))
        content = promised.get("content")
        return [*found, *self._body(place, answer)] if content else found

    def _document(self, values: Mapping[str, str]) -> dict[str, Any]:
        key = tuple(sorted(values.items()))
        if key not in self._documents:
            self._documents[key] = contract.document_under(values)
        return self._documents[key]

    def _response(self, values: Mapping[str, str], place: tuple[str, ...]) -> Any:
        path, method, status = place
        whole = self._document(values)
        operation = whole["paths"].get(path, {}).get(method.lower())
        # Paths without an operation are refused in the same way as the operations.
        operation = operation or whole["paths"]["/submitTask"]["post"]
        found = operation["responses"].get(status)
        return None if found is None else contract.followed(whole, found)

    def _validator(self, values: Mapping[str, str], place: tuple[str, ...]) -> Validator | None:
        key = (tuple(sorted(values.items())), *place)
        if key not in self._validators:
            promised = self._response(values, place)
            schema = (promised or {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is None:
                return None
            components = self._document(values)["components"]
            self._validators[key] = compiled({**schema, "components": components})
        return self._validators[key]

    def _head(self, promised: dict[str, Any], answer: CheckAnswer) -> Iterator[str]:
        whole = self._document(self.values)
        for name, given in promised.get("headers", {}).items():
            wanted, value = contract.followed(whole, given), answer.headers.get(name.lower())
            if value is None and wanted.get("required") is True:
                yield f"the header {name} is missing"
            elif value is not None:
                validator = compiled({**wanted["schema"], "components": whole["components"]})
                for error in validator.iter_errors(value):
                    yield f"the header {name}: {_words(error, _leaves(error))}"

    def _body(self, place: tuple[str, ...], answer: CheckAnswer) -> list[str]:
        named = answer.headers.get("content-type", "")
        if media_type(named) != "application/json":
            return [f"the Content-Type is {named[:80]!r}, not application/json{said(answer)}"]
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            return [f"the body is not JSON: {answer.body[:80].decode('utf-8', 'replace')!r}"]
        validator = self._validator(self.values, place)
        if validator is None or validator.is_valid(value):
            return []
        found = [_words(error, _leaves(error)) for error in validator.iter_errors(value)]
        allowing = ", ".join(self._allowing(place, value))
        hint = f" (allowed with --reading {allowing})" if allowing else ""
        return [each + hint for each in dict.fromkeys(found)]

    def _allowing(self, place: tuple[str, ...], value: Any) -> Iterator[str]:
        """Yield the other values of named readings under which the body would be right."""
        for reading, held in self.values.items():
            for other in contract.values_of_reading(reading):
                validator = self._validator({**self.values, reading: other}, place)
                if other != held and validator is not None and validator.is_valid(value):
                    yield f"{reading}={other}"


def said(answer: CheckAnswer) -> str:
    """Return what the gateway says about a refusal, with advice; '' for any other answer."""
    code = answer.headers.get("x-ca-error-code", "")
    message = answer.headers.get("x-ca-error-message", "")
    if not code and not message:
        remark = (service_body(answer) or {}).get("remark", "")
        text = f"{remark}"[:120] or answer.body[:120].decode("utf-8", "replace").strip()
        return f": {text}" if text else ", with an empty body and no X-Ca-Error-Message"
    row = contract.load_catalogue().errors.rows.get(code)
    hint = HINTS.get(code[:1], row.advice if row is not None else "")
    shown = " ".join(filter(None, (code, message[:300])))
    return f": {shown}" + (f" ({hint})" if hint else "")


def refuses(answer: CheckAnswer) -> bool:
    """Whether the service refuses, by its status or in its body."""
    if answer.status == 450:
        return True
    body = service_body(answer)
    if answer.status != 200 or body is None:
        return False
    return "ret_code" in body and str(body["ret_code"]) != "0"


def service_body(answer: CheckAnswer) -> dict[str, Any] | None:
    """Return the service's body, or the platform's error if the platform failed; None: it
    cannot be read.
    """
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    code = value.get("showapi_res_code", 0) if isinstance(value, dict) else 0
    if isinstance(code, int) and code < 0:
        return {"ret_code": code}
    return unwrap(value)


def _leaves(error: ValidationError) -> list[ValidationError]:
    """Return the errors inside an anyOf or oneOf: those of the nearest alternative."""
    context = getattr(error.kind, "context", None)
    if not context:
        return [error]
    branches = [[leaf for each in branch for leaf in _leaves(each)] for branch in context]
    branches = [_relevant(branch) for branch in branches if branch]
    if not branches:
        return [error]
    best = max(_nearness(branch) for branch in branches)
    nearest = [branch for branch in branches if _nearness(branch) == best]
    if len(places := _places([leaf for branch in nearest for leaf in branch])) > 1:
        return nearest[0]
    # Alternatives that differ in one field are reported together: all their values are valid.
    return [leaf for branch in branches for leaf in branch if _places([leaf]) == places]


def _relevant(branch: list[ValidationError]) -> list[ValidationError]:
    """Drop errors on unexpected fields if the schema that expects them has failed."""
    kept = [leaf for leaf in branch if getattr(leaf.kind, "unexpected", None) is None]
    return kept or branch


def _nearness(branch: list[ValidationError]) -> tuple[bool, int, int]:
    """Rank an alternative: whether it is of the same kind, how deep it matches, how few errors
    it has.
    """
    places = _places(branch)
    is_same_kind = not any(place[-1:] in KIND_FIELDS for place in places)
    return is_same_kind, min(map(len, places)), -len(places)


def _places(leaves: list[ValidationError]) -> set[tuple[Any, ...]]:
    return {tuple(leaf.instance_path) for leaf in leaves}


def _words(_error: ValidationError, leaves: list[ValidationError]) -> str:
    by_place: dict[tuple[Any, ...], list[ValidationError]] = {}
    for leaf in leaves:
        by_place.setdefault(tuple(leaf.instance_path), []).append(leaf)
    shown = [_at(place, errors) for place, errors in by_place.items()]
    return "; ".join(shown[:MOST_SHOWN])


def _at(place: tuple[Any, ...], errors: list[ValidationError]) -> str:
    where = "/" + "/".join(map(str, place)) + " " if place else ""
    allowed: dict[str, None] = {}
    others: dict[str, None] = {}
    for error in errors:
        if hasattr(error.kind, "options"):
            allowed.update(dict.fromkeys(_shown(each) for each in error.kind.options))
        elif hasattr(error.kind, "expected_value"):
            allowed[_shown(error.kind.expected_value)] = None
        else:
            others[str(error.message)[:200]] = None
    if allowed:
        return f"{where}is {_shown(errors[0].instance)}, not {' or '.join(allowed)}"
    return where + ", ".join(list(others)[:MOST_SHOWN])


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:80]
