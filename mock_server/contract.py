"""Loads contracts/ and fixtures/, from the wheel or from beside the package; nothing else does.

Rule 1: the contract is data; this module reads it once and returns frozen values.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from mock_server.domain import findings
from mock_server.domain.billing.charges import Offer
from mock_server.domain.call.answer_rules import AnswerRuleRow
from mock_server.domain.call.calls import OWN_PATHS, Operation, Routes
from mock_server.domain.call.errors import ClassicRow, ErrorRow, ErrorTables, FailureRow, Means
from mock_server.domain.contract.narrowing import narrowed
from mock_server.domain.findings import Severity
from mock_server.domain.findings.context import JUDGED_HEADERS
from mock_server.domain.languages import ENGLISH, in_language
from mock_server.domain.readings import DEFAULT_READINGS, Readings, as_mapping, with_readings
from mock_server.domain.suggestions import nearest
from mock_server.domain.task.magic import Magic, MagicText
from mock_server.domain.task.overrides import order_of
from mock_server.schemas import Validator, compiled

_PACKAGE = Path(__file__).parent
# For readings whose values differ in what the gateway admits: the value whose requests are valid
# under all of them. Refusals of the service need no such value: they are in the contract.
RIGHT_BY_ALL = {"body.type": "form-only"}
MAX_GUESSES = 5  # how many unknown fields a message has a guess at


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """An art style: the vendor's id and its Chinese names."""

    id: str
    names: tuple[str, ...]
    english: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The vendor's tables: gateway errors, styles by id, offers by credits; and our magic.

    `requests` returns the contract for requests under readings; `findings` has the texts of
    findings, `answer_rules` those of the rules that decide an answer.
    """

    errors: ErrorTables
    magic: Mapping[str, Magic]
    magic_texts: Mapping[str, MagicText]
    styles: Mapping[str, Style]
    offers: Mapping[int, Offer]
    requests: Callable[[Readings], findings.Contract]
    findings: findings.FindingRows
    answer_rules: Mapping[str, AnswerRuleRow]


def folder(name: str) -> Path:
    """Return the folder `contracts` or `fixtures`: inside the wheel, or beside the package."""
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name


def load_toml(name: str, language: str = ENGLISH) -> dict[str, Any]:
    """Return a TOML file of contracts/, with the words of its rows in a language."""
    return _tables(folder("contracts") / name, language)


def _tables(file: Path, language: str) -> dict[str, Any]:
    tables: dict[str, Any] = in_language(tomllib.loads(file.read_text("utf-8")), language)
    return tables


@cache
def document(name: str) -> dict[str, Any]:
    """Return an OpenAPI document of contracts/, `openapi` or `admin.openapi`."""
    return _parsed(document_text(name))


def document_at(routes: Routes) -> dict[str, Any]:
    """Return the vendor's document with the operations at the paths of a server."""
    return _parsed(text_at(routes))


def text_at(routes: Routes) -> str:
    """Return the same as text."""
    text = document_text("openapi")
    for (_, path), operation in routes.by_post.items():
        own = OWN_PATHS[operation]
        if path != own:
            key = json.dumps(path).replace("\\", r"\\")  # it is no reference to a group
            text = re.sub(rf"(?m)^( +){own}:$", rf"\1{key}:", text)
    return text


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - it loads slowly, and commands read only tables

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    value: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - safe ones
    return value


@lru_cache(maxsize=64)
def narrowed_document(readings: Readings) -> dict[str, Any]:
    """Return the vendor's document narrowed to the readings of an account."""
    return narrowed(document("openapi"), as_mapping(readings))


