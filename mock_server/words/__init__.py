"""Our own words in every language, in one catalogue a language: FOLDER/LANGUAGE.toml.

This folder has the words of commands and reports; the pages of the inspector have a folder of
their own. The words of rows are in the rows (domain/languages.py), and
sentences that only one call has are found again in what was written in English (sentences.py).

Rule 1: every catalogue has the same keys with the same placeholders; tests compare them.
Rule 2: a value that goes into words is made safe where it is shown, as every value is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The catalogue of a language, such as `en`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words of a key, with its values filled in. Raises KeyError for another key."""
        text = self.texts[key]
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has a key."""
        return key in self.texts

    def named(self, group: str, value: str) -> str:
        """Return the words for a value of a group; the value itself if it has none."""
        return self.texts.get(f"{group}.{value}", value)

    def count(self, number: int, noun: str) -> str:
        """Return a number with its noun, such as `2 calls`; a noun has keys in `one` and `many`."""
        return self(f"{'one' if number == 1 else 'many'}.{noun}", count=number)


@cache
def read_words(folder: Path, language: str) -> Words:
    """Return the words of a language that has a catalogue in a folder."""
    import tomllib  # noqa: PLC0415 - many commands have nothing to say in words

    tables = tomllib.loads((folder / f"{language}.toml").read_text("utf-8"))
    return Words(language=language, texts=dict(_flat(tables)))


def words_of(language: str) -> Words:
    """Return the words of commands and reports in a language."""
    return read_words(_FOLDER, language)


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{before}{name}"
        found += _flat(value, f"{key}.") if isinstance(value, dict) else [(key, value)]
    return found
