"""Reads a curl command as a request: shell words, curl's options, and the headers that curl adds.

Rule 1: an unknown option is refused, not ignored, because it could change the request.
Rule 2: nothing is expanded: a shell variable or a substitution is refused, with advice.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from mock_server.domain.call.bodies import FORM_TYPE
from mock_server.domain.call.calls import MAX_BODY_BYTES, Call
from mock_server.domain.usage_errors import UsageError

Headers = list[tuple[str, str]]

_WORD = re.compile(
    r"""(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+""", re.DOTALL
)
_PIECE = re.compile(
    r"""\$'((?:[^'\\]|\\.)*)'|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\])""", re.DOTALL
)
_EXPANSION = re.compile(r"(?<!\\)(?:\$[\w{(]|`)")
_IN_DOUBLE_QUOTES = re.compile(r'\\([\\"$`])')
_ANSI_ESCAPE = re.compile(
    r"\\(?:u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL
)
_ANSI = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b",
         "f": "\f", "v": "\v"}  # fmt: skip
_OPERATOR = re.compile(r"(?:\||\|\||&&|;|&|[0-9]?>{1,2}|<)$")

SHORT = {
    "X": "request", "H": "header", "d": "data", "G": "get", "I": "head", "A": "user-agent",
    "e": "referer", "b": "cookie", "F": "form", "T": "upload-file", "K": "config", "o": "output",
    "u": "user", "m": "max-time", "x": "proxy", "w": "write-out", "c": "cookie-jar",
    "D": "dump-header", "E": "cert", "s": "silent", "S": "show-error", "v": "verbose",
    "i": "include", "k": "insecure", "L": "location", "f": "fail", "g": "globoff",
    "N": "no-buffer", "O": "remote-name", "#": "progress-bar", "0": "http1.0", "1": "tlsv1",
    "4": "ipv4", "6": "ipv6",
}  # fmt: skip
DATA = frozenset({"data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json"})
TAKES_VALUE = DATA | {
    "request", "header", "url", "user-agent", "referer", "cookie", "output", "user", "max-time",
    "proxy", "write-out", "cookie-jar", "dump-header", "cert", "cacert", "key", "resolve",
    "connect-to", "connect-timeout", "retry", "retry-delay", "max-redirs", "noproxy", "ciphers",
    "interface", "limit-rate",
}  # fmt: skip
FLAGS = {
    "get", "head", "silent", "show-error", "verbose", "include", "insecure", "location", "fail",
    "fail-with-body", "globoff", "no-buffer", "remote-name", "progress-bar", "http1.0", "http1.1",
    "http2", "tlsv1", "tlsv1.2", "tlsv1.3", "ipv4", "ipv6", "compressed", "no-progress-meter",
    "path-as-is", "no-keepalive", "tcp-nodelay", "ssl-no-revoke",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CurlItem:
    """An option with its value, or the URL, which is an item without a name."""

    option: str
    value: str
    words: tuple[str, ...]


def words_of(line: str) -> list[str]:
    """Return the words of a shell line up to a pipe or redirection. Raises UsageError."""
    line = re.sub(r"\\\r?\n", " ", line.strip()).removeprefix("$ ")
    if re.search(r'\^(?:"|\r?\n)', line):
        raise UsageError("this is a command for cmd.exe: copy the request as cURL for bash instead")
    words: list[str] = []
    at = 0
    for match in _WORD.finditer(line):
        if line[at : match.start()].strip():
            break
        at = match.end()
        if _OPERATOR.match(match.group()):
            return words
        words.append("".join(_pieces(match.group())))
    if line[at:].strip():
        raise UsageError("the command is not complete: close the quotation mark")
    return words


def _pieces(word: str) -> Iterator[str]:
    # Single quotes and a backslash keep what is in them as it is.
    pieces = (match.groups() for match in _PIECE.finditer(word))
    if _EXPANSION.search("".join(double or plain or "\0" for _, _, double, _, plain in pieces)):
        raise UsageError(
            f"{word[:80]!r} has a variable or a command of your shell: write its value instead"
        )
    for match in _PIECE.finditer(word):
        ansi, single, double, escaped, plain = match.groups()
        if ansi is not None:
            # Escapes of bytes that are a character together become that character.
            raw = _ANSI_ESCAPE.sub(_ansi, ansi).encode("utf-8", "surrogateescape")
            yield raw.decode("utf-8", "surrogateescape")
        elif double is not None:
            yield _IN_DOUBLE_QUOTES.sub(r"\1", double)
        else:
            yield single or escaped or plain or ""


def _ansi(match: re.Match[str]) -> str:
    escape = match.group()[1:]
    if escape[0] in "uU" and len(escape) > 1:
        point = int(escape[1:], 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""
    if escape[0] in "01234567" or len(escape) > 1:  # of a byte
        byte = int(escape, 8) & 0xFF if escape[0] != "x" else int(escape[1:], 16)
        if byte == 0:
            raise UsageError("a word of a shell cannot hold the character NUL: take it out")
        return bytes([byte]).decode("utf-8", "surrogateescape")
    return _ANSI.get(escape, escape)


def items_of(words: list[str]) -> list[CurlItem]:
    """Return the options and URLs of a curl command, whose first word is curl. Raises
    UsageError.
    """
    if not words or Path(words[0]).name.removesuffix(".exe") != "curl":
        raise UsageError("the command does not start with curl: write `curl URL …`")
    rest = iter(words[1:])
    items: list[CurlItem] = []
    for word in rest:
        if word.startswith("--"):
            items.append(_long(word, rest))
        elif word.startswith("-") and len(word) > 1:
            items += _cluster(word[1:], rest)
        else:
            items.append(CurlItem("", word, (word,)))
    return items


def _long(word: str, rest: Iterator[str]) -> CurlItem:
    option = word[2:]
    _check_known(option, word)
    if option not in TAKES_VALUE:
        return CurlItem(option, "", (word,))
    value = _value(word, rest)
    return CurlItem(option, value, (word, value))


def _cluster(letters: str, rest: Iterator[str]) -> Iterator[CurlItem]:
    """Yield the options of `-sXPOST`: flags, and the last one with its value."""
    for at, letter in enumerate(letters):
        option = SHORT.get(letter, "")
        _check_known(option, f"-{letter}")
        if option in TAKES_VALUE:
            value = letters[at + 1 :] or _value(f"-{letter}", rest)
            yield CurlItem(option, value, (f"-{letter}", value))
            return
        yield CurlItem(option, "", (f"-{letter}",))


def _check_known(option: str, word: str) -> None:
    if option in {"form", "form-string", "upload-file"}:
        raise UsageError(
            f"{word}: the gateway accepts neither multipart nor files: use -d or --json"
        )
    if option not in TAKES_VALUE and option not in FLAGS:
        raise UsageError(f"curl's option {word[:40]} is not supported: leave it out")


def _value(word: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise UsageError(f"{word} has no value: write one after it")
    return value


def call_of(items: list[CurlItem]) -> Call:
    """Return the request that curl sends for these items. Raises UsageError."""
    urls = [item.value for item in items if item.option in {"", "url"}]
    if len(urls) != 1:
        raise UsageError(f"the command names {len(urls)} URLs: give exactly one")
    options = {item.option: item.value for item in items}
    data = _data(items)
    scheme, host, path, query = split_url(encoded_url(urls[0]))
    if "path-as-is" not in options:
        path = without_dots(path)
    if "get" in options and data is not None:
        asked = encoded(data.decode("utf-8", "surrogateescape"))
        query, data = "&".join(filter(None, [query, asked])), None
    method = options.get("request") or _default_method(options, data)
    return request(method, (scheme, host, path, query), _headers(items, host, data), data or b"")


def sendable(items: list[CurlItem], call: Call) -> list[CurlItem]:
    """Return the items with a URL that curl sends as it is, `call` being what they ask for.

    Fields of -G are a part of it then.
    """
    options = {item.option for item in items}
    kept = []
    for item in items:
        if item.option in {"", "url"}:
            start = re.match(r"(?:[a-zA-Z][\w+.-]*://)?[^/?#]*", item.value)
            url = (start.group() if start else "") + call.target
            kept.append(CurlItem(item.option, url, (*item.words[:-1], url)))
            if re.search(r"[\[\]{}]", url) and "globoff" not in options:
                kept.append(CurlItem("globoff", "", ("-g",)))  # or curl takes them for a list
            if re.search("(?i)/[.%]", call.path) and "path-as-is" not in options:
                kept.append(CurlItem("path-as-is", "", ("--path-as-is",)))  # some read %2e as a dot
        elif "get" not in options or item.option not in {"get", *DATA}:
            kept.append(item)
    return kept


def _default_method(options: dict[str, str], data: bytes | None) -> str:
    if "head" in options:
        return "HEAD"
    return "GET" if data is None else "POST"


def _headers(items: list[CurlItem], host: str, data: bytes | None) -> Headers:
    options = {item.option: item.value for item in items}
    own: Headers = [("Host", host), ("User-Agent", options.get("user-agent", "curl"))]
    own.append(("Accept", "application/json" if "json" in options else "*/*"))
    own += [(name.title(), options[name]) for name in ("referer", "cookie") if name in options]
    if data is not None:
        own.append(("Content-Type", "application/json" if "json" in options else FORM_TYPE))
    given = given_headers(items)
    replaced = {name.lower() for name, _ in given}
    kept = [(name, value) for name, value in own if name.lower() not in replaced]
    return kept + [(name, value) for name, value in given if value is not None]


def given_headers(items: list[CurlItem]) -> list[tuple[str, str | None]]:
    """Return the headers of -H; None removes one that curl would add."""
    found: list[tuple[str, str | None]] = []
    for item in items:
        if item.option != "header":
            continue
        name, colon, value = item.value.partition(":")
        if colon:
            found.append((name.strip(), value.strip() or None))
        elif item.value.strip().endswith(";"):
            found.append((item.value.strip()[:-1], ""))
        else:
            raise UsageError(f"-H {item.value[:80]!r} is not a header: write 'Name: value'")
    return found


def _data(items: list[CurlItem]) -> bytes | None:
    parts = [(item.option, _datum(item)) for item in items if item.option in DATA]
    if not parts:
        return None
    # curl joins several --json without a separator.
    glue = b"" if parts[0][0] == "json" else b"&"
    return glue.join(datum for _, datum in parts)


def _datum(item: CurlItem) -> bytes:
    value = item.value
    if item.option == "data-urlencode":
        name, sign, content = re.fullmatch(r"([^=@]*)([=@]?)(.*)", value, re.DOTALL).groups()  # type: ignore[union-attr]
        if not sign:
            return quote_plus(name).replace("+", "%20").encode()
        raw = _file(content) if sign == "@" else content.encode("utf-8", "surrogateescape")
        encoded = quote_plus(raw).replace("+", "%20")
        return (f"{name}={encoded}" if name else encoded).encode()
    if item.option != "data-raw" and value.startswith("@"):
        content_of = _file(value[1:])
        stripped = item.option in {"data", "data-ascii"}
        return re.sub(rb"[\r\n\0]", b"", content_of) if stripped else content_of
    return value.encode("utf-8", "surrogateescape")


def _file(name: str) -> bytes:
    if name == "-":
        raise UsageError("@- (standard input) is not supported: write the body, or use @FILE")
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BODY_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the body @{name[:80]}: {error}") from None


def encoded_url(url: str) -> str:
    """Return an address whose path and query can stand in a request line."""
    match = re.fullmatch(r"((?:[a-zA-Z][\w+.-]*://)?[^/?#]*)(.*)", url, re.DOTALL)
    return match[1] + encoded(match[2]) if match else url


def encoded(text: str) -> str:
    """Return a part of a target; what cannot stand in a request line is percent-encoded."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which JSON can write
        raw = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if 0x21 <= byte <= 0x7E else f"%{byte:02X}" for byte in raw)


def without_dots(path: str) -> str:
    """Return a path as curl sends it: `.` and `..` are resolved (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    parts = path.split("/")[1:]
    for at, part in enumerate(parts):
        if part not in {".", ".."}:
            kept.append(part)
            continue
        if part == "..":
            kept = kept[:-1]
        if at == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def split_url(url: str) -> tuple[str, str, str, str]:
    """Return scheme, host, path and query as curl sends them. Raises UsageError."""
    match = re.fullmatch(
        r"(?:([a-zA-Z][\w+.-]*)://)?(?:[^/?#\s@]*@)?((?:\[[0-9a-fA-F:.]+\]|[^/?#\s:@]+)(?::[0-9]+)?)"
        r"(/[^?#\s]*)?(?:\?([^#\s]*))?(?:#\S*)?",
        url,
    )
    if match is None:
        raise UsageError(f"{url[:80]!r} is not a URL")
    scheme, host, path, query = match.groups()
    if (scheme or "http").lower() not in {"http", "https"}:
        raise UsageError(f"{url[:80]!r} is not an HTTP URL: write http:// or https://")
    return (scheme or "http").lower(), host, path or "/", query or ""


def request(method: str, target: tuple[str, str, str, str], headers: Headers, body: bytes) -> Call:
    """Return a request in the form of a server's. Raises UsageError."""
    if len(body) > MAX_BODY_BYTES:
        raise UsageError("the body is larger than 8 MiB, the limit of the gateway")
    return request_of_any_size(method, target, headers, body)


def request_of_any_size(
    method: str, target: tuple[str, str, str, str], headers: Headers, body: bytes
) -> Call:
    """Return a request of any size, even larger than a server accepts. Raises UsageError."""
    if not re.fullmatch(r"[A-Za-z]{1,32}", method):
        raise UsageError(f"{method[:40]!r} is not an HTTP method")
    for name, value in headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(r"[\r\n\0]", value):
            raise UsageError(f"{name[:40]!r} is not a header: write 'Name: value'")
    scheme, _, path, query = target
    return Call(
        method=method,
        scheme=scheme,
        path=wire(path),
        query=wire(query),
        headers=tuple((name.lower(), wire(value.strip())) for name, value in headers),
        body=body,
    )


def wire(text: str) -> str:
    """Return a text as it is in a request's head: one character per byte."""
    return codecs.decode(text.encode("utf-8", "surrogateescape"), "latin-1")
