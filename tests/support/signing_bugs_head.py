"""Signing bugs above the path: method, fixed lines, listed headers."""

from tests.support.bug_kit import (
    b64,
    bug,
    ca_lines,
    compact_json,
    fixed_lines,
    header_lines,
    md5,
    nothing,
    recased,
    setting,
    timestamp,
    with_value,
    without,
)
from tests.support.signing_client import FORM

FIXED_BUGS = [
    bug(
        "all empty lines skipped",
        "newline-missing",
        fixed_lines(lambda lines: [x for x in lines if x]),
    ),
    bug(
        "no Accept, no line",
        "newline-missing",
        fixed_lines(lambda lines: lines if lines[0] else lines[1:]),
    ),
    bug(
        "no Content-MD5, no line",
        "newline-missing",
        fixed_lines(lambda lines: lines if lines[1] else without(1)(lines)),
    ),
    bug(
        "no Content-Type, no line",
        "newline-missing",
        fixed_lines(lambda lines: lines if lines[2] else without(2)(lines)),
        "bare",
    ),
    bug(
        "no Date, no line",
        "newline-missing",
        fixed_lines(lambda lines: lines if lines[3] else lines[:3]),
    ),
    bug("Accept that a library added", "accept-differs", fixed_lines(with_value(0, "")), "accept"),
    bug("Accept never sent", "accept-differs", fixed_lines(with_value(0, "*/*"))),
    bug(
        "Accept of JSON never sent",
        "accept-differs",
        fixed_lines(with_value(0, "application/json")),
    ),
    bug(
        "Content-Type that a library added",
        "content-type-differs",
        fixed_lines(with_value(2, "")),
        "form",
    ),
    bug(
        "charset in capitals that is not sent",
        "content-type-differs",
        fixed_lines(with_value(2, f"{FORM}; charset=UTF-8")),
        "form",
    ),
    bug(
        "charset that is not sent",
        "content-type-differs",
        fixed_lines(with_value(2, f"{FORM}; charset=utf-8")),
        "form",
    ),
    bug(
        "charset that a library added",
        "content-type-differs",
        fixed_lines(with_value(2, FORM)),
        "form",
    ),
    bug("form type for JSON", "content-type-differs", fixed_lines(with_value(2, FORM)), "json"),
    bug(
        "JSON type for octets",
        "content-type-differs",
        fixed_lines(with_value(2, "application/json")),
        "json",
    ),
    bug(
        "octets for JSON",
        "content-type-differs",
        fixed_lines(with_value(2, "application/octet-stream")),
        "json",
    ),
    bug(
        "JSON type for a form, whose parameters are left out",
        "content-type-differs",
        setting("facts", type="application/json", form=nothing),
        "form",
    ),
    bug("Date not signed", "date-not-signed", fixed_lines(with_value(3, "")), "date"),
    bug(
        "no line for a Content-Type that is sent",
        "line-missing",
        fixed_lines(without(2)),
        "form",
        "listed",
    ),
    bug("no line for a Date that is sent", "line-missing", fixed_lines(without(3)), "date"),
    bug(
        "MD5 as hex",
        "md5-hex",
        setting("facts", md5=lambda work: md5(work.request.body).hex()),
        "json",
    ),
    bug(
        "MD5 as hex in base64",
        "md5-hex",
        setting("facts", md5=lambda work: b64(md5(work.request.body).hex().encode())),
        "json",
    ),
    bug("MD5 not signed", "md5-not-signed", setting("facts", md5=""), "json", "md5"),
    bug(
        "MD5 not sent",
        "md5-not-sent",
        setting("facts", md5=lambda work: b64(md5(work.request.body))),
        "json",
    ),
    bug("MD5 of nothing", "md5-other-bytes", setting("facts", md5=b64(md5(b""))), "json"),
    bug(
        "MD5 of compact JSON",
        "md5-other-bytes",
        setting("facts", md5=lambda work: b64(md5(compact_json(work)))),
        "json",
        "md5",
    ),
    bug(
        "method in lower case",
        "method-case",
        setting("facts", method=lambda work: work.method.lower()),
    ),
    bug(
        "another method",
        "method-differs",
        setting("facts", method=lambda work: "GET" if work.method == "POST" else "POST"),
    ),
]

HEADER_BUGS = [
    bug("seconds", "timestamp-unit", timestamp(lambda text: text[:10]), "listed"),
    bug(
        "seconds with a fraction",
        "timestamp-unit",
        timestamp(lambda text: str(int(text) / 1000)),
        "listed",
    ),
    bug("no header", "headers-none", setting("lines", header_text=""), "listed"),
    bug(
        "every X-Ca header", "headers-all", header_lines(lambda work, _: ca_lines(work)), "unlisted"
    ),
    bug(
        "every X-Ca header, the list too",
        "headers-self",
        header_lines(lambda work, _: ca_lines(work, extra=True)),
        "listed",
    ),
    bug(
        "one header dropped",
        "headers-dropped",
        header_lines(lambda _, lines: "".join(x + "\n" for x in lines[1:])),
        "listed",
    ),
    bug(
        "order of the list",
        "headers-unsorted",
        header_lines(
            lambda work, lines: "".join(
                x + "\n" for name in work.request.listed for x in lines if x.startswith(name + ":")
            )
        ),
        "listed",
    ),
    bug(
        "reverse order",
        "headers-unsorted",
        header_lines(lambda _, lines: "".join(x + "\n" for x in lines[::-1])),
        "listed",
    ),
    bug("lower-case names", "headers-case", recased(str.lower), "listed", "titled"),
    bug("titled names", "headers-case", recased(str.title), "listed", "lower"),
    bug(
        "a space after the colon",
        "headers-separator",
        header_lines(lambda _, lines: "".join(x.replace(":", ": ", 1) + "\n" for x in lines)),
        "listed",
    ),
    bug(
        "an equals sign for the colon",
        "headers-separator",
        header_lines(lambda _, lines: "".join(x.replace(":", "=", 1) + "\n" for x in lines)),
        "listed",
    ),
    bug(
        "no last newline",
        "headers-last-newline",
        header_lines(lambda work, _: work.header_text[:-1]),
        "listed",
    ),
    bug(
        "an empty line below",
        "headers-empty-line",
        header_lines(lambda work, _: work.header_text + "\n"),
    ),
    bug(
        "nonce without dashes",
        "nonce-spelling",
        (
            "facts",
            lambda work: work.ca.update(
                {k: v.replace("-", "") for k, v in work.ca.items() if k.lower().endswith("nonce")}
            ),
        ),
        "listed",
    ),
]
