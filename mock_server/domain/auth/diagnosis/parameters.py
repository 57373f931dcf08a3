"""Mistakes in the last line: path, parameters, body; and in the string as a whole."""

import json
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus, unquote

from mock_server.domain.auth.diagnosis.candidate import (
    Parameter,
    Parameters,
    SigningContext,
    decoded,
    once,
)
from mock_server.domain.auth.diagnosis.lines import Variants, always, json_texts
from mock_server.domain.auth.diagnosis.side_by_side import visible
from mock_server.domain.auth.signatures import wire_text

STAGES = ("release", "test", "pre")
DEFAULT_PORTS = (":80", ":443")
# Each parameter left out is a string of its own, and so is each pair with it.
MOST_LEFT_OUT = 50
MOST_SHOWN = 40


def _raw(parameter: Parameter) -> tuple[str, str]:
    return parameter.raw_name, parameter.raw_value


def _plus_kept(parameter: Parameter) -> tuple[str, str]:
    return _unquoted(parameter.raw_name), _unquoted(parameter.raw_value)


def _quoted(quoting: Callable[[str], str]) -> Callable[[Parameter], tuple[str, str]]:
    return lambda parameter: (quoting(parameter.name), quoting(parameter.value))


def _encoded(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _encoded_plus(text: str) -> str:
    return quote_plus(text, safe="", errors="surrogateescape")


def _encoded_java(text: str) -> str:
    return quote_plus(text, safe="*", errors="surrogateescape").replace("~", "%7E")


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")


def _encoded_lower(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[0].lower(), _encoded_plus(text))


def _encoded_twice(text: str) -> str:
    return _encoded(_encoded(text, ""), "")


_ESCAPE = re.compile("%[0-9A-F]{2}")
# Strict, Python's default, JavaScript's for a component, JavaScript's for a URL.
SAFE = ("", "/", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#")

_all_encoded = always(
    ({"written": _raw}, "as sent"),
    *(({"written": _quoted(partial(_encoded, safe=safe))}, "with %20") for safe in SAFE),
    ({"written": _quoted(_encoded_plus)}, "with +"),
    ({"written": _quoted(_encoded_java)}, "with +"),
    ({"written": _quoted(_encoded_lower)}, "with + and lower-case digits"),
    ({"written": _quoted(_encoded_twice)}, "twice"),
)


def values_encoded(scene: SigningContext) -> Variants:
    """Percent-encoded parameters: all of them, the query's, or the form's."""
    yield from _all_encoded(scene)
    of_query, of_form = {each.name for each in scene.query}, {each.name for each in scene.form}
    if not of_query or not of_form:
        return
    # Where both have a name, one of them stands in the string.
    of_query, of_form = (
        (of_query, of_form - of_query) if scene.query_wins else (of_query - of_form, of_form)
    )
    yield {"written": partial(_raw_among, of_query)}, "only those of the query, as sent"
    yield {"written": partial(_raw_among, of_form)}, "only those of the form, as sent"


def _raw_among(names: set[str], parameter: Parameter) -> tuple[str, str]:
    return _raw(parameter) if parameter.name in names else decoded(parameter)


# A plus sign meant as such and sent as it is, which stands for a space.
plus_literal = always(({"written": _plus_kept}, ""))


def parameters_unsorted(scene: SigningContext) -> Variants:
    """Parameters in another order than that of their names."""
    query, form = scene.query, scene.form
    yield {"parameters": _as_sent(scene, query + form)}, "as sent, query before form"
    yield {"parameters": _as_sent(scene, form + query)}, "as sent, form before query"
    by_name = tuple(sorted(query)), tuple(sorted(form))
    yield {"parameters": _as_sent(scene, by_name[0] + by_name[1])}, "query and form separately"
    yield {"parameters": _as_sent(scene, by_name[1] + by_name[0])}, "form and query separately"
    right = scene.draft.parameters
    pairs = sorted(right, key=lambda each: f"{each.name}={each.value}")
    yield {"parameters": tuple(pairs)}, "as whole pairs, not by name"
    no_case = sorted(right, key=lambda each: each.name.lower())
    yield {"parameters": tuple(no_case)}, "ignoring case"
    yield {"parameters": right[::-1]}, "in reverse order"


def _as_sent(scene: SigningContext, order: Parameters) -> Parameters:
    right = {each.name: each for each in scene.draft.parameters}
    return tuple(right[each.name] for each in once(order))


def form_missing(scene: SigningContext) -> Variants:
    """The query alone."""
    yield {"parameters": scene.joined(scene.query, ())}, ""


def query_missing(scene: SigningContext) -> Variants:
    """The form alone."""
    yield {"parameters": scene.joined((), scene.form)}, ""


# The path alone.
parameters_missing = always(({"parameters": ()}, ""))


def parameter_missing(scene: SigningContext) -> Variants:
    """All parameters but one."""
    right = scene.draft.parameters
    for at, each in enumerate(right[:MOST_LEFT_OUT]):
        name = visible(each.name[:MOST_SHOWN]) + ("…" if len(each.name) > MOST_SHOWN else "")
        yield {"parameters": right[:at] + right[at + 1 :]}, f"`{name}`"


def body_as_form(scene: SigningContext) -> Variants:
    """The body's parameters, although its Content-Type does not say form."""
    if not scene.form and scene.call.body.lstrip()[:1] not in (b"{", b"["):
        yield {"parameters": scene.joined(scene.query, scene.body_as_form)}, ""


def repeated_names(scene: SigningContext) -> Variants:
    """A repeated name with all its values, the last one, or all of them joined."""
    every = scene.form + scene.query
    yield {"parameters": tuple(sorted(every, key=lambda each: each.name))}, "every value"
    yield {"parameters": tuple(sorted(every))}, "every value"
    last = scene.joined(scene.query[::-1], scene.form[::-1])
    yield {"parameters": last}, "the last value"
    yield {"parameters": tuple(sorted(once(every[::-1])))}, "the last value"
    values: dict[str, list[str]] = {}
    for each in every:
        values.setdefault(each.name, []).append(each.value)
    joined = [each._replace(value=",".join(values[each.name])) for each in sorted(once(every))]
    yield {"parameters": tuple(joined)}, "all values joined with commas"


# `k=` for an empty value.
empty_sign = always(({"sign_empty": True}, ""))


def empty_dropped(scene: SigningContext) -> Variants:
    """No parameter with an empty value."""
    yield {"parameters": tuple(each for each in scene.draft.parameters if each.value)}, ""


def body_signed(scene: SigningContext) -> Variants:
    """The body's text in the string."""
    body = scene.body_text
    if not body:
        return
    query = scene.joined(scene.query, ())
    glue = "&" if query else "?"
    for text in dict.fromkeys([body, body.strip(), *json_texts(scene)]):
        for tail, what in (
            (glue + text, "like a parameter"),
            (f"{glue}body={text}", "as a parameter"),
            (text, "after the path"),
            ("\n" + text, "on a line of its own"),
        ):
            yield {"parameters": query, "tail": tail}, what
    members = _members(body)
    if members:
        first, second = members + scene.query, scene.query + members
        for order in (tuple(sorted(once(first))), once(first), once(second)):
            yield {"parameters": order}, "member by member"


def _members(body: str) -> Parameters:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(value, dict):
        return ()
    texts = {
        name: each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
        for name, each in value.items()
    }
    return tuple(
        Parameter(name, text, _encoded_plus(name), _encoded_plus(text))
        for name, text in texts.items()
        if _is_text(name + text)
    )


def _is_text(text: str) -> bool:
    """Say whether UTF-8 can write it: JSON can hold half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode() == text


def path_slash(scene: SigningContext) -> Variants:
    """A slash too few or too many."""
    path = scene.draft.path
    yield {"path": path.removeprefix("/")}, "without its first slash"
    yield {"path": path + "/"}, "with a slash at its end"
    yield {"path": path.removesuffix("/")}, "without its last slash"
    yield {"path": "/" + path}, "with a second slash in front"


def path_url(scene: SigningContext) -> Variants:
    """The whole URL, or the host with the path."""
    host = scene.sent("host") or ""
    hosts = [host, host.rpartition(":")[0]]
    hosts += [hosts[-1] + port for port in DEFAULT_PORTS] if hosts[-1] else []
    for each in dict.fromkeys(filter(None, hosts)):
        for scheme in ("http://", "https://"):
            yield {"path": f"{scheme}{each}{scene.draft.path}"}, "the whole URL"
        yield {"path": each + scene.draft.path}, "host and path"
        yield {"path": f"//{each}{scene.draft.path}"}, "host and path"


def path_prefix(scene: SigningContext) -> Variants:
    """A stage or a segment too many or too few."""
    path = scene.draft.path
    stage = scene.sent("x-ca-stage") or ""
    for name in dict.fromkeys([*STAGES, stage.lower(), stage, stage.upper()]):
        if name:
            yield {"path": f"/{name}{path}"}, f"with `/{name}` in front"
    segments = path.split("/")[1:]
    if len(segments) > 1:
        yield {"path": "/" + "/".join(segments[1:])}, "without its first segment"
        yield {"path": "/" + "/".join(segments[:-1])}, "without its last segment"
    if path != "/":
        yield {"path": "/"}, "as `/`"
        yield {"path": ""}, "as an empty string"


def path_case(scene: SigningContext) -> Variants:
    """The path in lower case or capitals."""
    yield {"path": scene.draft.path.lower()}, "in lower case"
    yield {"path": scene.draft.path.upper()}, "in capitals"


def path_encoding(scene: SigningContext) -> Variants:
    """The path decoded or encoded, unlike it was sent."""
    path = scene.draft.path
    yield {"path": _unquoted(path)}, "decoded"
    yield {"path": _unquoted(path.replace("+", " "))}, "decoded"
    yield {"path": _encoded(_unquoted(path), "/")}, "percent-encoded"
    yield {"path": _encoded(path, "/")}, "percent-encoded"
    yield {"path": _encoded(path, "")}, "percent-encoded"


def target_signed(scene: SigningContext) -> Variants:
    """Path and query as they stand in the request line."""
    target = wire_text(scene.call.target)
    yield {"path": target, "parameters": ()}, ""
    if scene.form:
        # What is left of the form: its text as it was sent.
        glue = "&" if scene.query else "?"
        yield {"path": f"{target}{glue}{scene.body_text}", "parameters": ()}, ""


# Another line end.
newline = always(
    ({"newline": "\r\n"}, "`\\r\\n`"),
    ({"newline": "\\n"}, "a backslash and an n"),
    ({"newline": ""}, "nothing"),
    ({"newline": "#"}, "`#`"),
    ({"newline": " "}, "a space"),
)
# Something after the end of the string.
end = always(
    ({"end": "\n"}, "a newline"),
    ({"end": "\r\n"}, "a newline"),
    ({"end": " "}, "a space"),
    ({"end": "?"}, "a question mark"),
    ({"end": "&"}, "an ampersand"),
    ({"end": "?&"}, "a question mark"),
    ({"end": "\0"}, "a zero byte"),
)
# Another encoding of the string than UTF-8.
charset = always(({"charset": "gbk"}, "GBK"), ({"charset": "latin-1"}, "LATIN-1"))
