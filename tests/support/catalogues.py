"""What the catalogues of two languages have in common."""

from collections.abc import Mapping
from string import Formatter


def check_same(texts: Mapping[str, str], english: Mapping[str, str]) -> None:
    """Fail unless a catalogue has the keys of the English one, with the same placeholders."""
    assert texts.keys() == english.keys()
    for key, text in texts.items():
        assert _placeholders(text) == _placeholders(english[key]), key
        assert text.strip(), key


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
