"""The words of the pages, in one catalogue a language: words/LANGUAGE.toml.

Rule 1: a template has no words of its own: it says `t("calls.empty")`.
Rule 2: what a row says is shown in the language of the page (translations.py).
"""

from functools import cache
from pathlib import Path

from flask import Request

from mock_server.domain.languages import ENGLISH, LANGUAGES
from mock_server.words import Words, read_words

COOKIE = "artqr_mock_lang"
_FOLDER = Path(__file__).parent / "words"


def languages() -> tuple[str, ...]:
    """Return the languages of the pages, English first."""
    return LANGUAGES


@cache
def words_of(language: str) -> Words:
    """Return the words of the pages in a language."""
    return read_words(_FOLDER, language)


def wanted(request: Request) -> Words:
    """Return the words that a browser asks for: chosen by hand, else by Accept-Language."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return words_of(chosen)
    # The best first. Werkzeug's own choice takes `zh` of `en-US,zh;q=0.5`: it equals one of ours.
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return words_of(language)
    return words_of(ENGLISH)
