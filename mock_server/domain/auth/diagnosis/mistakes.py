"""The catalogue: every mistake that the clinic knows, the likelier and simpler ones first.

Rule 1: where two mistakes lead to the same signature, the earlier one is named.
Rule 2: `did` completes "the client …" and may hold `{what}`; `instead` is what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.domain.auth.diagnosis import headers, keys, lines, parameters
from mock_server.domain.auth.diagnosis.candidate import SigningContext
from mock_server.domain.auth.diagnosis.lines import Variants


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to go wrong, and how to find what was signed then."""

    id: str
    did: str
    instead: str
    variants: Callable[[SigningContext], Variants]


@dataclass(frozen=True, slots=True)
class Writing:
    """A wrong way to write the signature's bytes; `digests.READERS` can read it."""

    did: str
    instead: str


_AS_SENT = "sign the value that is really sent, or send the header yourself"

CATALOGUE: tuple[Mistake, ...] = (
    Mistake("newline-missing", "left out the empty line of {what}",
            "a header that is not sent still has its newline", lines.missing_newline),
    Mistake("accept-differs", "signed {what} as Accept, which is not what was sent",
            f"{_AS_SENT} (HTTP libraries add one)", lines.accept_differs),
    Mistake("content-type-differs", "signed {what} as Content-Type, which is not what was sent",
            f"{_AS_SENT} (HTTP libraries add one, or a charset)", lines.content_type_differs),
    Mistake("timestamp-unit", "signed the timestamp in {what}, not as X-Ca-Timestamp was sent",
            "send and sign the same text, milliseconds since 1970", headers.timestamp_units),
    Mistake("values-encoded", "signed percent-encoded parameters ({what})",
            "sign decoded names and values", parameters.values_encoded),
    Mistake("parameters-unsorted", "did not sort the parameters by name ({what})",
            "sort query and form parameters together, by name", parameters.parameters_unsorted),
    Mistake("form-missing", "left the form's parameters out",
            "sign query and form parameters together", parameters.form_missing),
    Mistake("query-missing", "left the query's parameters out",
            "sign query and form parameters together", parameters.query_missing),
    Mistake("parameters-missing", "signed the path without any parameter",
            "add `?` and the parameters of query and form", parameters.parameters_missing),
    Mistake("secret-wrong", "signed with {what}",
            "sign with the app secret that belongs to X-Ca-Key", keys.secret_other),
    Mistake("secret-whitespace", "signed with the secret {what}",
            "use the secret exactly as it was given out", keys.secret_whitespace),
    Mistake("secret-ampersand", "appended `&` to the secret, as other interfaces want it",
            "use the secret alone", keys.secret_ampersand),
    Mistake("digest-differs", "used {what}, which is not what X-Ca-Signature-Method says",
            "use HmacSHA256, or name HmacSHA1 in X-Ca-Signature-Method", keys.other_digest),
    Mistake("roles-swapped", "gave the string as the key and the secret as the message",
            "the secret is the key of the HMAC", keys.roles_swapped),
    Mistake("hash-without-key", "used a plain hash: {what}",
            "use an HMAC with the secret as its key", keys.plain_hash),
    Mistake("headers-list-separator", "separated X-Ca-Signature-Headers by something else than "
            "commas", "separate the names by commas", headers.headers_list_separator),
    Mistake("headers-none", "signed none of the headers that X-Ca-Signature-Headers lists",
            "sign a `name:value` line for each of them", headers.headers_none),
    Mistake("headers-all", "signed every X-Ca-* header that it sent, listed or not",
            "list in X-Ca-Signature-Headers exactly what is signed", headers.headers_all),
    Mistake("headers-dropped", "listed {what} and did not sign it",
            "list in X-Ca-Signature-Headers exactly what is signed", headers.headers_dropped),
    Mistake("headers-self", "signed X-Ca-Signature-Headers itself",
            "sign the headers it lists, never itself", headers.headers_self),
    Mistake("headers-fixed", "signed Accept, Content-MD5, Content-Type or Date once more as a "
            "listed header", "they have lines of their own and are never listed",
            headers.headers_fixed),
    Mistake("headers-unsorted", "did not sort the listed headers by name ({what})",
            "sort them by name", headers.headers_unsorted),
    Mistake("headers-case", "signed header names in {what}, unlike X-Ca-Signature-Headers",
            "spell a name in the list as in the string", headers.headers_case),
    Mistake("headers-separator", "wrote {what} between a header's name and value",
            "write `name:value`, a colon and no space", headers.headers_separator),
    Mistake("headers-last-newline", "left out the newline after the last listed header",
            "each listed header ends with a newline", headers.headers_missing_newline),
    Mistake("headers-empty-line", "left an empty line between the headers and the path",
            "the path follows on the very next line", headers.headers_extra_newline),
    Mistake("nonce-spelling", "signed the nonce in another spelling than X-Ca-Nonce",
            "sign the text that is sent", headers.nonce_spelling),
    Mistake("md5-hex", "signed {what} of the MD5 as Content-MD5",
            "it is the base64 of the 16 bytes", lines.md5_hex),
    Mistake("md5-not-signed", "sent Content-MD5 and signed an empty line for it",
            "sign the value that is sent", lines.md5_not_signed),
    Mistake("md5-not-sent", "signed a Content-MD5 that it did not send",
            "send the header, or sign an empty line for it", lines.md5_not_sent),
    Mistake("md5-other-bytes", "signed the MD5 of other bytes than those of the body",
            "take the MD5 of the very bytes that are sent", lines.md5_other_bytes),
    Mistake("date-not-signed", "sent Date and signed an empty line for it",
            "sign the value that is sent, or do not send the header", lines.date_differs),
    Mistake("line-missing", "left out the line of {what}, which was sent",
            "sign its value in a line of its own", lines.missing_line),
    Mistake("method-case", "did not write the method in capitals",
            "sign GET or POST, in capitals", lines.method_case),
    Mistake("method-differs", "signed the method {what}, which is not the one of the request",
            "sign the method that is sent", lines.method_differs),
    Mistake("path-slash", "signed the path {what}",
            "sign the path exactly as it is requested", parameters.path_slash),
    Mistake("path-url", "signed {what} in place of the path",
            "sign the path alone, from its first slash", parameters.path_url),
    Mistake("path-prefix", "signed the path {what}",
            "sign the path exactly as it is requested", parameters.path_prefix),
    Mistake("path-case", "signed the path {what}",
            "sign the path exactly as it is requested", parameters.path_case),
    Mistake("path-encoding", "signed the path {what}",
            "sign the path exactly as it is requested",
            parameters.path_encoding),
    Mistake("empty-sign", "wrote `name=` for an empty value",
            "an empty value is signed as the name alone", parameters.empty_sign),
    Mistake("empty-dropped", "left out parameters with an empty value",
            "sign their names alone", parameters.empty_dropped),
    Mistake("parameter-missing", "left out the parameter {what}",
            "sign every parameter of query and form", parameters.parameter_missing),
    Mistake("repeated-names", "signed {what} of a repeated parameter",
            "sign a repeated name once, with its first value", parameters.repeated_names),
    Mistake("target-signed", "signed query and form as they were sent, neither decoded nor "
            "sorted", "sign the path and the decoded parameters, sorted by name",
            parameters.target_signed),
    Mistake("plus-literal", "sent a plus sign as it is and signed it as one",
            "send %2B: a plus sign in a query or form is a space", parameters.plus_literal),
    Mistake("body-as-form", "signed the body's parameters, though Content-Type does not say form",
            "send Content-Type: application/x-www-form-urlencoded", parameters.body_as_form),
    Mistake("body-signed", "signed the text of the body {what}",
            "a body that is no form is not signed; send Content-MD5 to protect it",
            parameters.body_signed),
    Mistake("newline-differs", "joined the lines with {what}",
            "join them with a line feed, one byte", parameters.newline),
    Mistake("end-added", "appended {what} to the string",
            "nothing follows the path and its parameters", parameters.end),
    Mistake("charset-differs", "encoded the string as {what}",
            "encode it as UTF-8", parameters.charset),
)  # fmt: skip

WRITINGS: dict[str, Writing] = {
    "signature-hex": Writing("sent the signature as hex digits", "send its base64"),
    "signature-unpadded": Writing(
        "sent the signature without the `=` at its end", "send the whole base64"
    ),
    "signature-base64url": Writing(
        "sent the signature in the URL-safe alphabet, with `-` and `_`", "send plain base64"
    ),
    "signature-hex-in-base64": Writing(
        "sent the base64 of the hex digits", "send the base64 of the bytes themselves"
    ),
    "signature-quoted": Writing(
        "percent-encoded the signature", "send the base64 as it is: a header is not encoded"
    ),
}
