"""Sentences that only one call has, in another language: LANGUAGE/*.toml beside this file.

Rule 1: whoever finds something out says it in English; the journal, the API and all JSON have that.
Rule 2: a row has the English sentence, with a name in braces for each part that differs, and the
same sentence in the other language. A reader finds the row and the parts again, and fills in the
words of the row: `{name}` stays as it is, `{#name}` is a number, `{.name}` an id without a space,
`{+name}` has a row of its own, or is empty.
Rule 3: the row with the most letters wins, of those whose parts all have rows. What has no row
stays in English.
Rule 4: where sentences or the items of a list follow each other, each has its own row.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

Say = Callable[[str], str]

_FOLDER = Path(__file__).parent
_PART = re.compile(r"\{([#.+]?)(\w+)\}")
_PATTERNS = {
    "": "(.+?)",
    "#": r"(-?\d[\d.,]*(?:, \d+)*)",
    ".": r"([\w.-]+)",
    "+": "((?:`[^`]*`|.)*?)",
}
# Where a sentence may end and another begin, and what stands there in Chinese.
_BORDER = re.compile(r"(?<=[.:!?]) |[;,] ")
_MARKS = {" ": "", "; ": "；", ", ": "，"}
# Where a part that is filled in needs a space before it, and after it: between a Chinese character
# and a letter, a digit, or code.
_BEFORE = re.compile("[\u4e00-\u9fff][`A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
_AFTER = re.compile("[\u4e00-\u9fff][A-Za-z0-9]|[`A-Za-z0-9][\u4e00-\u9fff]")
_WORDS = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")  # English that is left
_NEXT = re.compile(r"[.!?] [A-Z]")  # where another sentence begins
MOST_KEPT = 4096
# Of a text: letters, looks for a row, sentences within sentences, borders looked at at once.
MOST_LETTERS, MOST_LOOKS, MOST_DEPTH, MOST_BORDERS = 1500, 500, 8, 20
# A row whose parts stay English must say more than this itself.
LEAST_LETTERS = 16


class _Row:
    """A sentence with parts that differ."""

    def __init__(self, english: str, other: str) -> None:
        found = list(_PART.finditer(english))
        self.begins, self.ends = english[: found[0].start()], english[found[-1].end() :]
        self.letters = len(_PART.sub("", english))
        self._names = [each[2] for each in found]
        self._own = {each[2] for each in found if each[1] == "+"}
        self._english, self._other = english, other
        self._pieces = [each for each in _PART.split(english)[::3] if each]
        self._pattern: re.Pattern[str] | None = None

    def parts_of(self, text: str) -> dict[str, str] | None:
        """Return the parts of a text of this row by name; None if it is of another row."""
        if not (text.startswith(self.begins) and text.endswith(self.ends)):
            return None
        if not all(piece in text for piece in self._pieces):
            return None
        found = self._compiled().fullmatch(text)
        return dict(zip(self._names, found.groups(), strict=True)) if found else None

    def filled(self, parts: Mapping[str, str], say: Say) -> tuple[str, bool]:
        """Return the row in the other language, and whether all parts are in it, too."""
        own = {name: say(parts[name]) for name in self._own}
        is_whole = not any(
            _WORDS.search(own[name]) if name in own else _NEXT.search(part)
            for name, part in parts.items()
        )
        return _joined(self._other, {**parts, **own}), is_whole

    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            pieces = _PART.split(self._english)
            marks = [_PATTERNS[each] for each in pieces[1::3]]
            texts = [re.escape(each) for each in pieces[::3]]
            pattern = "".join(text + mark for text, mark in zip(texts, [*marks, ""], strict=True))
            self._pattern = re.compile(pattern, re.DOTALL)
        return self._pattern


def _joined(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its parts filled in, and a space between Chinese and other letters."""
    found, end = "", 0
    for part in _PART.finditer(text):
        value = values[part[2]]
        found += text[end : part.start()]
        end = part.end()
        before = " " if _BEFORE.fullmatch(found[-1:] + value[:1]) else ""
        after = " " if _AFTER.fullmatch(value[-1:] + text[end : end + 1]) else ""
        found += f"{before}{value}{after}"
    return found + text[end:]


