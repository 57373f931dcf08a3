"""The one module that knows where contracts/ and fixtures/ live, in the wheel or beside it.

Rule 1: what is promised is data; this module reads it once and hands out frozen values.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import yaml

from mock_server.domain import findings
from mock_server.domain.billing.charges import Offer
from mock_server.domain.call.calls import ROUTES, Operation
from mock_server.domain.call.errors import ClassicRow, ErrorRow, ErrorTables
from mock_server.domain.contract.narrowing import narrowed
from mock_server.domain.findings import Severity
from mock_server.domain.findings.context import JUDGED_HEADERS
from mock_server.domain.readings import DEFAULT_READINGS, Readings, as_mapping, with_readings
from mock_server.domain.task.magic import Magic, MagicText
from mock_server.domain.task.overrides import order_of
from mock_server.schemas import Validator, compiled

_PACKAGE = Path(__file__).parent
# Where the values of a reading differ in what the gateway lets through: the value whose requests
# all of them accept. The service answers what it refuses in its own way.
RIGHT_BY_ALL = {"body.type": "form-only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """An art style: the vendor's id and its Chinese names."""

    id: str
    names: tuple[str, ...]
    english: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What the vendor prints: gateway errors, styles by id, offers by credits; and our magic.

    `requests` gives the contract that requests are judged by under readings, `findings` the words
    for it.
    """

    errors: ErrorTables
    magic: Mapping[str, Magic]
    magic_texts: Mapping[str, MagicText]
    styles: Mapping[str, Style]
    offers: Mapping[int, Offer]
    requests: Callable[[Readings], findings.Contract]
    findings: findings.FindingRows


def folder(name: str) -> Path:
    """Return the folder `contracts` or `fixtures`: inside the wheel, else beside the package."""
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name


def load_toml(name: str) -> dict[str, Any]:
    """Return a TOML file of contracts/."""
    return tomllib.loads((folder("contracts") / name).read_text("utf-8"))


@cache
def document(name: str) -> dict[str, Any]:
    """Return an OpenAPI document of contracts/, `openapi` or `admin.openapi`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    value: dict[str, Any] = yaml.load(document_text(name), Loader=loader)  # noqa: S506 - safe ones
    return value


@lru_cache(maxsize=64)
def narrowed_document(readings: Readings) -> dict[str, Any]:
    """Return the vendor's document narrowed to the readings of an account."""
    return narrowed(document("openapi"), as_mapping(readings))


