"""Every rule that judges one request, by the requests it looks at, in the order it is asked.

To add a rule: write one function in the file of its subject, put it into this table, give the
finding a row in contracts/findings.toml and a pair of requests in tests/support/requests.py.
"""

from collections.abc import Mapping

from mock_server.domain.findings import (
    addresses,
    body_kinds,
    encodings,
    fields,
    headers,
    placeholders,
    submit_fields,
)
from mock_server.domain.findings.context import Rule, When

RULES: Mapping[When, tuple[Rule, ...]] = {
    When.UNROUTED: (headers.route,),
    When.WITH_QUERY: (headers.query,),
    When.ALWAYS: (headers.credentials,),
    When.SIGNED: (headers.freshness, headers.signed_headers),
    When.BODY_SKIPPED: (encodings.size, encodings.multipart),
    When.BODY: (
        encodings.charset,
        encodings.form,
        encodings.media,
        body_kinds.content_encoding,
        encodings.body_of_get,
        encodings.repeated,
        encodings.unreadable,
        encodings.twice_encoded,
        encodings.mojibake,
        placeholders.unfilled,
        placeholders.escapes,
        placeholders.lost_letters,
        fields.untrimmed,
        fields.no_value,
    ),
    When.SUBMIT: (
        addresses.spaced,
        submit_fields.shadowed,
        submit_fields.addresses,
        submit_fields.text,
    ),
    When.LIST: (),
    When.QUERY: (fields.task_id,),
    When.BREACH: (
        headers.gateway_headers,
        fields.unknown_fields,
        fields.types,
        fields.nul,
        fields.paging,
        fields.whole_numbers,
        fields.task_id_missing,
        submit_fields.missing,
        submit_fields.no_address,
        submit_fields.style,
        submit_fields.flag,
        submit_fields.length,
    ),
}
