"""The schemas of faults in the admin document, generated from their dataclasses.

`python -m tests.support.documents` writes them; a test fails while they are stale.
"""

import textwrap
from typing import Any

import yaml

from mock_server.domain.faults.kinds import KINDS, UNNAMED
from mock_server.domain.faults.parameters import needed, schemas_of
from mock_server.domain.faults.spellings import short_name
from tests.support.documents.pages import ROOT

DOCUMENT = ROOT / "contracts" / "admin.openapi.yaml"
START, END = "    # <faults>\n", "    # </faults>\n"


def components() -> dict[type[Any], list[str]]:
    """Return the dataclass of each component, with the kinds that use it."""
    found: dict[type[Any], list[str]] = {}
    for kind in KINDS.values():
        found.setdefault(kind.fault, []).append(kind.name)
    return found


def section() -> str:
    """Return NewFault and one component per dataclass, as the document contains them."""
    lines = ["NewFault:", "  description: >-"]
    lines += textwrap.wrap(
        "A fault: what happens (`kind` and its parameters), to which calls, and for how long. "
        "Without a `kind`, `code` means a gateway_error and `remark` means a refusal. A rule that "
        "can never fire is answered 422.", 84, initial_indent="    ", subsequent_indent="    ",
    )  # fmt: skip
    names = [fault.__name__ for fault in components()]
    lines += ["  type: object", "  oneOf:"]
    lines += [f"    - {{$ref: '#/components/schemas/{name}'}}" for name in names]
    lines += ["  discriminator:", "    propertyName: kind", "    mapping:"]
    lines += [
        f"      {kind.name}: '#/components/schemas/{kind.fault.__name__}'"
        for kind in KINDS.values()
    ]
    for fault, kinds in components().items():
        lines += _component(fault, kinds)
    return "".join(f"    {line}\n" for line in lines)


def _component(fault: type[Any], kinds: list[str]) -> list[str]:
    is_unnamed = bool({*UNNAMED.values()}.intersection(kinds))
    required = [*([] if is_unnamed else ["kind"])]
    required += [name for name in needed(fault) if short_name(name) == name]
    text = " ".join((fault.__doc__ or "").split())
    lines = [f"{fault.__name__}:", "  description: >-"]
    lines += textwrap.wrap(text, 84, initial_indent="    ", subsequent_indent="    ")
    lines += ["  type: object", "  additionalProperties: false", f"  required: {_flow(required)}"]
    lines += [
        f"  anyOf: {_flow([{'required': [name]}, {'required': [short_name(name)]}])}"
        for name in needed(fault)
        if short_name(name) != name
    ]
    lines += ["  properties:", f"    kind: {_flow({'type': 'string', 'enum': kinds})}"]
    lines += [
        f"    {spelt}: {_flow(as_duration(name, schema))}"
        for name, schema in schemas_of(fault).items()
        for spelt in dict.fromkeys((name, short_name(name)))
    ]
    return [*lines, "    <<: *rule"]


def as_duration(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter; that of a duration allows a text such as `3s`, too."""
    if short_name(name) == name:
        return schema
    note = f"Milliseconds, or a duration such as 3s. `{name}` or `{short_name(name)}`."
    return {**schema, "type": [schema["type"], "string"], "description": note}


def _flow(value: Any) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000
    ).strip()


def generated(text: str) -> str:
    """Return the document with its generated section of faults."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}{section()}{end}{after}"
