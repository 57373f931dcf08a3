"""What goes wrong when values become text, and when the client's clock is read."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.support.bug_kit import b64, bug, fixed_lines, setting, timestamp, writing
from tests.support.signing_client import Bug, Work

WORDS = ["undefined", "null", "None", "<nil>", "nil", "NaN"]


def for_absent_lines(word: str) -> Bug:
    return fixed_lines(lambda lines: [each or word for each in lines])


def for_one_line(number: int, word: str) -> Bug:
    return fixed_lines(
        lambda lines: [each or (word if at == number else "") for at, each in enumerate(lines)]
    )


def each_value(change: Callable[[str], str]) -> Bug:
    return setting("pairs", pairs=lambda work: [(k, change(v)) for k, v in work.pairs])


def letters(change: Callable[[str], str]) -> Bug:
    return setting(
        "text", text=lambda work: "".join(x if x.isascii() else change(x) for x in work.text)
    )


def of_header(name: str, change: Callable[[str], str]) -> Bug:
    """Change the value of a listed header as it is signed, or give it one."""

    def spoil(work: Work) -> None:
        spelt = next((each for each in work.signed if each.lower() == name), name)
        values = {each.lower(): value for each, value in work.ca.items()}
        work.ca[spelt] = change(values.get(name, ""))

    return "facts", spoil


def sent_at(work: Work) -> datetime:
    values = {name.lower(): value for name, value in work.ca.items()}
    stamp = values.get("x-ca-timestamp", "1646365291734")
    return datetime.fromtimestamp(int(stamp) // 1000, UTC)


def signed_date(show: Callable[[datetime], str]) -> Bug:
    return setting("facts", date=lambda work: show(sent_at(work)))


def javascript_date(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def printed(form: str) -> Bug:
    """Send the base64 of what a command prints."""
    return writing(lambda raw: b64(form.format(raw.hex()).encode()))


WORD_BUGS = [
    *(
        bug(f"{word} for each line that is absent", "nothing-as-word", for_absent_lines(word))
        for word in WORDS
    ),
    bug("null for the Accept that is absent", "nothing-as-word", for_one_line(0, "null")),
    bug("undefined for the MD5 that is absent", "nothing-as-word", for_one_line(1, "undefined")),
    bug(
        "None for an empty value",
        "nothing-as-word",
        each_value(lambda value: value or "None"),
        "empty",
    ),
    bug(
        "undefined for a callback that is not sent",
        "nothing-as-word",
        setting("pairs", pairs=lambda work: sorted([*work.pairs, ("qr_code_url", "undefined")])),
    ),
    bug(
        "undefined for a listed header that is absent",
        "nothing-as-word",
        of_header("x-ca-version", lambda value: value or "undefined"),
        "absent",
    ),
    bug(
        "null for the query that is absent",
        "nothing-as-word",
        setting("lines", last_line=lambda work: work.last_line + "null"),
    ),
    bug(
        "0 signed as empty",
        "zero-as-empty",
        each_value(lambda value: "" if value == "0" else value),
        "zero",
    ),
    bug(
        "false signed as empty",
        "zero-as-empty",
        each_value(lambda value: "" if value == "false" else value),
        "zero",
    ),
    bug(
        "0 and false left out",
        "zero-as-empty",
        setting("pairs", pairs=lambda work: [x for x in work.pairs if x[1] not in ("0", "false")]),
        "zero",
    ),
    bug(
        "False for false",
        "value-spelling",
        each_value(lambda value: "False" if value == "false" else value),
        "zero",
    ),
    bug(
        "a space after a listed value",
        "value-space",
        of_header("x-ca-key", lambda value: value + " "),
        "listed",
    ),
    bug("a newline after a listed value", "value-space",
        of_header("x-ca-key", lambda value: value + "\n"), "listed"),
    bug(
        "a space after the Content-Type",
        "value-space",
        setting("facts", type=lambda work: work.type + " "),
        "form",
    ),
    bug(
        "a space after the last parameter's value",
        "value-space",
        setting("pairs", pairs=lambda work: [*work.pairs[:-1],
                                             (work.pairs[-1][0], work.pairs[-1][1] + " ")]),
        "query",
    ),
    bug(
        "a header signed and not sent",
        "header-not-sent",
        of_header("x-ca-version", lambda value: value or "1"),
        "absent",
    ),
]  # fmt: skip

CLOCK_BUGS = [
    bug(
        "a Date that the browser drops",
        "date-not-sent",
        signed_date(lambda at: format_datetime(at, usegmt=True)),
        "listed",
    ),
    bug("a Date in ISO 8601", "date-not-sent", signed_date(javascript_date), "listed"),
    bug(
        "the clock read twice",
        "timestamp-twice",
        timestamp(lambda text: str(int(text) + 3)),
        "listed",
    ),
]

LETTER_BUGS = [
    bug("question marks", "letters-replaced", letters(lambda _: "?"), "chinese"),
    bug(
        "a question mark for each byte",
        "letters-replaced",
        letters(lambda char: "?" * len(char.encode())),
        "chinese",
    ),
    bug("no letters", "letters-replaced", letters(lambda _: ""), "chinese"),
    bug(
        "UTF-8 read as Latin-1",
        "letters-mangled",
        letters(lambda char: char.encode().decode("latin-1")),
        "chinese",
    ),
]

FIXED_TOGETHER = [
    bug("fixed lines all empty", "fixed-lines-empty", fixed_lines(lambda _: [""] * 4),
        "form", "accept"),
    bug("fixed lines of JSON with MD5 empty", "fixed-lines-empty", fixed_lines(lambda _: [""] * 4),
        "json", "md5"),
]  # fmt: skip

SECRET_BUGS = [
    bug(
        "MD5 of the secret",
        "secret-converted",
        setting(
            "facts",
            secret=lambda work: hashlib.md5(
                work.secret.encode(), usedforsecurity=False
            ).hexdigest(),
        ),
    ),
    bug(
        "base64 of the secret",
        "secret-converted",
        setting("facts", secret=lambda work: b64(work.secret.encode())),
    ),
]

PRINTED_BUGS = [
    bug(
        f"base64 of what openssl prints{note}",
        "signature-printed",
        printed(text),
    )
    for note, text in (
        ("", "(stdin)= {}\n"),
        (" today", "SHA2-256(stdin)= {}\n"),
        (" for an HMAC", "HMAC-SHA256(stdin)= {}"),
        (" with -r", "{} *stdin\n"),
        (", cut to its digits", "{}\n"),
    )
] + [
    bug("what openssl prints", "signature-printed",
        writing(lambda raw: f"(stdin)= {raw.hex()}")),
    bug("base64 of the bytes and a newline", "signature-printed",
        writing(lambda raw: b64(raw + b"\n"))),
    bug("base64 twice", "signature-twice", writing(lambda raw: b64(b64(raw).encode()))),
    bug("bytes taken for letters", "signature-as-letters",
        writing(lambda raw: b64(raw.decode("latin-1").encode()))),
    bug("spaces for plus signs", "signature-plus-lost",
        writing(lambda raw: b64(raw).replace("+", " "))),
    bug("bytes as Python shows them", "signature-in-quotes",
        writing(lambda raw: str(base64.b64encode(raw)))),
]  # fmt: skip

VALUE_BUGS = [*FIXED_TOGETHER, *WORD_BUGS, *CLOCK_BUGS, *LETTER_BUGS, *SECRET_BUGS, *PRINTED_BUGS]
