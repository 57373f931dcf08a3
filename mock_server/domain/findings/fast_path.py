"""Whether a request is as most are: then nothing but the contract has to look at it.

Rule: it may say no of a request that is fine; of one that it calls clean `judge` finds nothing.
"""

import re

from mock_server.domain.call.bodies import FORM_TYPE, Body
from mock_server.domain.call.calls import Call, Operation
from mock_server.domain.findings.context import Contract
from mock_server.domain.findings.fields import NO_VALUES, TASK_ID
from mock_server.domain.findings.placeholders import ENTITY
from mock_server.domain.findings.submit_fields import ADVISED_CHARACTERS

PLAIN_TYPE = f"{FORM_TYPE}; charset=UTF-8"
FIELDS = {
    Operation.SUBMIT_TASK: frozenset({"text", "style_id"}),
    Operation.LIST_TASKS: frozenset({"page", "maxResult"}),
    Operation.QUERY_TASK: frozenset({"task_id"}),
}
# ASCII without a space, a percent sign and what placeholders and escapes are made of, that ends
# with no quotation mark and no bracket.
_PLAIN = re.compile(r"(?!\$)[!-$&-;=?-\[\]-z|~]*[!#$&(-;=?-\[^-z|~]")


def is_clean(
    call: Call, operation: Operation | None, body: Body | None, contract: Contract
) -> bool:
    """Whether a call is ordinary, and as the contract wants it."""
    if operation is None or body is None or not _has_plain_head(call, contract):
        return False
    fields = body.fields
    if body.pairs != len(fields) or not fields.keys() <= FIELDS[operation]:
        return False
    for value in fields.values():
        if (
            not isinstance(value, str)
            or not _PLAIN.fullmatch(value)
            or value in NO_VALUES
            or ("??" in value or "=E" in value or ("&" in value and ENTITY.search(value)))
        ):
            return False
    if operation is Operation.SUBMIT_TASK and len(str(fields.get("text"))) > ADVISED_CHARACTERS:
        return False
    if operation is Operation.QUERY_TASK and not TASK_ID.fullmatch(str(fields.get("task_id"))):
        return False
    return contract.fits[operation]({"body": fields})


def _has_plain_head(call: Call, contract: Contract) -> bool:
    """Whether a call carries an app code and a form, and no header that a rule looks at."""
    headers = call.named
    sent = headers.get("authorization", "")
    return (
        sent[:8] == "APPCODE "
        and sent[8:9].isalnum()
        and headers.get("content-type") == PLAIN_TYPE
        and call.body[:1].isalpha()
        and not call.query
        and "x-ca-key" not in headers
        and "x-ca-signature" not in headers
        and contract.headers.isdisjoint(headers)
    )
