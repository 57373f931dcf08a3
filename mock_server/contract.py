"""The one module that knows where contracts/ and fixtures/ live, in the wheel or beside it.

Rule 1: what is promised is data; this module reads it once and hands out frozen values.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator as Validator

from mock_server.domain import findings
from mock_server.domain.calls import ROUTES, Operation
from mock_server.domain.errors import ClassicRow, ErrorRow, ErrorTables
from mock_server.domain.findings import Severity
from mock_server.domain.magic import Magic

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """An art style: the vendor's id and its Chinese names."""

    id: str
    names: tuple[str, ...]
    english: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A package of the price list. An offer is named by its number of calls."""

    credits: int
    fen: int
    trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What the vendor prints: gateway errors, styles by id, offers by credits; and our magic.

    `requests` is the contract that requests are judged by, `findings` the words for it.
    """

    errors: ErrorTables
    magic: Mapping[str, Magic]
    styles: Mapping[str, Style]
    offers: Mapping[int, Offer]
    requests: findings.Contract
    findings: findings.Rows


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


def document_text(name: str) -> str:
    """Return an OpenAPI document as it is written."""
    return (folder("contracts") / f"{name}.yaml").read_text("utf-8")


@cache
def admin_validator(schema: str) -> Validator:
    """Return the compiled validator of a component of the admin document."""
    components = document("admin.openapi")["components"]
    return Validator({"$ref": f"#/components/schemas/{schema}", "components": components})


@cache
def load_catalogue() -> Catalogue:
    """Return the vendor's printed tables."""
    errors = load_toml("errors.toml")
    rows = [ErrorRow(**row) for row in errors["error"]]
    classic = [ClassicRow(**{**row, "codes": tuple(row["codes"])}) for row in errors["classic"]]
    magic = [Magic(**row) for row in load_toml("magic.toml")["magic"]]
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
        styles={style.id: style for style in styles},
        offers={offer.credits: offer for offer in offers},
        requests=_request_contract(),
        findings=load_finding_rows(),
    )


@cache
def load_finding_rows() -> findings.Rows:
    """Return the words of findings by id."""
    rows = load_toml("findings.toml")["finding"]
    return {row["id"]: findings.Row(**{**row, "severity": Severity(row["severity"])})
            for row in rows}  # fmt: skip


_PATHS = {operation: path for (_, path), operation in ROUTES.items()}


def _request_contract() -> findings.Contract:
    """Compile what a request of each operation has to be: one validator for head and body."""
    components = document("openapi")["components"]
    validators = {each: Validator(request_schema(each)) for each in _PATHS}
    styles = tuple(components["schemas"]["StyleId"]["enum"])
    return findings.Contract(
        fields={each: tuple(_body_schema(each)["properties"]) for each in _PATHS},
        headers=frozenset(
            request_schema(Operation.SUBMIT_TASK)["properties"]["header"]["properties"]
        ),
        fits={each: validator.is_valid for each, validator in validators.items()},
        breaches={each: partial(_breaches, validators[each]) for each in _PATHS},
        styles=frozenset(styles),
        style_ids=styles,
    )


def request_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of `{"header": …, "body": …}`, header names in lower case."""
    whole = document("openapi")
    post = whole["paths"][_PATHS[operation]]["post"]
    named = [_followed(each) for each in post["parameters"]]
    headers = {each["name"].lower(): each["schema"] for each in named if each["in"] == "header"}
    return {
        "properties": {"header": {"properties": headers}, "body": _body_schema(operation)},
        "components": whole["components"],
    }


def _body_schema(operation: Operation) -> dict[str, Any]:
    post = document("openapi")["paths"][_PATHS[operation]]["post"]
    form = post["requestBody"]["content"]["application/x-www-form-urlencoded"]
    return _followed(form["schema"])


def _followed(value: dict[str, Any]) -> dict[str, Any]:
    for step in value.get("$ref", "").split("/")[1:]:
        value = document("openapi") if step == "components" else value
        value = value[step]
    return value


def _breaches(validator: Validator, instance: Any) -> list[findings.Breach]:
    return [
        findings.Breach(
            at=findings.pointer(*map(str, error.instance_path)),
            contract=findings.pointer(*map(str, error.schema_path)),
            message=error.message[:500],
        )
        for error in validator.iter_errors(instance)
    ]
