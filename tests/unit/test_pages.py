"""The parts of every page: escaped, self-contained, readable, and placed where they belong."""

import re
from itertools import product

import jinja2
import pytest

from mock_server.contract import folder
from mock_server.formatting import cut
from mock_server.pages.charts import evenly, shares, step_of
from mock_server.pages.environment import coded, render, seconds
from mock_server.pages.timeline import MOST_TRACKS, Bar, Lane, Mark, Row, Timeline

CSS = (folder("contracts").parent / "mock_server" / "pages" / "style.css").read_text("utf-8")
FOUND = {
    "percent": 50,
    "met": 1,
    "total": 2,
    "groups": [
        {
            "group": "g",
            "met": 1,
            "total": 2,
            "items": [{"name": "n", "met": 0, "how": None, "call": None}],
        }
    ],
}


def coverage(whose: str) -> str:
    """Return a page of the simplest template."""
    return render("cli/coverage.html", found=FOUND, whose=whose)


def bar(start: float, end: float | None) -> Bar:
    return Bar(start_ms=start, end_ms=end, kind="ok", says="a call")


def timeline(*bars: Bar, begin: float = 0, end: float = 1000) -> tuple[Timeline, Row]:
    row = Row(label="calls", says="calls", bars=bars)
    lane = Lane(title="client", rows=(row,))
    return Timeline(lanes=(lane,), begin_ms=begin, end_ms=end), row


# Escaping


def test_a_text_is_never_markup_and_never_invisible() -> None:
    page = coverage("<script>alert(1)</script> {{ 7 * 7 }} \u202e \x00 \x1b &amp; \"'")

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in page
    assert "\\u202e \\x00 \\x1b &amp;amp; &#34;&#39;" in page
    assert not any(each in page for each in "\u202e\x00\x1b")


def test_a_value_that_a_page_does_not_get_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("cli/coverage.html", found=FOUND)


def test_a_page_has_the_whole_stylesheet_and_loads_nothing() -> None:
    page = coverage("mine")

    assert CSS.strip() in page
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)|@import|url\((?!#)", page) == []
    assert "<script" not in page


# Contrast


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    read = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", each)) for each in (light, dark)]
    return dict(zip(("light", "dark"), read, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_as_wcag_aa_asks(scheme: str) -> None:
    colors = palettes()[scheme]
    pairs = [
        *product(("ink", "dim", "link", "good", "bad", "odd", "calm"), ("ground", "card")),
        *((tone, f"{tone}-soft") for tone in ("good", "bad", "odd", "calm")),
        *product(("ink", "dim"), ("good-soft", "bad-soft", "odd-soft", "calm-soft")),
    ]

    assert [pair for pair in pairs if contrast(*(colors[each] for each in pair)) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out_as_wcag_asks_of_graphics(scheme: str) -> None:
    colors = palettes()[scheme]

    for name in ("bar", "bar-dim", "bad", "odd", "good"):
        assert contrast(colors[name], colors["card"]) >= 3, name


# Arithmetic


def test_shares_are_parts_of_a_hundred() -> None:
    assert shares([1, 0, 3]) == [(0.0, 25.0), (25.0, 0.0), (25.0, 75.0)]
    assert shares([0, 0]) == [(0.0, 0.0), (0.0, 0.0)]
    assert shares([]) == []


@pytest.mark.parametrize(
    ("length", "step"), [(1, 1), (8, 1), (9, 2), (1000, 200), (4100, 1000), (60_000, 10_000)]
)
def test_an_axis_has_round_steps(length: float, step: float) -> None:
    assert step_of(length, 8) == pytest.approx(step)


def test_fewer_of_many_are_spread_evenly() -> None:
    assert evenly(range(10), 5) == [0, 2, 4, 6, 8]
    assert evenly("abc", 5) == ["a", "b", "c"]
    assert evenly("abc", 0) == []


@pytest.mark.parametrize(
    ("sentence", "html"),
    [("send `X-Ca-Key` or `-`", "send <code>X-Ca-Key</code> or <code>-</code>"),
     ("one ` alone", "one ` alone"), ("", ""),
     ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
     ("`\x1b`\u202e", "<code>\\x1b</code>\\u202e")],
)  # fmt: skip
def test_what_stands_between_backquotes_is_code_and_nothing_else_is_markup(
    sentence: str, html: str
) -> None:
    assert coded(sentence) == html


def test_a_time_is_written_as_a_person_reads_it() -> None:
    assert [seconds(each) for each in (0, 999, 1500, 75_000)] == ["0 ms", "999 ms", "1.5 s", "75 s"]


def test_a_long_text_is_cut_with_a_mark() -> None:
    assert (cut("abcd", 4), cut("abcde", 4)) == ("abcd", "abc…")


def test_bars_that_overlap_lie_below_each_other_and_others_do_not() -> None:
    shown, row = timeline(bar(0, 500), bar(250, 750), bar(500, 600), bar(800, None))

    placed = shown.bars_of(row)

    assert [(each.x, each.width, each.track) for each in placed] == [
        (0, 50, 0), (25, 50, 1), (50, 10, 0), (80, 20, 0),
    ]  # fmt: skip


def test_a_row_has_a_bounded_height_and_every_bar_is_seen() -> None:
    shown, row = timeline(*(bar(0, 1000) for _ in range(50)), bar(10, 10), bar(5000, 6000))

    placed = shown.bars_of(row)

    assert max(each.track for each in placed) == MOST_TRACKS - 1
    assert all(0 <= each.x <= 100 and each.width > 0 for each in placed)


def test_an_axis_begins_before_zero_and_has_a_mark_there() -> None:
    shown, _ = timeline(begin=-300, end=2000)
    row = Row(label="", says="", marks=(Mark(at_ms=0, kind="charge", says=""),))

    assert (shown.ticks()[0][1], shown.ticks()[-1][1]) == (0, 2000)
    assert shown.marks_of(row)[0].x == shown.ticks()[0][0] == pytest.approx(300 / 23)


def test_an_axis_without_length_has_one_mark() -> None:
    shown, row = timeline(bar(0, 0), end=0)

    assert shown.ticks() == [(0.0, 0)]
    assert shown.bars_of(row)[0].x == 0
