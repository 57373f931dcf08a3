"""The pages: their text, headings, links and fenced blocks."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[3]
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MARK = re.compile(r"<!-- (.+?) -->\n\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the mark on the line before it ('' if it has
    none).
    """

    page: str
    line: int
    language: str
    text: str
    mark: str

    @property
    def where(self) -> str:
        """Page and line, for messages and test ids."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A page, identified by its path in the repository."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository, such as `docs/guides/billing.md`."""
        inside = ROOT in self.path.parents
        return self.path.relative_to(ROOT).as_posix() if inside else self.path.name

    @cached_property
    def text(self) -> str:
        """Its text."""
        return self.path.read_text("utf-8")

    @property
    def prose(self) -> str:
        """Its text outside fenced blocks."""
        return FENCE.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """The anchors of its headings, in GitHub's form."""
        seen: Counter[str] = Counter()
        found = set()
        for title in HEADING.findall(self.prose):
            anchor = slug(title)
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return found

    @property
    def links(self) -> list[str]:
        """The targets of its links and pictures."""
        return LINK.findall(re.sub(r"`[^`\n]*`", "", self.prose))

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks."""
        return [
            Block(
                page=self.name,
                line=self.text.count("\n", 0, found.start()) + 1,
                language=found[2],
                text=found[3],
                mark=mark[1] if (mark := MARK.search(self.text[: found.start()])) else "",
            )
            for found in FENCE.finditer(self.text)
        ]


def slug(title: str) -> str:
    """Return the anchor of a heading, in GitHub's form."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")


def all_pages() -> list[Page]:
    """Return every page: the two READMEs first."""
    found = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return [Page(path) for path in found]


def page(name: str) -> Page:
    """Return the page of that path."""
    return Page(ROOT / name)


def everything() -> str:
    """Return the text of every page."""
    return "\n".join(each.text for each in all_pages())


def all_blocks() -> list[Block]:
    """Return the fenced blocks of all pages."""
    return [block for each in all_pages() for block in each.blocks]
