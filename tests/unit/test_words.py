"""The catalogue of the words of commands and reports: every key is there, and every key is used."""

import re
from pathlib import Path

import pytest

from mock_server import words
from mock_server.actions.accounts.readings import Source
from mock_server.audit.charge import ChargeClass
from mock_server.audit.next_steps import StepVerdict
from mock_server.domain.call.errors import Means
from mock_server.domain.findings import SEVERITIES
from mock_server.domain.languages import CHINESE, ENGLISH, LANGUAGES
from mock_server.rehearsal.report_timeline import REACHED
from mock_server.rehearsal.words import PROGRAM, RECEIVER
from mock_server.words import words_of
from tests.support.catalogues import check_same

ROOM = Path(words.__file__).parents[1]
INSPECTOR = ROOM / "web" / "inspector"
SOURCES = [
    each.read_text("utf-8")
    for ending in ("*.py", "*.html")
    for each in ROOM.rglob(ending)
    if INSPECTOR not in each.parents
]
ENGLISH_TEXTS = words_of(ENGLISH).texts
NOUNS = ("call", "charge", "different_error", "finding", "intent", "poll", "task", PROGRAM.drill,
         RECEIVER.drill, *SEVERITIES)  # fmt: skip
NAMES = ("call", "entry", "line", PROGRAM.drill, RECEIVER.drill)
# What a key begins with that is put together from a value.
BEGINNINGS = (
    "one.", "many.", "name.", "names.", "judged.", "class.", "means.", "reacted.", "change.",
    "reached.", "severity.", "certainty.", "reading.source.",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_with_the_same_placeholders(language: str) -> None:
    check_same(words_of(language).texts, ENGLISH_TEXTS)


def test_every_key_is_used() -> None:
    code = "\n".join(SOURCES)
    named = set(re.findall(r"""["']([a-z_]+(?:\.[a-z0-9_]+)+)["']""", code))

    assert [
        key for key in ENGLISH_TEXTS if key not in named and not key.startswith(BEGINNINGS)
    ] == []


def test_every_key_that_is_put_together_has_words() -> None:
    for group, names in (
        ("class", ChargeClass), ("means", Means), ("reacted", StepVerdict),
        ("judged", (PROGRAM.judged, RECEIVER.judged)), ("reached", REACHED.values()),
        ("change", ("worse", "better", "changed", "new", "gone")),
        ("severity", SEVERITIES),
        ("certainty", ("documented", "observed", "assumed")),
        ("reading.source", Source),
        ("one", NOUNS), ("many", NOUNS), ("name", NAMES), ("names", NAMES),
    ):  # fmt: skip
        for name in names:
            assert f"{group}.{name}" in ENGLISH_TEXTS


@pytest.mark.parametrize(("number", "english", "chinese"), [
    (0, "0 calls", "0 次调用"), (1, "1 call", "1 次调用"), (2, "2 calls", "2 次调用"),
])  # fmt: skip
def test_a_number_goes_with_its_noun(number: int, english: str, chinese: str) -> None:
    assert words_of(ENGLISH).count(number, "call") == english
    assert words_of(CHINESE).count(number, "call") == chinese
