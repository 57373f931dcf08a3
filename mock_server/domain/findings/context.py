"""A request as the rules see it, and the contract it is held to."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from mock_server.domain.auth.credentials import QUERY_NAMES
from mock_server.domain.call.bodies import FORM_TYPE, Body, Fields, Number, media_type, read_body
from mock_server.domain.call.calls import OWN_ROUTES, Call, Operation, header
from mock_server.domain.findings.finding import Findings
from mock_server.domain.readings import DEFAULT_READINGS, Readings
from mock_server.domain.records import dataclass

# No honest request is longer: a text is 2,953 bytes at most.
MAX_JUDGED_BYTES = 64 * 1024


# What a rule looks at, although the contract does not name it.
JUDGED_HEADERS = frozenset({"content-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Where a request does not fit the compiled contract: pointers into both, what stands there
    if that is a text, and its words."""

    at: str
    contract: str
    message: str
    sent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The compiled contract. `fits` and `breaches` take `{"header": …, "body": …}`; `headers` are
    those that it names, and JUDGED_HEADERS."""

    fields: Mapping[Operation, tuple[str, ...]]
    headers: frozenset[str]
    fits: Mapping[Operation, Callable[[Any], bool]]
    breaches: Mapping[Operation, Callable[[Any], list[Breach]]]
    styles: Container[str]
    style_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRequest:
    """One request. Header names are lower case; `texts` are the fields that say something;
    `body` is None where it is not read: no operation, or over MAX_JUDGED_BYTES."""

    call: Call
    operation: Operation | None
    headers: Mapping[str, str]
    body: Body | None
    texts: Mapping[str, str]
    contract: Contract
    readings: Readings
    paths: tuple[str, ...]

    @property
    def media(self) -> str:
        """Its Content-Type without parameters, in lower case."""
        return media_type(self.headers.get("content-type"))

    @property
    def is_by_get(self) -> bool:
        """Whether its fields are in the query (claim query-method)."""
        return self.operation is not None and self.call.method == "GET"

    @property
    def raw(self) -> bytes:
        """What its fields were read from."""
        return self.call.query.encode() if self.is_by_get else self.call.body

    @property
    def known_fields(self) -> tuple[str, ...]:
        """The fields of its operation."""
        return self.contract.fields[self.operation] if self.operation else ()


class When(Enum):
    """Which requests a rule looks at."""

    UNROUTED = auto()  # every call of no operation
    WITH_QUERY = auto()  # every call with a query
    ALWAYS = auto()  # every call, a wrong path too
    SIGNED = auto()  # every call with a signature
    BODY_SKIPPED = auto()  # every call whose body was not read
    BODY = auto()  # every call of an operation whose body was read
    SUBMIT = auto()
    LIST = auto()
    QUERY = auto()
    BREACH = auto()  # only what the contract refuses: the rule says why


Rule = Callable[[JudgedRequest], Findings]


def judged_body(call: Call) -> Body | None:
    """Return the body of a call of an operation, None where it is not read; what stands for it
    in the query of a GET."""
    if call.method == "GET":
        read = read_body(call.query.encode(), FORM_TYPE)
        fields = {name: text for name, text in read.fields.items() if name not in QUERY_NAMES}
        return replace(read, fields=fields)
    if call.method != "POST":
        return None
    content_type = header(call, "content-type")
    if len(call.body) > MAX_JUDGED_BYTES or media_type(content_type).startswith("multipart/"):
        return None
    return read_body(call.body, content_type)


def request_of(
    call: Call,
    operation: Operation | None,
    body: Body | None,
    contract: Contract,
    readings: Readings = DEFAULT_READINGS,
    *,
    paths: tuple[str, ...] = OWN_ROUTES.paths,
) -> JudgedRequest:
    """Return a call as the rules see it; `paths` are those of the operations."""
    fields = {} if body is None else body.fields
    return JudgedRequest(
        call=call,
        operation=operation,
        headers=call.named,
        body=body,
        texts=_texts(fields, is_json=body is not None and body.members is not None),
        contract=contract,
        readings=readings,
        paths=paths,
    )


def _texts(fields: Fields, *, is_json: bool) -> dict[str, str]:
    texts = {name: text for name, text in fields.items() if text and isinstance(text, str)}
    if is_json:
        # JSON can say lone surrogates, which are no text.
        return {name: text for name, text in texts.items() if _text(name + text) == name + text}
    return texts


def instance(request: JudgedRequest) -> dict[str, Any]:
    """Return what the compiled contract judges: headers, and the body as it was sent."""
    body = request.body
    if body is None:
        return {"header": request.headers}
    if body.members is not None:
        return {"header": request.headers, "body": _plain(body.members)}
    if len(body.fields) == len(request.texts):
        return {"header": request.headers, "body": request.texts}
    sent = {name: text for name, text in body.fields.items() if isinstance(text, str) and name}
    return {"header": request.headers, "body": sent}


def _plain(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a JSON object with every number a number and every text a text."""
    return {_text(name): _value(value) for name, value in members.items()}


def _value(value: object) -> object:
    match value:
        case Number():
            return 0
        case str():
            return value if _text(value) == value else None
        case bool():
            return value
        case list():
            return []
        case dict():
            return {}
        case _:
            return None


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