class Sentences:
    """The rows of a language. Calling it with an English text returns it in the language."""

    def __init__(self, rows: Mapping[str, str]) -> None:
        self.whole = {en: other for en, other in rows.items() if not _PART.search(en)}
        with_parts = [_Row(en, other) for en, other in rows.items() if _PART.search(en)]
        longest_first = sorted(with_parts, key=lambda row: -row.letters)
        self._rows = {
            letter: [row for row in longest_first if row.begins[:1] in ("", letter)]
            for letter in {row.begins[:1] for row in with_parts} | {""}
        }
        self._kept = lru_cache(MOST_KEPT)(lambda text: _Reader(self).say(text))

    def __call__(self, text: str) -> str:
        """Return a text in the language, line by line; as it is, if there is no row for it."""
        return "\n".join(map(self._kept, text.split("\n")))

    def rows_for(self, text: str) -> list[_Row]:
        """Return the rows that a text may be of, those with the most letters first."""
        return self._rows.get(text[:1]) or self._rows[""]


class _Reader:
    """Reads one text. What others have put into it costs a bounded number of looks."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self._left = MOST_LOOKS
        self._depth = 0

    def say(self, text: str) -> str:
        """Return a text, or a part of one, in the language."""
        bare = text.strip()
        if not bare or len(bare) > MOST_LETTERS or self._depth > MOST_DEPTH:
            return text
        self._depth += 1
        read = self._one(bare)
        for way in (self._several, self._partly):
            read = way(bare) if read is None else read
        self._depth -= 1
        # One space parts sentences, which Chinese does not; more of them indent a line.
        indent = text[: len(text) - len(text.lstrip())]
        return text if read is None else f"{'' if indent == ' ' else indent}{read}"

    def _one(self, text: str) -> str | None:
        """Return what the row of a text says, if all parts of it have rows, too."""
        if text in self._sentences.whole:
            return self._sentences.whole[text]
        return next((read for read, is_whole in self._filled(text) if is_whole), None)

    def _partly(self, text: str) -> str | None:
        """Return what the row of a text says, with parts that stay English."""
        return next((read for read, _ in self._filled(text, LEAST_LETTERS)), None)

    def _filled(self, text: str, least: int = 0) -> Iterator[tuple[str, bool]]:
        self._left -= 1
        if self._left < 0:
            return
        for row in self._sentences.rows_for(text):
            parts = row.parts_of(text) if row.letters >= least else None
            if parts is not None:
                yield row.filled(parts, self.say)

    def _several(self, text: str) -> str | None:
        """Return sentences that follow each other, each as long as can be."""
        found = ""
        while self._left > 0:
            if found and (last := self._one(text)) is not None:
                return f"{found}{last}"
            first, mark, rest = self._first(text)
            if first is None:
                break
            found, text = f"{found}{first}{mark}", rest
        return f"{found}{self.say(text)}" if found else None

    def _first(self, text: str) -> tuple[str | None, str, str]:
        """Return the first sentence, the mark after it, and the rest."""
        for border in reversed(list(islice(_BORDER.finditer(text), MOST_BORDERS))):
            if (first := self._one(text[: border.start()])) is not None:
                return first, _MARKS[border[0]], text[border.end() :]
        return None, "", text


@cache
def rows_of(language: str) -> dict[str, str]:
    """Return the rows of a language: each English sentence with its translation."""
    return dict(pair for rows in files_of(language) for pair in rows.items())


def files_of(language: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a language file by file."""
    import tomllib  # noqa: PLC0415 - English needs none of them

    for file in sorted((_FOLDER / language).glob("*.toml")):
        yield tomllib.loads(file.read_text("utf-8"))
