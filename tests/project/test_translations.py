"""Words for people are in English and Chinese beside each other, and say the same in both."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract import folder, load_toml
from mock_server.domain.languages import CHINESE, ENGLISH, LANGUAGES, in_language
from mock_server.rehearsal.receivers.rules import RULES as RECEIVER_RULES
from mock_server.rehearsal.rules import RULES
from mock_server.web.inspector.words import words_of as page_words_of
from mock_server.words import words_of
from mock_server.words.sentences import rows_of

CONTRACTS, SCENARIOS = folder("contracts"), folder("fixtures") / "scenarios"
# The members of each file that are words for people.
WORDS = {
    "errors.toml": ("how", "advice"),
    "readings.toml": ("question", "advice"),
    "faults.toml": ("says",),
    "findings.toml": ("says", "instead"),
    "drills.toml": ("says", "client"),
    "deliveries.toml": ("says", "client"),
    "magic.toml": ("says",),
    "answer_rules.toml": ("says",),
}
ROWS = [(CONTRACTS / name, members) for name, members in WORDS.items()]
ROWS += [(file, ("says", "client")) for file in sorted(SCENARIOS.glob("*.toml"))]
# What a reader copies or a program looks for: placeholders, code, codes of errors, options.
COPIED = re.compile(
    r"\{[^}]*\}|`[^`]*`|\b[A-Z]\d{3}[A-Z]{2}\b|https?://|%\w\w|\b[a-z]+(?:_[a-z]+)+\b"
    r"|\bX-Ca(?:-\w+)+|\bContent-\w+|\b[1-5]\d\d\b"
)
CHINESE_TEXT = re.compile(r"[\u4e00-\u9fff]")
GLOSSARY = Path(__file__).parents[2] / "docs" / "internals" / "glossary.md"
# What is filled in has a space where it needs one; code is no word.
CODE = re.compile(r"\{[^}]*\}|`[^`]*`")
NO_SPACE = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]")
# ASCII marks beside Chinese, where full ones belong.
HALF_MARKS = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")


def tables(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every table inside a file, the whole one too."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from tables(each)


def pairs(file: Path, members: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    """Yield the words of a file in English and, if it has them, in Chinese."""
    for row in tables(tomllib.loads(file.read_text("utf-8"))):
        for member in members:
            if row.get(member):
                yield row[member], row.get(f"{member}_{CHINESE}")


@pytest.mark.parametrize(("file", "members"), ROWS, ids=lambda each: getattr(each, "name", ""))
def test_no_row_is_without_chinese(file: Path, members: tuple[str, ...]) -> None:
    found = list(pairs(file, members))

    assert found
    assert [english for english, chinese in found if not CHINESE_TEXT.search(chinese or "")] == []


@pytest.mark.parametrize(("file", "members"), ROWS, ids=lambda each: getattr(each, "name", ""))
def test_both_languages_have_the_same_placeholders_and_code(
    file: Path, members: tuple[str, ...]
) -> None:
    for english, chinese in pairs(file, members):
        assert Counter(COPIED.findall(chinese or "")) == Counter(COPIED.findall(english)), english


@pytest.mark.parametrize(("file", "members"), ROWS, ids=lambda each: getattr(each, "name", ""))
def test_chinese_has_full_width_punctuation(file: Path, members: tuple[str, ...]) -> None:
    found = [chinese or "" for _, chinese in pairs(file, members)]

    assert [text for text in found if HALF_MARKS.search(text)] == []


def spoken() -> Iterator[str]:
    """Yield everything that is said in Chinese."""
    for file, members in ROWS:
        yield from (chinese or "" for _, chinese in pairs(file, members))
    yield from rows_of(CHINESE).values()
    yield from words_of(CHINESE).texts.values()
    yield from page_words_of(CHINESE).texts.values()
    for rule in (*RULES, *RECEIVER_RULES):
        yield from (rule.in_language(name, CHINESE) for name in ("says", "advice", "price"))


def test_chinese_has_the_words_of_the_glossary_and_no_others() -> None:
    table = re.findall(r"^\|[^|]*\|[^|]*\|([^|]*)\|$", GLOSSARY.read_text("utf-8"), re.MULTILINE)
    unwanted = [word for cell in table for word in cell.split() if CHINESE_TEXT.search(word)]
    said = list(spoken())

    assert len(unwanted) > 20
    assert len(said) > 1500
    assert [(word, text) for word in unwanted for text in said if word in text] == []


def test_chinese_has_a_space_beside_latin_letters_and_full_punctuation() -> None:
    said = [CODE.sub("", text) for text in spoken()]

    assert [text for text in said if NO_SPACE.search(text)] == []
    assert [text for text in said if HALF_MARKS.search(text)] == []


def test_a_row_is_read_in_one_language_under_the_plain_name() -> None:
    row = {"id": "a", "says": "Yes.", "says_zh": "是。", "inner": [{"how": "", "how_zh": ""}]}

    assert in_language(row, ENGLISH) == {"id": "a", "says": "Yes.", "inner": [{"how": ""}]}
    assert in_language(row, CHINESE) == {"id": "a", "says": "是。", "inner": [{"how": ""}]}


def test_words_without_a_translation_stay() -> None:
    assert in_language({"says": "Mine.", "field_zh": 1}, CHINESE) == {
        "says": "Mine.",
        "field_zh": 1,
    }


@pytest.mark.parametrize("name", WORDS)
def test_all_but_words_is_equal_in_every_language(name: str) -> None:
    def without_words(value: Any) -> Any:
        if isinstance(value, list):
            return [without_words(each) for each in value]
        if not isinstance(value, dict):
            return value
        kept = {key: without_words(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if key not in WORDS[name]}

    read = [without_words(load_toml(name, each)) for each in LANGUAGES]

    assert all(each == read[0] for each in read)
