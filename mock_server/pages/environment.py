"""The templates of all pages: where they are, and what they may use.

Rule 1: every value is escaped, and what does not print becomes an escape such as `\\x1b`, whatever
a template does with it: what others sent is never markup.
Rule 2: a name that a page does not get is an error, never an empty place.
Rule 3: a page is one file. It loads nothing and needs no script; its policy forbids both.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, cut, plural, printable_lines, yuan
from mock_server.pages.charts import shares
from mock_server.translations import say_in
from mock_server.words import words_of
from mock_server.words.sentences import Say

MOST_TEXT = 600  # characters of a text that may have any length


def render(template: str, language: str = ENGLISH, **values: Any) -> str:
    """Return a page. `template` is its path below mock_server, such as `pages/base.html`; `t` in it
    has the words of reports in a language, unless the page brings words of its own; the filter
    `say` returns an English sentence in that language.

    Raises jinja2.TemplateError for a template that is wrong, or that misses a value.
    """
    return _environment(language).get_template(template).render(**values)


@cache
def _environment(language: str) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("mock_server", ""), autoescape=True, finalize=_printing,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "yuan": yuan, "counted": counted, "plural": plural, "seconds": seconds, "shares": shares,
        "percent": percent, "zip": zip, "cut": _cut, "coded": coded,
        "say": _said(say_in(language)),
    }  # fmt: skip
    made.globals["t"] = words_of(language)
    return made


def _said(say: Say) -> Callable[[Any], Any]:
    """Return a filter that leaves alone what is no text, or is markup already."""
    return lambda value: (
        say(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )


def seconds(ms: float) -> str:
    """Return a time as a person reads it: `320 ms`, `1.5 s`, `75 s`."""
    if abs(ms) < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if abs(ms) < 10_000 else f"{ms / 1000:.0f} s"


def percent(value: float) -> str:
    """Return a position or a length as SVG and CSS take it."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def coded(text: str) -> str:
    """Return a sentence as markup: what stands between backquotes is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them has no other
        parts = [text]
    shown = [escape(_printing(part)) for part in parts]
    shown[1::2] = [Markup("<code>{}</code>").format(part) for part in shown[1::2]]
    return Markup("").join(shown)


def _cut(text: str, most: int = MOST_TEXT) -> str:
    return cut(text, most)


def _printing(value: Any) -> Any:
    """Return a value as a page shows it; what is markup of a template already stays."""
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return printable_lines(value)
