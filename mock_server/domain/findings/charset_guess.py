"""Bytes that are not UTF-8: the charset that they most likely are in, or that they were cut."""

import re

MAX_SHOWN = 60
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_WESTERN = re.compile(rb"[\x00-\x7f\xc0-\xff]+")
# A percent-encoded byte that was cut off.
_HALF = re.compile(rb"%[0-9A-Fa-f]?\Z")


def reads_as(raw: bytes) -> str:
    """Return the end of a sentence on bytes that are not UTF-8; empty where nothing is known."""
    unless = ", unless it was cut inside a character" if _ends_inside(raw) is not None else ""
    if meant := _in_gbk(raw):
        return f": in GBK it reads as `{meant}`{unless}"
    if _WESTERN.fullmatch(raw):
        return f": in Latin-1 it reads as `{raw.decode('latin-1')[:MAX_SHOWN]}`{unless}"
    return ""


def is_cut(raw: bytes) -> bool:
    """Whether bytes are, without doubt, UTF-8 that ends inside a character."""
    start = _ends_inside(_HALF.sub(b"", raw))
    return start is not None and not raw[:start].isascii()


def _ends_inside(raw: bytes) -> int | None:
    """Return where the last character begins of UTF-8 that ends inside it; None if it does not."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start if error.reason == "unexpected end of data" else None
    return None


def _in_gbk(raw: bytes) -> str | None:
    try:
        meant = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [letter for letter in meant if not letter.isascii()]
    return meant[:MAX_SHOWN] if beyond and all(map(_CHINESE.match, beyond)) else None
