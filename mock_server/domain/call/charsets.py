"""Bytes that are not UTF-8: shown in escapes, with the charset that they most likely are in.

Texts keep such bytes as surrogate escapes, which neither a database nor JSON can hold.
"""

import re

_ESCAPED = re.compile("[\ud800-\udfff]")
# A piece of a text that has such bytes, with the letters around them.
_PIECE = re.compile(r"[^\s&=?:#]*[\udc80-\udcff][^\s&=?:#]*")
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_MARKS = (b"\xff\xfe", b"\xfe\xff")
MAX_PIECE = 60


def escaped(text: str) -> str:
    """Return a text that every encoding can write: bytes that are no UTF-8 become `\\xd6`."""
    return _ESCAPED.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def foreign_charset(text: str) -> str | None:
    """Return a sentence on the bytes in a text that are no UTF-8; None if there are none."""
    piece = _PIECE.search(text)
    if piece is None:
        return None
    shown = escaped(piece[0])[:MAX_PIECE]
    return f"`{shown}` is not UTF-8{_reads_as(piece[0].encode('utf-8', 'surrogateescape'))}."


def with_charset(sentence: str, text: str) -> str:
    """Return a sentence on a string to sign, with what there is to say of its charset."""
    foreign = foreign_charset(text)
    return f"{sentence} In the string, {foreign}" if foreign else sentence


def _reads_as(raw: bytes) -> str:
    """Return what bytes that are no UTF-8 most likely are, as the end of a sentence."""
    if raw.startswith(_MARKS):
        return ": it begins with the byte order mark of UTF-16"
    cut = cut_at(raw)
    if cut is not None and (len(raw) - cut > 1 or not raw[:cut].isascii()):
        return ": it was cut inside a character"
    if meant := in_gbk(raw):
        return f": in GBK it reads as `{meant}`"
    # A control character of Latin-1 is a letter or a sign in the charset of Windows.
    charset, name = ("latin-1", "Latin-1") if not re.search(rb"[\x80-\x9f]", raw) else (
        "cp1252", "Windows-1252")  # fmt: skip
    try:
        told = f": in {name} it reads as `{raw.decode(charset)[:MAX_PIECE]}`"
    except UnicodeDecodeError:
        return ", and in no charset that is known here"
    return told if cut is None else f"{told}, unless it was cut inside a character"


def cut_at(raw: bytes) -> int | None:
    """Return where the last character begins of UTF-8 that ends inside it; None if it does not."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start if error.reason == "unexpected end of data" else None
    return None


def in_gbk(raw: bytes) -> str | None:
    """Return the first `MAX_PIECE` letters of bytes read as GBK; None unless it is Chinese."""
    try:
        meant = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in meant if not letter.isascii()]
    return meant[:MAX_PIECE] if beyond and all(map(_CHINESE.match, beyond)) else None
