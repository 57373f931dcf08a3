"""The catalogue: every mistake that the clinic knows, the likelier and simpler ones first.

Rule 1: where two mistakes lead to the same signature, the earlier one is named.
Rule 2: `did` completes "the client …" and may hold `{what}`; `instead` is what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.domain.auth.diagnosis import (
    conversions,
    headers,
    instants,
    keys,
    lines,
    parameters,
)
from mock_server.domain.auth.diagnosis.candidate import SigningContext
from mock_server.domain.auth.diagnosis.lines import Variants


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to go wrong, and how to find what was signed then."""

    id: str
    did: str
    instead: str
    variants: Callable[[SigningContext], Variants]
    # Of a rare mistake, how many of its variants are tried together with frequent ones.
    rare: int | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """A wrong way to write the signature's bytes; `digests.READERS` can read it."""

    did: str
    instead: str


_AS_SENT = "sign the value that you really send, or set the header yourself"

CATALOGUE: tuple[Mistake, ...] = (
    Mistake("newline-missing", "left out the empty line for {what}",
            "write the newline even for a header that you do not send", lines.missing_newline),
    Mistake("accept-differs", "signed {what} as Accept, but sent another value",
            f"{_AS_SENT} (HTTP libraries add a default)", lines.accept_differs),
    Mistake("content-type-differs", "signed {what} as Content-Type, but sent another value",
            f"{_AS_SENT} (HTTP libraries add a default, or a charset)", lines.content_type_differs),
    Mistake("timestamp-unit", "signed the timestamp in {what}, but sent another X-Ca-Timestamp",
            "send and sign the same text, milliseconds since 1970", headers.timestamp_units),
    Mistake("values-encoded", "signed percent-encoded parameters ({what})",
            "sign decoded names and values", parameters.values_encoded),
    Mistake("parameters-unsorted", "did not sort the parameters by name ({what})",
            "sort query and form parameters together, by name", parameters.parameters_unsorted),
    Mistake("form-missing", "left out the form's parameters",
            "sign query and form parameters together", parameters.form_missing),
    Mistake("query-missing", "left out the query's parameters",
            "sign query and form parameters together", parameters.query_missing),
    Mistake("parameters-missing", "signed the path without any parameters",
            "add `?` and the query and form parameters", parameters.parameters_missing),
    Mistake("secret-wrong", "signed with {what}",
            "sign with the app secret that belongs to X-Ca-Key", keys.secret_other),
    Mistake("secret-whitespace", "signed with the secret {what}",
            "use the secret exactly as you received it", keys.secret_whitespace),
    Mistake("secret-ampersand", "appended `&` to the secret, as other APIs require",
            "use the secret alone", keys.secret_ampersand),
    Mistake("digest-differs", "used {what}, but X-Ca-Signature-Method names another method",
            "use HmacSHA256, or name HmacSHA1 in X-Ca-Signature-Method", keys.other_digest),
    Mistake("roles-swapped", "used the string as the key and the secret as the message",
            "use the secret as the key of the HMAC", keys.roles_swapped),
    Mistake("hash-without-key", "used a plain hash: {what}",
            "use an HMAC with the secret as the key", keys.plain_hash),
    Mistake("headers-list-separator", "did not separate the names in X-Ca-Signature-Headers by "
            "commas", "separate the names by commas", headers.headers_list_separator),
    Mistake("headers-none", "signed none of the headers that X-Ca-Signature-Headers lists",
            "sign a `name:value` line for each of them", headers.headers_none),
    Mistake("headers-all", "signed all the X-Ca-* headers it sent, listed or not",
            "list in X-Ca-Signature-Headers exactly what is signed", headers.headers_all),
    Mistake("headers-dropped", "listed {what}, but did not sign it",
            "list in X-Ca-Signature-Headers exactly what is signed", headers.headers_dropped),
    Mistake("headers-self", "signed X-Ca-Signature-Headers itself",
            "sign the headers it lists, but not X-Ca-Signature-Headers", headers.headers_self),
    Mistake("headers-fixed", "signed Accept, Content-MD5, Content-Type or Date again as a "
            "listed header", "do not list them: they have their own lines",
            headers.headers_fixed),
    Mistake("headers-unsorted", "did not sort the listed headers by name ({what})",
            "sort them by name", headers.headers_unsorted),
    Mistake("headers-case", "signed header names in {what}, but listed another spelling in "
            "X-Ca-Signature-Headers",
            "use the same spelling in the list and in the string", headers.headers_case),
    Mistake("headers-separator", "wrote {what} between a header's name and value",
            "write `name:value`, a colon and no space", headers.headers_separator),
    Mistake("headers-last-newline", "left out the newline after the last listed header",
            "end each listed header with a newline", headers.headers_missing_newline),
    Mistake("headers-empty-line", "left an empty line between the headers and the path",
            "write the path on the very next line", headers.headers_extra_newline),
    Mistake("nonce-spelling", "signed the nonce in another spelling than in X-Ca-Nonce",
            "sign exactly the text that you send", headers.nonce_spelling),
    Mistake("md5-hex", "signed {what} of the MD5 as Content-MD5",
            "use the base64 of the 16 bytes", lines.md5_hex),
    Mistake("md5-not-signed", "sent Content-MD5, but signed an empty line for it",
            "sign the value that you send", lines.md5_not_signed),
    Mistake("md5-not-sent", "signed a Content-MD5 that it did not send",
            "send the header, or sign an empty line for it", lines.md5_not_sent),
    Mistake("md5-other-bytes", "signed the MD5 of bytes other than the body",
            "compute the MD5 of exactly the bytes you send", lines.md5_other_bytes),
    Mistake("date-not-signed", "sent Date, but signed an empty line for it",
            "sign the value that you send, or do not send the header", lines.date_differs),
    Mistake("line-missing", "sent {what}, but left out its line",
            "sign its value on its own line", lines.missing_line),
    Mistake("method-case", "did not write the method in capitals",
            "sign GET or POST, in capitals", lines.method_case),
    Mistake("method-differs", "signed the method {what}, but sent another method",
            "sign the method that you send", lines.method_differs),
    Mistake("path-slash", "signed the path {what}",
            "sign the path exactly as you request it", parameters.path_slash),
    Mistake("path-url", "signed {what} instead of the path",
            "sign only the path, from its first slash", parameters.path_url),
    Mistake("path-prefix", "signed the path {what}",
            "sign the path exactly as you request it", parameters.path_prefix),
    Mistake("path-case", "signed the path {what}",
            "sign the path exactly as you request it", parameters.path_case),
    Mistake("path-encoding", "signed the path {what}",
            "sign the path exactly as you request it",
            parameters.path_encoding),
    Mistake("empty-sign", "wrote `name=` for an empty value",
            "for an empty value, sign only the name", parameters.empty_sign),
    Mistake("empty-dropped", "left out parameters with an empty value",
            "sign only their names", parameters.empty_dropped),
    Mistake("parameter-missing", "left out the parameter {what}",
            "sign all query and form parameters", parameters.parameter_missing),
    Mistake("repeated-names", "signed {what} of a repeated parameter",
            "sign a repeated parameter once, with its first value", parameters.repeated_names),
    Mistake("target-signed", "signed query and form as sent, neither decoded nor "
            "sorted", "sign the path and the decoded parameters, sorted by name",
            parameters.target_signed),
    Mistake("plus-literal", "sent a plus sign unencoded, but signed it as a plus sign",
            "send %2B: a plus sign in a query or a form means a space", parameters.plus_literal),
    Mistake("body-as-form", "signed the body's parameters, but sent no form Content-Type",
            "send Content-Type: application/x-www-form-urlencoded", parameters.body_as_form),
    Mistake("body-signed", "signed the text of the body {what}",
            "do not sign a body that is not a form; send Content-MD5 to protect it",
            parameters.body_signed),
    Mistake("newline-differs", "joined the lines with {what}",
            "join them with a line feed (one byte)", parameters.newline),
    Mistake("end-added", "appended {what} to the string",
            "end the string after the path and its parameters", parameters.end),
    Mistake("charset-differs", "encoded the string as {what}",
            "encode it as UTF-8", parameters.charset),
    Mistake("fixed-lines-empty", "sent {what}, but signed an empty line for each",
            f"{_AS_SENT} (HTTP libraries add a default)", lines.fixed_emptied),
    Mistake("nothing-as-word", "signed {what}",
            "sign an empty text, and leave out parameters that you do not send",
            conversions.nothing_words, rare=12),
    Mistake("zero-as-empty", "took `0` or `false` for an empty value",
            "sign these values as they are: only an empty text has no value",
            conversions.zero_empty, rare=6),
    Mistake("value-spelling", "signed a number or a truth value in another spelling than it sent",
            "make the text once, sign it and send it", conversions.value_spelling, rare=3),
    Mistake("value-space", "signed {what}",
            "strip the value, then sign it and send it", conversions.value_space, rare=8),
    Mistake("date-not-sent", "signed the Date {what}, but sent none, or another (browsers drop it)",
            "sign an empty line for Date; X-Ca-Timestamp has the time",
            instants.date_not_sent, rare=4),
    Mistake("header-not-sent", "listed and signed {what}, but did not send it",
            "send every header that you list", conversions.header_lost, rare=4),
    Mistake("letters-replaced", "signed {what} in place of letters",
            "encode the string as UTF-8", conversions.letters_replaced, rare=4),
    Mistake("letters-mangled", "signed {what}",
            "sign the letters as they are, and encode the string as UTF-8 once",
            conversions.letters_mangled, rare=4),
    Mistake("secret-converted", "used as its key not the secret but {what}",
            "use the secret's letters as they are", keys.secret_converted, rare=5),
    Mistake("timestamp-twice", "signed another instant than it sent in X-Ca-Timestamp",
            "read the clock once, then sign and send the same text",
            instants.timestamp_twice, rare=2),
)  # fmt: skip

