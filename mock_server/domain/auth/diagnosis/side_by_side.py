"""Two strings to sign, one under the other, with the first difference marked."""

from collections.abc import Callable
from difflib import SequenceMatcher

MOST_LINES = 60
MOST_WIDTH = 240
BEFORE = 60
# A line that both have stands alone, so that what differs is seen.
LABELS = {"both": "        ", "server": "server  ", "client": "client  "}
# What a terminal shows two columns wide, roughly: Chinese, Japanese, Korean, emoji.
WIDE = (
    (0x1100, 0x115F), (0x2E80, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1FAFF), (0x20000, 0x3FFFD),
)  # fmt: skip


def aligned(server_string: str, client_string: str, say: Callable[[str], str] = str) -> str:
    """Return both strings line by line, newlines visible, a caret under the first difference.

    What is very long is cut around that difference. `say` returns a sentence in a language.
    """
    server, client = _lines(server_string), _lines(client_string)
    shown: list[str] = []
    marked = False
    blocks = SequenceMatcher(None, server, client, autojunk=False).get_opcodes()
    for tag, start, stop, other_start, other_stop in blocks:
        if tag == "equal":
            shown += [LABELS["both"] + _cut(line, 0) for line in server[start:stop]]
            continue
        ours, theirs = server[start:stop], client[other_start:other_stop]
        for left, right in zip(ours, theirs, strict=False):
            shown += _pair(left, right, mark=not marked)
            marked = True
        rest = [("server", line) for line in ours[len(theirs) :]]
        rest += [("client", line) for line in theirs[len(ours) :]]
        for side, line in rest:
            shown.append(LABELS[side] + _cut(line, 0))
            if not marked:
                shown.append(LABELS["both"] + say(f"^ only the {side} has this line"))
                marked = True
    return "\n".join(shown)


def visible(text: str) -> str:
    """Return a text in which nothing is left that a terminal would obey or not show."""
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; what is past MOST_LINES is one line."""
    lines = text.split("\n", MOST_LINES)
    return [visible(line + "\n") for line in lines[:-1]] + [visible(lines[-1])]


def _pair(left: str, right: str, *, mark: bool) -> list[str]:
    at = _first_difference(left, right)
    start = max(0, at - BEFORE) if max(len(left), len(right)) > MOST_WIDTH else 0
    lines = [LABELS["server"] + _cut(left, start), LABELS["client"] + _cut(right, start)]
    if mark:
        before = ("…" if start else "") + left[start:at]
        lines.append(LABELS["both"] + " " * sum(map(_width, before)) + "^")
    return lines


def _cut(line: str, start: int) -> str:
    before = "…" if start else ""
    after = "…" if len(line) > start + MOST_WIDTH else ""
    return f"{before}{line[start : start + MOST_WIDTH]}{after}"


def _first_difference(left: str, right: str) -> int:
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return at
    return min(len(left), len(right))


def _width(char: str) -> int:
    return 2 if any(low <= ord(char) <= high for low, high in WIDE) else 1
