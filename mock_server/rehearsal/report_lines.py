"""Lines of a report in a terminal: written in English, wrapped once they are in a language."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mock_server.rehearsal.scorecard import cut, fitted, wrapped
from mock_server.translations import say_in


@dataclass(frozen=True, slots=True)
class Line:
    """A line in English. `first` None: one line, such as that of a table, which is cut to fit. Else
    it is of any length, begins with `first`, and goes on below, indented."""

    text: str
    first: str | None = None


def statement(text: str, first: str = "  ") -> Line:
    """Return a sentence of any length."""
    return Line(text, first)


def said(lines: Iterable[Line], language: str, encoding: str | None = None) -> Iterator[str]:
    """Yield lines in a language, in parts that fit. `encoding`: as of the scorecard."""
    say = say_in(language)
    texts = ((say(each.text), each.first) for each in lines)
    parts = ([cut(text)] if first is None else wrapped(text, first=first) for text, first in texts)
    yield from fitted((part for each in parts for part in each), encoding)