def document_under(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the vendor's document narrowed to these values; other readings stay open.

    A request that matches it is right under every value of the open readings. Raises ReadingError.
    """
    with_readings(DEFAULT_READINGS, values)
    return narrowed(document("openapi"), {**RIGHT_BY_ALL, **values})


def document_text(name: str) -> str:
    """Return an OpenAPI document as text."""
    return (folder("contracts") / f"{name}.yaml").read_text("utf-8")


@cache
def version() -> str:
    """Return the version of the vendor's document: a line of its text, which is long to parse."""
    found = re.search(r"\ninfo:(?:\n .*)*?\n  version: (\S+)\n", document_text("openapi"))
    if found is None:
        raise ValueError("contracts/openapi.yaml has no version")
    return found[1]


@cache
def admin_validator(schema: str) -> Validator:
    """Return the compiled validator of a component of the admin document."""
    components = document("admin.openapi")["components"]
    return compiled({"$ref": f"#/components/schemas/{schema}", "components": components})


def misfits(schema: str, value: Any) -> str:
    """Return why a value does not match a component of the admin document; '' if it matches."""
    errors = [
        f"{'/'.join(map(str, ['', *error.instance_path])) or 'the body'}: {_said(error)}"
        for error in admin_validator(schema).iter_errors(value)
    ]
    return "; ".join(errors[:5])


def _said(error: Any) -> str:
    allowed = getattr(error.kind, "options", None)  # the message alone may leave out some values
    if allowed is not None:
        return f"{str(error.instance)[:64]!r} is not one of {', '.join(map(str, allowed))}"
    fields = getattr(error.kind, "unexpected", ())
    guesses = [nearest(name, _fields_around(error)) for name in fields[:MAX_GUESSES]]
    meant = " and ".join(repr(each) for each in guesses if each)
    return f"{error.message}{f'; did you mean {meant}?' if meant else ''}"


def _fields_around(error: Any) -> Iterable[str]:
    """Return the fields of the schema that refuses a field, in the admin document."""
    node: Any = document("admin.openapi")
    for step in error.schema_path[:-1]:
        node = node[int(step) if isinstance(node, list) else step]
    found: Iterable[str] = node.get("properties", ())
    return found


def fault_schema(kind: str) -> str:
    """Return the name of the admin document's component that describes a kind of fault."""
    new_fault = document("admin.openapi")["components"]["schemas"]["NewFault"]
    name: str = new_fault["discriminator"]["mapping"][kind]
    return name.rpartition("/")[2]


@cache
def scenarios(language: str = ENGLISH) -> dict[str, dict[str, Any]]:
    """Return the TOML tables of the shipped scenarios, by name."""
    files = sorted((folder("fixtures") / "scenarios").glob("*.toml"))
    return {file.stem: _tables(file, language) for file in files}


@cache
def fault_texts(language: str = ENGLISH) -> dict[str, str]:
    """Return what each kind of fault does, in a sentence for people."""
    table = load_toml("faults.toml", language)
    return {row["kind"]: row["says"] for row in (*table["fault"], *table["callback"])}


@cache
def values_of_reading(reading: str) -> tuple[str, ...]:
    """Return the allowed values of a reading, the default first."""
    return next((r["default"], *r["alternatives"]) for r in readings() if r["id"] == reading)


@cache
def readings(language: str = ENGLISH) -> tuple[Mapping[str, Any], ...]:
    """Return every open question with its values, certainty and advice."""
    return tuple(load_toml("readings.toml", language)["reading"])


@cache
def load_errors(language: str = ENGLISH) -> ErrorTables:
    """Return the tables of errors."""
    errors = load_toml("errors.toml", language)
    rows = [ErrorRow(**{**row, "means": Means(row["means"])}) for row in errors["error"]]
    classic = [
        ClassicRow(**{**row, "codes": tuple(row["codes"]), "means": Means(row["means"])})
        for row in errors["classic"]
    ]
    failures = [FailureRow(**{**row, "means": Means(row["means"])}) for row in errors["failure"]]
    return ErrorTables(
        rows={row.code: row for row in rows},
        classic={row.message: row for row in classic},
        failures=tuple(failures),
    )


@cache
def load_catalogue() -> Catalogue:
    """Return the vendor's tables."""
    table = load_toml("magic.toml")
    magic = [Magic(**row) for row in table["magic"]]
    texts = [MagicText(**{**row, "order": order_of(row["order"])}) for row in table["text"]]
    styles = [
        Style(id=row["id"], names=tuple(row["names"]), english=row["english"])
        for row in load_toml("styles.toml")["style"]
    ]
    offers = [Offer(**row) for row in load_toml("pricing.toml")["offer"]]
    return Catalogue(
        errors=load_errors(),
        magic={each.app_code: each for each in magic},
        magic_texts={each.text: each for each in texts},
        styles={style.id: style for style in styles},
        offers={offer.credits: offer for offer in offers},
        requests=request_contract,
        findings=load_finding_rows(),
        answer_rules=load_answer_rules(),
    )


@cache
def load_finding_rows(language: str = ENGLISH) -> findings.FindingRows:
    """Return the texts of findings by id."""
    rows = load_toml("findings.toml", language)["finding"]
    return {row["id"]: findings.FindingRow(**{**row, "severity": Severity(row["severity"])})
            for row in rows}  # fmt: skip


@cache
def load_answer_rules(language: str = ENGLISH) -> dict[str, AnswerRuleRow]:
    """Return the rules that decide an answer, by id."""
    rows = load_toml("answer_rules.toml", language)["rule"]
    return {
        row["id"]: AnswerRuleRow(
            **{**row, "claims": tuple(row["claims"]), "readings": tuple(row["readings"])}
        )
        for row in rows
    }


@lru_cache(maxsize=256)
@lru_cache(maxsize=64)
def request_contract(readings: Readings) -> findings.Contract:
    """Return the compiled contract of requests under readings."""
    values = as_mapping(readings)
    return _request_contract(tuple((name, values[name]) for name in _request_readings()))


@lru_cache(maxsize=64)
def _request_contract(values: tuple[tuple[str, str], ...]) -> findings.Contract:
    """Compile the schema of each operation's request: one validator for headers and body."""
    whole = narrowed_document(with_readings(DEFAULT_READINGS, dict(values)))
    schemas = {each: _request_schema(whole, each) for each in OWN_PATHS}
    validators = {each: compiled(schema) for each, schema in schemas.items()}
    submit = schemas[Operation.SUBMIT_TASK]["properties"]
    styles = tuple(whole["components"]["schemas"]["StyleId"]["enum"])
    return findings.Contract(
        fields={each: tuple(_body_schema(whole, each)["properties"]) for each in OWN_PATHS},
        headers=frozenset(submit["header"]["properties"]) | JUDGED_HEADERS,
        fits={each: validator.is_valid for each, validator in validators.items()},
        breaches={each: partial(_breaches, validators[each], each) for each in OWN_PATHS},
        styles=frozenset(styles),
        style_ids=styles,
    )


@cache
def _request_readings() -> tuple[str, ...]:
    """Return the readings that a request can depend on, from the marks in the schemas."""
    whole = document("openapi")
    return tuple(
        sorted({name for each in OWN_PATHS for name in _marks(whole, _body_schema(whole, each))})
    )


def _marks(whole: dict[str, Any], node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _marks(whole, each)
    elif isinstance(node, dict):
        yield from node.get("x-reading", ())
        if "$ref" in node:
            yield from _marks(whole, followed(whole, node))
        for each in node.values():
            yield from _marks(whole, each)


def _request_schema(whole: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """Return the schema of `{"header": …, "body": …}`, header names in lower case."""
    post = whole["paths"][OWN_PATHS[operation]]["post"]
    named = [followed(whole, each) for each in post["parameters"]]
    headers = {each["name"].lower(): each["schema"] for each in named if each["in"] == "header"}
    return {
        "properties": {"header": {"properties": headers}, "body": _body_schema(whole, operation)},
        "components": whole["components"],
    }


def _body_schema(whole: dict[str, Any], operation: Operation) -> dict[str, Any]:
    post = whole["paths"][OWN_PATHS[operation]]["post"]
    form = post["requestBody"]["content"]["application/x-www-form-urlencoded"]
    return followed(whole, form["schema"])


def followed(whole: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Return the target of a `$ref` inside its document; the value itself if it is not one."""
    for step in value.get("$ref", "").split("/")[1:]:
        value = whole if step == "components" else value
        value = value[step]
    return value


def _breaches(validator: Validator, operation: Operation, instance: Any) -> list[findings.Breach]:
    return [
        findings.Breach(
            at=findings.pointer(*map(str, error.instance_path)),
            contract=_written_at(operation, [*map(str, error.schema_path)]),
            message=error.message[:500],
            sent=error.instance if isinstance(error.instance, str) else None,
        )
        for error in validator.iter_errors(instance)
    ]


def _written_at(operation: Operation, steps: list[str]) -> str:
    """Return where in the original document a step of the compiled schema is."""
    whole = document("openapi")
    post = ["paths", OWN_PATHS[operation], "post"]
    if steps[:2] == ["properties", "body"]:
        form = ["requestBody", "content", "application/x-www-form-urlencoded", "schema"]
        steps = [*post, *form, *steps[2:]]
    elif steps[:3] == ["properties", "header", "properties"]:
        listed = whole["paths"][OWN_PATHS[operation]]["post"]["parameters"]
        names = [followed(whole, each)["name"].lower() for each in listed]
        steps = [*post, "parameters", str(names.index(steps[3])), "schema", *steps[4:]]
    found: list[str] = []
    node: Any = whole
    for step in steps:
        key = int(step) if isinstance(node, list) else step
        if isinstance(node, dict) and step not in node:
            break  # the readings removed this part; the part around it says why
        found.append(step)
        node = node[key]
        while isinstance(node, dict) and "$ref" in node:
            found, node = node["$ref"].split("/")[1:], followed(whole, node)
    return findings.pointer(*found)
