"""Building blocks for bugs of signing clients (`signing_bugs`)."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.signing_client import Bug, Work, parameters_text


@dataclass(frozen=True)
class Planted:
    """A bug, and the cause that the diagnosis must name.

    `needs`: the properties of a request that make the bug matter (`signed_requests.requests`).
    """

    name: str
    cause: str
    bug: Bug
    needs: frozenset[str]


def bug(name: str, cause: str, how: Bug, *needs: str) -> Planted:
    """Return an entry of the lists."""
    return Planted(name, cause, how, frozenset(needs))


def nothing(_: Work) -> list[tuple[str, str]]:
    return []


def setting(stage: str, **values: Any) -> Bug:
    """Overwrite the client's data at a stage."""

    def spoil(work: Work) -> None:
        for name, value in values.items():
            setattr(work, name, value(work) if callable(value) else value)

    return stage, spoil


def writing(how: Callable[[bytes], str]) -> Bug:
    return "mac", lambda work: setattr(work, "write", how)


def digesting(how: Callable[[bytes, bytes], bytes]) -> Bug:
    return "mac", lambda work: setattr(work, "mac", how)


def fixed_lines(change: Callable[[list[str]], list[str]]) -> Bug:
    """Change the four lines Accept, Content-MD5, Content-Type, Date."""
    return "lines", lambda work: setattr(work, "fixed_lines", change(work.fixed_lines))


def header_lines(change: Callable[[Work, list[str]], str]) -> Bug:
    """Change the text of the listed headers, as a function of its lines."""
    return "lines", lambda work: setattr(
        work, "header_text", change(work, work.header_text.splitlines())
    )


def last_line(change: Callable[[Work], str]) -> Bug:
    """Change the last line."""
    return "lines", lambda work: setattr(work, "last_line", change(work))


def values(encode: Callable[[str], str]) -> Bug:
    return last_line(
        lambda work: work.path + parameters_text([(encode(k), encode(v)) for k, v in work.pairs])
    )


def without(number: int) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:number], *lines[number + 1 :]]


def with_value(number: int, value: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:number], value, *lines[number + 1 :]]


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def ca_lines(work: Work, *, extra: bool = False) -> str:
    """Return a line for every X-Ca- header of the request, in its spelling."""
    sent = dict(work.ca)
    if extra and work.request.listed:
        titled = work.request.listed[0][0] == "X"
        name = "X-Ca-Signature-Headers" if titled else "x-ca-signature-headers"
        sent[name] = ",".join(work.request.listed)
    return "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))


def timestamp(change: Callable[[str], str]) -> Bug:
    def spoil(work: Work) -> None:
        for name in work.ca:
            if name.lower() == "x-ca-timestamp":
                work.ca[name] = change(work.ca[name])

    return "facts", spoil


def recased(change: Callable[[str], str]) -> Bug:
    return header_lines(
        lambda _, lines: "".join(
            f"{change(name)}:{value}\n"
            for name, _, value in (each.partition(":") for each in lines)
        )
    )


def appended(glue: str, text: Callable[[Work], str]) -> Bug:
    return last_line(
        lambda work: work.path + parameters_text(first_values(work.query)) + glue + text(work)
    )


def first_values(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(dict(pairs[::-1]).items())


def json_members(work: Work) -> list[tuple[str, str]]:
    return sorted((dict(work.query) | json.loads(work.request.json or "{}")).items())


def body_text(work: Work) -> str:
    return work.request.body.decode()


def compact_json(work: Work) -> bytes:
    members = json.loads(work.request.json or "{}")
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def with_query(work: Work, text: str) -> str:
    """Return the path with the query's parameters, and with a text inserted like a parameter."""
    query = parameters_text(first_values(work.query))
    return f"{work.path}{query}{'&' if query else '?'}{text}"


def app_key(work: Work) -> str:
    return next(value for name, value in work.ca.items() if name.lower() == "x-ca-key")
