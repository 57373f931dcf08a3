"""What the admin API, reports and audits say, in another language.

They are written in English, whoever asks: words/sentences.py finds the row of each sentence again.
Commands and pages do it in the same way.

Rule 1: rows are those of contracts/ and fixtures/, which have both languages, and those of words/,
for sentences that only one call has.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mock_server.contract import load_toml, scenarios
from mock_server.domain.languages import ENGLISH
from mock_server.words.sentences import Say, Sentences, rows_of

HINT = "{hint}"
# The members of an explanation that are words.
WORDS = frozenset({"advice", "evidence", "how", "question", "reason", "says"})
# What was sent is described, as it is where a finding is about no place in the call.
DESCRIBED = frozenset({
    "address-too-long", "browser-preflight", "head-too-large", "nonce-reused",
    "request-incomplete", "short-link-needless", "short-link-stored", "text-long",
    "text-too-long", "wrong-type",
})  # fmt: skip
# The files of contracts/ whose rows have words for people.
FILES = (
    "answer_rules.toml", "deliveries.toml", "drills.toml", "errors.toml", "faults.toml",
    "findings.toml", "magic.toml", "readings.toml",
)  # fmt: skip


def finding_in(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a finding, as the admin API has it, in a language."""
    say = say_in(language)
    is_ours = found["sent"] is not None and (not found["at"] or found["id"] in DESCRIBED)
    return {
        **found,
        "says": say(found["says"]),
        "sent": say(found["sent"]) if is_ours else found["sent"],
        "instead": say(found["instead"]),
    }


def explanation_in(why: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return why a call was answered as it was (schema Explanation) in a language."""
    rest = {name: value for name, value in why.items() if name != "findings"}
    findings = [finding_in(each, language) for each in why["findings"]]
    return {**_said(rest, say_in(language)), "findings": findings}


def _said(value: Any, say: Say) -> Any:
    """Return a value of JSON with the words in it in a language."""
    if isinstance(value, list):
        return [_said(each, say) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: say(each) if name in WORDS and isinstance(each, str) else _said(each, say)
        for name, each in value.items()
    }


def sentence_in(text: str, language: str) -> str:
    """Return a sentence of a row, or one that only one call has, in a language.

    Another one, such as that of a user's own scenario, stays as it is.
    """
    return say_in(language)(text)


@cache
def say_in(language: str) -> Say:
    """Return what reads English sentences in a language."""
    if language == ENGLISH:
        return str
    pairs = list(_pairs([*scenarios().values()], [*scenarios(language).values()]))
    for name in FILES:
        pairs += _pairs(load_toml(name), load_toml(name, language))
    # A hint is a sentence of its own.
    return Sentences(
        {**rows_of(language), **{en.replace(HINT, "{+hint}"): say for en, say in pairs}}
    )


def _pairs(english: Any, other: Any) -> Iterator[tuple[str, str]]:
    """Yield each sentence of a table with its translation."""
    if isinstance(english, str):
        if english != other:
            yield english, other
    elif isinstance(english, Mapping):
        for name, value in english.items():
            yield from _pairs(value, other[name])
    elif isinstance(english, list):
        for one, another in zip(english, other, strict=True):
            yield from _pairs(one, another)