WRITINGS: dict[str, Writing] = {
    "signature-hex": Writing("sent the signature as hex digits", "send its base64"),
    "signature-unpadded": Writing(
        "sent the signature without the `=` at its end", "send the complete base64"
    ),
    "signature-overpadded": Writing(
        "sent the signature with more `=` at its end than base64 has",
        "send the base64 unchanged",
    ),
    "signature-base64url": Writing(
        "sent the signature in the URL-safe alphabet, with `-` and `_`", "send plain base64"
    ),
    "signature-hex-in-base64": Writing(
        "sent the base64 of the hex digits", "send the base64 of the bytes"
    ),
    "signature-quoted": Writing(
        "percent-encoded the signature", "send the base64 without percent-encoding"
    ),
    "signature-printed": Writing(
        "sent what a command prints (label, hex digits or a newline), or its base64",
        "send the base64 of the bytes: `openssl dgst -sha256 -hmac SECRET -binary | base64`",
    ),
    "signature-twice": Writing("sent the base64 of the base64", "send the base64 of the bytes"),
    "signature-as-letters": Writing(
        "took the signature's bytes for letters, and encoded these as UTF-8",
        "send the base64 of the bytes",
    ),
    "signature-plus-lost": Writing(
        "sent spaces for the plus signs of the signature", "send the base64 as it is"
    ),
    "signature-in-quotes": Writing(
        "sent the signature in quotation marks or in several parts", "send the base64 alone"
    ),
}
