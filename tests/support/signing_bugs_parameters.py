"""Signing bugs in the last line: path, parameters, body."""

from collections.abc import Callable
from urllib.parse import quote, quote_plus

from tests.support.bug_kit import (
    appended,
    body_text,
    bug,
    json_members,
    last_line,
    nothing,
    setting,
    values,
    with_query,
)
from tests.support.signing_client import Bug, Work, parameters_text


def values_of(side: str, encode: Callable[[str], str]) -> Bug:
    """Encode the parameters of the query alone, or of the form alone."""

    def line(work: Work) -> str:
        of_form = dict(work.form)
        pairs = [
            (encode(name), encode(value))
            if (name in of_form) == (side == "form")
            else (name, value)
            for name, value in work.pairs
        ]
        return work.path + parameters_text(pairs)

    return last_line(line)


LINE_BUGS = [
    bug("quoted", "values-encoded", values(lambda text: quote(text, safe=""))),
    bug("quoted as Python does", "values-encoded", values(quote)),
    bug("quoted with plus", "values-encoded", values(quote_plus)),
    bug(
        "quoted as JavaScript does",
        "values-encoded",
        values(lambda text: quote(text, safe="!~*'()")),
    ),
    bug("query alone quoted", "values-encoded", values_of("query", quote), "query", "form"),
    bug("form alone quoted", "values-encoded", values_of("form", quote_plus), "query", "form"),
    bug(
        "query then form as sent",
        "parameters-unsorted",
        setting(
            "pairs",
            pairs=lambda work: [(k, dict(work.pairs)[k]) for k in dict(work.query + work.form)],
        ),
        "form",
        "query",
    ),
    bug(
        "form as sent",
        "parameters-unsorted",
        setting(
            "pairs",
            pairs=lambda work: [(k, dict(work.pairs)[k]) for k in dict(work.form + work.query)],
        ),
        "form",
    ),
    bug(
        "sorted without case",
        "parameters-unsorted",
        setting("pairs", pairs=lambda work: sorted(work.pairs, key=lambda x: x[0].lower())),
    ),
    bug(
        "sorted as pairs",
        "parameters-unsorted",
        setting("pairs", pairs=lambda work: sorted(work.pairs, key="=".join)),
    ),
    bug("no form", "form-missing", setting("facts", form=nothing), "form"),
    bug("no query", "query-missing", setting("facts", query=nothing), "query"),
    bug("no parameters", "parameters-missing", setting("pairs", pairs=nothing), "query", "form"),
    bug(
        "first parameter left out",
        "parameter-missing",
        setting("pairs", pairs=lambda work: work.pairs[1:]),
        "query",
        "form",
    ),
    bug(
        "last parameter left out",
        "parameter-missing",
        setting("pairs", pairs=lambda work: work.pairs[:-1]),
        "query",
        "form",
    ),
    bug(
        "equals sign of an empty value",
        "empty-sign",
        last_line(lambda work: work.path + parameters_text(work.pairs, "=")),
        "empty",
    ),
    bug(
        "empty value left out",
        "empty-dropped",
        setting("pairs", pairs=lambda work: [x for x in work.pairs if x[1]]),
        "empty",
    ),
    bug(
        "last value",
        "repeated-names",
        setting("pairs", pairs=lambda work: sorted((dict(work.query) | dict(work.form)).items())),
        "repeated",
    ),
    bug(
        "every value",
        "repeated-names",
        setting("pairs", pairs=lambda work: sorted(work.form + work.query, key=lambda x: x[0])),
        "repeated",
    ),
    bug(
        "values joined",
        "repeated-names",
        setting(
            "pairs",
            pairs=lambda work: sorted(
                {
                    k: ",".join(v for n, v in work.form + work.query if n == k)
                    for k, _ in work.form + work.query
                }.items()
            ),
        ),
        "repeated",
    ),
    bug(
        "target as sent",
        "target-signed",
        last_line(lambda work: work.path + "?" + work.request.raw_query),
        "bare",
        "wild",
    ),
    bug("JSON after the path", "body-signed", appended("", body_text), "json"),
    bug("JSON on a line of its own", "body-signed", appended("\n", body_text), "json"),
    bug(
        "JSON as a parameter",
        "body-signed",
        last_line(lambda work: with_query(work, "body=" + body_text(work))),
        "json",
    ),
    bug(
        "JSON like a parameter",
        "body-signed",
        last_line(lambda work: with_query(work, body_text(work))),
        "json",
    ),
    bug("JSON members", "body-signed", setting("pairs", pairs=json_members), "json"),
    bug("no first slash", "path-slash", setting("facts", path=lambda work: work.path[1:])),
    bug("a last slash", "path-slash", setting("facts", path=lambda work: work.path + "/")),
    bug(
        "the whole URL",
        "path-url",
        setting("facts", path=lambda work: "http://qr.test:3040" + work.path),
    ),
    bug(
        "the URL without its port",
        "path-url",
        setting("facts", path=lambda work: "https://qr.test" + work.path),
    ),
    bug("host and path", "path-url", setting("facts", path=lambda work: "qr.test" + work.path)),
    bug(
        "stage in front", "path-prefix", setting("facts", path=lambda work: "/release" + work.path)
    ),
    bug(
        "last segment only",
        "path-prefix",
        setting("facts", path=lambda work: "/" + work.path.rpartition("/")[2]),
        "deep",
    ),
    bug(
        "without the last segment",
        "path-prefix",
        setting("facts", path=lambda work: work.path.rpartition("/")[0]),
        "deep",
    ),
    bug("path in lower case", "path-case", setting("facts", path=lambda work: work.path.lower())),
    bug(
        "path quoted",
        "path-encoding",
        setting("facts", path=lambda work: quote(work.path, safe="")),
    ),
]