def document_under(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the vendor's document narrowed to these values; readings that are not named stay open.

    A request that fits it is right by any answer to what is open. Raises ReadingError.
    """
    with_readings(DEFAULT_READINGS, values)
    return narrowed(document("openapi"), {**RIGHT_BY_ALL, **values})


def document_text(name: str) -> str:
    """Return an OpenAPI document as it is written."""
    return (folder("contracts") / f"{name}.yaml").read_text("utf-8")


@cache
def admin_validator(schema: str) -> Validator:
    """Return the compiled validator of a component of the admin document."""
    components = document("admin.openapi")["components"]
    return compiled({"$ref": f"#/components/schemas/{schema}", "components": components})


def misfits(schema: str, value: Any) -> str:
    """Return what keeps a value from being a component of the admin document; nothing: it is."""
    errors = [
        f"{'/'.join(map(str, ['', *error.instance_path])) or 'the body'}: {_said(error)}"
        for error in admin_validator(schema).iter_errors(value)
    ]
    return "; ".join(errors[:5])


def _said(error: Any) -> str:
    allowed = getattr(error.kind, "options", None)  # the message alone may leave some out
    if allowed is None:
        return str(error.message)
    return f"{str(error.instance)[:64]!r} is not one of {', '.join(map(str, allowed))}"


def fault_schema(kind: str) -> str:
    """Return the component of the admin document that describes a kind of fault."""
    new_fault = document("admin.openapi")["components"]["schemas"]["NewFault"]
    name: str = new_fault["discriminator"]["mapping"][kind]
    return name.rpartition("/")[2]


@cache
def scenarios() -> dict[str, dict[str, Any]]:
    """Return the scenarios that come with the simulator, as they are written, by name."""
    files = sorted((folder("fixtures") / "scenarios").glob("*.toml"))
    return {file.stem: tomllib.loads(file.read_text("utf-8")) for file in files}


@cache
def values_of_reading(reading: str) -> tuple[str, ...]:
    """Return the values that an open question may be answered with, the default first."""
    rows = load_toml("readings.toml")["reading"]
    return next((r["default"], *r["alternatives"]) for r in rows if r["id"] == reading)


@cache
def load_catalogue() -> Catalogue:
    """Return the vendor's printed tables."""
    errors = load_toml("errors.toml")
    rows = [ErrorRow(**row) for row in errors["error"]]
    classic = [ClassicRow(**{**row, "codes": tuple(row["codes"])}) for row in errors["classic"]]
    table = load_toml("magic.toml")
    magic = [Magic(**row) for row in table["magic"]]
    texts = [MagicText(**{**row, "order": order_of(row["order"])}) for row in table["text"]]
    styles = [
        Style(id=row["id"], names=tuple(row["names"]), english=row["english"])
        for row in load_toml("styles.toml")["style"]
    ]
    offers = [Offer(**row) for row in load_toml("pricing.toml")["offer"]]
    return Catalogue(
        errors=ErrorTables(
            rows={row.code: row for row in rows}, classic={row.message: row for row in classic}
        ),
        magic={each.app_code: each for each in magic},
        magic_texts={each.text: each for each in texts},
        styles={style.id: style for style in styles},
        offers={offer.credits: offer for offer in offers},
        requests=request_contract,
        findings=load_finding_rows(),
    )


@cache
def load_finding_rows() -> findings.FindingRows:
    """Return the words of findings by id."""
    rows = load_toml("findings.toml")["finding"]
    return {row["id"]: findings.FindingRow(**{**row, "severity": Severity(row["severity"])})
            for row in rows}  # fmt: skip


_PATHS = {operation: path for (_, path), operation in ROUTES.items()}


@lru_cache(maxsize=256)
def request_contract(readings: Readings) -> findings.Contract:
    """Return the compiled contract of requests under readings."""
    values = as_mapping(readings)
    return _request_contract(tuple((name, values[name]) for name in _request_readings()))


@lru_cache(maxsize=64)
def _request_contract(values: tuple[tuple[str, str], ...]) -> findings.Contract:
    """Compile what a request of each operation has to be: one validator for head and body."""
    whole = narrowed_document(with_readings(DEFAULT_READINGS, dict(values)))
    schemas = {each: _request_schema(whole, each) for each in _PATHS}
    validators = {each: compiled(schema) for each, schema in schemas.items()}
    submit = schemas[Operation.SUBMIT_TASK]["properties"]
    styles = tuple(whole["components"]["schemas"]["StyleId"]["enum"])
    return findings.Contract(
        fields={each: tuple(_body_schema(whole, each)["properties"]) for each in _PATHS},
        headers=frozenset(submit["header"]["properties"]) | JUDGED_HEADERS,
        fits={each: validator.is_valid for each, validator in validators.items()},
        breaches={each: partial(_breaches, validators[each], each) for each in _PATHS},
        styles=frozenset(styles),
        style_ids=styles,
    )


@cache
def _request_readings() -> tuple[str, ...]:
    """Return the readings that a request may depend on, as the marks in its schemas say."""
    whole = document("openapi")
    return tuple(
        sorted({name for each in _PATHS for name in _marks(whole, _body_schema(whole, each))})
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
    post = whole["paths"][_PATHS[operation]]["post"]
    named = [followed(whole, each) for each in post["parameters"]]
    headers = {each["name"].lower(): each["schema"] for each in named if each["in"] == "header"}
    return {
        "properties": {"header": {"properties": headers}, "body": _body_schema(whole, operation)},
        "components": whole["components"],
    }


def _body_schema(whole: dict[str, Any], operation: Operation) -> dict[str, Any]:
    post = whole["paths"][_PATHS[operation]]["post"]
    form = post["requestBody"]["content"]["application/x-www-form-urlencoded"]
    return followed(whole, form["schema"])


def followed(whole: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Return what a value refers to inside its document; the value itself if it does not."""
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
    """Return where in the document, as it is written, a step of the compiled schema stands."""
    whole = document("openapi")
    post = ["paths", _PATHS[operation], "post"]
    if steps[:2] == ["properties", "body"]:
        form = ["requestBody", "content", "application/x-www-form-urlencoded", "schema"]
        steps = [*post, *form, *steps[2:]]
    elif steps[:3] == ["properties", "header", "properties"]:
        listed = whole["paths"][_PATHS[operation]]["post"]["parameters"]
        names = [followed(whole, each)["name"].lower() for each in listed]
        steps = [*post, "parameters", str(names.index(steps[3])), "schema", *steps[4:]]
    found: list[str] = []
    node: Any = whole
    for step in steps:
        key = int(step) if isinstance(node, list) else step
        if isinstance(node, dict) and step not in node:
            break  # the readings took it out: what is around it says why
        found.append(step)
        node = node[key]
        while isinstance(node, dict) and "$ref" in node:
            found, node = node["$ref"].split("/")[1:], followed(whole, node)
    return findings.pointer(*found)
