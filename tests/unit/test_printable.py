"""Texts of clients in a form for terminals, and numbers with their nouns."""

import pytest

from mock_server.formatting import counted, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/submitTask", "/submitTask"),
        ("码 café", "码 café"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\x9b2J", r"\x9b2J"),
        ("\ud800", r"\ud800"),
        ("[/red]", "[/red]"),
    ],
)
def test_what_does_not_print_becomes_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_a_long_text_is_cut_before_it_is_escaped() -> None:
    assert printable("\x1b" * 9, most=3) == r"\x1b\x1b…"
    assert printable("abc", most=3) == "abc"


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "call", "0 calls"),
        (1, "call", "1 call"),
        (2, "call", "2 calls"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
    ],
)
def test_a_number_stands_with_the_right_noun(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
