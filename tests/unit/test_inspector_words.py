"""The catalogues of the pages' words: every key is there, and every key is used."""

import re
from pathlib import Path

import pytest

from mock_server.actions.clock import Happening
from mock_server.domain.call.wire_script import Delivered, End
from mock_server.domain.findings import SEVERITIES
from mock_server.domain.languages import ENGLISH
from mock_server.web.inspector.routes import PAGES
from mock_server.web.inspector.words import languages, words_of
from tests.support.catalogues import check_same

ROOM = Path(__file__).parents[2] / "mock_server" / "web" / "inspector"
SOURCES = [*ROOM.rglob("*.html"), *ROOM.rglob("*.py")]
ENGLISH_TEXTS = words_of(ENGLISH).texts
# A key that a template puts together: what it begins with.
BEGINNINGS = frozenset(
    beginning
    for file in SOURCES
    for beginning in re.findall(r"""\bt\(["']([a-z_.]+[._])["'] ~""", file.read_text("utf-8"))
)
NAMED = re.compile(r"""\b(?:t|words)\(\s*["']([a-z_]+(?:\.[a-z0-9_]+)+)["'](?! ~)""")
# A choice between two keys, as in t("a.b" if x else "a.c").
CHOICE = re.compile(r"""\bt\(["']([a-z_.]+)["'] if [^)]*? else ["']([a-z_.]+)["']""")


def named() -> dict[str, str]:
    """Return every key that a template or a module names, with the file that does."""
    found = {}
    for file in SOURCES:
        text = file.read_text("utf-8")
        for key in re.findall(
            r"""\b(?:t|words)\(\s*["']([a-z_]+(?:\.[a-z0-9_]+)+)["'](?! ~)""", text
        ):
            found[key] = file.name
        for pair in CHOICE.findall(text):
            found |= dict.fromkeys(pair, file.name)
    return found


def test_every_key_that_is_named_has_words() -> None:
    missing = {key: file for key, file in named().items() if key not in ENGLISH_TEXTS}

    assert len(named()) > 60
    assert not missing


def test_every_key_that_is_put_together_has_words() -> None:
    for page in PAGES:
        assert f"page.{page.name}.title" in ENGLISH_TEXTS
    for group, names in (
        ("event", Happening), ("severity", SEVERITIES), ("wire", Delivered),
        ("certainty", ("documented", "observed", "assumed")),
        ("wire", set(End) - {End.KEEP}), ("sent", set(Delivered) - {Delivered.WHOLE}),
    ):  # fmt: skip
        for name in names:
            assert f"{group}.{name}" in ENGLISH_TEXTS


def test_every_key_is_used() -> None:
    used = named()
    beginnings = (*BEGINNINGS, "language.", "said.", "page.")
    unused = [key for key in ENGLISH_TEXTS if key not in used and not key.startswith(beginnings)]

    assert not unused


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_keys_with_the_same_placeholders(language: str) -> None:
    check_same(words_of(language).texts, ENGLISH_TEXTS)
