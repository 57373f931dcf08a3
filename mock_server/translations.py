"""What the admin API says of findings and answers, in another language.

The API itself is English, whoever asks: ids stay, and the words of the rows with these ids take the
place of the English ones. Commands and pages do it in the same way.

Rule 1: what only one call has, such as what a signature's diagnosis found out, was written in
English: words/sentences.py finds its row again.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mock_server.contract import (
    fault_texts,
    load_answer_rules,
    load_errors,
    load_finding_rows,
    load_toml,
    scenarios,
)
from mock_server.domain.languages import ENGLISH
from mock_server.words import words_of
from mock_server.words.sentences import Say, Sentences, rows_of

HINT = "{hint}"
# The files of contracts/ whose rows have words for people.
FILES = (
    "answer_rules.toml", "deliveries.toml", "drills.toml", "errors.toml", "faults.toml",
    "findings.toml", "magic.toml", "readings.toml",
)  # fmt: skip


def finding_in(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a finding, as the admin API has it, in a language."""
    english, row = (load_finding_rows(each).get(found["id"]) for each in (ENGLISH, language))
    if language == ENGLISH or english is None or row is None:
        return dict(found)
    t, say = words_of(language), say_in(language)
    refused = words_of(ENGLISH)("finding.refused")
    own = found["says"].removesuffix(refused)
    ending = t("finding.refused") if found["says"].endswith(refused) else ""
    # Where the finding is about the whole call, we have described it; else the client sent it.
    is_ours = not found["at"] and found["sent"] is not None
    return {
        **found,
        "says": f"{row.says if own == english.says else say(own)}{ending}",
        "sent": say(found["sent"]) if is_ours else found["sent"],
        "instead": _filled(found["instead"], english.instead, row.instead, say),
    }


def _filled(said: str, english: str, other: str, say: Say) -> str:
    """Return a row's advice in another language, with the hint that the English one has."""
    before, _, after = english.partition(HINT)
    if HINT not in english:
        return other if said == english else said
    if not said.startswith(before):
        return said
    hint = said[len(before) :]  # a long one was cut, with what comes after it
    return other.replace(HINT, say(hint.removesuffix(after) if after else hint))


def explanation_in(why: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return why a call was answered as it was (schema Explanation) in a language."""
    if language == ENGLISH:
        return dict(why)
    rule, charge, error = why["rule"], why["charge"], why["error"]
    row = load_answer_rules(language).get(rule["id"])
    faults = fault_texts(language)
    return {
        **why,
        "rule": {
            **rule,
            "says": row.says if row else rule["says"],
            "claims": [_claim(each, language) for each in rule["claims"]],
            "readings": [_reading(each, language) for each in rule["readings"]],
        },
        "error": error and _error(error, language),
        "charge": {
            **charge,
            "reason": sentence_in(charge["reason"], language),
            "claims": [_claim(each, language) for each in charge["claims"]],
            "readings": [_reading(each, language) for each in charge["readings"]],
        },
        "faults": [{**each, "says": faults.get(each["kind"])} for each in why["faults"]],
        "findings": [finding_in(each, language) for each in why["findings"]],
    }


def _error(error: Mapping[str, Any], language: str) -> dict[str, Any]:
    row = load_errors(language).rows.get(error["code"])
    if row is None:
        return dict(error)
    return {**error, "how": row.how or None, "advice": row.advice}


def _claim(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {**found, **{name: sentence_in(found[name], language) for name in ("says", "evidence")}}


def _reading(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    rows = reading_rows(language)
    row = rows.get(found["id"])
    return {**found, "question": row["question"]} if row else dict(found)


@cache
def reading_rows(language: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the open questions by id, in a language."""
    return {row["id"]: row for row in load_toml("readings.toml", language)["reading"]}


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
