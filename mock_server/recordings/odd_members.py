"""What of a recorded call cannot be what it should be: it is left out, and the rest is read."""

import re
from dataclasses import dataclass, field
from typing import Any

from mock_server.recordings.curl import Headers

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
KINDS = {
    type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a text",
    list: "a list", dict: "an object",
}  # fmt: skip
ANY_HEADER = "*"


@dataclass(slots=True, kw_only=True)
class OddMembers:
    """The members of one call that were left out, in words. `headers`: names of headers of the
    request that were among them, in lower case; ANY_HEADER if one of them has no name."""

    says: list[str] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)

    def note(self, says: str) -> None:
        """Take down one."""
        self.says.append(says)

    def misses(self, name: str) -> bool:
        """Whether a header of the request may have been left out."""
        return not self.headers.isdisjoint({name, ANY_HEADER})

    def object_of(self, value: Any, name: str) -> dict[str, Any]:
        """Return an object; an empty one for anything else, of which null needs no word."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.note(f"`{name}` is {kind_of(value)}, not an object")
        return {}

    def list_of(self, value: Any, name: str) -> list[Any]:
        """Return a list; an empty one for anything else, of which null needs no word."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.note(f"`{name}` is {kind_of(value)}, not a list")
        return []

    def text_of(self, value: Any, name: str) -> str | None:
        """Return a text; None for anything else, of which null needs no word."""
        if value is not None and not isinstance(value, str):
            self.note(f"`{name}` is {kind_of(value)}, not a text")
        return value if isinstance(value, str) else None

    def integer_of(self, value: Any, name: str) -> int | None:
        """Return a whole number, one that is written as a text or a fraction included."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
            self.note(f"`{name}` is a text: it was read as the number {value.strip()}")
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if value is not None:
            self.note(f"`{name}` is {kind_of(value)}, not a whole number")
        return None

    def request_headers(self, listed: Any) -> Headers:
        """Return the headers of a request that can have been sent."""
        if listed is not None and not isinstance(listed, list):
            self.headers.add(ANY_HEADER)
        headers: Headers = []
        for number, each in enumerate(self.list_of(listed, "headers"), 1):
            pair = self._header(number, each)
            if pair is None:
                self.headers.add(_name_of(each) or ANY_HEADER)
            elif not pair[0].startswith(":"):  # what HTTP/2 writes instead of a request line
                headers.append(pair)
        return headers

    def answer_headers(self, listed: Any) -> Headers:
        """Return the headers of an answer that can have been sent."""
        pairs = self.list_of(listed, "headers of the answer")
        found = (
            self._header(number, each, " of the answer") for number, each in enumerate(pairs, 1)
        )
        return [pair for pair in found if pair is not None]

    def _header(self, number: int, each: Any, whose: str = "") -> tuple[str, str] | None:
        name, value = _pair(each)
        if not isinstance(each, dict | list):
            what = f"{kind_of(each)}, not a list or an object with name and value"
            self.note(f"`headers`: header {number}{whose} is {what}")
        elif not isinstance(name, str):
            self.note(f"`headers`: header {number}{whose} has no name")
        elif not TOKEN.fullmatch(name.removeprefix(":")):
            self.note(f"`headers`: {name[:40]!r}{whose} cannot be the name of a header")
        elif not isinstance(value, str):
            self.note(f"`headers`: the value of {name[:40]}{whose} is {kind_of(value)}, not a text")
        elif re.search(r"[\r\n\0]", value):
            self.note(f"`headers`: the value of {name[:40]}{whose} has a line break or a NUL")
        elif re.search("[\ud800-\udfff]", value):
            self.note(f"`headers`: the value of {name[:40]}{whose} is no Unicode")
        else:
            return name, value
        return None


def _pair(each: Any) -> tuple[Any, Any]:
    """Return name and value: of an object as HAR has it, or of a list as the journal has it."""
    if isinstance(each, dict):
        return each.get("name"), each.get("value")
    return (each[0], each[1]) if isinstance(each, list) and len(each) == 2 else (None, None)


def _name_of(each: Any) -> str | None:
    name = _pair(each)[0]
    return name.lower() if isinstance(name, str) and TOKEN.fullmatch(name) else None


def kind_of(value: Any) -> str:
    """Return what a value of JSON is, in words."""
    return KINDS.get(type(value), "no value")
