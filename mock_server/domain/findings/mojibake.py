"""Text that was UTF-8, was read as Latin-1, Windows-1252 or -1251, or GBK, and was encoded again.

Rule 1: a text is only called broken where the way back gives a text that somebody may have meant:
`café` and `Ü™` are what they are.
"""

import re

# What Windows reads in the bytes 80 to 9F; the five it has no sign for stay control characters.
_WINDOWS = {
    ord(bytes([each]).decode("cp1252")): each
    for each in range(0x80, 0xA0)
    if each not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
# The first two bytes of a character in UTF-8, each read as a character of its own.
_BEGINS = re.compile(f"[\xc2-\xf4][\x80-\xbf{''.join(map(chr, _WINDOWS))}]")
# A run of characters beyond ASCII, none of them lost: of four in GBK, two and a bit were meant.
_RUN = re.compile(r"[^\x00-\x7f\ufffd]{4,12}")
# Three are as many as two characters become; that may be a word, so that more is asked of it.
_SHORT_RUN = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f\ufffd]{3}(?![^\x00-\x7f])")
_CYRILLIC = re.compile("[\u0402-\u045f]")
_RUSSIAN = re.compile("[\u0410-\u044f\u0401\u0451]{3}")
# Of two bytes, these scripts; between them lie phonetic signs and scripts that nobody sends, which
# a capital and a sign such as `É®` look like.
_SCRIPTS = re.compile("[\u0370-\u04ff\u05d0-\u06ff]")
_WESTERN = re.compile("[\xa0-\u017f]")
_LONGER = re.compile("[\u0800-\U0010ffff]")
_CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]{2,}")


def meant_by(text: str) -> str | None:
    """Return what a broken text was before, None where it is not broken."""
    if _BEGINS.search(text):
        return _by_bytes(text)
    if _CYRILLIC.search(text) and (found := _by_cyrillic(text)):
        return found
    if run := _RUN.search(text):
        return _by_gbk(run.group())
    return _by_short_gbk(run.group()) if (run := _SHORT_RUN.search(text)) else None


def _by_bytes(text: str) -> str | None:
    plain = text.translate(_WINDOWS)
    try:
        found = plain.encode("latin-1").decode()
    except UnicodeError:
        # A part was lost, or is right: two Chinese characters in a row are still no accident.
        found = plain.encode("latin-1", "replace").decode("utf-8", "replace").replace("\ufffd", "…")
        return found if _CHINESE.search(found) else None
    is_meant = _LONGER.search(found) or _WESTERN.search(found) or len(_SCRIPTS.findall(found)) > 1
    return found if is_meant else None


def _by_gbk(run: str) -> str | None:
    """Return how a text began that was read as GBK, which pairs the bytes and loses the odd one."""
    try:
        # The last character may be begun only; what else is no UTF-8 was never it.
        found = run.encode("gbk").decode("utf-8", "replace").removesuffix("\ufffd")
    except UnicodeError:
        return None
    return f"{found}…" if _CHINESE.fullmatch(found) else None


def _by_cyrillic(text: str) -> str | None:
    """Return what Windows of the east made of UTF-8: letters in turn with signs, all the way."""
    try:
        found = text.encode("cp1251").decode()
    except UnicodeError:
        return None
    return found if _CHINESE.search(found) or _RUSSIAN.search(found) else None


def _by_short_gbk(run: str) -> str | None:
    """Return two common characters that became three, none of which is common."""
    try:
        found = run.encode("gbk").decode()
    except UnicodeError:
        return None
    is_meant = len(found) == 2 and all(map(_is_common, found))
    return found if is_meant and not any(map(_is_common, run)) else None


def _is_common(char: str) -> bool:
    """Whether it is one of the 3755 that GB 2312 has in its first level."""
    try:
        raw = char.encode("gb2312")
    except UnicodeError:
        return False
    return b"\xb0\xa1" <= raw <= b"\xd7\xf9"
