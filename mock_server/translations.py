"""What the admin API says of findings and answers, in another language.

The API itself is English, whoever asks: ids stay, and the words of the rows with these ids take the
place of the English ones. Commands and pages do it in the same way.

Rule 1: what only one call has, such as what a signature's diagnosis found out, was written in
English: it follows the words of the row as a detail.
"""

from collections.abc import Mapping
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
from mock_server.words import Words, words_of

HINT = "{hint}"


def finding_in(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a finding, as the admin API has it, in a language."""
    english, row = (load_finding_rows(each).get(found["id"]) for each in (ENGLISH, language))
    if language == ENGLISH or english is None or row is None:
        return dict(found)
    t = words_of(language)
    refused = words_of(ENGLISH)("finding.refused")
    own = found["says"].removesuffix(refused)
    detail = "" if own == english.says else t("finding.detail", detail=own)
    ending = t("finding.refused") if found["says"].endswith(refused) else ""
    return {
        **found,
        "says": f"{row.says}{ending}{detail}",
        "instead": _filled(found["instead"], english.instead, row.instead),
    }


def _filled(said: str, english: str, other: str) -> str:
    """Return a row's advice in another language, with the hint that the English one has."""
    before, _, after = english.partition(HINT)
    if HINT not in english:
        return other if said == english else said
    if not said.startswith(before):
        return said
    hint = said[len(before) :]  # a long one was cut, with what comes after it
    return other.replace(HINT, hint.removesuffix(after) if after else hint)


def explanation_in(why: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return why a call was answered as it was (schema Explanation) in a language.

    Claims, which quote their sources, stay in English.
    """
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
            "readings": [_reading(each, language) for each in rule["readings"]],
        },
        "error": error and _error(error, language),
        "charge": {
            **charge,
            "reason": reason_in(charge["reason"], words_of(language)),
            "readings": [_reading(each, language) for each in charge["readings"]],
        },
        "faults": [{**each, "says": faults.get(each["kind"])} for each in why["faults"]],
        "findings": [finding_in(each, language) for each in why["findings"]],
    }


def reason_in(reason: str, t: Words) -> str:
    """Return the reason of a charge, as the admin API has it, in the words of a language."""
    key = _keys_of_reasons().get(reason)
    return t(key) if key else reason


@cache
def _keys_of_reasons() -> dict[str, str]:
    texts = words_of(ENGLISH).texts
    return {text: key for key, text in texts.items() if key.startswith("charge.")}


def _error(error: Mapping[str, Any], language: str) -> dict[str, Any]:
    row = load_errors(language).rows.get(error["code"])
    if row is None:
        return dict(error)
    return {**error, "how": row.how or None, "advice": row.advice}


def _reading(found: Mapping[str, Any], language: str) -> dict[str, Any]:
    rows = reading_rows(language)
    row = rows.get(found["id"])
    return {**found, "question": row["question"]} if row else dict(found)


@cache
def reading_rows(language: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the open questions by id, in a language."""
    return {row["id"]: row for row in load_toml("readings.toml", language)["reading"]}


def sentence_in(text: str, language: str) -> str:
    """Return a sentence of a drill, a delivery or a scenario, or the advice on an error.

    One that no row has, such as that of a user's own scenario, stays as it is.
    """
    return text if language == ENGLISH else _sentences(language).get(text, text)


@cache
def _sentences(language: str) -> dict[str, str]:
    pairs = list(zip(scenarios().values(), scenarios(language).values(), strict=True))
    for file, table in (
        ("drills.toml", "drill"), ("deliveries.toml", "delivery"), ("errors.toml", "error"),
        ("errors.toml", "failure"),
    ):  # fmt: skip
        pairs += zip(load_toml(file)[table], load_toml(file, language)[table], strict=True)
    names = ("says", "client", "advice")
    return {row[name]: other[name] for row, other in pairs for name in names if name in row}
