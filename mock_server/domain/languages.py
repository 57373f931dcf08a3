"""The languages that artqr-mock speaks to people: English, and Simplified Chinese.

Rule 1: a row of contracts/ or fixtures/ has the words of each language beside each other: `says` in
English, `says_zh` in Chinese. A program reads them in one language, under the plain name.
Rule 2: ids, JSON, help and errors on wrong use are English in every language.
"""

from typing import Any

ENGLISH = "en"
CHINESE = "zh"
LANGUAGES = (ENGLISH, CHINESE)
_ENDINGS = tuple(f"_{each}" for each in LANGUAGES if each != ENGLISH)


def in_language(value: Any, language: str) -> Any:
    """Return a TOML table with its words in a language, and without those of the others.

    Words without a translation, as in a file of a user's own, stay as they are.
    """
    if isinstance(value, list):
        return [in_language(each, language) for each in value]
    if not isinstance(value, dict):
        return value
    chosen = f"_{language}"
    return {
        name: in_language(value.get(name + chosen, inner), language)
        for name, inner in value.items()
        if not _is_translation(name, value)
    }


def _is_translation(name: str, row: dict[str, Any]) -> bool:
    """Whether a member is another one in another language."""
    return any(name.endswith(each) and name.removesuffix(each) in row for each in _ENDINGS)
