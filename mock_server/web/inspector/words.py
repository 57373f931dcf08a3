"""The words of the pages, in one catalogue a language: words/LANGUAGE.toml.

Rule 1: a template has no words of its own: it says `t("calls.empty")`.
Rule 2: every catalogue has the same keys with the same placeholders; tests compare them.
Rule 3: a value that goes into words is escaped by the template, as every value is.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Request

ENGLISH = "en"
COOKIE = "artqr_mock_lang"
_FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The catalogue of a language. `language` is its tag in HTML, such as `en`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words of a key, with its values filled in. Raises KeyError for another key."""
        text = self.texts[key]
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has a key."""
        return key in self.texts


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that have a catalogue, English first."""
    found = sorted(file.stem for file in _FOLDER.glob("*.toml"))
    return (ENGLISH, *(each for each in found if each != ENGLISH))


@cache
def words_of(language: str) -> Words:
    """Return the words of a language that has a catalogue."""
    texts = tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
    return Words(language=texts["language"]["tag"], texts=dict(_flat(texts)))


def wanted(request: Request) -> Words:
    """Return the words that a browser asks for: chosen by hand, else by Accept-Language."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in languages():
        return words_of(chosen)
    best = request.accept_languages.best_match(languages(), default=ENGLISH)
    return words_of(best or ENGLISH)


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{before}{name}"
        found += _flat(value, f"{key}.") if isinstance(value, dict) else [(key, value)]
    return found
