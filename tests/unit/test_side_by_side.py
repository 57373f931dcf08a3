"""Two strings to sign, shown one below the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.domain.auth.diagnosis import aligned

SERVER = "POST\napplication/json\n\n\n\nX-Ca-Key:1\n/submitTask?a=中文1"


def shown(*lines: str) -> str:
    return "\n".join(lines)


def test_equal_strings_have_no_mark() -> None:
    assert aligned("GET\n/p", "GET\n/p") == shown(r"        GET\n", "        /p")


def test_the_first_difference_is_marked_under_its_character() -> None:
    assert aligned("GET\n\n/p?a=1 2", "GET\n\n/p?a=1%202") == shown(
        r"        GET\n",
        r"        \n",
        "server  /p?a=1 2",
        "client  /p?a=1%202",
        "              ^",
    )


def test_a_line_that_only_one_has_does_not_shift_the_others() -> None:
    assert aligned(SERVER, SERVER.replace("\n\n\n\n", "\n\n\n")) == shown(
        r"        POST\n",
        r"        application/json\n",
        r"        \n",
        r"        \n",
        r"server  \n",
        "        ^ only the server has this line",
        r"        X-Ca-Key:1\n",
        "        /submitTask?a=中文1",
    )


def test_the_mark_stands_right_behind_characters_of_double_width() -> None:
    assert aligned("/p?a=中文1", "/p?a=中文2").splitlines()[-1] == " " * (8 + 5 + 4) + "^"


def test_only_the_first_of_several_differences_is_marked() -> None:
    found = aligned("GET\na\n/p", "get\nb\n/q")

    assert found.count("^") == 1
    assert found.splitlines()[2] == "        ^"


@pytest.mark.parametrize(
    ("text", "seen"),
    [("\x1b[31m", r"\x1b[31m"), ("a\rb", r"a\rb"), ("\udcff", r"\xff"), ("\u202e", r"\u202e")],
)
def test_nothing_is_printed_that_a_terminal_obeys(text: str, seen: str) -> None:
    assert aligned(text, "x").splitlines()[0] == f"server  {seen}"


def test_a_very_long_line_is_cut_around_the_difference() -> None:
    lines = aligned("a" * 5_000 + "b" * 5_000, "a" * 5_000 + "c" * 5_000).splitlines()

    assert [line[8:9] for line in lines[:2]] == ["…", "…"]
    assert all(len(line) < 260 for line in lines)
    at = lines[2].index("^")
    assert (lines[0][at], lines[1][at]) == ("b", "c")


def test_very_many_lines_are_cut() -> None:
    assert len(aligned("a\n" * 10_000, "b\n" * 10_000).splitlines()) < 200


@settings(max_examples=100, deadline=None, derandomize=True)
@given(server=st.text("ab\n\r中", max_size=30), client=st.text("ab\n\r中", max_size=30))
def test_every_line_of_both_is_shown_in_its_order(server: str, client: str) -> None:
    lines = aligned(server, client).splitlines()

    def of(side: str) -> str:
        return "".join(
            line[8:] for line in lines if line[:8].strip() in {"", side} and "^" not in line
        )

    def escaped(text: str) -> str:
        return text.replace("\n", "\\n").replace("\r", "\\r")

    assert (of("server"), of("client")) == (escaped(server), escaped(client))
    marks = sum("^" in line for line in lines)
    assert marks == (0 if server == client else 1)
