"""The findings of a request that is as most are, without asking every rule.

Rule: it may return None for any request; what it returns for others is what `judge` finds.
"""

import re
from collections.abc import Mapping
from typing import Any

from mock_server.domain.call.bodies import FORM_TYPE, Body
from mock_server.domain.call.calls import Call, Operation
from mock_server.domain.call.redaction import SECRET_HEADERS
from mock_server.domain.findings.context import Contract
from mock_server.domain.findings.encodings import AT_TYPE, JSON_TYPE
from mock_server.domain.findings.fields import NO_VALUES, TASK_ID
from mock_server.domain.findings.finding import Finding
from mock_server.domain.findings.placeholders import ENTITY
from mock_server.domain.findings.submit_fields import ADVISED_CHARACTERS, of_address

# What a type is told of, if every value is ASCII.
OF_TYPE: Mapping[str, tuple[Finding, ...]] = {
    f"{FORM_TYPE}; charset=UTF-8": (),
    FORM_TYPE: (Finding(id="charset-missing", at=AT_TYPE, sent=FORM_TYPE),),
    **dict.fromkeys(
        (JSON_TYPE, *(f"{JSON_TYPE};{space}charset={name}" for space in ("", " ")
                      for name in ("utf-8", "UTF-8"))),
        (Finding(id="json-body", at=AT_TYPE, sent=JSON_TYPE),),
    ),
}  # fmt: skip
CALLBACK = "call_back"
FIELDS = {
    Operation.SUBMIT_TASK: frozenset({"text", "style_id", CALLBACK}),
    Operation.LIST_TASKS: frozenset({"page", "maxResult"}),
    Operation.QUERY_TASK: frozenset({"task_id"}),
}
SIGNATURE = "x-ca-signature"
# What belongs to a signature of the headers that the contract names.
OF_A_SIGNATURE = frozenset(
    {"x-ca-nonce", "x-ca-timestamp", "x-ca-signature-headers", "x-ca-signature-method"}
)
# ASCII without a space, a percent sign and what placeholders and escapes are made of, that ends
# with no quotation mark and no bracket.
_PLAIN = re.compile(r"(?!\$)[!-$&-;=?-\[\]-z|~]*[!#$&(-;=?-\[^-z|~]")


def plain_findings(
    call: Call, operation: Operation | None, body: Body | None, contract: Contract
) -> tuple[Finding, ...] | None:
    """Return the findings of an ordinary call; None: `judge` has to look at it."""
    if operation is None or body is None or call.method != "POST":
        return None
    of_type = of_head(call, contract)
    sent = None if of_type is None else plain_texts(call, operation, body, of_type)
    if of_type is None or sent is None or not fits(call, operation, sent, contract):
        return None
    return of_fields(operation, sent, of_type)


def fits(call: Call, operation: Operation, sent: Mapping[str, str], contract: Contract) -> bool:
    """Whether a plain call fits the contract; of its headers only a signature's are named there."""
    if SIGNATURE in call.named:
        return contract.fits[operation]({"header": call.named, "body": sent})
    return contract.fits[operation]({"body": sent})


def plain_texts(
    call: Call, operation: Operation, body: Body, of_type: tuple[Finding, ...]
) -> Mapping[str, str] | None:
    """Return the fields of a body if no rule on bodies and texts has anything to say of them.

    `of_type` is what `of_head` tells of its type.
    """
    fields = body.fields
    if body.pairs != len(fields) or not fields.keys() <= FIELDS[operation]:
        return None
    is_json = body.members is not None
    if is_json != (of_type is OF_TYPE[JSON_TYPE]) or not (is_json or call.body[:1].isalpha()):
        return None
    sent: Mapping[str, Any] = fields if body.members is None else body.members
    if not _are_plain(sent):
        return None
    signature = call.named.get(SIGNATURE)
    # What is found of an address would have to hide it.
    return None if signature and signature.strip() in sent.get(CALLBACK, "") else sent


def of_fields(
    operation: Operation, sent: Mapping[str, str], of_type: tuple[Finding, ...]
) -> tuple[Finding, ...] | None:
    """Return the findings of plain fields that fit the contract; None: `judge` has to look."""
    if operation is Operation.QUERY_TASK and not TASK_ID.fullmatch(sent["task_id"]):
        return None
    if len(sent.get("text", "")) > ADVISED_CHARACTERS:
        return None
    return (*of_type, *of_address(CALLBACK, sent[CALLBACK])) if CALLBACK in sent else of_type


def _are_plain(sent: Mapping[str, Any]) -> bool:
    """Whether every value is a text that no rule on texts has anything to say of."""
    for value in sent.values():
        if (
            type(value) is not str  # a number in JSON is a text of another type
            or not _PLAIN.fullmatch(value)
            or value in NO_VALUES
            or ("??" in value or "=E" in value or ("&" in value and ENTITY.search(value)))
        ):
            return False
    return True


def of_head(call: Call, contract: Contract) -> tuple[Finding, ...] | None:
    """Return what is told of the type of a body; None for a call that carries no app code and no
    whole signature, or a header that a rule looks at, or another credential."""
    headers = call.named
    if call.query or len(SECRET_HEADERS & headers.keys()) != 1:
        return None
    if SIGNATURE in headers:
        is_plain = _is_signed_plainly(headers) and contract.headers.isdisjoint(
            headers.keys() - OF_A_SIGNATURE
        )
        of_type = OF_TYPE.get(headers.get("content-type", ""))
        # What is told of JSON depends on its digest.
        return of_type if is_plain and of_type is not OF_TYPE[JSON_TYPE] else None
    sent = headers.get("authorization", "")
    is_plain = (
        sent[:8] == "APPCODE "
        and sent[8:9].isalnum()
        and "x-ca-key" not in headers
        and contract.headers.isdisjoint(headers)
    )
    return OF_TYPE.get(headers.get("content-type", "")) if is_plain else None


def _is_signed_plainly(headers: Mapping[str, str]) -> bool:
    """Whether a signature has all that belongs to it, and only headers that came are listed."""
    if not (headers[SIGNATURE] and headers.get("x-ca-key") and headers.get("x-ca-nonce")):
        return False
    if "x-ca-timestamp" not in headers:
        return False
    listed = headers.get("x-ca-signature-headers", "").split(",")
    return all(name.strip().lower() in headers for name in listed if name.strip())
